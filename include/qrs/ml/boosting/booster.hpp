// A boosted model: its objective, where its margins start, and its trees; and how it is trained.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "../../core/error.hpp"
#include "../../core/parallel.hpp"
#include "../matrix.hpp"
#include "objective.hpp"
#include "quantile_cuts.hpp"
#include "regression_tree.hpp"

namespace qrs::ml::boosting {

/// A trained model. Tree i adds to group i % groups of round i / groups.
struct Booster {
  Objective objective = Objective::squared_error;
  std::int64_t features = 0;
  std::int64_t groups = 1;        // margins a row: the classes of softprob, else 1
  std::vector<float> base_score;  // one a group: a probability for binary:logistic, else a margin
  std::vector<RegressionTree> trees;
  std::optional<std::int64_t> best_iteration;  // of early stopping: prediction uses the rounds up to it
  std::optional<double> best_score;

  std::int64_t rounds() const { return groups == 0 ? 0 : std::ssize(trees) / groups; }
  /// Rounds that prediction uses.
  std::int64_t used_rounds() const { return best_iteration ? std::min(rounds(), *best_iteration + 1) : rounds(); }

  /// Throws unless every part fits the others.
  void check(std::string_view op) const {
    QRS_CHECK(features > 0 && groups > 0, "[", op, "] expected features and groups > 0, got ", features, " and ",
              groups);
    QRS_CHECK(objective == Objective::softprob ? groups >= 2 : groups == 1, "[", op, "] expected ",
              objective == Objective::softprob ? "at least two groups" : "one group", " for ", name_of(objective),
              ", got ", groups);
    QRS_CHECK(static_cast<std::int64_t>(base_score.size()) == groups, "[", op, "] expected ", groups,
              " starting scores, got ", base_score.size());
    for (const float score : base_score) base_margin(objective, score);
    QRS_CHECK(std::ssize(trees) % groups == 0, "[", op, "] expected whole rounds of ", groups, " trees, got ",
              trees.size(), " trees");
    for (const RegressionTree& tree : trees) tree.check(op, features);
    QRS_CHECK(!best_iteration || (*best_iteration >= 0 && *best_iteration < std::max<std::int64_t>(1, rounds())), "[",
              op, "] expected a best_iteration in [0, ", rounds(), "), got ", best_iteration.value_or(0));
  }

  std::vector<float> base_margins() const {
    std::vector<float> out;
    for (const float score : base_score) out.push_back(base_margin(objective, score));
    return out;
  }
};

/// Trees laid out for prediction: 12 bytes a node, both children side by side, leaves that lead to themselves, so that
/// several rows descend at a time without asking which has arrived.
class FlatTrees {
 public:
  FlatTrees(std::span<const RegressionTree> trees) {
    for (const RegressionTree& tree : trees) add(tree);
  }

  /// Adds tree t's leaf of each row: margin[i * groups] += ...; rows are `features` floats apart, NaN where missing.
  void add_tree(std::int64_t t, const float* rows, std::int64_t count, std::int64_t features, float* margin,
                std::int64_t groups) const {
    const Node* nodes = nodes_.data() + begin_[t];
    const float* value = value_.data() + begin_[t];
    const std::int32_t depth = depth_[t];
    constexpr std::int64_t together = 8;
    std::int64_t i = 0;
    for (; i + together <= count; i += together) {
      std::uint32_t at[together] = {};
      for (std::int32_t d = 0; d < depth; ++d) {
        for (std::int64_t r = 0; r < together; ++r) at[r] = step(nodes, at[r], rows + (i + r) * features);
      }
      for (std::int64_t r = 0; r < together; ++r) margin[(i + r) * groups] += value[at[r]];
    }
    for (; i < count; ++i) {
      std::uint32_t at = 0;
      for (std::int32_t d = 0; d < depth; ++d) at = step(nodes, at, rows + i * features);
      margin[i * groups] += value[at];
    }
  }

  std::int64_t size() const { return std::ssize(depth_); }

 private:
  struct Node {
    float threshold;        // of a leaf: infinity, so that every row goes left
    std::uint32_t feature;  // the highest bit: missing goes left
    std::uint32_t left;     // the right child is the next; of a leaf: itself
  };
  static constexpr std::uint32_t default_left = 0x80000000u;

  static std::uint32_t step(const Node* nodes, std::uint32_t at, const float* row) {
    const Node& node = nodes[at];
    const float value = row[node.feature & ~default_left];
    const bool missing_left = std::isnan(value) & ((node.feature & default_left) != 0);
    const bool left = (value < node.threshold) | missing_left;
    return node.left + (left ? 0u : 1u);
  }

  void add(const RegressionTree& tree) {
    begin_.push_back(nodes_.size());
    depth_.push_back(tree.depth());
    std::vector<std::int32_t> order{0};
    for (std::size_t i = 0; i < order.size(); ++i) {
      const TreeNode node = tree[order[i]];
      value_.push_back(node.is_leaf() ? node.threshold : 0.0f);
      if (node.is_leaf()) {
        nodes_.push_back({std::numeric_limits<float>::infinity(), default_left, static_cast<std::uint32_t>(i)});
        continue;
      }
      nodes_.push_back({node.threshold,
                        static_cast<std::uint32_t>(node.feature) | (node.default_left ? default_left : 0u),
                        static_cast<std::uint32_t>(order.size())});
      order.push_back(node.left);
      order.push_back(node.right);
    }
  }

  std::vector<Node> nodes_;
  std::vector<float> value_;  // what a leaf adds, beside nodes_
  std::vector<std::size_t> begin_;
  std::vector<std::int32_t> depth_;
};

/// Adds trees [first, last) to the margins (rows, groups). The trees of `flat` are the model's from `first` on.
template <class T>
void add_trees(const FlatTrees& flat, std::int64_t first, MatrixView<T> x, double missing, float* margin,
               std::int64_t groups) {
  constexpr std::int64_t grain = 64;
  parallel_chunks(x.rows(), grain, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> rows((end - begin) * x.cols());
    for (std::int64_t i = begin; i < end; ++i) {
      float* to = rows.data() + (i - begin) * x.cols();
      const T* from = x.row(i);
      for (std::int64_t j = 0; j < x.cols(); ++j) {
        to[j] = seen_value(from[j], missing);
        QRS_CHECK(!std::isinf(to[j]), "[boost] expected values that are finite in float32, or missing, got ", from[j],
                  " in row ", i, ", column ", j);
      }
    }
    for (std::int64_t t = 0; t < flat.size(); ++t) {
      const std::int64_t group = (first + t) % groups;
      flat.add_tree(t, rows.data(), end - begin, x.cols(), margin + begin * groups + group, groups);
    }
  });
}

/// (rows, groups): starting margins and the sum of the leaves, in float32.
template <class T>
Matrix<float> predict_margin(const Booster& booster, MatrixView<T> x, double missing) {
  const std::vector<float> base = booster.base_margins();
  Matrix<float> out(x.rows(), booster.groups);
  for (std::int64_t i = 0; i < x.rows(); ++i) std::copy(base.begin(), base.end(), out.row(i));
  const std::int64_t used = booster.used_rounds() * booster.groups;
  add_trees(FlatTrees(std::span(booster.trees).first(used)), 0, x, missing, out.data(), booster.groups);
  return out;
}

}  // namespace qrs::ml::boosting
