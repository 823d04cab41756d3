// Layer normalisation as plain loops.
#pragma once

#include <cmath>
#include <vector>

#include "layer_norm.hpp"

namespace qrs::kernels {

namespace layer_norm {

/// Mean and 1 / sqrt(variance + eps) of one row.
struct RowMoments {
  double mean = 0.0;
  double inv_std = 0.0;
};

template <class T>
RowMoments moments_ref(const LayerNormParams& p, const T* row) {
  double sum = 0.0;
  for (std::int64_t c = 0; c < p.cols; ++c) sum += static_cast<double>(row[c]);
  const double mean = sum / static_cast<double>(p.cols);
  double squares = 0.0;
  for (std::int64_t c = 0; c < p.cols; ++c) {
    const double d = static_cast<double>(row[c]) - mean;
    squares += d * d;
  }
  return {mean, 1.0 / std::sqrt(squares / static_cast<double>(p.cols) + p.eps)};
}

}  // namespace layer_norm

template <class T>
void layer_norm_forward_ref(const LayerNormParams& p, const T* x, const T* gamma, const T* beta, T* y) {
  for (std::int64_t r = 0; r < p.rows; ++r) {
    const T* row = x + r * p.x_pitch;
    const layer_norm::RowMoments m = layer_norm::moments_ref(p, row);
    for (std::int64_t c = 0; c < p.cols; ++c) {
      const double x_hat = (static_cast<double>(row[c]) - m.mean) * m.inv_std;
      const double scaled = gamma == nullptr ? x_hat : x_hat * static_cast<double>(gamma[c]);
      y[r * p.y_pitch + c] = static_cast<T>(beta == nullptr ? scaled : scaled + static_cast<double>(beta[c]));
    }
  }
}

template <class T>
void layer_norm_backward_ref(const LayerNormParams& p, const T* x, const T* dy, const T* gamma,
                             const LayerNormGradients<T>& to) {
  std::vector<double> dgamma(static_cast<std::size_t>(p.cols), 0.0);
  std::vector<double> dbeta(dgamma);
  for (std::int64_t r = 0; r < p.rows; ++r) {
    const T* row = x + r * p.x_pitch;
    const T* dys = dy + r * p.y_pitch;
    const layer_norm::RowMoments m = layer_norm::moments_ref(p, row);
    const auto x_hat = [&](std::int64_t c) { return (static_cast<double>(row[c]) - m.mean) * m.inv_std; };
    const auto g = [&](std::int64_t c) {
      return static_cast<double>(dys[c]) * (gamma == nullptr ? 1.0 : static_cast<double>(gamma[c]));
    };
    double mean_g = 0.0;
    double mean_g_hat = 0.0;
    for (std::int64_t c = 0; c < p.cols; ++c) {
      mean_g += g(c) / static_cast<double>(p.cols);
      mean_g_hat += g(c) * x_hat(c) / static_cast<double>(p.cols);
      dgamma[static_cast<std::size_t>(c)] += static_cast<double>(dys[c]) * x_hat(c);
      dbeta[static_cast<std::size_t>(c)] += static_cast<double>(dys[c]);
    }
    for (std::int64_t c = 0; c < p.cols && to.dx != nullptr; ++c) {
      T& dx = to.dx[r * to.dx_pitch + c];
      const double value = m.inv_std * (g(c) - mean_g - x_hat(c) * mean_g_hat);
      dx = static_cast<T>(to.accumulate_dx ? static_cast<double>(dx) + value : value);
    }
  }
  for (std::int64_t c = 0; c < p.cols; ++c) {
    if (to.dgamma != nullptr) to.dgamma[c] = static_cast<T>(dgamma[static_cast<std::size_t>(c)]);
    if (to.dbeta != nullptr) to.dbeta[c] = static_cast<T>(dbeta[static_cast<std::size_t>(c)]);
  }
}

}  // namespace qrs::kernels
