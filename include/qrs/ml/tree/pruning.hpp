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

/// Cuts weakest nodes while their alpha is at most `alpha`; marks what becomes a leaf, and records each step.
inline Array<std::uint8_t> cut_weakest(const Tree& tree, double alpha, PruningPath* path) {
  const std::int64_t count = tree.size();
  Array<double> own(count);
  Array<double> branch(count, 0.0);
  Array<std::int64_t> leaves(count, 0);
  Array<std::int64_t> parent(count, -1);
  Array<std::uint8_t> leaf(count, 0);
  Array<std::uint8_t> open(count, 0);  // a split that may be cut
  for (std::int64_t i = 0; i < count; ++i) {
    own[i] = tree.weight[i] * tree.impurity[i] / tree.weight[0];
    leaf[i] = tree.nodes[i].leaf() ? 1 : 0;
    open[i] = leaf[i] != 0 ? 0 : 1;
    if (leaf[i] != 0) continue;
    parent[tree.nodes[i].left] = static_cast<std::int64_t>(i);
    parent[tree.nodes[i].right] = static_cast<std::int64_t>(i);
  }
  for (std::int64_t i = 0; i < count; ++i) {
    if (leaf[i] == 0) continue;
    branch[i] = own[i];
    for (std::int64_t up = parent[i]; up >= 0; up = parent[up]) {
      branch[up] += own[i];
      ++leaves[up];
    }
  }
  if (path != nullptr) {
    path->ccp_alphas.push_back(0.0);
    path->impurities.push_back(branch[0]);
  }
  while (open[0] != 0) {
    double least = std::numeric_limits<double>::max();
    std::int64_t weakest = 0;
    for (std::int64_t i = 0; i < count; ++i) {
      if (open[i] == 0) continue;
      const double here = (own[i] - branch[i]) / static_cast<double>(leaves[i] - 1);
      if (here < least) least = here, weakest = i;
    }
    if (alpha < least) break;
    Array<std::int64_t> below = {weakest};
    while (!below.empty()) {
      const std::int64_t at = below.back();
      below.pop_back();
      open[at] = leaf[at] = 0;
      if (tree.nodes[at].leaf()) continue;
      below.push_back(tree.nodes[at].left);
      below.push_back(tree.nodes[at].right);
    }
    leaf[weakest] = 1;
    const std::int64_t fewer = leaves[weakest] - 1;
    const double more = own[weakest] - branch[weakest];
    leaves[weakest] = 0;
    branch[weakest] = own[weakest];
    for (std::int64_t up = parent[weakest]; up >= 0; up = parent[up]) {
      leaves[up] -= fewer;
      branch[up] += more;
    }
    if (path != nullptr) {
      path->ccp_alphas.push_back(least);
      path->impurities.push_back(branch[0]);
    }
  }
  return leaf;
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
