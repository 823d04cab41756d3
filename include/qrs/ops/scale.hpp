// y = alpha x, for a number alpha.
//
// Backward: dx += alpha dy.
#pragma once

#include "check.hpp"

namespace qrs {

namespace detail {

/// y (+)= alpha x on the device of y.
template <class T>
void scale_into(T alpha, const Tensor<T>& x, const Tensor<T>& y, bool accumulate) {
  const kernels::ElementwiseParams p{
      .rows = y.rows(), .cols = y.channels(), .x_pitch = x.pitch(), .y_pitch = y.pitch(), .accumulate = accumulate};
  on_device(
      y.device(), [&] { kernels::add_scaled_cpu(p, alpha, x.data(), y.data()); },
      [&] { kernels::add_scaled_cuda(p, alpha, x.data(), y.data()); });
}

}  // namespace detail

template <class T>
Var<T> scale(const Var<T>& x, double alpha) {
  detail::check_input("scale", x);
  Tensor<T> y(x.shape(), x.device());
  detail::scale_into(static_cast<T>(alpha), x.value(), y, false);
  Tape<T>* tape = listening(x);
  if (tape == nullptr) return y;
  return tape->record(y, [alpha, dx = x.slot()](const Tensor<T>& dy) {
    const auto to = dx->target();
    detail::scale_into(static_cast<T>(alpha), dy, to.tensor, to.accumulate);
  });
}

}  // namespace qrs
