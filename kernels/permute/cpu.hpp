// The permutation of axes on the CPU, in two forms: rows that stay rows are moved by registers; where the last axis moves,
// squares of y are filled from squares of x, so that both are read and written in whole cache lines.
#pragma once

#include <algorithm>

#include "../simd/row_loops.hpp"
#include "permute.hpp"

namespace qrs::kernels {

namespace detail {

/// Columns of y beside each other in one square, and values of a row.
inline constexpr std::int64_t permute_side = 32;

template <class T>
inline void put_permuted(T& to, T value, bool accumulate) {
  to = accumulate ? to + value : value;
}

}  // namespace detail

template <class T>
void permute_cpu(const PermuteParams& p, const T* x, T* y) {
  using V = simd::Vec<T>;
  const std::int64_t cols = p.extents[4];
  if (p.rows() == 0 || cols == 0) return;
  if (p.strides[4] == 1) {
    for_each_run(p.rows(), cols, false, [&](std::int64_t row, std::int64_t col, std::int64_t count) {
      const T* from = x + p.start(row) + col;
      T* to = y + row * cols + col;
      if (p.accumulate) {
        map_run<T>(
            count, [](V value, V before) { return before + value; }, to, from, to);
      } else {
        std::copy_n(from, count, to);
      }
    });
    return;
  }
  // A task is a band of rows that differ in the axis before the last alone; its values come in squares.
  constexpr std::int64_t side = detail::permute_side;
  const std::int64_t height = p.extents[3];
  const std::int64_t bands = (height + side - 1) / side;
  parallel_for(p.rows() / height * bands, [&](std::int64_t task) {
    const std::int64_t first = task / bands * height;
    const std::int64_t begin = task % bands * side;
    const std::int64_t end = std::min(height, begin + side);
    const T* from = x + p.start(first);
    for (std::int64_t col = 0; col < cols; col += side) {
      const std::int64_t last = std::min(cols, col + side);
      for (std::int64_t row = begin; row < end; ++row) {
        T* to = y + (first + row) * cols;
        for (std::int64_t c = col; c < last; ++c) {
          detail::put_permuted(to[c], from[row * p.strides[3] + c * p.strides[4]], p.accumulate);
        }
      }
    }
  });
}

}  // namespace qrs::kernels
