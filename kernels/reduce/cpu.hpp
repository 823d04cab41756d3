// Sums over rows on the CPU, bound by memory and nearly exact.
//
// A task sums a chunk of rows whose height depends on the shape alone. Inside it, up to 32 rows are added in registers
// of T, then in double: the error of a float sum does not grow with the number of rows. The chunks' sums are added in
// index order, in double, so the bits are the same for any number of threads.
#pragma once

#include <algorithm>

#include "../../include/qrs/core/memory.hpp"
#include "../simd/row_loops.hpp"
#include "reduce.hpp"

namespace qrs::kernels {

namespace detail {

/// Additions in T before a sum moves to double.
inline constexpr std::int64_t rows_per_partial = 32;

/// sums[c] = sum over `rows` rows of value(r, c), for the columns of `Vectors` registers from `col` on. value(r, c,
/// count) is a register of columns c, c + 1, ...: its first `count` lanes, the others zero.
template <class T, int Vectors, class Value>
inline void sum_columns(std::int64_t rows, std::int64_t col, std::int64_t count, const Value& value, double* sums) {
  constexpr std::int64_t L = simd::lanes<T>;
  double total[Vectors * L] = {};
  for (std::int64_t begin = 0; begin < rows; begin += rows_per_partial) {
    const std::int64_t end = std::min(rows, begin + rows_per_partial);
    simd::Vec<T> part[Vectors] = {};
    for (std::int64_t r = begin; r < end; ++r) {
      for (int v = 0; v < Vectors; ++v) part[v] += value(r, col + v * L, count);
    }
    for (int v = 0; v < Vectors; ++v) {
      for (std::int64_t l = 0; l < L; ++l) total[v * L + l] += static_cast<double>(part[v][l]);
    }
  }
  std::copy_n(total, (Vectors - 1) * L + count, sums + col);
}

/// sums[c] = sum over rows of value(r, c), any number of columns.
template <class T, class Value>
void sum_rows(std::int64_t rows, std::int64_t cols, const Value& value, double* sums) {
  for_each_register_block<T>(cols, [&](auto registers, std::int64_t c, std::int64_t count) {
    sum_columns<T, registers()>(rows, c, count, value, sums);
  });
}

/// Sum of a run of values.
template <class T>
double sum_run(std::int64_t count, const T* x) {
  constexpr std::int64_t width = 4 * simd::lanes<T>;
  const std::int64_t rows = count / width;  // seen as rows of four registers
  double lanes[width];
  sum_columns<T, 4>(
      rows, 0, simd::lanes<T>,
      [x](std::int64_t r, std::int64_t c, std::int64_t count) { return simd::load_part<T>(x + r * width + c, count); },
      lanes);
  double total = 0.0;
  for (const double lane : lanes) total += lane;
  for (std::int64_t i = rows * width; i < count; ++i) total += static_cast<double>(x[i]);
  return total;
}

}  // namespace detail

/// How the rows of one outer are cut into chunks: by the shape alone.
struct RowChunks {
  std::int64_t height;  // rows of a chunk; the last may have fewer
  std::int64_t count;   // chunks; at least one

  static RowChunks of(std::int64_t rows, std::int64_t cols) {
    const std::int64_t height = std::max<std::int64_t>(2 * detail::rows_per_partial, values_per_task / cols);
    return {height, std::max<std::int64_t>(1, (rows + height - 1) / height)};
  }
};

/// y[o, c] (+)= scale * the sum of the chunks' partial sums (outer, chunks, cols), in index order.
template <class T>
void combine_partials(const ReduceParams& p, std::int64_t chunks, const double* partials, T* y) {
  parallel_chunks(p.outer * p.cols, 4096, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t i = first; i < last; ++i) {
      const double* at = partials + i / p.cols * chunks * p.cols + i % p.cols;
      double sum = 0.0;
      for (std::int64_t chunk = 0; chunk < chunks; ++chunk) sum += at[chunk * p.cols];
      y[i] = (p.accumulate ? y[i] : T(0)) + static_cast<T>(p.scale * sum);
    }
  });
}

template <class T>
void reduce_rows_cpu(const ReduceParams& p, const T* x, T* y) {
  if (p.outer <= 0 || p.cols <= 0) return;
  const RowChunks chunks = RowChunks::of(p.rows, p.cols);
  const Scratch<double> partials(p.outer * chunks.count * p.cols);
  parallel_for(p.outer * chunks.count, [&](std::int64_t task) {
    const std::int64_t begin = task % chunks.count * chunks.height;
    const T* from = x + (task / chunks.count * p.rows + begin) * p.x_pitch;
    detail::sum_rows<T>(
        std::min(chunks.height, p.rows - begin), p.cols,
        [&](std::int64_t r, std::int64_t c, std::int64_t count) {
          return simd::load_part<T>(from + r * p.x_pitch + c, count);
        },
        partials.data() + task * p.cols);
  });
  combine_partials(p, chunks.count, partials.data(), y);
}

template <class T>
void broadcast_rows_cpu(const ReduceParams& p, const T* y, T* x) {
  using V = simd::Vec<T>;
  const T scale = static_cast<T>(p.scale);
  if (p.cols == 1 && p.x_pitch == 1) {  // one value to a whole run: the backward of a total
    for_each_run(p.outer, p.rows, false, [&](std::int64_t o, std::int64_t r, std::int64_t count) {
      const V value = simd::broadcast<T>(scale * y[o]);
      T* to = x + o * p.rows + r;
      if (p.accumulate) {
        map_run<T>(
            count, [value](V before) { return before + value; }, to, to);
      } else {
        std::fill_n(to, count, value[0]);
      }
    });
    return;
  }
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
