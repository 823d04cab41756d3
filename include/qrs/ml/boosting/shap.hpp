// SHAP values of trees: the margin of a row as a sum of one share a feature and a bias.
//
// The share of feature j is its Shapley value in the game whose value for a set S of known features is the tree's expected
// leaf: at a split on a feature of S the row decides, at any other both children count by their cover. The path algorithm
// computes all shares in O(leaves depth^2) instead of 2^features. Shares and bias add up to the margin.
// Source: Lundberg, Erion, Chen et al., From local explanations to global understanding with explainable AI for trees,
// Nature Machine Intelligence 2, 2020, algorithm 2.
#pragma once

#include <cmath>
#include <cstdint>
#include <utility>

#include "../../core/array.hpp"
#include "../../core/parallel.hpp"
#include "booster.hpp"

namespace qrs::ml::boosting {

namespace detail {

/// One distinct feature on the way from the root: the shares of the ways that go on when the feature is unknown and when
/// it is known, and the weight of the sets of this size.
struct PathStep {
  std::int32_t feature = -1;
  double zero = 0.0;
  double one = 0.0;
  double weight = 0.0;
};

class TreeShap {
 public:
  TreeShap(const RegressionTree& tree, const float* row, double* shares) : tree_(tree), row_(row), shares_(shares) {}

  void run() { descend(0, {}, 1.0, 1.0, -1); }

  /// The cover-weighted mean of the leaves.
  static double expected(const RegressionTree& tree, std::int32_t at) {
    const TreeNode& node = tree[at];
    if (node.is_leaf()) return static_cast<double>(node.threshold);
    const auto [left, right] = fractions(tree, at);
    return left * expected(tree, node.left) + right * expected(tree, node.right);
  }

 private:
  /// The children's shares of their cover; halves where there is none.
  static std::pair<double, double> fractions(const RegressionTree& tree, std::int32_t at) {
    const double left = static_cast<double>(tree[tree[at].left].cover);
    const double right = static_cast<double>(tree[tree[at].right].cover);
    const double both = left + right;
    return both > 0.0 ? std::pair(left / both, right / both) : std::pair(0.5, 0.5);
  }

  using Path = Array<PathStep>;

  static void extend(Path& path, double zero, double one, std::int32_t feature) {
    path.push_back({feature, zero, one, path.empty() ? 1.0 : 0.0});
    const auto last = static_cast<double>(path.size());
    for (std::int64_t i = path.size() - 1; i-- > 0;) {
      const auto rank = static_cast<double>(i);
      path[i + 1].weight += one * path[i].weight * (rank + 1.0) / last;
      path[i].weight = zero * path[i].weight * (last - rank - 1.0) / last;
    }
  }

  static void unwind(Path& path, std::int64_t index) {
    const double one = path[index].one;
    const double zero = path[index].zero;
    const auto size = static_cast<double>(path.size());
    double next = path.back().weight;
    for (std::int64_t i = path.size() - 1; i-- > 0;) {
      const auto rank = static_cast<double>(i);
      if (one != 0.0) {
        const double before = path[i].weight;
        path[i].weight = next * size / ((rank + 1.0) * one);
        next = before - path[i].weight * zero * (size - rank - 1.0) / size;
      } else {
        path[i].weight = path[i].weight * size / (zero * (size - rank - 1.0));
      }
    }
    for (std::int64_t i = index; i + 1 < path.size(); ++i) {
      path[i].feature = path[i + 1].feature;
      path[i].zero = path[i + 1].zero;
      path[i].one = path[i + 1].one;
    }
    path.pop_back();
  }

  static double unwound_sum(const Path& path, std::int64_t index) {
    Path copy = path;
    unwind(copy, index);
    double sum = 0.0;
    for (const PathStep& step : copy) sum += step.weight;
    return sum;
  }

  void descend(std::int32_t at, Path path, double zero, double one, std::int32_t feature) {
    extend(path, zero, one, feature);
    const TreeNode& node = tree_[at];
    if (node.is_leaf()) {
      for (std::int64_t i = 1; i < path.size(); ++i) {
        shares_[path[i].feature] +=
            unwound_sum(path, i) * (path[i].one - path[i].zero) * static_cast<double>(node.threshold);
      }
      return;
    }
    const float value = row_[node.feature];
    const bool left = std::isnan(value) ? node.default_left : value < node.threshold;
    const auto [left_share, right_share] = fractions(tree_, at);
    double before_zero = 1.0;
    double before_one = 1.0;
    for (std::int64_t i = 1; i < path.size(); ++i) {  // a feature met again: its earlier step is undone first
      if (path[i].feature != node.feature) continue;
      before_zero = path[i].zero;
      before_one = path[i].one;
      unwind(path, i);
      break;
    }
    // What is reached neither with the feature known nor with it unknown counts for nothing.
    const double warm = before_zero * (left ? left_share : right_share);
    const double cold = before_zero * (left ? right_share : left_share);
    if (warm > 0.0 || before_one > 0.0) descend(left ? node.left : node.right, path, warm, before_one, node.feature);
    if (cold > 0.0) descend(left ? node.right : node.left, std::move(path), cold, 0.0, node.feature);
  }

  const RegressionTree& tree_;
  const float* row_;
  double* shares_;
};

}  // namespace detail

/// Deepest tree that is explained: the algorithm recurses once a level.
inline constexpr std::int32_t max_shap_depth = 512;

/// (rows, groups * (features + 1)): for each group the share of each feature and then the bias; they add up to the margin.
template <class T>
Matrix<double> shap_values(const Booster& booster, MatrixView<T> x, double missing) {
  const std::int64_t wide = booster.features + 1;
  const std::int64_t trees = booster.used_rounds() * booster.groups;
  const Array<float> base = booster.base_margins();
  Array<double> bias(base.begin(), base.end());
  for (std::int64_t t = 0; t < trees; ++t) {
    QRS_CHECK(booster.trees[t].depth() <= max_shap_depth, "[boost] expected trees of depth at most ", max_shap_depth,
              " for SHAP values, got depth ", booster.trees[t].depth(), " of tree ", t);
    bias[t % booster.groups] += detail::TreeShap::expected(booster.trees[t], 0);
  }
  Matrix<double> out(x.rows(), booster.groups * wide);
  parallel_for(x.rows(), [&](std::int64_t i) {
    Array<float> row(x.cols());
    for (std::int64_t j = 0; j < x.cols(); ++j) row[j] = seen_value(x(i, j), missing);
    double* to = out.row(i);
    for (std::int64_t t = 0; t < trees; ++t) {
      const auto group = t % booster.groups;
      detail::TreeShap(booster.trees[t], row.data(), to + group * wide).run();
    }
    for (std::int64_t k = 0; k < booster.groups; ++k) to[k * wide + booster.features] = bias[k];
  });
  return out;
}

}  // namespace qrs::ml::boosting
