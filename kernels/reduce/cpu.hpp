// Sums over rows on the CPU, bound by memory and nearly exact.
//
// A task sums a chunk of rows whose height depends on the shape alone. Inside it, up to 32 rows are added in registers of
// T, then in double: the error of a float sum does not grow with the number of rows. The chunks' sums are added in index
// order, in double, so the bits are the same for any number of threads.
#pragma once

#include <algorithm>

#include "../../include/qrs/core/memory.hpp"
#include "../shared/row_loops.hpp"
#include "reduce.hpp"

namespace qrs::kernels {

namespace detail {

/// Additions in T before a sum moves to double.
inline constexpr std::int64_t rows_per_partial = 32;

/// sums[c] = sum over `rows` rows of x[r, c], for `cols` <= Vectors * lanes columns; `tail` lanes in the last register,
/// or a full one where tail is 0.
template <int Vectors, class T>
inline void sum_columns(std::int64_t rows, std::int64_t pitch, std::int64_t tail, const T* x, double* sums) {
  constexpr std::int64_t L = simd::lanes<T>;
  const std::int64_t last = tail == 0 ? L : tail;
  double total[Vectors * L] = {};
  for (std::int64_t begin = 0; begin < rows; begin += rows_per_partial) {
    const std::int64_t end = std::min(rows, begin + rows_per_partial);
    simd::Vec<T> part[Vectors] = {};
    for (std::int64_t r = begin; r < end; ++r) {
      const T* row = x + r * pitch;
      for (int v = 0; v + 1 < Vectors; ++v) part[v] += simd::load<T>(row + v * L);
      const T* at = row + (Vectors - 1) * L;
      part[Vectors - 1] += tail == 0 ? simd::load<T>(at) : simd::load_tail<T>(at, tail);
    }
    for (int v = 0; v < Vectors; ++v) {
      for (std::int64_t l = 0; l < L; ++l) total[v * L + l] += static_cast<double>(part[v][l]);
    }
  }
  std::copy_n(total, (Vectors - 1) * L + last, sums);
}

/// sums[c] = sum over rows of x[r, c], any number of columns.
template <class T>
void sum_rows(std::int64_t rows, std::int64_t cols, std::int64_t pitch, const T* x, double* sums) {
  constexpr std::int64_t L = simd::lanes<T>;
  std::int64_t c = 0;
  for (; c + 4 * L <= cols; c += 4 * L) sum_columns<4>(rows, pitch, 0, x + c, sums + c);
  for (; c + L <= cols; c += L) sum_columns<1>(rows, pitch, 0, x + c, sums + c);
  if (c < cols) sum_columns<1>(rows, pitch, cols - c, x + c, sums + c);
}

/// Sum of a run of values.
template <class T>
double sum_run(std::int64_t count, const T* x) {
  constexpr std::int64_t L = simd::lanes<T>;
  const std::int64_t rows = count / (4 * L);  // seen as rows of four registers
  double lanes[4 * L];
  sum_columns<4>(rows, 4 * L, 0, x, lanes);
  double total = 0.0;
  for (const double lane : lanes) total += lane;
  for (std::int64_t i = rows * 4 * L; i < count; ++i) total += static_cast<double>(x[i]);
  return total;
}

}  // namespace detail

template <class T>
void reduce_rows_cpu(const ReduceParams& p, const T* x, T* y) {
  if (p.outer <= 0 || p.cols <= 0) return;
  const std::int64_t chunk_rows = std::max<std::int64_t>(2 * detail::rows_per_partial, values_per_task / p.cols);
  const std::int64_t chunks = std::max<std::int64_t>(1, (p.rows + chunk_rows - 1) / chunk_rows);
  const Scratch<double> partials(p.outer * chunks * p.cols);  // (outer, chunks, cols)
  parallel_for(p.outer * chunks, [&](std::int64_t task) {
    const std::int64_t begin = task % chunks * chunk_rows;
    const std::int64_t rows = std::min(chunk_rows, p.rows - begin);
    const T* from = x + (task / chunks * p.rows + begin) * p.x_pitch;
    detail::sum_rows(rows, p.cols, p.x_pitch, from, partials.data() + task * p.cols);
  });
  parallel_chunks(p.outer * p.cols, 4096, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const double* at = partials.data() + i / p.cols * chunks * p.cols + i % p.cols;
      double sum = 0.0;
      for (std::int64_t chunk = 0; chunk < chunks; ++chunk) sum += at[chunk * p.cols];
      y[i] = (p.accumulate ? y[i] : T(0)) + static_cast<T>(p.scale * sum);
    }
  });
}

template <class T>
void broadcast_rows_cpu(const ReduceParams& p, const T* y, T* x) {
  using V = simd::Vec<T>;
  const T scale = static_cast<T>(p.scale);
  for_each_run(p.outer * p.rows, p.cols, false, [&](std::int64_t r, std::int64_t c, std::int64_t count) {
    const T* from = y + r / p.rows * p.cols + c;
    T* to = x + r * p.x_pitch + c;
    if (p.accumulate) {
      map_run<T>(
          count, [scale](V value, V before) { return before + scale * value; }, to, from, to);
    } else {
      map_run<T>(
          count, [scale](V value) { return scale * value; }, to, from);
    }
  });
}

template <class T>
void reduce_total_cpu(const ReduceParams& p, const T* x, T* y) {
  const std::int64_t all = p.outer * p.rows;
  const bool dense = p.x_pitch == p.cols;
  // Tasks of whole rows, or of values where there are no gaps between rows.
  const std::int64_t items = dense ? all * p.cols : all;
  const std::int64_t grain =
      dense ? values_per_task : std::max<std::int64_t>(1, values_per_task / std::max<std::int64_t>(1, p.cols));
  const std::int64_t chunks = (items + grain - 1) / grain;
  const Scratch<double> partials(std::max<std::int64_t>(1, chunks));
  parallel_for(chunks, [&](std::int64_t chunk) {
    const std::int64_t begin = chunk * grain;
    const std::int64_t count = std::min(grain, items - begin);
    double sum = 0.0;
    if (dense) {
      sum = detail::sum_run(count, x + begin);
    } else {
      for (std::int64_t r = begin; r < begin + count; ++r) sum += detail::sum_run(p.cols, x + r * p.x_pitch);
    }
    partials[chunk] = sum;
  });
  double sum = 0.0;
  for (std::int64_t chunk = 0; chunk < chunks; ++chunk) sum += partials[chunk];
  y[0] = (p.accumulate ? y[0] : T(0)) + static_cast<T>(p.scale * sum);
}

}  // namespace qrs::kernels
