// Grows a tree: depth first, or best first where the number of leaves is limited.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "../../core/array.hpp"
#include "limits.hpp"
#include "node_samples.hpp"
#include "splitter.hpp"
#include "tree.hpp"

namespace qrs::ml {

namespace detail {

/// A node that waits to be made.
struct PendingNode {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  std::int64_t depth = 0;
  std::int64_t parent = -1;
  bool left = false;
  double impurity = 0.0;
  std::int64_t known_constant = 0;
  double lower = -std::numeric_limits<double>::infinity();
  double upper = std::numeric_limits<double>::infinity();
};

class TreeBuilder {
 public:
  TreeBuilder(Splitter& splitter, const GrowthLimits& limits, std::int64_t features, std::int64_t classes)
      : splitter_(splitter), limits_(limits) {
    tree_.features = features;
    tree_.classes = classes;
  }

  Tree depth_first(std::int64_t rows) {
    Array<PendingNode> stack = {root(rows)};
    while (!stack.empty()) {
      const PendingNode pending = stack.back();
      stack.pop_back();
      std::int64_t known = pending.known_constant;
      const Split split = make(pending, known);
      if (split.feature < 0) continue;
      const std::int64_t node = tree_.size() - 1;
      link(node, split);
      PendingNode left = child(pending, node, split, true);
      PendingNode right = child(pending, node, split, false);
      left.known_constant = right.known_constant = known;
      stack.push_back(right);
      stack.push_back(left);
    }
    tree_.shrink();
    return std::move(tree_);
  }

  /// Splits the node that gains most, until there are max_leaf_nodes leaves.
  Tree best_first(std::int64_t rows) {
    Array<Frontier> heap;
    const auto add = [&](const PendingNode& pending) {
      std::int64_t known = 0;
      const Split split = make(pending, known);
      heap.push_back({split, pending, tree_.size() - 1});
      std::push_heap(heap.begin(), heap.end());
    };
    add(root(rows));
    for (std::int64_t splits_left = limits_.max_leaf_nodes - 1; !heap.empty();) {
      std::pop_heap(heap.begin(), heap.end());
      const Frontier next = heap.back();
      heap.pop_back();
      if (next.split.feature < 0 || splits_left <= 0) continue;
      --splits_left;
      link(next.node, next.split);
      add(child(next.pending, next.node, next.split, true));
      add(child(next.pending, next.node, next.split, false));
    }
    tree_.shrink();
    return std::move(tree_);
  }

 private:
  struct Frontier {
    Split split;
    PendingNode pending;
    std::int64_t node = 0;
    bool operator<(const Frontier& other) const { return split.decrease < other.split.decrease; }
  };

  PendingNode root(std::int64_t rows) {
    splitter_.begin_node(0, rows);
    PendingNode out;
    out.end = rows;
    out.impurity = splitter_.node_impurity();
    return out;
  }

  /// Appends the node as a leaf and finds its split, where it may have one.
  Split make(const PendingNode& pending, std::int64_t& known) {
    splitter_.begin_node(pending.begin, pending.end);
    splitter_.node.lower = pending.lower;
    splitter_.node.upper = pending.upper;
    const std::int64_t rows = pending.end - pending.begin;
    const NodeState& state = splitter_.node;
    const bool leaf = pending.depth >= limits_.max_depth || rows < limits_.min_samples_split ||
                      rows / 2 < limits_.min_samples_leaf || state.weight < 2.0 * splitter_.min_weight_leaf() ||
                      pending.impurity <= pure_impurity;
    append(pending);
    if (leaf) return {};
    Split split = splitter_.split(pending.impurity, known, tree_.size() - 1);
    if (split.decrease + pure_impurity < limits_.min_impurity_decrease) split = {};
    return split;
  }

  void append(const PendingNode& pending) {
    const NodeState& state = splitter_.node;
    const std::int64_t number = tree_.size();
    tree_.nodes.emplace_back();
    if (pending.parent >= 0) {
      TreeNode& parent = tree_.nodes[pending.parent];
      (pending.left ? parent.left : parent.right) = static_cast<std::int32_t>(number);
    }
    tree_.impurity.push_back(pending.impurity);
    tree_.samples.push_back(static_cast<std::int32_t>(pending.end - pending.begin));
    tree_.weight.push_back(state.weight);
    for (const double weight : state.classes) tree_.values.push_back(weight / state.weight);
    if (!limits_.monotonic.empty() && tree_.classes == 2) {
      double* value = tree_.values.data() + number * 2;
      value[0] = std::clamp(value[0], pending.lower, pending.upper);
      value[1] = 1.0 - value[0];
    }
  }

  void link(std::int64_t node, const Split& split) {
    TreeNode& out = tree_.nodes[node];
    out.feature = static_cast<std::int32_t>(split.feature);
    out.threshold = split.threshold;
    out.missing_left = split.missing_left ? 1 : 0;
  }

  PendingNode child(const PendingNode& parent, std::int64_t node, const Split& split, bool left) const {
    PendingNode out;
    out.begin = left ? parent.begin : split.middle;
    out.end = left ? split.middle : parent.end;
    out.depth = parent.depth + 1;
    out.parent = node;
    out.left = left;
    out.impurity = left ? split.left_impurity : split.right_impurity;
    out.lower = parent.lower;
    out.upper = parent.upper;
    const int sign = limits_.monotonic.empty() ? 0 : limits_.monotonic[split.feature];
    if (sign != 0) (left == (sign > 0) ? out.upper : out.lower) = split.middle_value;
    return out;
  }

  Splitter& splitter_;
  const GrowthLimits& limits_;
  Tree tree_;
};

}  // namespace detail

/// Grows a tree on samples. `seed` is that of the feature draws; `trace` hears the candidates, under the number `number`.
inline Tree grow_tree(const RankTable& table, NodeSamples& samples, const GrowthLimits& limits, std::uint32_t seed,
                      Observer* trace = nullptr, std::int64_t number = 0) {
  Splitter splitter(table, samples, limits, seed, trace, number);
  detail::TreeBuilder builder(splitter, limits, table.cols(), samples.classes());
  return limits.max_leaf_nodes < 0 ? builder.depth_first(samples.size()) : builder.best_first(samples.size());
}

}  // namespace qrs::ml
