// Batch normalisation as plain loops.
#pragma once

#include "batch_norm.hpp"

namespace qrs::kernels {

template <class T>
void batch_norm_statistics_ref(const BatchNormParams& p, const T* x, T* mean, T* var) {
  for (std::int64_t c = 0; c < p.cols; ++c) {
    double sum = 0.0;
    for (std::int64_t r = 0; r < p.rows; ++r) sum += static_cast<double>(x[r * p.x_pitch + c]);
    const double average = sum / static_cast<double>(p.rows);
    double squares = 0.0;
    for (std::int64_t r = 0; r < p.rows; ++r) {
      const double d = static_cast<double>(x[r * p.x_pitch + c]) - average;
      squares += d * d;
    }
    mean[c] = static_cast<T>(average);
    var[c] = static_cast<T>(squares / static_cast<double>(p.rows));
  }
}

/// z of one element: what goes into the activation.
template <class T>
T batch_norm_z(const BatchNormParams& p, const T* x, const T* scale, const T* shift, const T* residual, std::int64_t r,
               std::int64_t c) {
  BatchNormParams linear = p;
  linear.activation = Activation::identity;
  return apply_epilogue(batch_norm::epilogue_of(linear, scale, shift, residual), r, c, x[r * p.x_pitch + c]);
}

template <class T>
void affine_ref(const BatchNormParams& p, const T* x, const T* scale, const T* shift, const T* residual, T* y,
                const RowGate<T>& gate = {}) {
  const Epilogue<T> e = batch_norm::epilogue_of(p, scale, shift, residual);
  for (std::int64_t r = 0; r < p.rows; ++r) {
    for (std::int64_t c = 0; c < p.cols; ++c) {
      const T value = apply_epilogue(e, r, c, x[r * p.x_pitch + c]);
      y[r * p.y_pitch + c] = gate.factors == nullptr ? value : value * gate.factors[r / gate.rows * p.cols + c];
    }
  }
}

template <class T>
void batch_norm_backward_sums_ref(const BatchNormParams& p, const T* x, const T* dy, const BatchNormChannels<T>& ch,
                                  const T* residual, T* dgamma, T* dbeta) {
  for (std::int64_t c = 0; c < p.cols; ++c) {
    double sum = 0.0;
    double sum_hat = 0.0;
    for (std::int64_t r = 0; r < p.rows; ++r) {
      const T dz =
          dy[r * p.y_pitch + c] * activate_slope(p.activation, batch_norm_z(p, x, ch.scale, ch.shift, residual, r, c));
      sum += static_cast<double>(dz);
      sum_hat += static_cast<double>(dz * (x[r * p.x_pitch + c] - ch.mean[c]) * ch.inv_std[c]);
    }
    dbeta[c] = static_cast<T>(sum);
    dgamma[c] = static_cast<T>(sum_hat);
  }
}

template <class T>
void batch_norm_backward_data_ref(const BatchNormParams& p, const T* x, const T* dy, const BatchNormChannels<T>& ch,
                                  const T* residual, const T* dgamma, const T* dbeta, const BatchNormGradients<T>& g) {
  const T share = T(1) / static_cast<T>(p.rows);
  for (std::int64_t r = 0; r < p.rows; ++r) {
    for (std::int64_t c = 0; c < p.cols; ++c) {
      const T dz =
          dy[r * p.y_pitch + c] * activate_slope(p.activation, batch_norm_z(p, x, ch.scale, ch.shift, residual, r, c));
      if (g.dx != nullptr) {
        const T x_hat = (x[r * p.x_pitch + c] - ch.mean[c]) * ch.inv_std[c];
        const T centred = g.batch_statistics ? dz - dbeta[c] * share - x_hat * dgamma[c] * share : dz;
        T& dx = g.dx[r * g.dx_pitch + c];
        dx = ch.scale[c] * centred + (g.accumulate_dx ? dx : T(0));
      }
      if (g.dresidual != nullptr) {
        T& dresidual = g.dresidual[r * g.dresidual_pitch + c];
        dresidual = dz + (g.accumulate_dresidual ? dresidual : T(0));
      }
    }
  }
}

}  // namespace qrs::kernels
