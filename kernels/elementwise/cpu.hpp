// Elementwise maps on the CPU: threads over runs of rows, registers along a run.
//
// All of them are bound by memory: silu, the dearest of the usual ones, spends about one cycle a value.
#pragma once

#include "../simd/row_loops.hpp"
#include "elementwise.hpp"
#include "simd.hpp"

namespace qrs::kernels {

template <class T>
void activation_forward_cpu(const ElementwiseParams& p, Activation f, const T* x, T* y) {
  const bool dense = p.x_pitch == p.cols && p.y_pitch == p.cols;
  for_each_run(p.rows, p.cols, dense, [&](std::int64_t r, std::int64_t c, std::int64_t count) {
    with_activation_vec<T>(f, [&](const auto& formula) {
      map_run<T>(
          count, [&formula](simd::Vec<T> v) { return formula.value(v); }, y + r * p.y_pitch + c, x + r * p.x_pitch + c);
    });
  });
}

template <class T>
void activation_backward_cpu(const ElementwiseParams& p, Activation f, const T* x, const T* dy, T* dx,
                             std::int64_t dx_pitch) {
  using V = simd::Vec<T>;
  const bool dense = p.x_pitch == p.cols && p.y_pitch == p.cols && dx_pitch == p.cols;
  for_each_run(p.rows, p.cols, dense, [&](std::int64_t r, std::int64_t c, std::int64_t count) {
    with_activation_vec<T>(f, [&](const auto& formula) {
      const T* xs = x + r * p.x_pitch + c;
      const T* dys = dy + r * p.y_pitch + c;
      T* dxs = dx + r * dx_pitch + c;
      if (p.accumulate) {
        map_run<T>(
            count, [&formula](V v, V g, V before) { return before + g * formula.derivative(v); }, dxs, xs, dys, dxs);
      } else {
        map_run<T>(
            count, [&formula](V v, V g) { return g * formula.derivative(v); }, dxs, xs, dys);
      }
    });
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

}  // namespace qrs::kernels
