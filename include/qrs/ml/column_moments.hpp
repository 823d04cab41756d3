// Mean and variance of each column of a matrix, in double whatever the matrix holds.
//
//   mean[j] = sum_i x[i][j] / n        variance[j] = ( sum_i d^2 - (sum_i d)^2 / n ) / n,   d = x[i][j] - mean[j]
//
// Two passes with the correction of Chan, Golub and LeVeque (The American Statistician 37, 1983, eq. 1.7): the second sum
// would be 0 without rounding, and takes off what rounding of the mean adds. NaN is left out, as in scikit-learn's scalers.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "../core/parallel.hpp"
#include "matrix.hpp"

namespace qrs::ml {

struct ColumnMoments {
  std::vector<double> mean;
  std::vector<double> variance;      // divided by n, not n - 1
  std::vector<std::int64_t> counts;  // values that are not NaN
};

/// The moments of every column; `variance` stays empty where it is not wanted. A column without values has mean NaN.
template <class T>
ColumnMoments column_moments(MatrixView<T> x, bool with_variance = true) {
  ColumnMoments out;
  const auto columns = static_cast<std::size_t>(x.cols());
  out.mean.resize(columns);
  out.counts.resize(columns);
  if (with_variance) out.variance.resize(columns);
  constexpr std::int64_t strip =
      32;  // columns of a task: its sums stay in registers, rows are read by whole cache lines
  parallel_chunks(x.cols(), strip, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t width = end - begin;
    std::array<double, strip> sum{};
    std::array<double, strip> squares{};
    std::array<double, strip> mean{};
    std::array<std::int64_t, strip> count{};
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      const T* row = x.row(i) + begin;
      for (std::int64_t j = 0; j < width; ++j) {
        const bool there = !std::isnan(row[j]);
        sum[static_cast<std::size_t>(j)] += there ? static_cast<double>(row[j]) : 0.0;
        count[static_cast<std::size_t>(j)] += there ? 1 : 0;
      }
    }
    for (std::int64_t j = 0; j < width; ++j) {
      const auto at = static_cast<std::size_t>(j);
      mean[at] = sum[at] / static_cast<double>(count[at]);
      out.mean[static_cast<std::size_t>(begin) + at] = mean[at];
      out.counts[static_cast<std::size_t>(begin) + at] = count[at];
      sum[at] = 0.0;
    }
    if (!with_variance) return;
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      const T* row = x.row(i) + begin;
      for (std::int64_t j = 0; j < width; ++j) {
        const auto at = static_cast<std::size_t>(j);
        const double off = std::isnan(row[j]) ? 0.0 : static_cast<double>(row[j]) - mean[at];
        sum[at] += off;
        squares[at] += off * off;
      }
    }
    for (std::int64_t j = 0; j < width; ++j) {
      const auto at = static_cast<std::size_t>(j);
      const auto n = static_cast<double>(count[at]);
      out.variance[static_cast<std::size_t>(begin) + at] = (squares[at] - sum[at] * sum[at] / n) / n;
    }
  });
  return out;
}

}  // namespace qrs::ml
