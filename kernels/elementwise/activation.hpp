// The activations and their derivatives: one formula for one value, for a register of values, and for the device.
//
// The formulas are written over an arithmetic M: M::Value is one value (ScalarMath<T>) or a register of them (RegisterMath<T>,
// simd.hpp), and M knows exp, sigmoid, tanh and erf of it. Comparison and choice (x < y ? a : b) read the same for both.
//
//   relu        max(x, 0)                        relu6       min(max(x, 0), 6)
//   leaky_relu  x > 0 ? x : a x                  silu        x / (1 + exp(-x))
//   sigmoid     1 / (1 + exp(-x))                tanh        tanh(x)
//   gelu        x Phi(x), exact, by erf          hardswish   x relu6(x + 3) / 6
//
// Sources: leaky ReLU, Maas et al. 2013; ReLU6, Howard et al. 2017 (MobileNets); SiLU, Elfwing et al. 2018; GELU, Hendrycks and
// Gimpel 2016; hardswish, Howard et al. 2019 (MobileNetV3). Equal to torch.nn.functional's functions of the same names; at a
// kink the derivative is PyTorch's (0 at x = 0 for relu, a there for leaky_relu, 0 outside the open interval for relu6, 0 at -3
// and 1 at 3 for hardswish). hardswish(-inf) is 0, its limit; PyTorch gives NaN.
#pragma once

#include <cmath>

#include "../../include/qrs/core/macros.hpp"

namespace qrs::kernels {

enum class ActivationKind { identity, relu, relu6, leaky_relu, silu, sigmoid, tanh, gelu, hardswish };

/// Which function, and its parameter where it has one. Written as Activation::relu, Activation::leaky_relu(0.2).
struct Activation {
  ActivationKind kind = ActivationKind::identity;
  double negative_slope = 0.01;  // of leaky_relu

  static const Activation identity;
  static const Activation relu;
  static const Activation relu6;
  static const Activation silu;
  static const Activation sigmoid;
  static const Activation tanh;
  static const Activation gelu;
  static const Activation hardswish;
  static constexpr Activation leaky_relu(double negative_slope = 0.01) {
    return {ActivationKind::leaky_relu, negative_slope};
  }
  friend constexpr bool operator==(const Activation&, const Activation&) = default;
};
inline constexpr Activation Activation::identity{ActivationKind::identity};
inline constexpr Activation Activation::relu{ActivationKind::relu};
inline constexpr Activation Activation::relu6{ActivationKind::relu6};
inline constexpr Activation Activation::silu{ActivationKind::silu};
inline constexpr Activation Activation::sigmoid{ActivationKind::sigmoid};
inline constexpr Activation Activation::tanh{ActivationKind::tanh};
inline constexpr Activation Activation::gelu{ActivationKind::gelu};
inline constexpr Activation Activation::hardswish{ActivationKind::hardswish};

/// One value of T.
template <class T>
struct ScalarMath {
  using Scalar = T;
  using Value = T;
  static QRS_HD T constant(double c) { return static_cast<T>(c); }
  static QRS_HD T multiply_add(T a, T b, T c) { return a * b + c; }
  static QRS_HD T exp(T x) { return std::exp(x); }
  static QRS_HD T sigmoid(T x) { return T(1) / (T(1) + std::exp(-x)); }
  static QRS_HD T tanh(T x) { return std::tanh(x); }
  static QRS_HD T erf(T x) { return std::erf(x); }
};

/// f and f' of one kind.
template <ActivationKind kind, class M>
struct ActivationFormula {
  using K = ActivationKind;
  using V = typename M::Value;
  double negative_slope = 0.0;

