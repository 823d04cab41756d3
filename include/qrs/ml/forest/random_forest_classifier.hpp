// A random forest: trees on bootstrap draws, each node trying a random part of the features; the vote is the mean of the
// leaves' class shares.
//
//   qrs::ml::RandomForestClassifier<float> forest({.n_estimators = 100, .oob_score = true, .random_state = 42});
//   forest.fit(x, y);   forest.predict_proba(x_new);   forest.oob_score();   forest.feature_importances();
//
// The trees are those of scikit-learn's RandomForestClassifier of the same random_state (see
// ../tree/decision_tree_classifier.hpp and bootstrap.hpp). They grow in parallel, one thread a tree, with the same bits for
// any number of threads. random_state is a number, by default 0 (theirs is none). n_jobs is qrs::ThreadLimit.
// Source: Breiman, Random forests, Machine Learning 45, 2001.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../../core/error.hpp"
#include "../../core/parallel.hpp"
#include "../../core/rng.hpp"
#include "../estimator.hpp"
#include "../labels.hpp"
#include "../matrix.hpp"
#include "../tree/builder.hpp"
#include "../tree/decision_tree_classifier.hpp"
#include "../tree/pruning.hpp"
#include "../tree/ranks.hpp"
#include "../tree/vote.hpp"
#include "bootstrap.hpp"

namespace qrs::ml {

struct RandomForestClassifierParams {
  std::int64_t n_estimators = 100;                       // trees
  std::string criterion = "gini";                        // gini, entropy, log_loss
  std::optional<std::int64_t> max_depth = std::nullopt;  // splits on the way to a leaf; none: no limit
  ParamValue min_samples_split = 2;                      // rows, or a share of all rows
  ParamValue min_samples_leaf = 1;                       // rows, or a share of all rows
  double min_weight_fraction_leaf = 0.0;                 // of a tree's weight, in [0, 0.5]
  ParamValue max_features = "sqrt";                      // tried at a node: none (all), sqrt, log2, a count, a share
  std::optional<std::int64_t> max_leaf_nodes = std::nullopt;  // grows best first; none: depth first, no limit
  double min_impurity_decrease = 0.0;                         // of the whole tree, by a split
  bool bootstrap = true;                                      // false: every tree sees every row
  bool oob_score = false;                                     // score each row by the trees that did not see it
  std::int64_t random_state = 0;                              // seed in [0, 2^32)
  bool warm_start = false;        // fit again keeps the trees there are and adds what is missing
  ClassWeight class_weight = {};  // none, balanced, balanced_subsample, or weights of labels
  double ccp_alpha = 0.0;         // each tree pruned at this cost a leaf
  ParamValue max_samples = {};    // draws a tree: none (as many as rows), a count, a share of the rows
  ParamValue monotonic_cst = {};  // two classes: "1,0,-1", a sign per feature
};

template <class T>
class RandomForestClassifier final : public Classifier<T> {
 public:
  explicit RandomForestClassifier(RandomForestClassifierParams params = {}) : params_(std::move(params)) {}

  std::string name() const override { return "forest"; }
  const RandomForestClassifierParams& settings() const { return params_; }
  void visit_params(ParamVisitor& visit) override {
    visit("n_estimators", params_.n_estimators);
    visit("criterion", params_.criterion);
    visit("max_depth", params_.max_depth);
    visit("min_samples_split", params_.min_samples_split);
    visit("min_samples_leaf", params_.min_samples_leaf);
    visit("min_weight_fraction_leaf", params_.min_weight_fraction_leaf);
    visit("max_features", params_.max_features);
    visit("max_leaf_nodes", params_.max_leaf_nodes);
    visit("min_impurity_decrease", params_.min_impurity_decrease);
    visit("bootstrap", params_.bootstrap);
    visit("oob_score", params_.oob_score);
    visit("random_state", params_.random_state);
    visit("warm_start", params_.warm_start);
    visit("class_weight", params_.class_weight);
    visit("ccp_alpha", params_.ccp_alpha);
    visit("max_samples", params_.max_samples);
    visit("monotonic_cst", params_.monotonic_cst);
  }

