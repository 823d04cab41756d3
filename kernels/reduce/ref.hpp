// Sums over rows as plain loops, in double: the judge of every faster version.
#pragma once

#include "reduce.hpp"

namespace qrs::kernels {

template <class T>
void reduce_rows_ref(const ReduceParams& p, const T* x, T* y) {
  for (std::int64_t o = 0; o < p.outer; ++o) {
    for (std::int64_t c = 0; c < p.cols; ++c) {
      double sum = 0.0;
      for (std::int64_t r = 0; r < p.rows; ++r) sum += static_cast<double>(x[(o * p.rows + r) * p.x_pitch + c]);
      T& to = y[o * p.cols + c];
      to = (p.accumulate ? to : T(0)) + static_cast<T>(p.scale * sum);
    }
  }
}

template <class T>
void broadcast_rows_ref(const ReduceParams& p, const T* y, T* x) {
  for (std::int64_t o = 0; o < p.outer; ++o) {
    for (std::int64_t r = 0; r < p.rows; ++r) {
      for (std::int64_t c = 0; c < p.cols; ++c) {
        T& to = x[(o * p.rows + r) * p.x_pitch + c];
        to = (p.accumulate ? to : T(0)) + static_cast<T>(p.scale) * y[o * p.cols + c];
      }
    }
  }
}

template <class T>
void reduce_total_ref(const ReduceParams& p, const T* x, T* y) {
  double sum = 0.0;
  for (std::int64_t r = 0; r < p.outer * p.rows; ++r) {
    for (std::int64_t c = 0; c < p.cols; ++c) sum += static_cast<double>(x[r * p.x_pitch + c]);
  }
  y[0] = (p.accumulate ? y[0] : T(0)) + static_cast<T>(p.scale * sum);
}

}  // namespace qrs::kernels
