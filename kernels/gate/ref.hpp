// The gate as plain loops.
#pragma once

#include "gate.hpp"

namespace qrs::kernels {

template <class T>
void gate_forward_ref(const GateParams& p, const T* x, const T* s, T* y) {
  for (std::int64_t row = 0; row < p.n * p.pixels; ++row) {
    for (std::int64_t c = 0; c < p.c; ++c)
      y[row * p.y_pitch + c] = x[row * p.x_pitch + c] * s[row / p.pixels * p.c + c];
  }
}

template <class T>
void gate_backward_ref(const GateParams& p, const T* x, const T* s, const T* dy, const GateGradients<T>& to) {
  for (std::int64_t n = 0; n < p.n; ++n) {
    for (std::int64_t c = 0; c < p.c; ++c) {
      double sum = 0.0;
      for (std::int64_t row = n * p.pixels; row < (n + 1) * p.pixels; ++row) {
        const T g = dy[row * p.y_pitch + c];
        if (to.ds != nullptr) sum += static_cast<double>(g * x[row * p.x_pitch + c]);
        if (to.dx == nullptr) continue;
        T& dx = to.dx[row * p.dx_pitch + c];
        dx = (to.accumulate_dx ? dx : T(0)) + g * s[n * p.c + c];
      }
      if (to.ds == nullptr) continue;
      T& ds = to.ds[n * p.c + c];
      ds = (to.accumulate_ds ? ds : T(0)) + static_cast<T>(sum);
    }
  }
}

}  // namespace qrs::kernels