  std::vector<std::int64_t> predict(MatrixView<T> x) const override {
    return detail::most_likely(predict_proba(x), classes_);
  }
  Matrix<double> predict_proba(MatrixView<T> x) const override {
    check_columns(name(), x, trees_.empty() ? 0 : trees_[0].features);
    return detail::mean_vote(name(), std::span<const Tree>(trees_), x);
  }
  const std::vector<std::int64_t>& classes() const override { return classes_; }
  std::unique_ptr<Classifier<T>> clone() const override { return std::make_unique<RandomForestClassifier>(*this); }

  const std::vector<Tree>& trees() const { return trees_; }
  /// Impurity decrease by feature: the mean over trees that split, summing to 1.
  std::vector<double> feature_importances() const;

  /// Accuracy on the rows of the fit, each judged by the trees that did not see it; after a fit with oob_score.
  double oob_score() const {
    QRS_CHECK(oob_.rows() > 0, "[forest] expected a fit with oob_score = true, got none");
    return oob_score_;
  }
  /// (rows, classes): the vote of those trees; all 0 for a row that every tree saw.
  const Matrix<double>& oob_decision_function() const {
    QRS_CHECK(oob_.rows() > 0, "[forest] expected a fit with oob_score = true, got none");
    return oob_;
  }

  void save(io::StateDict& out, const std::string& prefix) const override {
    QRS_CHECK(!trees_.empty(), "[forest] expected a fitted learner to save, got one that is not");
    detail::save_forest(out, prefix, std::span<const Tree>(trees_), classes_);
  }
  /// What is known out of bag is not part of a model file.
  void load(const io::StateDict& in, const std::string& prefix) override {
    detail::StoredForest stored = detail::load_forest(in, prefix);
    trees_ = std::move(stored.trees);
    classes_ = std::move(stored.classes);
    oob_ = {};
  }

 protected:
  void fit_checked(MatrixView<T> x, Labels y, std::span<const double> sample_weight) override;

 private:
  std::int64_t draws(std::int64_t rows, std::span<const double> weights) const;
  std::vector<double> row_weights(const ClassIndex& classes, std::span<const double> sample_weight) const;
  void score_out_of_bag(MatrixView<T> x, const ClassIndex& classes, const std::vector<std::uint32_t>& seeds,
                        std::int64_t draws, std::span<const double> cumulative);

  RandomForestClassifierParams params_;
  std::vector<Tree> trees_;
  std::vector<std::int64_t> classes_;
  Matrix<double> oob_;
  double oob_score_ = 0.0;
};

// ---- fitting -------------------------------------------------------------------------------------------------------------------

/// Draws a tree: max_samples none, a count, or a share of the rows (of the weight, where there are weights).
template <class T>
std::int64_t RandomForestClassifier<T>::draws(std::int64_t rows, std::span<const double> weights) const {
  const ParamValue& value = params_.max_samples;
  if (value.is_none()) return rows;
  QRS_CHECK(params_.bootstrap, "[forest] expected bootstrap = true where max_samples is given, got false");
  if (value.is_integer() && value.as_integer() >= 1) return value.as_integer();
  QRS_CHECK(!value.is_integer() && value.is_number() && value.as_number() > 0.0 && std::isfinite(value.as_number()),
            "[forest] expected max_samples to be none, an integer >= 1 or a share > 0, got ", value.text());
  double whole = static_cast<double>(rows);
  if (!weights.empty()) {
    whole = 0.0;
    for (const double weight : weights) whole += weight;
  }
  const double count = value.as_number() * whole;
  QRS_CHECK(count < 0x1p31, "[forest] expected fewer than 2^31 draws a tree, got ", count);
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(count));
}

