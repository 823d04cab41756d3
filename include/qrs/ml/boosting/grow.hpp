// What growing a tree takes and gives, whichever way its splits are found.
#pragma once

#include <cstdint>

#include "../../core/array.hpp"
#include "../observer.hpp"
#include "column_sampler.hpp"
#include "regression_tree.hpp"
#include "split.hpp"

namespace qrs::ml::boosting {

/// One tree of a round.
struct GrowTask {
  std::int64_t index = 0;     // of the tree in the model, for traces
  Array<GradientPair> pairs;  // in: one a row of `rows`; spent by growing
  Array<std::uint32_t> rows;  // in: the rows to learn from, ascending; spent by growing
  ColumnSampler columns;
  RegressionTree tree;  // out
};

/// Shows an observer the best split of one feature at a node.
inline void show_candidate(Observer& observer, const GrowTask& task, std::int32_t node, std::int32_t feature,
                           const Split& best, std::int64_t samples) {
  if (best.feature != feature) return;
  observer.split_candidate({.tree = task.index,
                            .node = node,
                            .feature = feature,
                            .threshold = static_cast<double>(best.threshold),
                            .gain = static_cast<double>(best.gain),
                            .samples = samples});
}

/// Writes a split and its children's statistics; returns the left child's index. The children are leaves until they split.
inline std::int32_t apply_split(RegressionTree& tree, std::int32_t at, const Split& split, const TreeParams& p,
                                float left_weight, float right_weight) {
  const std::int32_t left = tree.split(at);
  TreeNode& node = tree[at];
  node.feature = split.feature;
  node.threshold = split.threshold;
  node.default_left = split.default_left;
  node.gain = split.gain;
  const auto set = [&](std::int32_t child, const GradientSum& sum, float weight) {
    tree[child].cover = static_cast<float>(sum.h);
    tree[child].base_weight = weight;
    tree[child].threshold = weight * p.learning_rate;
  };
  set(left, split.left, left_weight);
  set(left + 1, split.right, right_weight);
  return left;
}

}  // namespace qrs::ml::boosting
