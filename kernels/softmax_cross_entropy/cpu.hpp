// Softmax and cross-entropy on the CPU: threads over rows, registers along a row. What is summed over a row is summed
// in double, and what does not depend on the row is not: a row costs its exponentials.
#pragma once

#include <algorithm>
#include <cmath>

#include "../reduce/cpu.hpp"
#include "../simd/math.hpp"
#include "../simd/row_loops.hpp"
#include "softmax_cross_entropy.hpp"

namespace qrs::kernels {

namespace detail {

/// The largest value of a row; NaN where one is NaN.
template <class T>
T row_max(std::int64_t cols, const T* x) {
  T largest = x[0];
  for (std::int64_t c = 1; c < cols; ++c) largest = x[c] > largest || x[c] != x[c] ? x[c] : largest;
  return largest;
}

/// e[c] = exp(x[c] - largest), and their sum.
template <class T>
double row_exp(std::int64_t cols, const T* x, T largest, T* e) {
  map_run<T>(
      cols, [largest](simd::Vec<T> v) { return simd::exp(v - largest); }, e, x);
  return sum_run(cols, e);
}

/// Calls body(row) for every row, in parallel over groups of rows.
template <class Body>
void parallel_rows(std::int64_t rows, std::int64_t cols, const Body& body) {
  parallel_chunks(rows, std::max<std::int64_t>(1, values_per_task / 4 / cols),
                  [&](std::int64_t begin, std::int64_t end) {
                    for (std::int64_t row = begin; row < end; ++row) body(row);
                  });
}

}  // namespace detail

template <class T>
void softmax_forward_cpu(const SoftmaxParams& p, bool log, const T* x, T* y) {
  using V = simd::Vec<T>;
  detail::parallel_rows(p.rows, p.cols, [&](std::int64_t n) {
    const T* in = x + n * p.x_pitch;
    T* out = y + n * p.y_pitch;
    const T largest = detail::row_max(p.cols, in);
    const double sum = detail::row_exp(p.cols, in, largest, out);
    if (log) {
      const T log_sum = static_cast<T>(std::log(sum));
      map_run<T>(
          p.cols, [largest, log_sum](V v) { return (v - largest) - log_sum; }, out, in);
    } else {
      const T scale = static_cast<T>(1.0 / sum);
      map_run<T>(
          p.cols, [scale](V v) { return v * scale; }, out, out);
    }
  });
}

template <class T>
void softmax_backward_cpu(const SoftmaxParams& p, bool log, const T* y, const T* dy, T* dx) {
  using V = simd::Vec<T>;
  detail::parallel_rows(p.rows, p.cols, [&](std::int64_t n) {
    const T* out = y + n * p.y_pitch;
    const T* g = dy + n * p.dy_pitch;
    T* to = dx + n * p.x_pitch;
    double total = 0.0;
    for (std::int64_t c = 0; c < p.cols; ++c) total += static_cast<double>(log ? g[c] : g[c] * out[c]);
    const T sum = static_cast<T>(total);
    const auto gradient = [log, sum](V result, V d) { return log ? d - simd::exp(result) * sum : result * (d - sum); };
    if (p.accumulate) {
      map_run<T>(
          p.cols, [&](V result, V d, V before) { return before + gradient(result, d); }, to, out, g, to);
    } else {
      map_run<T>(p.cols, gradient, to, out, g);
    }
  });
}

template <class T>
void cross_entropy_forward_cpu(const CrossEntropyParams<T>& p, const T* x, T* loss, T* lse) {
  detail::parallel_rows(p.rows, p.cols, [&](std::int64_t n) {
    const T* in = x + n * p.x_pitch;
    const Scratch<T> exponentials(p.cols);
    const T largest = detail::row_max(p.cols, in);
    const double log_sum =
        static_cast<double>(largest) + std::log(detail::row_exp(p.cols, in, largest, exponentials.data()));
    lse[n] = static_cast<T>(log_sum);
    const std::int64_t target = p.targets[n];
    if (target == p.ignore_index) {
      loss[n] = T(0);
      return;
    }
    const double of_target = p.weight != nullptr ? static_cast<double>(p.weight[target]) : 1.0;
    double value = (1.0 - p.smoothing) * of_target * (log_sum - static_cast<double>(in[target]));
    if (p.smoothing > 0.0) {
      double rest = p.weight_sum * log_sum;  // sum_c w[c] (lse - x[c])
      for (std::int64_t c = 0; c < p.cols; ++c) {
        rest -= static_cast<double>(in[c]) * (p.weight != nullptr ? static_cast<double>(p.weight[c]) : 1.0);
      }
      value += p.smoothing / static_cast<double>(p.cols) * rest;
    }
    loss[n] = static_cast<T>(value);
  });
}

template <class T>
void cross_entropy_backward_cpu(const CrossEntropyParams<T>& p, const T* x, const T* lse, const T* scale, T* dx) {
  using V = simd::Vec<T>;
  detail::parallel_rows(p.rows, p.cols, [&](std::int64_t n) {
    const T* in = x + n * p.x_pitch;
    T* to = dx + n * p.dx_pitch;
    const std::int64_t target = p.targets[n];
    if (target == p.ignore_index) {
      if (!p.accumulate) std::fill_n(to, p.cols, T(0));
      return;
    }
    const double each = p.smoothing / static_cast<double>(p.cols);
    const double of_target = (1.0 - p.smoothing) * (p.weight != nullptr ? static_cast<double>(p.weight[target]) : 1.0);
    const T shift = lse[n];
    const T factor = scale[n] * static_cast<T>(of_target + each * p.weight_sum);
    const T every = scale[n] * static_cast<T>(each);
    // The smoothed share of each class: its weight where there are weights, else 1.
    if (p.weight != nullptr) {
      const auto gradient = [=](V v, V w) { return simd::exp(v - shift) * factor - w * every; };
      if (p.accumulate) {
        map_run<T>(
            p.cols, [&](V v, V w, V before) { return before + gradient(v, w); }, to, in, p.weight, to);
      } else {
        map_run<T>(p.cols, gradient, to, in, p.weight);
      }
    } else {
      const auto gradient = [=](V v) { return simd::exp(v - shift) * factor - every; };
      if (p.accumulate) {
        map_run<T>(
            p.cols, [&](V v, V before) { return before + gradient(v); }, to, in, to);
      } else {
        map_run<T>(p.cols, gradient, to, in);
      }
    }
    to[target] -= scale[n] * static_cast<T>(of_target);
  });
}

}  // namespace qrs::kernels
