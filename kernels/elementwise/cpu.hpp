// Elementwise maps on the CPU: threads over runs of rows, registers along a run.
//
// All of them are bound by memory: silu, the dearest of the usual ones, spends about one cycle a value.
#pragma once

#include <algorithm>
#include <cmath>

#include "../simd/row_loops.hpp"
#include "elementwise.hpp"
#include "simd.hpp"

namespace qrs::kernels {

namespace detail {

/// Values of a block.
template <class T>
inline constexpr std::int64_t block_values = block_registers* simd::lanes<T>;

/// Reads the values [begin, end) of a run into registers; returns how many registers.
template <class T>
std::int64_t load_block(const T* run, std::int64_t begin, std::int64_t end, simd::Vec<T>* block) {
  std::int64_t v = 0;
  for (std::int64_t i = begin; i < end; i += simd::lanes<T>) {
    block[v++] = simd::load_part(run + i, simd::lanes_at<T>(i, end));
  }
  return v;
}

/// y = f(x), value by value.
template <class T, class F>
void map_values(const ElementwiseParams& p, const F& f, const T* x, T* y) {
  const bool dense = p.x_pitch == p.cols && p.y_pitch == p.cols;
  for_each_run(p.rows, p.cols, dense, [&](std::int64_t r, std::int64_t c, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) y[r * p.y_pitch + c + i] = f(x[r * p.x_pitch + c + i]);
  });
}

}  // namespace detail

template <class T>
void activation_forward_cpu(const ElementwiseParams& p, Activation f, const T* x, T* y) {
  const bool dense = p.x_pitch == p.cols && p.y_pitch == p.cols;
  for_each_run(p.rows, p.cols, dense, [&](std::int64_t r, std::int64_t c, std::int64_t count) {
    T* to = y + r * p.y_pitch + c;
    for (std::int64_t begin = 0; begin < count; begin += detail::block_values<T>) {
      const std::int64_t end = std::min(count, begin + detail::block_values<T>);
      simd::Vec<T> block[block_registers];
      const std::int64_t registers = detail::load_block(x + r * p.x_pitch + c, begin, end, block);
      activate_registers<T>(f, block, registers);
      for (std::int64_t v = 0; v < registers; ++v) {
        const std::int64_t i = begin + v * simd::lanes<T>;
        simd::store_part(to + i, block[v], simd::lanes_at<T>(i, end));
      }
    }
  });
}

template <class T>
void activation_backward_cpu(const ElementwiseParams& p, Activation f, const T* x, const T* dy, T* dx,
                             std::int64_t dx_pitch) {
  const bool dense = p.x_pitch == p.cols && p.y_pitch == p.cols && dx_pitch == p.cols;
  for_each_run(p.rows, p.cols, dense, [&](std::int64_t r, std::int64_t c, std::int64_t count) {
    const T* gradient = dy + r * p.y_pitch + c;
    T* to = dx + r * dx_pitch + c;
    for (std::int64_t begin = 0; begin < count; begin += detail::block_values<T>) {
      const std::int64_t end = std::min(count, begin + detail::block_values<T>);
      simd::Vec<T> slope[block_registers];
      const std::int64_t registers = detail::load_block(x + r * p.x_pitch + c, begin, end, slope);
      derive_registers<T>(f, slope, registers);
      for (std::int64_t v = 0; v < registers; ++v) {
        const std::int64_t i = begin + v * simd::lanes<T>;
        const ReadPart read{simd::lanes_at<T>(i, end)};
        simd::Vec<T> out = read(gradient, i) * slope[v];
        if (p.accumulate) out += read(to, i);
        simd::store_part(to + i, out, read.count);
      }
    }
  });
}

template <class T>
void add_cpu(const ElementwiseParams& p, const T* x, const T* z, T* y) {
  using V = simd::Vec<T>;
  const bool dense = p.x_pitch == p.cols && p.z_pitch == p.cols && p.y_pitch == p.cols;
  for_each_run(p.rows, p.cols, dense, [&](std::int64_t r, std::int64_t c, std::int64_t count) {
    map_run<T>(
        count, [](V a, V b) { return a + b; }, y + r * p.y_pitch + c, x + r * p.x_pitch + c, z + r * p.z_pitch + c);
  });
}

template <class T>
void multiply_cpu(const ElementwiseParams& p, const T* x, const T* z, T* y) {
  using V = simd::Vec<T>;
  const bool dense = p.x_pitch == p.cols && p.z_pitch == p.cols && p.y_pitch == p.cols;
  for_each_run(p.rows, p.cols, dense, [&](std::int64_t r, std::int64_t c, std::int64_t count) {
    const T* xs = x + r * p.x_pitch + c;
    const T* zs = z + r * p.z_pitch + c;
    T* ys = y + r * p.y_pitch + c;
    if (p.accumulate) {
      map_run<T>(
          count, [](V a, V b, V before) { return before + a * b; }, ys, xs, zs, ys);
    } else {
      map_run<T>(
          count, [](V a, V b) { return a * b; }, ys, xs, zs);
    }
  });
}

template <class T>
void divide_cpu(const ElementwiseParams& p, const T* x, const T* z, T* y) {
  const bool dense = p.x_pitch == p.cols && p.z_pitch == p.cols && p.y_pitch == p.cols;
  for_each_run(p.rows, p.cols, dense, [&](std::int64_t r, std::int64_t c, std::int64_t count) {
    const T* xs = x + r * p.x_pitch + c;
    const T* zs = z + r * p.z_pitch + c;
    T* ys = y + r * p.y_pitch + c;
    for (std::int64_t i = 0; i < count; ++i) ys[i] = p.accumulate ? ys[i] + xs[i] / zs[i] : xs[i] / zs[i];
  });
}

template <class T>
void add_scaled_cpu(const ElementwiseParams& p, T alpha, const T* x, T* y) {
  using V = simd::Vec<T>;
  const bool dense = p.x_pitch == p.cols && p.y_pitch == p.cols;
  for_each_run(p.rows, p.cols, dense, [&](std::int64_t r, std::int64_t c, std::int64_t count) {
    const T* xs = x + r * p.x_pitch + c;
    T* ys = y + r * p.y_pitch + c;
    if (p.accumulate) {
      map_run<T>(
          count, [alpha](V a, V before) { return before + alpha * a; }, ys, xs, ys);
    } else {
      map_run<T>(
          count, [alpha](V a) { return alpha * a; }, ys, xs);
    }
  });
}

template <class T>
void exp_cpu(const ElementwiseParams& p, const T* x, T* y) {
  detail::map_values<T>(
      p, [](T value) { return std::exp(value); }, x, y);
}

template <class T>
void log_cpu(const ElementwiseParams& p, const T* x, T* y) {
  detail::map_values<T>(
      p, [](T value) { return std::log(value); }, x, y);
}

template <class T>
void sqrt_cpu(const ElementwiseParams& p, const T* x, T* y) {
  detail::map_values<T>(
      p, [](T value) { return std::sqrt(value); }, x, y);
}

}  // namespace qrs::kernels
