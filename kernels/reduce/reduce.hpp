// Sums over rows, and their backward, the broadcast.
//
//   reduce_rows     y[o, c]    (+)= scale * sum_r x[o, r, c]
//   broadcast_rows  x[o, r, c] (+)= scale * y[o, c]
//   reduce_total    y[0]       (+)= scale * sum of all x
//
// Shapes: x is (outer, rows, cols) with a pitch between rows; y is (outer, cols), contiguous. A bias gradient is one outer,
// N H W rows; a global average pool is N outers, H W rows, scale 1 / (H W).
// Order: partial sums of fixed-size chunks of rows, added in index order; the result does not depend on threads or blocks.
#pragma once

#include <cstdint>

namespace qrs::kernels {

struct ReduceParams {
  std::int64_t outer = 1;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t x_pitch = 0;
  double scale = 1.0;
  bool accumulate = false;
};

// Launchers of cuda.cu (float and double); _cpu and _ref have the same signatures.
template <class T>
void reduce_rows_cuda(const ReduceParams& p, const T* x, T* y);
template <class T>
void broadcast_rows_cuda(const ReduceParams& p, const T* y, T* x);
template <class T>
void reduce_total_cuda(const ReduceParams& p, const T* x, T* y);

}  // namespace qrs::kernels
