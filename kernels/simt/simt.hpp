// CUDA's words for a kernel, for both compilers.
//
// nvcc has them. For the host compiler this header supplies them on top of the emulator (simt_block.hpp), with CUDA's
// meaning, so that every .cu file also builds as plain C++ and its kernels run, checked, on a machine without a GPU:
//   threadIdx, blockIdx, blockDim, gridDim; __syncthreads, __syncwarp; __shfl_sync, __shfl_up_sync, __shfl_down_sync,
//   __shfl_xor_sync, __ballot_sync, __all_sync, __any_sync; min, max.
// It adds unrolled<N>(body), a loop that nvcc is to write out.
// Memory is reached through views.hpp, matrix instructions through mma.hpp, launches go through launch.hpp. What the
// emulator is stricter about than a device: a warp operation needs all 32 lanes (mask full_warp).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "../../include/qrs/core/macros.hpp"

#if defined(__CUDACC__)

#include <cuda_runtime.h>

namespace qrs::kernels {

inline constexpr int warp_size = 32;
inline constexpr unsigned full_warp = 0xffffffffu;

template <int N, class Body>
__device__ void unrolled(const Body& body) {
#pragma unroll
  for (int i = 0; i < N; ++i) body(i);
}

}  // namespace qrs::kernels

#else

#include "block.hpp"

// CUDA's function qualifiers mean nothing to the host compiler.
#define __global__
#define __device__
#define __launch_bounds__(...)

namespace qrs::kernels {

using std::max;
using std::min;

inline constexpr int warp_size = simt::warp_size;
inline constexpr unsigned full_warp = 0xffffffffu;

/// body(0), ..., body(N - 1), as nvcc writes them out one after another: an array that is only indexed by such numbers
/// stays in registers, and loads of a later turn can start before the arithmetic of an earlier one.
template <int N, class Body>
void unrolled(const Body& body) {
  for (int i = 0; i < N; ++i) body(i);
}

namespace simt {

/// The lanes' values of one warp operation. `line` tells the barriers of a kernel apart.
template <class V>
V shuffle(const char* operation, unsigned mask, V value, int source, int width, int line) {
  Machine& m = machine();
  QRS_CHECK(mask == full_warp, m.head(), "expected all 32 lanes in the mask of ", operation, ", got ", mask, " in ",
            m.place());
  m.exchange(value, {operation, line, false});
  const int lane = static_cast<int>(m.lane());
  const int group = lane / width * width;
  const bool inside = source >= group && source < group + width;
  return m.lane_value<V>(static_cast<unsigned>(inside ? source : lane));
}

inline unsigned ballot(const char* operation, unsigned mask, bool vote, int line) {
  Machine& m = machine();
  QRS_CHECK(mask == full_warp, m.head(), "expected all 32 lanes in the mask of ", operation, ", got ", mask, " in ",
            m.place());
  m.exchange(vote, {operation, line, false});
  unsigned votes = 0;
  for (unsigned lane = 0; lane < warp_size; ++lane) votes |= static_cast<unsigned>(m.lane_value<bool>(lane)) << lane;
  return votes;
}

}  // namespace simt

inline void __syncthreads(int line = __builtin_LINE()) { simt::machine().wait({"__syncthreads", line, true}); }

inline void __syncwarp(unsigned mask = full_warp, int line = __builtin_LINE()) {
  simt::ballot("__syncwarp", mask, true, line);
}

template <class V>
V __shfl_sync(unsigned mask, V value, int lane, int width = warp_size, int line = __builtin_LINE()) {
  const int group = static_cast<int>(simt::machine().lane()) / width * width;
  return simt::shuffle("__shfl_sync", mask, value, group + lane % width, width, line);
}
template <class V>
V __shfl_up_sync(unsigned mask, V value, unsigned delta, int width = warp_size, int line = __builtin_LINE()) {
  const int lane = static_cast<int>(simt::machine().lane());
  return simt::shuffle("__shfl_up_sync", mask, value, lane - static_cast<int>(delta), width, line);
}
template <class V>
V __shfl_down_sync(unsigned mask, V value, unsigned delta, int width = warp_size, int line = __builtin_LINE()) {
  const int lane = static_cast<int>(simt::machine().lane());
  return simt::shuffle("__shfl_down_sync", mask, value, lane + static_cast<int>(delta), width, line);
}
template <class V>
V __shfl_xor_sync(unsigned mask, V value, int lanes, int width = warp_size, int line = __builtin_LINE()) {
  const int lane = static_cast<int>(simt::machine().lane());
  return simt::shuffle("__shfl_xor_sync", mask, value, lane ^ lanes, width, line);
}

inline unsigned __ballot_sync(unsigned mask, bool vote, int line = __builtin_LINE()) {
  return simt::ballot("__ballot_sync", mask, vote, line);
}
inline bool __all_sync(unsigned mask, bool vote, int line = __builtin_LINE()) {
  return simt::ballot("__all_sync", mask, vote, line) == full_warp;
}
inline bool __any_sync(unsigned mask, bool vote, int line = __builtin_LINE()) {
  return simt::ballot("__any_sync", mask, vote, line) != 0;
}

}  // namespace qrs::kernels

#endif
