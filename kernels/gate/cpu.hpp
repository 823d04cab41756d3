// The gate on the CPU: a task is a chunk of one image's pixels, small enough that dy is still in the cache when the
// second gradient reads it.
#pragma once

#include <algorithm>

#include "../reduce/cpu.hpp"
#include "gate.hpp"

namespace qrs::kernels {

namespace detail {

/// to[r, c] (+)= from[r, c] * s[c]
template <class T>
void scale_rows(std::int64_t rows, std::int64_t cols, const T* from, std::int64_t from_pitch, const T* s, T* to,
                std::int64_t to_pitch, bool accumulate) {
  using V = simd::Vec<T>;
  for (std::int64_t r = 0; r < rows; ++r) {
    T* out = to + r * to_pitch;
    if (accumulate) {
      map_run<T>(
          cols, [](V v, V factor, V before) { return before + v * factor; }, out, from + r * from_pitch, s, out);
    } else {
      map_run<T>(
          cols, [](V v, V factor) { return v * factor; }, out, from + r * from_pitch, s);
    }
  }
}

}  // namespace detail

template <class T>
void gate_forward_cpu(const GateParams& p, const T* x, const T* s, T* y) {
  const RowChunks chunks = RowChunks::of(p.pixels, p.c);
  parallel_for(p.n * chunks.count, [&](std::int64_t task) {
    const std::int64_t n = task / chunks.count;
    const std::int64_t begin = task % chunks.count * chunks.height;
    const std::int64_t row = n * p.pixels + begin;
    detail::scale_rows(std::min(chunks.height, p.pixels - begin), p.c, x + row * p.x_pitch, p.x_pitch, s + n * p.c,
                       y + row * p.y_pitch, p.y_pitch, false);
  });
}

template <class T>
void gate_backward_cpu(const GateParams& p, const T* x, const T* s, const T* dy, const GateGradients<T>& to) {
  const RowChunks chunks = RowChunks::of(p.pixels, p.c);
  const Scratch<double> partials(to.ds != nullptr ? p.n * chunks.count * p.c : 1);
  parallel_for(p.n * chunks.count, [&](std::int64_t task) {
    const std::int64_t n = task / chunks.count;
    const std::int64_t begin = task % chunks.count * chunks.height;
    const std::int64_t rows = std::min(chunks.height, p.pixels - begin);
    const std::int64_t row = n * p.pixels + begin;
    const T* g = dy + row * p.y_pitch;
    if (to.ds != nullptr) {
      const T* in = x + row * p.x_pitch;
      detail::sum_rows<T>(
          rows, p.c,
          [&](std::int64_t r, std::int64_t c, std::int64_t count) {
            return simd::load_part<T>(g + r * p.y_pitch + c, count) * simd::load_part<T>(in + r * p.x_pitch + c, count);
          },
          partials.data() + task * p.c);
    }
    if (to.dx != nullptr) {
      detail::scale_rows(rows, p.c, g, p.y_pitch, s + n * p.c, to.dx + row * p.dx_pitch, p.dx_pitch, to.accumulate_dx);
    }
  });
  if (to.ds == nullptr) return;
  const ReduceParams sums{.outer = p.n, .rows = p.pixels, .cols = p.c, .accumulate = to.accumulate_ds};
  combine_partials(sums, chunks.count, partials.data(), to.ds);
}

}  // namespace qrs::kernels
