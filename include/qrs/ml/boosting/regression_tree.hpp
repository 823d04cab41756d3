// One regression tree: nodes in an array, the root first, each child after its parent.
//
// A row goes left where its value < threshold; a missing value goes where default_left says. Values are float32, as the
// thresholds are.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "../../core/error.hpp"

namespace qrs::ml::boosting {

struct TreeNode {
  std::int32_t left = -1;  // -1: a leaf
  std::int32_t right = -1;
  std::int32_t parent = -1;
  std::int32_t feature = 0;
  float threshold = 0.0f;  // of a leaf: what it adds to the margin
  bool default_left = false;
  float gain = 0.0f;         // of the split; 0 in a leaf
  float cover = 0.0f;        // sum of second derivatives of the rows that came here
  float base_weight = 0.0f;  // the weight it would have as a leaf, before the learning rate

  bool is_leaf() const { return left < 0; }
  bool operator==(const TreeNode&) const = default;
};

class RegressionTree {
 public:
  /// A single leaf.
  RegressionTree() : nodes_(1) {}
  explicit RegressionTree(std::vector<TreeNode> nodes) : nodes_(std::move(nodes)) {}

  const std::vector<TreeNode>& nodes() const { return nodes_; }
  const TreeNode& operator[](std::int32_t i) const { return nodes_[i]; }
  TreeNode& operator[](std::int32_t i) { return nodes_[i]; }
  std::int32_t size() const { return static_cast<std::int32_t>(nodes_.size()); }

  std::int64_t leaves() const {
    std::int64_t count = 0;
    for (const TreeNode& node : nodes_) count += node.is_leaf() ? 1 : 0;
    return count;
  }
  /// Edges from the root to the deepest leaf.
  std::int32_t depth() const {
    std::vector<std::int32_t> depth(nodes_.size(), 0);
    std::int32_t deepest = 0;
    for (std::size_t i = 1; i < nodes_.size(); ++i) {
      depth[i] = depth[nodes_[i].parent] + 1;
      deepest = std::max(deepest, depth[i]);
    }
    return deepest;
  }

  /// Makes two children of a leaf and returns the left one's index; the right one is the next.
  std::int32_t split(std::int32_t at) {
    const std::int32_t left = size();
    nodes_.resize(nodes_.size() + 2);
    (*this)[at].left = left;
    (*this)[at].right = left + 1;
    (*this)[left].parent = at;
    (*this)[left + 1].parent = at;
    return left;
  }

  /// The leaf that a row (NaN: missing) comes to.
  std::int32_t leaf_of(const float* row) const {
    std::int32_t at = 0;
    while (!(*this)[at].is_leaf()) {
      const TreeNode& node = (*this)[at];
      const float value = row[node.feature];
      const bool left = std::isnan(value) ? node.default_left : value < node.threshold;
      at = left ? node.left : node.right;
    }
    return at;
  }

  /// Drops splits of a gain under `gamma` whose children are leaves, again and again until none is left (XGBoost's pruner
  /// of exact trees). A dropped split becomes a leaf of its base weight times the learning rate.
  void prune(float gamma, float learning_rate) {
    for (std::int32_t i = size() - 1; i >= 0; --i) {  // children stand after their parent
      TreeNode& node = (*this)[i];
      if (node.is_leaf() || !(*this)[node.left].is_leaf() || !(*this)[node.right].is_leaf()) continue;
      if (node.gain >= gamma) continue;
      node.left = node.right = -1;
      node.threshold = node.base_weight * learning_rate;
      node.gain = 0.0f;
      node.feature = 0;
      node.default_left = false;
    }
    compact();
  }

  /// Throws unless the nodes are one tree over `features` columns with finite leaves: links inside the array, one parent
  /// each, no cycle, children after their parent. `op` stands in messages.
  void check(std::string_view op, std::int64_t features) const {
    QRS_CHECK(!nodes_.empty(), "[", op, "] expected a tree of at least one node, got none");
    std::vector<char> seen(nodes_.size(), 0);
    for (std::int32_t i = 0; i < size(); ++i) {
      const TreeNode& node = (*this)[i];
      // A split at infinity tells values from missing ones.
      QRS_CHECK(node.is_leaf() ? std::isfinite(node.threshold) : !std::isnan(node.threshold), "[", op,
                "] expected thresholds that are numbers and finite leaf values, got ", node.threshold, " in node ", i);
      QRS_CHECK(std::isfinite(node.cover) && node.cover >= 0.0f && std::isfinite(node.gain) &&
                    std::isfinite(node.base_weight),
                "[", op, "] expected finite statistics and a cover >= 0 of node ", i, ", got cover ", node.cover,
                ", gain ", node.gain, ", weight ", node.base_weight);
      if (node.is_leaf()) continue;
      QRS_CHECK(node.feature >= 0 && node.feature < features, "[", op, "] expected a feature in [0, ", features,
                ") of node ", i, ", got ", node.feature);
      for (const std::int32_t child : {node.left, node.right}) {
        QRS_CHECK(child > i && child < size(), "[", op, "] expected children of node ", i, " in (", i, ", ", size(),
                  "), got ", child);
        char& visited = seen[child];
        QRS_CHECK(visited == 0, "[", op, "] expected one parent of node ", child, ", got two");
        QRS_CHECK((*this)[child].parent == i, "[", op, "] expected parent ", i, " of node ", child, ", got ",
                  (*this)[child].parent);
        visited = 1;
      }
    }
    for (std::int32_t i = 1; i < size(); ++i) {
      QRS_CHECK(seen[i] != 0, "[", op, "] expected every node below the root, got node ", i, " apart from it");
    }
    QRS_CHECK(nodes_[0].parent == -1, "[", op, "] expected a root without a parent, got ", nodes_[0].parent);
  }

  bool operator==(const RegressionTree&) const = default;

 private:
  /// Keeps what the root reaches, in breadth-first order.
  void compact() {
    std::vector<TreeNode> kept{nodes_[0]};
    for (std::size_t i = 0; i < kept.size(); ++i) {
      if (kept[i].is_leaf()) continue;
      const TreeNode node = kept[i];
      kept[i].left = static_cast<std::int32_t>(kept.size());
      kept[i].right = kept[i].left + 1;
      for (const std::int32_t child : {node.left, node.right}) {
        kept.push_back((*this)[child]);
        kept.back().parent = static_cast<std::int32_t>(i);
      }
    }
    nodes_ = std::move(kept);
  }

  std::vector<TreeNode> nodes_;
};

}  // namespace qrs::ml::boosting
