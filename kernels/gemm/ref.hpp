// The matrix product as three loops.
#pragma once

#include "gemm.hpp"

namespace qrs::kernels {

template <class T>
void gemm_ref(const GemmParams& p, const T* a, const T* b, T* c) {
  for (std::int64_t i = 0; i < p.m; ++i) {
    for (std::int64_t j = 0; j < p.n; ++j) {
      T sum = p.accumulate ? c[i * p.ldc + j] : T(0);
      for (std::int64_t l = 0; l < p.k; ++l) {
        sum += (p.transpose_a ? a[l * p.lda + i] : a[i * p.lda + l]) *
               (p.transpose_b ? b[j * p.ldb + l] : b[l * p.ldb + j]);
      }
      c[i * p.ldc + j] = sum;
    }
  }
}

}  // namespace qrs::kernels
