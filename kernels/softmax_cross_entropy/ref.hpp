// Softmax and cross-entropy as plain loops.
#pragma once

#include <cmath>

#include "softmax_cross_entropy.hpp"

namespace qrs::kernels {

namespace detail {

/// lse of one row, in double.
template <class T>
double log_sum_exp_ref(std::int64_t cols, const T* x) {
  double largest = static_cast<double>(x[0]);
  for (std::int64_t c = 1; c < cols; ++c) largest = std::fmax(largest, static_cast<double>(x[c]));
  double sum = 0.0;
  for (std::int64_t c = 0; c < cols; ++c) sum += std::exp(static_cast<double>(x[c]) - largest);
  return largest + std::log(sum);
}

}  // namespace detail

template <class T>
void softmax_forward_ref(const SoftmaxParams& p, bool log, const T* x, T* y) {
  for (std::int64_t n = 0; n < p.rows; ++n) {
    const double lse = detail::log_sum_exp_ref(p.cols, x + n * p.x_pitch);
    for (std::int64_t c = 0; c < p.cols; ++c) {
      const double value = static_cast<double>(x[n * p.x_pitch + c]) - lse;
      y[n * p.y_pitch + c] = static_cast<T>(log ? value : std::exp(value));
    }
  }
}

template <class T>
void softmax_backward_ref(const SoftmaxParams& p, bool log, const T* y, const T* dy, T* dx) {
  for (std::int64_t n = 0; n < p.rows; ++n) {
    double sum = 0.0;
    for (std::int64_t c = 0; c < p.cols; ++c) {
      const double g = static_cast<double>(dy[n * p.dy_pitch + c]);
      sum += log ? g : g * static_cast<double>(y[n * p.y_pitch + c]);
    }
    for (std::int64_t c = 0; c < p.cols; ++c) {
      const double g = static_cast<double>(dy[n * p.dy_pitch + c]);
      const double out = static_cast<double>(y[n * p.y_pitch + c]);
      T& to = dx[n * p.x_pitch + c];
      to = (p.accumulate ? to : T(0)) + static_cast<T>(log ? g - std::exp(out) * sum : out * (g - sum));
    }
  }
}

template <class T>
void cross_entropy_forward_ref(const CrossEntropyParams<T>& p, const T* x, T* loss, T* lse) {
  for (std::int64_t n = 0; n < p.rows; ++n) {
    const double log_sum = detail::log_sum_exp_ref(p.cols, x + n * p.x_pitch);
    const std::int64_t target = p.targets[n];
    double value = 0.0;
    if (target != p.ignore_index) {
      for (std::int64_t c = 0; c < p.cols; ++c) {
        const double weight = p.weight != nullptr ? static_cast<double>(p.weight[c]) : 1.0;
        const double share = (c == target ? 1.0 - p.smoothing : 0.0) + p.smoothing / static_cast<double>(p.cols);
        value += share * weight * (log_sum - static_cast<double>(x[n * p.x_pitch + c]));
      }
    }
    loss[n] = static_cast<T>(value);
    lse[n] = static_cast<T>(log_sum);
  }
}

template <class T>
void cross_entropy_backward_ref(const CrossEntropyParams<T>& p, const T* x, const T* lse, const T* scale, T* dx) {
  for (std::int64_t n = 0; n < p.rows; ++n) {
    const std::int64_t target = p.targets[n];
    for (std::int64_t c = 0; c < p.cols; ++c) {
      T& to = dx[n * p.dx_pitch + c];
      if (!p.accumulate) to = T(0);
      if (target == p.ignore_index) continue;
      const double softmax = std::exp(static_cast<double>(x[n * p.x_pitch + c]) - static_cast<double>(lse[n]));
      const double each = p.smoothing / static_cast<double>(p.cols);
      const double of_target =
          (1.0 - p.smoothing) * (p.weight != nullptr ? static_cast<double>(p.weight[target]) : 1.0);
      const double of_class = each * (p.weight != nullptr ? static_cast<double>(p.weight[c]) : 1.0);
      const double gradient = (of_target + each * p.weight_sum) * softmax - (c == target ? of_target : 0.0) - of_class;
      to += static_cast<T>(static_cast<double>(scale[n]) * gradient);
    }
  }
}

}  // namespace qrs::kernels
