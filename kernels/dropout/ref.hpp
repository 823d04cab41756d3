// Dropout as a plain loop.
#pragma once

#include "dropout.hpp"

namespace qrs::kernels {

template <class T>
void dropout_ref(const DropoutParams& p, const T* x, T* y) {
  for (std::int64_t r = 0; r < p.rows; ++r) {
    for (std::int64_t c = 0; c < p.cols; ++c) {
      const std::int64_t index = p.rows_per_sample > 0 ? r / p.rows_per_sample : r * p.cols + c;
      const bool keep = p.keeps(philox_uniform(p.seed, p.stream, static_cast<std::uint64_t>(index)));
      T& to = y[r * p.y_pitch + c];
      to = (p.accumulate ? to : T(0)) + (keep ? x[r * p.x_pitch + c] * static_cast<T>(p.scale()) : T(0));
    }
  }
}

}  // namespace qrs::kernels
