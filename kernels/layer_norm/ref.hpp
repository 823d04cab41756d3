// Layer normalisation as plain loops.
#pragma once

#include <cmath>

#include "layer_norm.hpp"

namespace qrs::kernels {

template <class T>
void layer_norm_forward_ref(const LayerNormParams& p, const T* x, const T* gamma, const T* beta, T* y, T* mean,
                            T* inv_std) {
  for (std::int64_t r = 0; r < p.rows; ++r) {
    double sum = 0.0;
    for (std::int64_t c = 0; c < p.cols; ++c) sum += static_cast<double>(x[r * p.x_pitch + c]);
    const double average = sum / static_cast<double>(p.cols);
    double squares = 0.0;
    for (std::int64_t c = 0; c < p.cols; ++c) {
      const double d = static_cast<double>(x[r * p.x_pitch + c]) - average;
      squares += d * d;
    }
    mean[r] = static_cast<T>(average);
    inv_std[r] = static_cast<T>(1.0 / std::sqrt(squares / static_cast<double>(p.cols) + p.eps));
    for (std::int64_t c = 0; c < p.cols; ++c) {
      const T x_hat = (x[r * p.x_pitch + c] - mean[r]) * inv_std[r];
      y[r * p.y_pitch + c] = gamma == nullptr ? x_hat : x_hat * gamma[c] + beta[c];
    }
  }
}

template <class T>
void layer_norm_backward_ref(const LayerNormParams& p, const T* x, const T* dy, const T* gamma, const T* mean,
                             const T* inv_std, const LayerNormGradients<T>& to) {
  const auto x_hat = [&](std::int64_t r, std::int64_t c) { return (x[r * p.x_pitch + c] - mean[r]) * inv_std[r]; };
  for (std::int64_t c = 0; c < p.cols; ++c) {
    double sum = 0.0;
    double sum_hat = 0.0;
    for (std::int64_t r = 0; r < p.rows; ++r) {
      sum += static_cast<double>(dy[r * p.y_pitch + c]);
      sum_hat += static_cast<double>(dy[r * p.y_pitch + c] * x_hat(r, c));
    }
    if (to.dgamma != nullptr) {
      to.dgamma[c] = (to.accumulate_dgamma ? to.dgamma[c] : T(0)) + static_cast<T>(sum_hat);
    }
    if (to.dbeta != nullptr) to.dbeta[c] = (to.accumulate_dbeta ? to.dbeta[c] : T(0)) + static_cast<T>(sum);
  }
  if (to.dx == nullptr) return;
  for (std::int64_t r = 0; r < p.rows; ++r) {
    const auto g = [&](std::int64_t c) { return dy[r * p.y_pitch + c] * (gamma == nullptr ? T(1) : gamma[c]); };
    double sum = 0.0;
    double sum_hat = 0.0;
    for (std::int64_t c = 0; c < p.cols; ++c) {
      sum += static_cast<double>(g(c));
      sum_hat += static_cast<double>(g(c) * x_hat(r, c));
    }
    const T share = static_cast<T>(sum / static_cast<double>(p.cols));
    const T share_hat = static_cast<T>(sum_hat / static_cast<double>(p.cols));
    for (std::int64_t c = 0; c < p.cols; ++c) {
      T& dx = to.dx[r * p.dx_pitch + c];
      dx = (to.accumulate_dx ? dx : T(0)) + inv_std[r] * (g(c) - share - x_hat(r, c) * share_hat);
    }
  }
}

}  // namespace qrs::kernels
