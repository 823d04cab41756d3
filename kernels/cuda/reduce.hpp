// Sums over the threads of a warp and of a block, in an order that only the shape decides.
#pragma once

#include "../simt/simt.hpp"
#include "views.hpp"

namespace qrs::kernels {

/// combine() of the values of the 32 lanes, the same bits in every lane: each step joins partners i and i ^ d, and both
/// compute the same commutative combination.
template <class T, class Combine>
__device__ T warp_reduce(T value, Combine combine) {
  for (int distance = warp_size / 2; distance > 0; distance /= 2) {
    value = combine(value, __shfl_xor_sync(full_warp, value, distance));
  }
  return value;
}

template <class T>
__device__ T warp_sum(T value) {
  return warp_reduce(value, [](T a, T b) { return a + b; });
}

/// Sum over the threads of a one-dimensional block, in every thread. `partials` holds one value a warp, and may be used
/// again right after.
template <class T>
__device__ T block_sum(T value, const Shared<T>& partials) {
  const int warps = static_cast<int>(blockDim.x) / warp_size;
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  value = warp_sum(value);
  if (lane == 0) partials[threadIdx.x / warp_size] = value;
  __syncthreads();
  T total = T(0);
  for (int w = 0; w < warps; ++w) total += partials[w];
  __syncthreads();
  return total;
}

}  // namespace qrs::kernels
