// Mean and variance of each column of a matrix, in double whatever the matrix holds.
//
//   mean[j] = sum_i x[i][j] / n        variance[j] = ( sum_i d^2 - (sum_i d)^2 / n ) / n,   d = x[i][j] - mean[j]
//
// Two passes with the correction of Chan, Golub and LeVeque (The American Statistician 37, 1983, eq. 1.7): the second sum
// would be 0 without rounding, and takes off what rounding of the mean adds. NaN is left out, as in scikit-learn's scalers.
#pragma once

#include <algorithm>
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
  const std::int64_t columns = x.cols();
  out.mean.resize(columns);
  out.counts.resize(columns);
  if (with_variance) out.variance.resize(columns);
  constexpr std::int64_t strip = 32;  // columns of a task: sums stay in registers, rows are read by whole cache lines
  parallel_chunks(x.cols(), strip, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t width = end - begin;
    double sum[strip] = {};
    double squares[strip] = {};
    double mean[strip] = {};
    std::int64_t count[strip] = {};
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      const T* row = x.row(i) + begin;
      for (std::int64_t j = 0; j < width; ++j) {
        const bool there = !std::isnan(row[j]);
        sum[j] += there ? static_cast<double>(row[j]) : 0.0;
        count[j] += there ? 1 : 0;
      }
    }
    for (std::int64_t j = 0; j < width; ++j) {
      mean[j] = sum[j] / static_cast<double>(count[j]);
      out.mean[begin + j] = mean[j];
      out.counts[begin + j] = count[j];
      sum[j] = 0.0;
    }
    if (!with_variance) return;
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      const T* row = x.row(i) + begin;
      for (std::int64_t j = 0; j < width; ++j) {
        const double off = std::isnan(row[j]) ? 0.0 : static_cast<double>(row[j]) - mean[j];
        sum[j] += off;
        squares[j] += off * off;
      }
    }
    for (std::int64_t j = 0; j < width; ++j) {
      const auto n = static_cast<double>(count[j]);
      out.variance[begin + j] = (squares[j] - sum[j] * sum[j] / n) / n;
    }
  });
  return out;
}

}  // namespace qrs::ml
