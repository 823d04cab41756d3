// The permutation of axes as five loops.
#pragma once

#include "permute.hpp"

namespace qrs::kernels {

template <class T>
void permute_ref(const PermuteParams& p, const T* x, T* y) {
  const auto& [n0, n1, n2, n3, n4] = p.extents;
  const auto& [s0, s1, s2, s3, s4] = p.strides;
  for (std::int64_t i0 = 0; i0 < n0; ++i0) {
    for (std::int64_t i1 = 0; i1 < n1; ++i1) {
      for (std::int64_t i2 = 0; i2 < n2; ++i2) {
        for (std::int64_t i3 = 0; i3 < n3; ++i3) {
          for (std::int64_t i4 = 0; i4 < n4; ++i4) {
            const T value = x[i0 * s0 + i1 * s1 + i2 * s2 + i3 * s3 + i4 * s4];
            *y = p.accumulate ? *y + value : value;
            ++y;
          }
        }
      }
    }
  }
}

}  // namespace qrs::kernels
