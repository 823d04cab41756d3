// The activations and their slopes on whole registers: what elementwise.hpp says of one value, for the loops of cpu.hpp
// and for the epilogues of fused kernels.
//
// f is a template argument: a loop is compiled per function, and nothing is chosen inside it.
#pragma once

#include <type_traits>

#include "../simd/math.hpp"
#include "elementwise.hpp"

namespace qrs::kernels {

/// f(x); V is simd::Vec<T>.
template <Activation f, class T>
inline simd::Vec<T> activate_vec(simd::Vec<T> x) {
  using V = simd::Vec<T>;
  const V zero{};
  if constexpr (f == Activation::relu) {
    return x <= zero ? zero : x;  // a NaN fails the comparison and stays
  } else if constexpr (f == Activation::relu6) {
    x = x < zero ? zero : x;
    return x > T(6) ? simd::broadcast(T(6)) : x;
  } else if constexpr (f == Activation::silu) {
    return x * simd::sigmoid(x);
  } else if constexpr (f == Activation::sigmoid) {
    return simd::sigmoid(x);
  } else if constexpr (f == Activation::tanh) {
    return simd::tanh(x);
  } else if constexpr (f == Activation::gelu) {
    return T(0.5) * x * (T(1) + simd::erf(x * T(0.70710678118654752440)));
  } else if constexpr (f == Activation::hardswish) {
    const V middle = x * (x + T(3)) / T(6);
    return x <= T(-3) ? zero : (x >= T(3) ? x : middle);
  } else {
    return x;
  }
}

/// f'(x).
template <Activation f, class T>
inline simd::Vec<T> activate_slope_vec(simd::Vec<T> x) {
  using V = simd::Vec<T>;
  const V zero{};
  const V one = simd::broadcast(T(1));
  if constexpr (f == Activation::relu) {
    return x <= zero ? zero : one;
  } else if constexpr (f == Activation::relu6) {
    return x <= zero ? zero : (x >= T(6) ? zero : one);
  } else if constexpr (f == Activation::silu) {
    const V s = simd::sigmoid(x);
    return s * (T(1) + x * (T(1) - s));
  } else if constexpr (f == Activation::sigmoid) {
    const V s = simd::sigmoid(x);
    return s * (T(1) - s);
  } else if constexpr (f == Activation::tanh) {
    const V t = simd::tanh(x);
    return T(1) - t * t;
  } else if constexpr (f == Activation::gelu) {
    return T(0.5) * (T(1) + simd::erf(x * T(0.70710678118654752440))) +
           x * T(0.39894228040143267794) * simd::exp(T(-0.5) * x * x);
  } else if constexpr (f == Activation::hardswish) {
    const V middle = x / T(3) + T(0.5);
    return x <= T(-3) ? zero : (x < T(3) ? middle : one);
  } else {
    return one;
  }
}

/// Calls body(constant) with f as a compile-time constant: constant.value is f.
template <class Body>
inline void with_activation(Activation f, const Body& body) {
  switch (f) {
    case Activation::identity:
      return body(std::integral_constant<Activation, Activation::identity>{});
    case Activation::relu:
      return body(std::integral_constant<Activation, Activation::relu>{});
    case Activation::relu6:
      return body(std::integral_constant<Activation, Activation::relu6>{});
    case Activation::silu:
      return body(std::integral_constant<Activation, Activation::silu>{});
    case Activation::sigmoid:
      return body(std::integral_constant<Activation, Activation::sigmoid>{});
    case Activation::tanh:
      return body(std::integral_constant<Activation, Activation::tanh>{});
    case Activation::gelu:
      return body(std::integral_constant<Activation, Activation::gelu>{});
    case Activation::hardswish:
      return body(std::integral_constant<Activation, Activation::hardswish>{});
  }
}

}  // namespace qrs::kernels
