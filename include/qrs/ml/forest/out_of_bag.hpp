// The vote on each row of the trees that did not see it: an estimate of the accuracy on new rows without any set aside.
//
// Source: Breiman, Random forests, Machine Learning 45, 2001, section 3.1.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "../../core/argmax.hpp"
#include "../../core/array.hpp"
#include "../../core/parallel.hpp"
#include "../labels.hpp"
#include "../matrix.hpp"
#include "../tree/tree.hpp"
#include "../tree/vote.hpp"
#include "bootstrap.hpp"

namespace qrs::ml::detail {

/// (rows, classes): the mean of those trees' class shares; all 0 for a row that every tree saw. The draws are made again
/// from the trees' seeds.
template <class T>
Matrix<double> out_of_bag_votes(std::string_view op, std::span<const Tree> trees, MatrixView<T> x, std::int64_t classes,
                                ArrayView<const std::uint32_t> seeds, std::int64_t draws,
                                std::span<const double> cumulative) {
  Array<Array<char>> seen(seeds.size());  // by tree, then row
  parallel_for(seeds.size(), [&](std::int64_t t) {
    const std::vector<double> counts = draw_counts(seeds[t], x.rows(), draws, cumulative);
    for (const double count : counts) seen[t].push_back(count > 0.0 ? 1 : 0);
  });
  Matrix<double> votes(x.rows(), classes);
  for_row_blocks(op, x, [&](std::int64_t begin, const float* block, std::int64_t pitch, std::int64_t count) {
    Array<std::int64_t> judges(count, 0);
    for (std::int64_t t = 0; t < seen.size(); ++t) {
      for (std::int64_t i = 0; i < count; ++i) {
        if (seen[t][begin + i] != 0) continue;
        const auto value = trees[t].value(leaf_of(trees[t], block + i * pitch));
        for (std::int64_t c = 0; c < classes; ++c) votes(begin + i, c) += value[c];
        ++judges[i];
      }
    }
    for (std::int64_t i = 0; i < count; ++i) {
      const auto judge = static_cast<double>(std::max<std::int64_t>(1, judges[i]));
      for (std::int64_t c = 0; c < classes; ++c) votes(begin + i, c) /= judge;
    }
  });
  return votes;
}

/// The share of rows whose greatest vote, the first of equals, is their class's.
inline double vote_accuracy(const Matrix<double>& votes, const ClassIndex& classes) {
  std::int64_t right = 0;
  for (std::int64_t i = 0; i < votes.rows(); ++i) {
    right += argmax(votes.row(i), votes.cols()) == classes.codes()[i] ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(votes.rows());
}

}  // namespace qrs::ml::detail
