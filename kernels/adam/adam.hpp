// One step of Adam and AdamW.
//
//   g  = s dL/dp (+ lambda p)                                   s = -1 to maximise, else 1; lambda: L2 weight decay
//   p  = (1 - lr lambda) p                                      only where the decay is decoupled (AdamW)
//   m  = m + (1 - beta1) (g - m)
//   v  = beta2 v + (1 - beta2) g^2                              v_max = max(v_max, v) with AMSGrad
//   p  = p - lr / (1 - beta1^t) * m / (sqrt(v) / sqrt(1 - beta2^t) + eps)
//
// The second moment is corrected before eps is added, as in PyTorch; adding eps first, as some libraries do, gives
// other steps while v is small. The scalars of a step are computed in double and rounded to T once.
// Sources: Kingma and Ba, Adam, ICLR 2015, algorithm 1; Loshchilov and Hutter, Decoupled Weight Decay Regularization,
// ICLR 2019, algorithm 2; Reddi, Kale and Kumar, On the Convergence of Adam and Beyond, ICLR 2018, algorithm 2.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>

#include "../../include/qrs/core/macros.hpp"

namespace qrs::kernels {

/// What all parameters of a step share.
struct AdamParams {
  double lr = 1e-3;
  double beta1 = 0.9;
  double beta2 = 0.999;
  double eps = 1e-8;
  double weight_decay = 0.0;
  bool decoupled = false;
  bool maximize = false;
};

/// One parameter of a step; all arrays hold `count` values. v_max is null without AMSGrad.
template <class T>
struct AdamTensor {
  std::int64_t count = 0;
  T* p = nullptr;
  const T* g = nullptr;
  T* m = nullptr;
  T* v = nullptr;
  T* v_max = nullptr;
  std::int64_t step = 1;  // t, counting this step
};

/// The scalars of one parameter's step, in T.
template <class T>
struct AdamScalars {
  T sign, decay, l2, one_minus_beta1, beta2, one_minus_beta2, step_size, root_correction, eps;

  AdamScalars(const AdamParams& a, std::int64_t step)
      : sign(a.maximize ? T(-1) : T(1)),
        decay(static_cast<T>(a.decoupled ? 1.0 - a.lr * a.weight_decay : 1.0)),
        l2(static_cast<T>(a.decoupled ? 0.0 : a.weight_decay)),
        one_minus_beta1(static_cast<T>(1.0 - a.beta1)),
        beta2(static_cast<T>(a.beta2)),
        one_minus_beta2(static_cast<T>(1.0 - a.beta2)),
        step_size(static_cast<T>(a.lr / (1.0 - std::pow(a.beta1, static_cast<double>(step))))),
        root_correction(static_cast<T>(std::sqrt(1.0 - std::pow(a.beta2, static_cast<double>(step))))),
        eps(static_cast<T>(a.eps)) {}
};

/// The formula. V is one value, or a register of values; root(V) is their square root.
template <bool amsgrad, class T, class V, class Root>
QRS_HD inline void adam_element(const AdamScalars<T>& s, V& p, V g, V& m, V& v, V& v_max, const Root& root) {
  g = s.sign * g;
  if (s.l2 != T(0)) g = g + s.l2 * p;
  p = s.decay * p;
  m = m + s.one_minus_beta1 * (g - m);
  v = s.beta2 * v + s.one_minus_beta2 * (g * g);
  V second = v;
  if constexpr (amsgrad) {
    v_max = v_max >= v ? v_max : v;
    second = v_max;
  }
  p = p - s.step_size * (m / (root(second) / s.root_correction + s.eps));
}

}  // namespace qrs::kernels