/// Sample weights times class weights; empty where all are 1.
template <class T>
std::vector<double> RandomForestClassifier<T>::row_weights(const ClassIndex& classes,
                                                           std::span<const double> sample_weight) const {
  std::vector<double> out(sample_weight.begin(), sample_weight.end());
  ClassWeight class_weight = params_.class_weight;
  if (class_weight.balanced_subsample) {
    if (params_.bootstrap) return out;  // each tree balances its own draw
    class_weight.balanced = true;
  }
  if (class_weight == ClassWeight{}) return out;
  std::vector<double> of_class = class_weight.of(name(), classes);
  const std::vector<std::int32_t>& codes = classes.codes();
  if (class_weight.balanced && !out.empty()) {  // balanced over the weights, not the rows
    std::vector<double> weight(of_class.size(), 0.0);
    double total = 0.0;
    for (std::size_t i = 0; i < out.size(); ++i) {
      weight[static_cast<std::size_t>(codes[i])] += out[i];
      total += out[i];
    }
    for (std::size_t c = 0; c < weight.size(); ++c) {
      of_class[c] = weight[c] > 0.0 ? total / (static_cast<double>(weight.size()) * weight[c]) : 0.0;
    }
  }
  if (out.empty()) out.assign(codes.size(), 1.0);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] *= of_class[static_cast<std::size_t>(codes[i])];
  return out;
}

template <class T>
void RandomForestClassifier<T>::fit_checked(MatrixView<T> x, Labels y, std::span<const double> sample_weight) {
  const ClassIndex classes(name(), y);
  QRS_CHECK(params_.n_estimators >= 1 && params_.n_estimators < 1'000'000,
            "[forest] expected n_estimators in [1, 1000000), got ", params_.n_estimators);
  QRS_CHECK(params_.bootstrap || !params_.oob_score,
            "[forest] expected bootstrap = true where oob_score is, got false");
  const GrowthLimits limits = growth_limits(name(), params_, x.rows(), x.cols(), classes.size());
  const std::vector<double> weights = row_weights(classes, sample_weight);
  const std::int64_t draw_count = draws(x.rows(), weights);
  double total = static_cast<double>(x.rows());
  if (!weights.empty()) {
    total = 0.0;
    for (const double weight : weights) total += weight;
  }
  QRS_CHECK(total > 0.0 && std::isfinite(total), "[forest] expected a total weight that is > 0 and finite, got ",
            total);
  std::vector<double> cumulative;
  if (params_.bootstrap && !weights.empty()) cumulative = detail::cumulative_shares(weights);

  Mt19937 random(seed_of(name(), params_.random_state));
  std::vector<std::uint32_t> seeds(static_cast<std::size_t>(params_.n_estimators));
  for (std::uint32_t& seed : seeds) seed = static_cast<std::uint32_t>(random.randint(0, 0x7fffffff));

  std::vector<Tree> grown;
  if (params_.warm_start && !trees_.empty()) {
    QRS_CHECK(static_cast<std::int64_t>(trees_.size()) <= params_.n_estimators,
              "[forest] expected n_estimators >= the ", trees_.size(), " trees there are with warm_start, got ",
              params_.n_estimators);
    QRS_CHECK(trees_[0].features == x.cols() && classes_ == classes.labels(),
              "[forest] expected the features and labels of the first fit with warm_start, got ", x.cols(),
              " features, ", classes.size(), " labels");
    grown = trees_;
  }
  const auto kept = static_cast<std::int64_t>(grown.size());
  grown.resize(seeds.size());
  {
    const RankTable table(name(), x);
    std::mutex telling;
    std::int64_t done = kept;
    const std::optional<ThreadLimit> in_order =
        this->tracer() != nullptr ? std::optional<ThreadLimit>(std::in_place, 1) : std::nullopt;
    parallel_for(params_.n_estimators - kept, [&](std::int64_t i) {
      const std::int64_t number = kept + i;
      const std::uint32_t seed = seeds[static_cast<std::size_t>(number)];
      std::vector<double> own = weights;
      if (params_.bootstrap) {
        own = detail::draw_counts(seed, x.rows(), draw_count, cumulative);
        if (params_.class_weight.balanced_subsample) detail::balance(own, classes);
      }
      NodeSamples samples(name(), classes.size(), classes.codes(), own);
      own = {};
      Tree tree = grow_tree(table, samples, limits, detail::draw_seed(seed), this->tracer(), number);
      if (params_.ccp_alpha > 0.0) tree = prune(tree, params_.ccp_alpha);
      grown[static_cast<std::size_t>(number)] = std::move(tree);
      if (this->observer() != nullptr) {
        const std::lock_guard lock(telling);
        this->observer()->progress("tree", ++done, params_.n_estimators);
      }
    });
  }
  trees_ = std::move(grown);
  classes_ = classes.labels();
  oob_ = {};
  if (params_.oob_score) score_out_of_bag(x, classes, seeds, draw_count, cumulative);
}

