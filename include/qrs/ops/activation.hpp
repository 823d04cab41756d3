// y = f(x): relu, relu6, leaky_relu, silu, sigmoid, tanh, gelu (by erf), hardswish. The formulas stand in
// kernels/elementwise/activation.hpp.
//
// Backward: dx += dy * f'(x). y is a recipe over x, so that only x is kept. relu and relu6 of a tensor keep y instead: their slope
// is the same at y as at x, and the next convolution needs y for its own backward, so that x can go.
#pragma once

#include "in_place.hpp"
#include "norm_act.hpp"

namespace qrs {

namespace detail {

/// dx (+)= dy * f'(kept): where the gradient goes may be dy itself.
template <class T>
void activation_backward(const Activation& f, const Tensor<T>& kept, const Tensor<T>& dy, GradSlot<T>& slot) {
  const auto to = target_over(slot, dy);
  const Tensor<T>& dx = to.tensor;
  const kernels::ElementwiseParams p{.rows = dy.rows(),
                                     .cols = dy.channels(),
                                     .x_pitch = kept.pitch(),
                                     .y_pitch = dy.pitch(),
                                     .accumulate = to.accumulate};
  on_device(
      dy.device(), [&] { kernels::activation_backward_cpu(p, f, kept.data(), dy.data(), dx.data(), dx.pitch()); },
      [&] { kernels::activation_backward_cuda(p, f, kept.data(), dy.data(), dx.data(), dx.pitch()); });
}

}  // namespace detail

/// f(x) for a tensor of any shape. Activation::identity returns x itself.
template <class T>
Var<T> activation(const Var<T>& x, Activation f) {
  detail::check_input(name(f), x);
  if (f == Activation::identity) return x;
  const auto extends = [](const typename NormAct<T>::Parts& p) {
    return p.f == Activation::identity && p.gate.empty();
  };
  const auto add = [f](typename NormAct<T>::Parts parts) {
    parts.f = f;
    return parts;
  };
  Tape<T>* tape = listening(x);
  const bool by_result = (f == Activation::relu || f == Activation::relu6) && x.keep().recipe() == nullptr;
  if (tape == nullptr || !by_result) {
    return detail::with_step(x, extends, add, tape, [f, kept = x.keep(), slot = x.slot()](const Tensor<T>& dy) {
      detail::activation_backward(f, kept.tensor(), dy, *slot);
    });
  }
  const Tensor<T> y = detail::with_step(x, extends, add).value();
  return tape->record(y,
                      [f, y, slot = x.slot()](const Tensor<T>& dy) { detail::activation_backward(f, y, dy, *slot); });
}

/// max(x, 0).
template <class T>
Var<T> relu(const Var<T>& x) {
  return activation(x, Activation::relu);
}
/// min(max(x, 0), 6).
template <class T>
Var<T> relu6(const Var<T>& x) {
  return activation(x, Activation::relu6);
}
/// x where it is positive, else negative_slope x. The default is torch's.
template <class T>
Var<T> leaky_relu(const Var<T>& x, double negative_slope = 0.01) {
  return activation(x, Activation::leaky_relu(negative_slope));
}
/// x / (1 + exp(-x)); also called swish.
template <class T>
Var<T> silu(const Var<T>& x) {
  return activation(x, Activation::silu);
}
/// 1 / (1 + exp(-x)).
template <class T>
Var<T> sigmoid(const Var<T>& x) {
  return activation(x, Activation::sigmoid);
}
template <class T>
Var<T> tanh(const Var<T>& x) {
  return activation(x, Activation::tanh);
}
/// x * Phi(x), exact; not the tanh approximation.
template <class T>
Var<T> gelu(const Var<T>& x) {
  return activation(x, Activation::gelu);
}
/// x * relu6(x + 3) / 6.
template <class T>
Var<T> hardswish(const Var<T>& x) {
  return activation(x, Activation::hardswish);
}

}  // namespace qrs
