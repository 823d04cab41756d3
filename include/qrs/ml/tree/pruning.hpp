// Minimal cost-complexity pruning: the smallest subtree whose every split is worth alpha a leaf.
//
//   R(t) = weight(t) / weight(root) * impurity(t),  R of a branch = sum over its leaves
//   alpha(t) = (R(t) - R(branch t)) / (leaves of t - 1)      the weakest node is cut first; the values never fall
//
// Source: Breiman, Friedman, Olshen, Stone, 1984, chapter 3.
#pragma once

#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

#include "../../core/array.hpp"
#include "tree.hpp"

namespace qrs::ml {

/// The subtrees from the whole tree (alpha 0) to the root alone: from which alpha each is the smallest of least cost, and
/// the impurity of its leaves together.
struct PruningPath {
  std::vector<double> ccp_alphas;
  std::vector<double> impurities;
};

namespace detail {

/// A tree while its weakest nodes are cut.
class Pruner {
 public:
  explicit Pruner(const Tree& tree)
      : tree_(tree),
        own_(tree.size()),
        branch_(tree.size(), 0.0),
        leaves_(tree.size(), 0),
        parent_(tree.size(), -1),
        leaf_(tree.size(), 0),
        open_(tree.size(), 0) {
    for (std::int64_t i = 0; i < tree.size(); ++i) {
      own_[i] = tree.weight[i] * tree.impurity[i] / tree.weight[0];
      leaf_[i] = tree.nodes[i].leaf() ? 1 : 0;
      open_[i] = leaf_[i] != 0 ? 0 : 1;
      if (leaf_[i] != 0) continue;
      parent_[tree.nodes[i].left] = i;
      parent_[tree.nodes[i].right] = i;
    }
    for (std::int64_t i = 0; i < tree.size(); ++i) {
      if (leaf_[i] == 0) continue;
      branch_[i] = own_[i];
      for (std::int64_t up = parent_[i]; up >= 0; up = parent_[up]) {
        branch_[up] += own_[i];
        ++leaves_[up];
      }
    }
  }

  bool done() const { return open_[0] == 0; }
  /// The impurity of the leaves together.
  double impurity() const { return branch_[0]; }
  const Array<std::uint8_t>& leaf() const { return leaf_; }

  /// The open split of least alpha.
  std::pair<std::int64_t, double> weakest() const {
    double least = std::numeric_limits<double>::max();
    std::int64_t weakest = 0;
    for (std::int64_t i = 0; i < tree_.size(); ++i) {
      if (open_[i] == 0) continue;
      const double here = (own_[i] - branch_[i]) / static_cast<double>(leaves_[i] - 1);
      if (here < least) least = here, weakest = i;
    }
    return {weakest, least};
  }

  /// Makes a split a leaf.
  void cut(std::int64_t node) {
    Array<std::int64_t> below = {node};
    while (!below.empty()) {
      const std::int64_t at = below.back();
      below.pop_back();
      open_[at] = leaf_[at] = 0;
      if (tree_.nodes[at].leaf()) continue;
      below.push_back(tree_.nodes[at].left);
      below.push_back(tree_.nodes[at].right);
    }
    leaf_[node] = 1;
    const std::int64_t fewer = leaves_[node] - 1;
    const double more = own_[node] - branch_[node];
    leaves_[node] = 0;
    branch_[node] = own_[node];
    for (std::int64_t up = parent_[node]; up >= 0; up = parent_[up]) {
      leaves_[up] -= fewer;
      branch_[up] += more;
    }
  }

 private:
  const Tree& tree_;
  Array<double> own_;
  Array<double> branch_;
  Array<std::int64_t> leaves_;
  Array<std::int64_t> parent_;
  Array<std::uint8_t> leaf_;
  Array<std::uint8_t> open_;  // a split that may be cut
};

/// Cuts weakest nodes while their alpha is at most `alpha`; marks what becomes a leaf, and records each step.
inline Array<std::uint8_t> cut_weakest(const Tree& tree, double alpha, PruningPath* path) {
  Pruner pruner(tree);
  const auto record = [&](double from) {
    if (path == nullptr) return;
    path->ccp_alphas.push_back(from);
    path->impurities.push_back(pruner.impurity());
  };
  record(0.0);
  while (!pruner.done()) {
    const auto [node, least] = pruner.weakest();
    if (alpha < least) break;
    pruner.cut(node);
    record(least);
  }
  return pruner.leaf();
}

}  // namespace detail

/// The path of all prunings.
inline PruningPath pruning_path(const Tree& tree) {
  PruningPath out;
  detail::cut_weakest(tree, std::numeric_limits<double>::infinity(), &out);
  return out;
}

/// The tree pruned at `alpha` >= 0; its nodes keep their order.
inline Tree prune(const Tree& tree, double alpha) {
  const Array<std::uint8_t> leaf = detail::cut_weakest(tree, alpha, nullptr);
  Tree out;
  out.features = tree.features;
  out.classes = tree.classes;
  struct Pending {
    std::int64_t from;
    std::int64_t parent;
    bool left;
  };
  Array<Pending> stack = {{0, -1, false}};
  while (!stack.empty()) {
    const Pending next = stack.back();
    stack.pop_back();
    const std::int64_t from = next.from;
    const std::int64_t number = out.size();
    out.nodes.push_back(tree.nodes[from]);
    out.impurity.push_back(tree.impurity[from]);
    out.samples.push_back(tree.samples[from]);
    out.weight.push_back(tree.weight[from]);
    const auto value = tree.value(next.from);
    out.values.insert(out.values.end(), value.begin(), value.end());
    if (next.parent >= 0) {
      TreeNode& parent = out.nodes[next.parent];
      (next.left ? parent.left : parent.right) = static_cast<std::int32_t>(number);
    }
    if (leaf[from] != 0) {
      out.nodes.back() = TreeNode{};
      continue;
    }
    stack.push_back({tree.nodes[from].right, number, false});
    stack.push_back({tree.nodes[from].left, number, true});
  }
  return out;
}

}  // namespace qrs::ml
