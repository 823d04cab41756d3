// Dropout on the CPU: an element mask costs a quarter of a Philox block a value, a row mask one block a sample.
#pragma once

#include <algorithm>

#include "../simd/row_loops.hpp"
#include "dropout.hpp"

namespace qrs::kernels {

namespace detail {

/// y (+)= scale * x for one row.
template <class T>
void scale_row(std::int64_t count, T scale, const T* x, T* y, bool accumulate) {
  using V = simd::Vec<T>;
  if (accumulate) {
    map_run<T>(
        count, [scale](V v, V before) { return before + v * scale; }, y, x, y);
  } else {
    map_run<T>(
        count, [scale](V v) { return v * scale; }, y, x);
  }
}

/// One row under an element mask; `first` is the index of its first value in the stream.
template <class T>
void drop_elements(const DropoutParams& p, std::uint64_t first, const T* x, T* y) {
  const T scale = static_cast<T>(p.scale());
  PhiloxBlock block{};
  for (std::int64_t c = 0; c < p.cols; ++c) {
    const std::uint64_t index = first + static_cast<std::uint64_t>(c);
    if (c == 0 || index % 4 == 0) block = philox_block(p.seed, p.stream, index / 4);
    const T value = p.keeps(unit_float(block.words[index % 4])) ? x[c] * scale : T(0);
    y[c] = p.accumulate ? y[c] + value : value;
  }
}

}  // namespace detail

template <class T>
void dropout_cpu(const DropoutParams& p, const T* x, T* y) {
  const std::int64_t grain = std::max<std::int64_t>(1, values_per_task / std::max<std::int64_t>(1, p.cols));
  parallel_chunks(p.rows, grain, [&](std::int64_t begin, std::int64_t end) {
    std::int64_t sample = -1;
    T scale = T(0);
    for (std::int64_t r = begin; r < end; ++r) {
      const T* from = x + r * p.x_pitch;
      T* to = y + r * p.y_pitch;
      if (p.rows_per_sample == 0) {
        detail::drop_elements(p, static_cast<std::uint64_t>(r * p.cols), from, to);
        continue;
      }
      if (r / p.rows_per_sample != sample) {
        sample = r / p.rows_per_sample;
        const float u = philox_uniform(p.seed, p.stream, static_cast<std::uint64_t>(sample));
        scale = p.keeps(u) ? static_cast<T>(p.scale()) : T(0);
      }
      if (scale != T(0)) {
        detail::scale_row(p.cols, scale, from, to, p.accumulate);
      } else if (!p.accumulate) {
        std::fill_n(to, p.cols, T(0));
      }
    }
  });
}

}  // namespace qrs::kernels
