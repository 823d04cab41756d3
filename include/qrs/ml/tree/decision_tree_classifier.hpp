// A decision tree with exact splits.
//
//   qrs::ml::DecisionTreeClassifier<float> tree({.max_depth = 4});
//   tree.fit(x, y);   tree.predict(x_new);   tree.tree().nodes
//
// Grows what scikit-learn's DecisionTreeClassifier grows, node for node: the same candidates, the same order of features
// from the same random_state, the same choice between equals. Features are rounded to float32, NaN is a missing value.
// Differences: random_state is a number, by default 0 (theirs is none: another tree each time); splitter is always "best";
// where weights are not whole numbers, sums may differ in their last bits.
#pragma once

#include <cstdint>
#include <memory>
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
#include "builder.hpp"
#include "limits.hpp"
#include "node_samples.hpp"
#include "pruning.hpp"
#include "ranks.hpp"
#include "tree.hpp"
#include "vote.hpp"

namespace qrs::ml {

struct DecisionTreeClassifierParams {
  std::string criterion = "gini";                        // gini, entropy, log_loss
  std::optional<std::int64_t> max_depth = std::nullopt;  // splits on the way to a leaf; none: no limit
  ParamValue min_samples_split = 2;                      // rows, or a share of all rows
  ParamValue min_samples_leaf = 1;                       // rows, or a share of all rows
  double min_weight_fraction_leaf = 0.0;                 // of the total weight, in [0, 0.5]
  ParamValue max_features = {};                          // tried at a node: none (all), sqrt, log2, a count, a share
  std::optional<std::int64_t> max_leaf_nodes = std::nullopt;  // grows best first; none: depth first, no limit
  double min_impurity_decrease = 0.0;                         // of the whole tree, by a split
  ClassWeight class_weight = {};                              // none, balanced, or weights of labels
  double ccp_alpha = 0.0;                                     // pruned at this cost a leaf
  ParamValue monotonic_cst = {};                              // two classes: "1,0,-1", a sign per feature
  std::int64_t random_state = 0;                              // seed in [0, 2^32)
};

namespace detail {

/// The seed of a tree's feature draws, from the tree's own random_state.
inline std::uint32_t draw_seed(std::uint32_t random_state) {
  return static_cast<std::uint32_t>(Mt19937(random_state).randint(0, 0x7fffffff));
}

}  // namespace detail

template <class T>
class DecisionTreeClassifier final : public Classifier<T> {
 public:
  explicit DecisionTreeClassifier(DecisionTreeClassifierParams params = {}) : params_(std::move(params)) {}

  std::string name() const override { return "tree"; }
  std::int64_t features() const override { return tree_.features; }
  Facts facts() const override { return {{"nodes", static_cast<double>(tree_.size())}}; }
  const DecisionTreeClassifierParams& settings() const { return params_; }
  void visit_params(ParamVisitor& visit) override {
    visit("criterion", params_.criterion);
    visit("max_depth", params_.max_depth);
    visit("min_samples_split", params_.min_samples_split);
    visit("min_samples_leaf", params_.min_samples_leaf);
    visit("min_weight_fraction_leaf", params_.min_weight_fraction_leaf);
    visit("max_features", params_.max_features);
    visit("max_leaf_nodes", params_.max_leaf_nodes);
    visit("min_impurity_decrease", params_.min_impurity_decrease);
    visit("class_weight", params_.class_weight);
    visit("ccp_alpha", params_.ccp_alpha);
    visit("monotonic_cst", params_.monotonic_cst);
    visit("random_state", params_.random_state);
  }

  std::vector<std::int64_t> predict(MatrixView<T> x) const override {
    return detail::most_likely(predict_proba(x), classes_);
  }
  Matrix<double> predict_proba(MatrixView<T> x) const override {
    check_fitted(x);
    return detail::mean_vote(name(), std::span(&tree_, 1), x);
  }
  /// The leaf each row reaches, as a node of tree().
  std::vector<std::int32_t> apply(MatrixView<T> x) const {
    check_fitted(x);
    return detail::leaves_reached(name(), tree_, x);
  }
  const std::vector<std::int64_t>& classes() const override { return classes_; }
  std::unique_ptr<Classifier<T>> clone() const override { return std::make_unique<DecisionTreeClassifier>(*this); }

  /// The fitted tree, pruned if ccp_alpha > 0.
  const Tree& tree() const { return tree_; }
  /// Impurity decrease by feature, summing to 1.
  std::vector<double> feature_importances() const { return tree_.feature_importances(); }

  /// The prunings of the tree that these data grow; the fitted tree stays as it is.
  PruningPath cost_complexity_pruning_path(MatrixView<T> x, Labels y,
                                           std::span<const double> sample_weight = {}) const {
    check_targets(name(), x.rows(), y.size(), sample_weight);
    return pruning_path(grow(x, ClassIndex(name(), y), sample_weight));
  }

  void save(io::StateDict& out, const std::string& prefix) const override {
    QRS_CHECK(tree_.size() > 0, "[tree] expected a fitted learner to save, got one that is not");
    detail::save_forest(out, prefix, std::span(&tree_, 1), classes_);
  }
  void load(const io::StateDict& in, const std::string& prefix) override {
    detail::StoredForest stored = detail::load_forest(in, prefix);
    QRS_CHECK(stored.trees.size() == 1, "[tree] expected one tree, got ", stored.trees.size());
    tree_ = std::move(stored.trees[0]);
    classes_ = std::move(stored.classes);
  }

 protected:
  void fit_checked(MatrixView<T> x, Labels y, std::span<const double> sample_weight) override {
    const ClassIndex classes(name(), y);
    Tree grown = grow(x, classes, sample_weight);
    tree_ = params_.ccp_alpha > 0.0 ? prune(grown, params_.ccp_alpha) : std::move(grown);
    classes_ = classes.labels();
  }

 private:
  void check_fitted(MatrixView<T> x) const { check_columns(name(), x, tree_.features); }

  Tree grow(MatrixView<T> x, const ClassIndex& classes, std::span<const double> sample_weight) const {
    QRS_CHECK(!params_.class_weight.balanced_subsample,
              "[tree] expected class_weight none, balanced or a list, got balanced_subsample");
    const GrowthLimits limits = growth_limits(name(), params_, x.rows(), x.cols(), classes.size());
    const std::uint32_t seed = detail::draw_seed(seed_of(name(), params_.random_state));
    const RankTable table(name(), x);
    std::vector<double> weights(sample_weight.begin(), sample_weight.end());
    if (params_.class_weight != ClassWeight{}) {
      const std::vector<double> of_class = params_.class_weight.of(name(), classes);
      if (weights.empty()) weights.assign(classes.codes().size(), 1.0);
      for (std::size_t i = 0; i < weights.size(); ++i) {
        weights[i] *= of_class[classes.codes()[i]];
      }
    }
    NodeSamples samples(name(), classes.size(), classes.codes(), weights);
    return grow_tree(table, samples, limits, seed, this->tracer());
  }

  DecisionTreeClassifierParams params_;
  Tree tree_;
  std::vector<std::int64_t> classes_;
};

}  // namespace qrs::ml
