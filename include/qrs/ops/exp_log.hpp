// exp, log and sqrt of every value.
//
// Backward: dx += dy y for exp, dy / x for log, dy / 2y for sqrt.
#pragma once

#include "div.hpp"

namespace qrs {

namespace detail {

/// x and y as the elementwise kernels see them.
template <class T>
kernels::ElementwiseParams map_params(const Tensor<T>& x, const Tensor<T>& y) {
  return {.rows = y.rows(), .cols = y.channels(), .x_pitch = x.pitch(), .y_pitch = y.pitch()};
}

}  // namespace detail

/// e to the power of x.
template <class T>
Var<T> exp(const Var<T>& x) {
  detail::check_input("exp", x);
  Tensor<T> y(x.shape(), x.device());
  const kernels::ElementwiseParams p = detail::map_params(x.value(), y);
  on_device(
      y.device(), [&] { kernels::exp_cpu(p, x.value().data(), y.data()); },
      [&] { kernels::exp_cuda(p, x.value().data(), y.data()); });
  Tape<T>* tape = listening(x);
  if (tape == nullptr) return y;
  return tape->record(y, [y, dx = x.slot()](const Tensor<T>& dy) {
    const auto to = dx->target();
    detail::multiply_into(dy, y, to.tensor, to.accumulate);
  });
}

/// The natural logarithm: -inf at 0, NaN below.
template <class T>
Var<T> log(const Var<T>& x) {
  detail::check_input("log", x);
  Tensor<T> y(x.shape(), x.device());
  const kernels::ElementwiseParams p = detail::map_params(x.value(), y);
  on_device(
      y.device(), [&] { kernels::log_cpu(p, x.value().data(), y.data()); },
      [&] { kernels::log_cuda(p, x.value().data(), y.data()); });
  Tape<T>* tape = listening(x);
  if (tape == nullptr) return y;
  return tape->record(y, [x_kept = x.value(), dx = x.slot()](const Tensor<T>& dy) {
    const auto to = dx->target();
    detail::divide_into(dy, x_kept, to.tensor, to.accumulate);
  });
}

/// The square root: NaN below 0; its derivative at 0 is infinite.
template <class T>
Var<T> sqrt(const Var<T>& x) {
  detail::check_input("sqrt", x);
  Tensor<T> y(x.shape(), x.device());
  const kernels::ElementwiseParams p = detail::map_params(x.value(), y);
  on_device(
      y.device(), [&] { kernels::sqrt_cpu(p, x.value().data(), y.data()); },
      [&] { kernels::sqrt_cuda(p, x.value().data(), y.data()); });
  Tape<T>* tape = listening(x);
  if (tape == nullptr) return y;
  return tape->record(y, [y, dx = x.slot()](const Tensor<T>& dy) {
    const Tensor<T> slope(y.shape(), y.device());
    detail::divide_into(dy, y, slope, false);
    const auto to = dx->target();
    detail::scale_into(T(0.5), slope, to.tensor, to.accumulate);
  });
}

}  // namespace qrs
