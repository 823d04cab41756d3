// exp, sigmoid, tanh and erf on whole registers.
//
// Vec<float>: polynomials fitted for these headers (Chebyshev nodes, reweighted to the least maximal relative error),
// whose error is below a rounding of float:
//   exp     2^n * e^r, |r| <= ln 2 / 2; at most 2 ulp; gradual underflow; 0 at -inf, inf above 88.73, NaN at NaN
//   sigmoid 1 / (1 + exp(-x)); at most 3 ulp
//   tanh    odd polynomial below 0.625, else 1 - 2 / (1 + exp(2 x)); at most 3 ulp
//   erf     odd polynomial below 0.8, else 1 - exp(-q(x)); absolute error at most 2^-23, the spacing of floats at 1
// Vec<double>: the standard library, lane by lane: audits and gradient checks want its last digit, not speed.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "simd.hpp"

namespace qrs::simd {

namespace detail {

/// One unsigned integer per lane of Vec<float>: bits wrap where signed numbers would overflow.
typedef std::uint32_t Bits __attribute__((vector_size(register_bytes)));

inline Bits bits_of(Vec<float> x) {
  Bits out;
  std::memcpy(&out, &x, sizeof out);
  return out;
}
inline Vec<float> from_bits(Bits bits) {
  Vec<float> out;
  std::memcpy(&out, &bits, sizeof out);
  return out;
}

/// |x|, and the sign of x put on a value that is not negative.
inline Vec<float> magnitude(Vec<float> x) { return from_bits(bits_of(x) & 0x7fffffffU); }
inline Vec<float> with_sign_of(Vec<float> x, Vec<float> value) {
  return from_bits(bits_of(value) | (bits_of(x) & 0x80000000U));
}

/// f on every lane.
template <class F>
inline Vec<double> each_lane(Vec<double> x, const F& f) {
  for (int i = 0; i < lanes<double>; ++i) x[i] = f(x[i]);
  return x;
}

}  // namespace detail

[[gnu::always_inline]] inline Vec<float> exp(Vec<float> x) {
  // Past these bounds the result is 0 or inf anyway; a NaN fails both comparisons and stays.
  x = x > 89.0F ? broadcast(89.0F) : x;
  x = x < -104.0F ? broadcast(-104.0F) : x;
  // Adding 1.5 * 2^23 leaves the nearest integer to x / ln 2 in the low bits: n as a float and as an integer.
  const Vec<float> shifted = x * 1.44269504F + 12582912.0F;
  const Vec<float> n = shifted - 12582912.0F;
  const detail::Bits n_bits = detail::bits_of(shifted) - 0x4b400000U;
  // ln 2 in two parts; the first has 14 bits, so that n times it is exact.
  Vec<float> r = x - n * 0.693115234375F;
  r = r - n * 3.194618495e-05F;
  Vec<float> p = broadcast(1.381417184e-03F);
  p = p * r + 8.368922005e-03F;
  p = p * r + 4.166840802e-02F;
  p = p * r + 1.666651894e-01F;
  p = p * r + 4.999999333e-01F;
  const Vec<float> value = p * (r * r) + r + 1.0F;
  // 2^n in two factors: n reaches -150 and 128, past what one exponent field holds.
  const detail::Bits half = ((n_bits + 256U) >> 1U) - 128U;
  const Vec<float> first = detail::from_bits((half + 127U) << 23U);
  const Vec<float> second = detail::from_bits((n_bits - half + 127U) << 23U);
  return value * first * second;
}

[[gnu::always_inline]] inline Vec<float> sigmoid(Vec<float> x) { return 1.0F / (1.0F + exp(-x)); }

[[gnu::always_inline]] inline Vec<float> tanh(Vec<float> x) {
  const Vec<float> a = detail::magnitude(x);
  const Vec<float> far = 1.0F - 2.0F / (1.0F + exp(a + a));
  const Vec<float> s = a * a;
  Vec<float> p = broadcast(-5.666980323e-03F);
  p = p * s + 2.060617990e-02F;
  p = p * s - 5.373000829e-02F;
  p = p * s + 1.333133102e-01F;
  p = p * s - 3.333327806e-01F;
  const Vec<float> near = p * s * a + a;
  return detail::with_sign_of(x, a < 0.625F ? near : far);
}

[[gnu::always_inline]] inline Vec<float> erf(Vec<float> x) {
  Vec<float> a = detail::magnitude(x);
  a = a > 4.0F ? broadcast(4.0F) : a;  // erfc(4) < 2e-8
  Vec<float> q = broadcast(-2.192498324e-04F);
  q = q * a + 3.259926620e-03F;
  q = q * a - 2.304261464e-02F;
  q = q * a + 1.055239217e-01F;
  q = q * a + 6.354804224e-01F;
  q = q * a + 1.128620928e+00F;
  q = q * a - 1.782977394e-05F;
  const Vec<float> far = 1.0F - exp(-q);
  const Vec<float> s = a * a;
  Vec<float> p = broadcast(7.854008736e-05F);
  p = p * s - 8.010241888e-04F;
  p = p * s + 5.188333773e-03F;
  p = p * s - 2.685381563e-02F;
  p = p * s + 1.128358526e-01F;
  p = p * s - 3.761262584e-01F;
  p = p * s + 1.128379166e+00F;
  const Vec<float> near = p * a;
  return detail::with_sign_of(x, a < 0.8F ? near : far);
}

inline Vec<double> exp(Vec<double> x) {
  return detail::each_lane(x, [](double v) { return std::exp(v); });
}
inline Vec<double> sigmoid(Vec<double> x) { return 1.0 / (1.0 + exp(-x)); }
inline Vec<double> tanh(Vec<double> x) {
  return detail::each_lane(x, [](double v) { return std::tanh(v); });
}
inline Vec<double> erf(Vec<double> x) {
  return detail::each_lane(x, [](double v) { return std::erf(v); });
}

}  // namespace qrs::simd
