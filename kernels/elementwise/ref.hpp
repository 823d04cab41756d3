// Elementwise maps as plain loops: the judge of every faster version.
#pragma once

#include <cmath>

#include "elementwise.hpp"

namespace qrs::kernels {

namespace detail {

/// value, added to what stands at y where the pass accumulates.
template <class T>
void put(const ElementwiseParams& p, T& y, T value) {
  y = p.accumulate ? y + value : value;
}

}  // namespace detail

template <class T>
void activation_forward_ref(const ElementwiseParams& p, Activation f, const T* x, T* y) {
  for (std::int64_t r = 0; r < p.rows; ++r) {
    for (std::int64_t c = 0; c < p.cols; ++c) y[r * p.y_pitch + c] = activate(f, x[r * p.x_pitch + c]);
  }
}

template <class T>
void activation_backward_ref(const ElementwiseParams& p, Activation f, const T* x, const T* dy, T* dx,
                             std::int64_t dx_pitch) {
  for (std::int64_t r = 0; r < p.rows; ++r) {
    for (std::int64_t c = 0; c < p.cols; ++c) {
      detail::put(p, dx[r * dx_pitch + c], dy[r * p.y_pitch + c] * activate_slope(f, x[r * p.x_pitch + c]));
    }
  }
}

template <class T>
void add_ref(const ElementwiseParams& p, const T* x, const T* z, T* y) {
  for (std::int64_t r = 0; r < p.rows; ++r) {
    for (std::int64_t c = 0; c < p.cols; ++c) y[r * p.y_pitch + c] = x[r * p.x_pitch + c] + z[r * p.z_pitch + c];
  }
}

template <class T>
void multiply_ref(const ElementwiseParams& p, const T* x, const T* z, T* y) {
  for (std::int64_t r = 0; r < p.rows; ++r) {
    for (std::int64_t c = 0; c < p.cols; ++c) {
      detail::put(p, y[r * p.y_pitch + c], x[r * p.x_pitch + c] * z[r * p.z_pitch + c]);
    }
  }
}

template <class T>
void divide_ref(const ElementwiseParams& p, const T* x, const T* z, T* y) {
  for (std::int64_t r = 0; r < p.rows; ++r) {
    for (std::int64_t c = 0; c < p.cols; ++c) {
      detail::put(p, y[r * p.y_pitch + c], x[r * p.x_pitch + c] / z[r * p.z_pitch + c]);
    }
  }
}

template <class T>
void add_scaled_ref(const ElementwiseParams& p, T alpha, const T* x, T* y) {
  for (std::int64_t r = 0; r < p.rows; ++r) {
    for (std::int64_t c = 0; c < p.cols; ++c) detail::put(p, y[r * p.y_pitch + c], alpha * x[r * p.x_pitch + c]);
  }
}

template <class T>
void exp_ref(const ElementwiseParams& p, const T* x, T* y) {
  for (std::int64_t r = 0; r < p.rows; ++r) {
    for (std::int64_t c = 0; c < p.cols; ++c) y[r * p.y_pitch + c] = std::exp(x[r * p.x_pitch + c]);
  }
}

template <class T>
void log_ref(const ElementwiseParams& p, const T* x, T* y) {
  for (std::int64_t r = 0; r < p.rows; ++r) {
    for (std::int64_t c = 0; c < p.cols; ++c) y[r * p.y_pitch + c] = std::log(x[r * p.x_pitch + c]);
  }
}

template <class T>
void sqrt_ref(const ElementwiseParams& p, const T* x, T* y) {
  for (std::int64_t r = 0; r < p.rows; ++r) {
    for (std::int64_t c = 0; c < p.cols; ++c) y[r * p.y_pitch + c] = std::sqrt(x[r * p.x_pitch + c]);
  }
}

}  // namespace qrs::kernels
