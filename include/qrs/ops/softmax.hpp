// softmax and log_softmax over the last axis.
//
// Backward, from the result y alone: softmax dx += y (dy - sum dy y); log_softmax dx += dy - exp(y) sum dy.
#pragma once

#include "check.hpp"
#include "in_place.hpp"

namespace qrs {

namespace detail {

template <class T>
Var<T> softmax(const char* op, const Var<T>& x, bool log) {
  check_input(op, x);
  QRS_CHECK(x.value().rank() >= 1, "[", op, "] expected at least one axis, got shape ", x.shape());
  const Tensor<T>& in = x.value();
  Tensor<T> y(in.shape(), in.device());
  kernels::SoftmaxParams p{.rows = y.rows(), .cols = y.channels(), .x_pitch = in.pitch(), .y_pitch = y.pitch()};
  on_cpu_only(op, y.device(), [&] { kernels::softmax_forward_cpu(p, log, in.data(), y.data()); });
  Tape<T>* tape = listening(x);
  if (tape == nullptr) return y;
  return tape->record(y, [p, log, y, slot = x.slot()](const Tensor<T>& dy) {
    const auto dx = detail::target_over(*slot, dy);
    kernels::SoftmaxParams back = p;
    back.x_pitch = dx.tensor.pitch();
    back.dy_pitch = dy.pitch();
    back.accumulate = dx.accumulate;
    kernels::softmax_backward_cpu(back, log, y.data(), dy.data(), dx.tensor.data());
  });
}

}  // namespace detail

/// exp(x) / sum exp(x) along the last axis.
template <class T>
Var<T> softmax(const Var<T>& x) {
  return detail::softmax("softmax", x, false);
}
/// log softmax(x), without the rounding of taking the logarithm of a softmax.
template <class T>
Var<T> log_softmax(const Var<T>& x) {
  return detail::softmax("log_softmax", x, true);
}

}  // namespace qrs
