// The forest in the fewest lines: plain trees (tree/ref.hpp), each on rows drawn with replacement, and their mean vote.
//
//   for each tree: seed = R.randint(2^31 - 1); rows_i = R(seed).randint(n), i = 1 ... n; grow       R(s): RandomState(s)
//
// The judge of the forest where every feature is tried at every node: what is left is bagging. Rows are copied as often as
// they are drawn, where the forest counts draws as weights. Source: Breiman, Bagging predictors, Machine Learning 24, 1996;
// Breiman, Random forests, Machine Learning 45, 2001.
#pragma once

#include <cstdint>

#include "../../core/array.hpp"
#include "../../core/rng.hpp"
#include "../matrix.hpp"
#include "../tree/ref.hpp"
#include "../tree/tree.hpp"

namespace qrs::ml::ref {

/// y: classes 0 ... k - 1.
inline Array<Tree> grow_forest(MatrixView<float> x, ArrayView<const std::int64_t> y, std::int64_t k, std::int64_t trees,
                               std::int64_t max_depth, std::uint32_t random_state) {
  Array<Tree> out;
  Mt19937 seeds(random_state);
  for (std::int64_t t = 0; t < trees; ++t) {
    Mt19937 draw(static_cast<std::uint32_t>(seeds.randint(0, 0x7fffffff)));
    Array<std::int64_t> rows;
    for (std::int64_t i = 0; i < x.rows(); ++i) rows.push_back(draw.randint(0, x.rows()));
    out.push_back(grow_tree(x, y, rows, k, max_depth));
  }
  return out;
}

/// (rows, k): the mean over trees of the class shares of each row's leaf.
inline Matrix<double> vote(const Array<Tree>& trees, MatrixView<float> x, std::int64_t k) {
  Matrix<double> out(x.rows(), k);
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    for (const Tree& tree : trees) {
      const auto shares = tree.value(leaf_of(tree, x.row(i)));
      for (std::int64_t c = 0; c < k; ++c) out(i, c) += shares[c] / static_cast<double>(trees.size());
    }
  }
  return out;
}

}  // namespace qrs::ml::ref