template <class T>
void RandomForestClassifier<T>::score_out_of_bag(MatrixView<T> x, const ClassIndex& classes,
                                                 const std::vector<std::uint32_t>& seeds, std::int64_t draw_count,
                                                 std::span<const double> cumulative) {
  const std::int64_t rows = x.rows();
  std::vector<std::vector<bool>> seen(seeds.size());  // by tree, then row
  parallel_for(static_cast<std::int64_t>(seeds.size()), [&](std::int64_t t) {
    const auto counts = detail::draw_counts(seeds[static_cast<std::size_t>(t)], rows, draw_count, cumulative);
    auto& of_tree = seen[static_cast<std::size_t>(t)];
    of_tree.resize(counts.size());
    for (std::size_t i = 0; i < counts.size(); ++i) of_tree[i] = counts[i] > 0.0;
  });
  Matrix<double> votes(rows, classes.size());
  detail::for_row_blocks(
      name(), x, [&](std::int64_t begin, const float* block, std::int64_t pitch, std::int64_t count) {
        std::vector<std::int64_t> judges(static_cast<std::size_t>(count), 0);
        for (std::size_t t = 0; t < trees_.size(); ++t) {
          for (std::int64_t i = 0; i < count; ++i) {
            if (seen[t][static_cast<std::size_t>(begin + i)]) continue;
            const auto value = trees_[t].value(leaf_of(trees_[t], block + i * pitch));
            for (std::size_t c = 0; c < value.size(); ++c) votes.row(begin + i)[c] += value[c];
            ++judges[static_cast<std::size_t>(i)];
          }
        }
        for (std::int64_t i = 0; i < count; ++i) {
          const auto judge = static_cast<double>(std::max<std::int64_t>(1, judges[static_cast<std::size_t>(i)]));
          for (std::int64_t c = 0; c < classes.size(); ++c) votes(begin + i, c) /= judge;
        }
      });
  std::int64_t right = 0;
  for (std::int64_t i = 0; i < rows; ++i) {
    const double* row = votes.row(i);
    right += std::max_element(row, row + classes.size()) - row == classes.codes()[static_cast<std::size_t>(i)] ? 1 : 0;
  }
  oob_ = std::move(votes);
  oob_score_ = static_cast<double>(right) / static_cast<double>(rows);
}

template <class T>
std::vector<double> RandomForestClassifier<T>::feature_importances() const {
  QRS_CHECK(!trees_.empty(), "[forest] expected a fitted learner, got one that is not: call fit first");
  std::vector<double> out(static_cast<std::size_t>(trees_[0].features), 0.0);
  std::int64_t split = 0;
  for (const Tree& tree : trees_) {
    if (tree.size() < 2) continue;
    ++split;
    const std::vector<double> own = tree.feature_importances();
    for (std::size_t j = 0; j < out.size(); ++j) out[j] += own[j];
  }
  double sum = 0.0;
  for (double& importance : out) {
    importance /= static_cast<double>(std::max<std::int64_t>(1, split));
    sum += importance;
  }
  for (double& importance : out) importance = sum > 0.0 ? importance / sum : 0.0;
  return out;
}

}  // namespace qrs::ml
