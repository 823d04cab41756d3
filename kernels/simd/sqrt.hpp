// The square root of a register, correctly rounded lane by lane.
//
// A header of its own because vector types have no operator for it and the intrinsics are slow to compile; std::sqrt lane
// by lane would test each lane for errno.
#pragma once

#include <cmath>

#include "simd.hpp"

#if defined(__AVX__)
#include <immintrin.h>
#elif defined(__SSE2__)
#include <emmintrin.h>  // a tenth of the other's time to compile
#endif

namespace qrs::simd {

#if defined(__AVX512F__)
// The masked forms, with all lanes on: the plain ones start from an undefined register, which GCC 12 warns of.
inline Vec<float> sqrt(Vec<float> x) { return (Vec<float>)_mm512_maskz_sqrt_ps(static_cast<__mmask16>(-1), (__m512)x); }
inline Vec<double> sqrt(Vec<double> x) {
  return (Vec<double>)_mm512_maskz_sqrt_pd(static_cast<__mmask8>(-1), (__m512d)x);
}
#elif defined(__AVX__)
inline Vec<float> sqrt(Vec<float> x) { return (Vec<float>)_mm256_sqrt_ps((__m256)x); }
inline Vec<double> sqrt(Vec<double> x) { return (Vec<double>)_mm256_sqrt_pd((__m256d)x); }
#elif defined(__SSE2__)
inline Vec<float> sqrt(Vec<float> x) { return (Vec<float>)_mm_sqrt_ps((__m128)x); }
inline Vec<double> sqrt(Vec<double> x) { return (Vec<double>)_mm_sqrt_pd((__m128d)x); }
#else
inline Vec<float> sqrt(Vec<float> x) {
  for (int i = 0; i < lanes<float>; ++i) x[i] = std::sqrt(x[i]);
  return x;
}
inline Vec<double> sqrt(Vec<double> x) {
  for (int i = 0; i < lanes<double>; ++i) x[i] = std::sqrt(x[i]);
  return x;
}
#endif

}  // namespace qrs::simd
