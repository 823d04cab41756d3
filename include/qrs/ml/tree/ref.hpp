// The decision tree in the fewest lines: sort by every feature, try every cut, split by the best, and begin again below.
//
//   G(node) = 1 - sum_c p_c^2                                                 p_c = share of class c
//   decrease = n G(node) - n_left G(left) - n_right G(right)                  a row goes left where x <= threshold
//
// The judge of the splitter: no ranks, no weights, no missing values, one criterion. Each node costs a sort of its rows by
// every feature and a count of classes for every cut. Thresholds lie half way between two values.
// Source: Breiman, Friedman, Olshen, Stone, Classification and Regression Trees, 1984, chapters 2 and 4.
#pragma once

#include <algorithm>
#include <cstdint>

#include "../../core/array.hpp"
#include "../matrix.hpp"
#include "tree.hpp"

namespace qrs::ml::ref {

/// Rows with x(row, feature) <= threshold go left; -1 where no cut parts the rows.
struct Cut {
  double decrease = 0.0;
  std::int64_t feature = -1;
  double threshold = 0.0;
};

/// n G of class counts.
inline double scaled_gini(const Array<double>& counts) {
  double total = 0.0;
  double squares = 0.0;
  for (const double count : counts) total += count;
  for (const double count : counts) squares += count / total * (count / total);
  return total * (1.0 - squares);
}

inline Array<double> count_classes(ArrayView<const std::int64_t> y, const Array<std::int64_t>& rows, std::int64_t k) {
  Array<double> out(k, 0.0);
  for (const std::int64_t row : rows) out[y[row]] += 1.0;
  return out;
}

/// The first of the cuts that decrease the impurity most. y: classes 0 ... k - 1.
inline Cut best_cut(MatrixView<float> x, ArrayView<const std::int64_t> y, const Array<std::int64_t>& rows,
                    std::int64_t k) {
  Cut best;
  const Array<double> all = count_classes(y, rows, k);
  for (std::int64_t j = 0; j < x.cols(); ++j) {
    Array<std::int64_t> order = rows;
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) { return x(a, j) < x(b, j); });
    Array<double> left(k, 0.0);
    Array<double> right = all;
    for (std::int64_t i = 0; i + 1 < order.size(); ++i) {
      left[y[order[i]]] += 1.0;
      right[y[order[i]]] -= 1.0;
      const float below = x(order[i], j);
      const float above = x(order[i + 1], j);
      if (!(above > below + 1e-7F)) continue;  // one value, as scikit-learn sees it
      const double decrease = scaled_gini(all) - scaled_gini(left) - scaled_gini(right);
      if (decrease > best.decrease) {
        best = {decrease, j, static_cast<double>(below) / 2.0 + static_cast<double>(above) / 2.0};
      }
    }
  }
  return best;
}

/// Adds the subtree of these rows to `tree`, the node first, then its left side, then its right.
inline std::int32_t grow(Tree& tree, MatrixView<float> x, ArrayView<const std::int64_t> y,
                         const Array<std::int64_t>& rows, std::int64_t depth_left) {
  const auto node = static_cast<std::int32_t>(tree.size());
  const auto count = static_cast<double>(rows.size());
  const Array<double> counts = count_classes(y, rows, tree.classes);
  tree.nodes.emplace_back();
  tree.impurity.push_back(scaled_gini(counts) / count);
  tree.samples.push_back(static_cast<std::int32_t>(rows.size()));
  tree.weight.push_back(count);
  for (const double of_class : counts) tree.values.push_back(of_class / count);
  const Cut cut = depth_left > 0 ? best_cut(x, y, rows, tree.classes) : Cut{};
  if (cut.feature < 0) return node;
  Array<std::int64_t> left;
  Array<std::int64_t> right;
  for (const std::int64_t row : rows) {
    (static_cast<double>(x(row, cut.feature)) <= cut.threshold ? left : right).push_back(row);
  }
  const std::int32_t to_left = grow(tree, x, y, left, depth_left - 1);
  const std::int32_t to_right = grow(tree, x, y, right, depth_left - 1);
  tree.nodes[node] = {cut.threshold, static_cast<std::int32_t>(cut.feature), to_left, to_right, 0};
  return node;
}

/// The tree of these rows (one that stands there twice counts twice), of at most max_depth splits on the way to a leaf.
inline Tree grow_tree(MatrixView<float> x, ArrayView<const std::int64_t> y, const Array<std::int64_t>& rows,
                      std::int64_t k, std::int64_t max_depth) {
  Tree out;
  out.features = x.cols();
  out.classes = k;
  grow(out, x, y, rows, max_depth);
  return out;
}

}  // namespace qrs::ml::ref
