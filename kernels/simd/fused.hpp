// A product and a sum with one rounding, said outright: a * b + c.
//
// The plain operators leave it to the compiler whether a product and a sum become one instruction, and its choice depends on
// the processor it tunes for and on the code around. Where two kernels must give the same bits (a norm fused into a
// convolution, and the norm alone), they call this. Without such an instruction it is the plain expression, everywhere.
#pragma once

#include "simd.hpp"

namespace qrs::simd {

template <class T>
inline Vec<T> multiply_add(Vec<T> a, Vec<T> b, Vec<T> c) {
#if defined(__AVX512F__)
  constexpr int rounding = 4;  // as the environment says
  if constexpr (sizeof(T) == 4) {
    return __builtin_ia32_vfmaddps512_mask(a, b, c, static_cast<unsigned short>(-1), rounding);
  } else {
    return __builtin_ia32_vfmaddpd512_mask(a, b, c, static_cast<unsigned char>(-1), rounding);
  }
#elif defined(__FMA__)
  if constexpr (sizeof(T) == 4) {
    return __builtin_ia32_vfmaddps256(a, b, c);
  } else {
    return __builtin_ia32_vfmaddpd256(a, b, c);
  }
#else
  return a * b + c;
#endif
}

}  // namespace qrs::simd
