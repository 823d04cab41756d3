// One step of stochastic gradient descent with momentum.
//
//   g = s dL/dp + lambda p                              s = -1 to maximise, else 1
//   b = g in the first step, then mu b + (1 - tau) g    momentum mu, dampening tau
//   d = g + mu b (Nesterov), b (momentum), g (neither)
//   p = p - lr d
//
// As in PyTorch: the first step is not dampened, and lr stands outside the buffer (Sutskever puts it inside).
// Source: Sutskever, Martens, Dahl and Hinton, On the importance of initialization and momentum, ICML 2013, section 2.
#pragma once

#include <cstdint>
#include <span>

#include "../../include/qrs/core/macros.hpp"

namespace qrs::kernels {

struct SgdParams {
  double lr = 1e-3;
  double momentum = 0.0;
  double dampening = 0.0;
  double weight_decay = 0.0;
  bool nesterov = false;
  bool maximize = false;
};

/// One parameter of a step; all arrays hold `count` values. The buffer is null without momentum.
template <class T>
struct SgdTensor {
  std::int64_t count = 0;
  T* p = nullptr;
  const T* g = nullptr;
  T* buffer = nullptr;
  bool first = false;  // the buffer holds nothing yet
};

/// The scalars of a step, in T.
template <class T>
struct SgdScalars {
  T sign, lr, momentum, one_minus_dampening, l2;
  bool nesterov;

  explicit SgdScalars(const SgdParams& a)
      : sign(a.maximize ? T(-1) : T(1)),
        lr(static_cast<T>(a.lr)),
        momentum(static_cast<T>(a.momentum)),
        one_minus_dampening(static_cast<T>(1.0 - a.dampening)),
        l2(static_cast<T>(a.weight_decay)),
        nesterov(a.nesterov) {}
};

/// The formula. V is one value, or a register of values.
template <bool has_momentum, class T, class V>
QRS_HD inline void sgd_element(const SgdScalars<T>& s, bool first, V& p, V g, V& buffer) {
  g = s.sign * g;
  if (s.l2 != T(0)) g = g + s.l2 * p;
  if constexpr (has_momentum) {
    if (first) {
      buffer = g;
    } else {
      buffer = s.momentum * buffer + s.one_minus_dampening * g;
    }
    if (s.nesterov) {
      g = g + s.momentum * buffer;
    } else {
      g = buffer;
    }
  }
  p = p - s.lr * g;
}

}  // namespace qrs::kernels
