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

/// What goes into the activation: an epilogue with this formula leaves it out.
template <class T>
using LinearFormula = ActivationFormula<ActivationKind::identity, RegisterMath<T>>;

// Formulas compiled once a kernel are most of what an embedder's compiler does. So a pass computes what goes into the activation for
// a block of registers, which stays in the first-level cache, and lets one of these two functions work on it in place. Batch
// norm's affine map and dx alone have the formulas inside their loops: a row of few channels is too short for a block.

/// Registers of a block.
inline constexpr std::int64_t block_registers = 32;

/// f of `count` registers.
template <class T>
void activate_registers(const Activation& f, simd::Vec<T>* values, std::int64_t count) {
  if (f == Activation::identity) return;
  with_activation_vec<T>(f, [&](const auto& formula) {
    for (std::int64_t i = 0; i < count; ++i) values[i] = formula.value(values[i]);
  });
}

/// f' of `count` registers.
template <class T>
void derive_registers(const Activation& f, simd::Vec<T>* values, std::int64_t count) {
  with_activation_vec<T>(f, [&](const auto& formula) {
    for (std::int64_t i = 0; i < count; ++i) values[i] = formula.derivative(values[i]);
  });
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
