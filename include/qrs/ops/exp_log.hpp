// exp, log and sqrt of every value.
//
// Backward: dx += dy y for exp, dy / x for log, dy / 2y for sqrt.
#pragma once

#include "div.hpp"

namespace qrs {

namespace detail {

/// A tensor of x's shape, filled by cpu(params, from, to) or cuda(params, from, to).
template <class T, class Cpu, class Cuda>
Tensor<T> mapped(const char* op, const Var<T>& x, const Cpu& cpu, const Cuda& cuda) {
  check_input(op, x);
  Tensor<T> y(x.shape(), x.device());
  const kernels::ElementwiseParams p = elementwise_params(x.value(), x.value(), y);
  on_device(
      y.device(), [&] { cpu(p, x.value().data(), y.data()); }, [&] { cuda(p, x.value().data(), y.data()); });
  return y;
}

}  // namespace detail

/// e to the power of x.
template <class T>
Var<T> exp(const Var<T>& x) {
  Tensor<T> y = detail::mapped(
      "exp", x, [](auto... a) { kernels::exp_cpu(a...); }, [](auto... a) { kernels::exp_cuda(a...); });
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
  Tensor<T> y = detail::mapped(
      "log", x, [](auto... a) { kernels::log_cpu(a...); }, [](auto... a) { kernels::log_cuda(a...); });
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
  Tensor<T> y = detail::mapped(
      "sqrt", x, [](auto... a) { kernels::sqrt_cpu(a...); }, [](auto... a) { kernels::sqrt_cuda(a...); });
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
