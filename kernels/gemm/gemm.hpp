// General matrix product.
//
//   C[i, j] (+)= sum_l op(A)[i, l] * op(B)[l, j],      op(A) is (m, k), op(B) is (k, n), C is (m, n)
//
// Row-major with leading dimensions: A[i, l] stands at a[i * lda + l], or at a[l * lda + i] where transpose_a is set; B and
// transpose_b likewise. Source of the blocking: Goto and van de Geijn 2008.
#pragma once

#include <cstdint>

namespace qrs::kernels {

struct GemmParams {
  std::int64_t m = 0;
  std::int64_t n = 0;
  std::int64_t k = 0;
  std::int64_t lda = 0;
  std::int64_t ldb = 0;
  std::int64_t ldc = 0;
  bool transpose_a = false;
  bool transpose_b = false;
  bool accumulate = false;
  /// On a device and in float: each product as three on the tensor cores, which keep 21 of its 24 bits. Elsewhere ignored.
  bool tensor_cores = false;
};

// Launcher of cuda.cu (float and double); gemm_cpu and gemm_ref have the same signature.
template <class T>
void gemm_cuda(const GemmParams& p, const T* a, const T* b, T* c);

}  // namespace qrs::kernels
