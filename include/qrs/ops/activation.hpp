// y = f(x): relu, relu6, silu, sigmoid, tanh, gelu (by erf), hardswish. The formulas stand in elementwise.hpp.
//
// Backward: dx += dy * f'(x). relu and relu6 keep y instead of x: their slope is the same at both, and whoever comes
// next keeps y anyway, so that x can go.
#pragma once

#include "check.hpp"
#include "in_place.hpp"

namespace qrs {

using kernels::Activation;

/// "relu", "silu", ...: as the messages write it.
constexpr const char* name(Activation f) {
  constexpr const char* names[] = {"identity", "relu", "relu6", "silu", "sigmoid", "tanh", "gelu", "hardswish"};
  return names[static_cast<int>(f)];
}

/// f(x) for a tensor of any shape. Activation::identity returns x itself.
template <class T>
Var<T> activation(const Var<T>& x, Activation f) {
  detail::check_input(name(f), x);
  if (f == Activation::identity) return x;
  const Tensor<T>& in = x.value();
  Tensor<T> y(in.shape(), in.device());
  const kernels::ElementwiseParams p{
      .rows = y.rows(), .cols = y.channels(), .x_pitch = in.pitch(), .y_pitch = y.pitch()};
  on_device(
      y.device(), [&] { kernels::activation_forward_cpu(p, f, in.data(), y.data()); },
      [&] { kernels::activation_forward_cuda(p, f, in.data(), y.data()); });
  Tape<T>* tape = listening(x);
  if (tape == nullptr) return y;
  const bool by_result = f == Activation::relu || f == Activation::relu6;
  return tape->record(y, [f, saved = by_result ? y : in, slot = x.slot()](const Tensor<T>& dy) {
    const auto to = detail::target_over(*slot, dy);
    const Tensor<T>& dx = to.tensor;
    const kernels::ElementwiseParams back{.rows = dy.rows(),
                                          .cols = dy.channels(),
                                          .x_pitch = saved.pitch(),
                                          .y_pitch = dy.pitch(),
                                          .accumulate = to.accumulate};
    on_device(
        dy.device(), [&] { kernels::activation_backward_cpu(back, f, saved.data(), dy.data(), dx.data(), dx.pitch()); },
        [&] { kernels::activation_backward_cuda(back, f, saved.data(), dy.data(), dx.data(), dx.pitch()); });
  });
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
