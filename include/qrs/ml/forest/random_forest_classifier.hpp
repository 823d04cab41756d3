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
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../../core/array.hpp"
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
#include "out_of_bag.hpp"

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
  std::int64_t features() const override { return trees_.empty() ? 0 : trees_[0].features; }
  Facts facts() const override {
    std::int64_t nodes = 0;
    for (const Tree& tree : trees_) nodes += tree.size();
    Facts out{{"nodes", static_cast<double>(nodes)}};
    if (settings().oob_score) out.emplace_back("oob_score", oob_score());
    return out;
  }
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
  /// What all trees of a fit have in common, and their seeds.
  struct Plan {
    GrowthLimits limits;
    std::vector<double> weights;     // of the rows; empty: 1 each
    std::int64_t draws = 0;          // a tree
    std::vector<double> cumulative;  // shares of the weights, where rows are drawn by them
    Array<std::uint32_t> seeds;
  };
  std::vector<Tree> kept_trees(MatrixView<T> x, const ClassIndex& classes) const;
  std::vector<Tree> grow(MatrixView<T> x, const ClassIndex& classes, const Plan& plan, std::vector<Tree> trees) const;
  Tree grow_one(const RankTable& table, const ClassIndex& classes, const Plan& plan, std::int64_t number) const;

  RandomForestClassifierParams params_;
  std::vector<Tree> trees_;
  std::vector<std::int64_t> classes_;
  Matrix<double> oob_;
  double oob_score_ = 0.0;
};

// ---- fitting -------------------------------------------------------------------------------------------------------------------

template <class T>
void RandomForestClassifier<T>::fit_checked(MatrixView<T> x, Labels y, std::span<const double> sample_weight) {
  const ClassIndex classes(name(), y);
  QRS_CHECK(params_.n_estimators >= 1 && params_.n_estimators < 1'000'000,
            "[forest] expected n_estimators in [1, 1000000), got ", params_.n_estimators);
  QRS_CHECK(params_.bootstrap || !params_.oob_score,
            "[forest] expected bootstrap = true where oob_score is, got false");
  Plan plan;
  plan.limits = growth_limits(name(), params_, x.rows(), x.cols(), classes.size());
  plan.weights = detail::row_weights(params_.class_weight, params_.bootstrap, classes, sample_weight);
  plan.draws = detail::draws_of(params_.max_samples, params_.bootstrap, x.rows(), plan.weights);
  double total = static_cast<double>(x.rows());
  if (!plan.weights.empty()) total = std::accumulate(plan.weights.begin(), plan.weights.end(), 0.0);
  QRS_CHECK(total > 0.0 && std::isfinite(total), "[forest] expected a total weight that is > 0 and finite, got ",
            total);
  if (params_.bootstrap && !plan.weights.empty()) plan.cumulative = detail::cumulative_shares(plan.weights);
  Mt19937 random(seed_of(name(), params_.random_state));
  plan.seeds.resize(params_.n_estimators);
  for (std::uint32_t& seed : plan.seeds) seed = static_cast<std::uint32_t>(random.randint(0, 0x7fffffff));

  trees_ = grow(x, classes, plan, kept_trees(x, classes));
  classes_ = classes.labels();
  oob_ = {};
  if (!params_.oob_score) return;
  oob_ = detail::out_of_bag_votes(name(), std::span<const Tree>(trees_), x, classes.size(), plan.seeds, plan.draws,
                                  plan.cumulative);
  oob_score_ = detail::vote_accuracy(oob_, classes);
}

/// The trees of the last fit that a warm start goes on from.
template <class T>
std::vector<Tree> RandomForestClassifier<T>::kept_trees(MatrixView<T> x, const ClassIndex& classes) const {
  if (!params_.warm_start || trees_.empty()) return {};
  QRS_CHECK(std::ssize(trees_) <= params_.n_estimators, "[forest] expected n_estimators >= the ", trees_.size(),
            " trees there are with warm_start, got ", params_.n_estimators);
  QRS_CHECK(trees_[0].features == x.cols() && classes_ == classes.labels(),
            "[forest] expected the features and labels of the first fit with warm_start, got ", x.cols(), " features, ",
            classes.size(), " labels");
  return trees_;
}

/// Adds the trees that are missing; each depends on its own seed alone.
template <class T>
std::vector<Tree> RandomForestClassifier<T>::grow(MatrixView<T> x, const ClassIndex& classes, const Plan& plan,
                                                  std::vector<Tree> trees) const {
  const std::int64_t kept = std::ssize(trees);
  trees.resize(plan.seeds.size());
  const RankTable table(name(), x);
  std::mutex telling;
  std::int64_t done = kept;
  const ThreadLimit limit(this->tracer() != nullptr ? 1 : num_threads());  // traces are told in order
  parallel_for(params_.n_estimators - kept, [&](std::int64_t i) {
    const std::int64_t number = kept + i;
    trees[number] = grow_one(table, classes, plan, number);
    if (this->observer() == nullptr) return;
    const std::lock_guard lock(telling);
    this->observer()->progress("tree", ++done, params_.n_estimators);
  });
  return trees;
}

template <class T>
Tree RandomForestClassifier<T>::grow_one(const RankTable& table, const ClassIndex& classes, const Plan& plan,
                                         std::int64_t number) const {
  const std::uint32_t seed = plan.seeds[number];
  std::vector<double> weights = plan.weights;
  if (params_.bootstrap) {
    weights = detail::draw_counts(seed, table.rows(), plan.draws, plan.cumulative);
    if (params_.class_weight.balanced_subsample) detail::balance(weights, classes);
  }
  NodeSamples samples(name(), classes.size(), classes.codes(), weights);
  weights = {};
  Tree tree = grow_tree(table, samples, plan.limits, detail::draw_seed(seed), this->tracer(), number);
  if (params_.ccp_alpha > 0.0) tree = prune(tree, params_.ccp_alpha);
  return tree;
}

template <class T>
std::vector<double> RandomForestClassifier<T>::feature_importances() const {
  QRS_CHECK(!trees_.empty(), "[forest] expected a fitted learner, got one that is not: call fit first");
  std::vector<double> out(trees_[0].features, 0.0);
  std::int64_t split = 0;
  for (const Tree& tree : trees_) {
    if (tree.size() < 2) continue;
    ++split;
    const std::vector<double> own = tree.feature_importances();
    for (std::int64_t j = 0; j < std::ssize(out); ++j) out[j] += own[j];
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
