// The formulas of activation.hpp and epilogue.hpp on whole registers.
#pragma once

#include "../simd/fused.hpp"
#include "../simd/math.hpp"
#include "epilogue.hpp"

namespace qrs::kernels {

/// A register of values of T.
template <class T>
struct RegisterMath {
  using Scalar = T;
  using Value = simd::Vec<T>;
  static Value constant(double c) { return simd::broadcast(static_cast<T>(c)); }
  [[gnu::always_inline]] static Value multiply_add(Value a, Value b, Value c) { return simd::multiply_add<T>(a, b, c); }
  [[gnu::always_inline]] static Value exp(Value x) { return simd::exp(x); }
  [[gnu::always_inline]] static Value sigmoid(Value x) { return simd::sigmoid(x); }
  [[gnu::always_inline]] static Value tanh(Value x) { return simd::tanh(x); }
  [[gnu::always_inline]] static Value erf(Value x) { return simd::erf(x); }
};

/// body(formula) with the formula of f on registers of T.
template <class T, class Body>
inline void with_activation_vec(const Activation& f, const Body& body) {
  with_activation<RegisterMath<T>>(f, body);
}

/// Reads the first `count` lanes of a register.
struct ReadPart {
  std::int64_t count;
  template <class T>
  [[gnu::always_inline]] simd::Vec<T> operator()(const T* from, std::int64_t at) const {
    return simd::load_part(from + at, count);
  }
};

}  // namespace qrs::kernels