  /// f(x). A NaN stays one.
  [[gnu::always_inline]] QRS_HD V value(V x) const {
    const V zero = M::constant(0.0);
    if constexpr (kind == K::identity) {
      return x;
    } else if constexpr (kind == K::relu) {
      return x <= zero ? zero : x;
    } else if constexpr (kind == K::relu6) {
      const V six = M::constant(6.0);
      const V low = x < zero ? zero : x;
      return low > six ? six : low;
    } else if constexpr (kind == K::leaky_relu) {
      return x > zero ? x : x * M::constant(negative_slope);
    } else if constexpr (kind == K::silu) {
      return x * M::sigmoid(x);
    } else if constexpr (kind == K::sigmoid) {
      return M::sigmoid(x);
    } else if constexpr (kind == K::tanh) {
      return M::tanh(x);
    } else if constexpr (kind == K::gelu) {
      return M::constant(0.5) * x * (M::constant(1.0) + M::erf(x * M::constant(0.70710678118654752440)));
    } else {
      static_assert(kind == K::hardswish, "an activation without a formula");
      const V three = M::constant(3.0);
      const V middle = x * (x + three) / M::constant(6.0);
      return x <= -three ? zero : (x >= three ? x : middle);
    }
  }

  /// f'(x).
  [[gnu::always_inline]] QRS_HD V derivative(V x) const {
    const V zero = M::constant(0.0);
    const V one = M::constant(1.0);
    if constexpr (kind == K::identity) {
      return one;
    } else if constexpr (kind == K::relu) {
      return x <= zero ? zero : one;
    } else if constexpr (kind == K::relu6) {
      return x <= zero ? zero : (x >= M::constant(6.0) ? zero : one);
    } else if constexpr (kind == K::leaky_relu) {
      return x > zero ? one : M::constant(negative_slope);
    } else if constexpr (kind == K::silu) {
      const V s = M::sigmoid(x);
      return s * (one + x * (one - s));
    } else if constexpr (kind == K::sigmoid) {
      const V s = M::sigmoid(x);
      return s * (one - s);
    } else if constexpr (kind == K::tanh) {
      const V t = M::tanh(x);
      return one - t * t;
    } else if constexpr (kind == K::gelu) {
      return M::constant(0.5) * (one + M::erf(x * M::constant(0.70710678118654752440))) +
             x * M::constant(0.39894228040143267794) * M::exp(M::constant(-0.5) * x * x);
    } else {
      static_assert(kind == K::hardswish, "an activation without a derivative");
      const V three = M::constant(3.0);
      const V middle = x / three + M::constant(0.5);
      return x <= -three ? zero : (x < three ? middle : one);
    }
  }
};

/// body(formula) with the formula of f: what is inside is compiled once a kind, and nothing is chosen inside a loop. The switch
/// names every kind, so a kind without a line here is a warning, and one without a formula does not compile.
template <class M, class Body>
QRS_HD inline auto with_activation(const Activation& f, const Body& body) {
  using K = ActivationKind;
  switch (f.kind) {
    case K::identity:
      return body(ActivationFormula<K::identity, M>{});
    case K::relu:
      return body(ActivationFormula<K::relu, M>{});
    case K::relu6:
      return body(ActivationFormula<K::relu6, M>{});
    case K::leaky_relu:
      return body(ActivationFormula<K::leaky_relu, M>{f.negative_slope});
    case K::silu:
      return body(ActivationFormula<K::silu, M>{});
    case K::sigmoid:
      return body(ActivationFormula<K::sigmoid, M>{});
    case K::tanh:
      return body(ActivationFormula<K::tanh, M>{});
    case K::gelu:
      return body(ActivationFormula<K::gelu, M>{});
    case K::hardswish:
      return body(ActivationFormula<K::hardswish, M>{});
  }
  return body(ActivationFormula<K::identity, M>{});  // never: the switch names all
}

/// f(x) of one value.
template <class T>
QRS_HD inline T activate(const Activation& f, T x) {
  return with_activation<ScalarMath<T>>(f, [x](const auto& formula) { return formula.value(x); });
}

/// f'(x) of one value.
template <class T>
QRS_HD inline T activate_slope(const Activation& f, T x) {
  return with_activation<ScalarMath<T>>(f, [x](const auto& formula) { return formula.derivative(x); });
}

}  // namespace qrs::kernels
