// The tensor cores' matrix product on values of the tf32 format, as one function.
//
// One warp computes D (16 x 8) += A (16 x 8) * B (8 x 8). tf32 keeps float's 8 exponent bits and 10 of its 23 fraction bits;
// products are exact in float and sums are float. Each lane holds a part of each matrix; with g = lane / 4, t = lane % 4:
//   a: (g, t), (g + 8, t), (g, t + 4), (g + 8, t + 4)     b: (t, g), (t + 4, g)     d: (g, 2t), (g, 2t + 1), (g + 8, 2t), (g + 8, 2t + 1)
// Source: PTX ISA, mma.sync.aligned.m16n8k8, .tf32 fragments. A device adds the 8 products of a sum in an order of its own
// and may drop bits below the largest; the emulator adds them one after another in float.
#pragma once

#include <bit>
#include <cstdint>

#include "../simt/simt.hpp"

namespace qrs::kernels {

/// Rounded to tf32: to nearest, ties away from zero (cvt.rna.tf32.f32).
QRS_HD inline float round_to_tf32(float x) {
#if defined(__CUDA_ARCH__)
  std::uint32_t bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
  return __uint_as_float(bits);
#else
  const auto bits = std::bit_cast<std::uint32_t>(x);
  if ((bits & 0x7f800000u) == 0x7f800000u) return x;  // infinities and NaN
  return std::bit_cast<float>((bits + 0x1000u) & ~0x1fffu);
#endif
}

/// d += a * b by all lanes of a warp together. Inputs should be rounded: the hardware cuts off what tf32 does not hold.
#if defined(__CUDACC__)
__device__ inline void mma_16x8x8(float (&d)[4], const float (&a)[4], const float (&b)[2]) {
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, "
      "%3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(__float_as_uint(a[0])), "r"(__float_as_uint(a[1])), "r"(__float_as_uint(a[2])), "r"(__float_as_uint(a[3])),
        "r"(__float_as_uint(b[0])), "r"(__float_as_uint(b[1])));
}
#else
inline void mma_16x8x8(float (&d)[4], const float (&a)[4], const float (&b)[2], int line = __builtin_LINE()) {
  struct Fragments {
    float a[4];
    float b[2];
  } mine;
  const auto cut = [](float x) { return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) & ~0x1fffu); };
  for (int i = 0; i < 4; ++i) mine.a[i] = cut(a[i]);
  for (int i = 0; i < 2; ++i) mine.b[i] = cut(b[i]);
  simt::Machine& m = simt::machine();
  m.exchange(mine, {"mma_16x8x8", line, false});
  const unsigned g = m.lane() / 4;
  const unsigned t = m.lane() % 4;
  for (unsigned i = 0; i < 4; ++i) {
    const unsigned row = g;  // and row + 8 for i of 2 and 3, which is the same lane's next register
    const unsigned column = 2 * t + i % 2;
    for (unsigned k = 0; k < 8; ++k) {
      const auto left = m.lane_value<Fragments>(row * 4 + k % 4);
      const auto right = m.lane_value<Fragments>(column * 4 + k % 4);
      d[i] += left.a[i / 2 + k / 4 * 2] * right.b[k / 4];
    }
  }
}
#endif

}  // namespace qrs::kernels
