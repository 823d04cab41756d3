// y = a / b, elementwise; other shapes are repeated as in expand.hpp.
//
// Backward: da += dy / b, db -= dy y / b.
#pragma once

#include "mul.hpp"
#include "scale.hpp"

namespace qrs {

namespace detail {

/// y (+)= a / b on the device of y.
template <class T>
void divide_into(const Tensor<T>& a, const Tensor<T>& b, const Tensor<T>& y, bool accumulate) {
  const kernels::ElementwiseParams p = elementwise_params(a, b, y, accumulate);
  on_device(
      y.device(), [&] { kernels::divide_cpu(p, a.data(), b.data(), y.data()); },
      [&] { kernels::divide_cuda(p, a.data(), b.data(), y.data()); });
}

}  // namespace detail

/// Elementwise quotient, by IEEE 754: x / 0 is an infinity, 0 / 0 is NaN.
template <class T>
Var<T> div(const Var<T>& a, const Var<T>& b) {
  if (a.shape() != b.shape()) {
    return detail::broadcast(
        "div", [](const Var<T>& x, const Var<T>& z) { return div(x, z); }, a, b);
  }
  detail::check_input("div", a, "a");
  detail::check_same_device("div", a, b, "b");
  Tensor<T> y(a.shape(), a.device());
  detail::divide_into(a.value(), b.value(), y, false);
  Tape<T>* tape = listening(a, b);
  if (tape == nullptr) return y;
  return tape->record(y, [y, b_kept = b.value(), da = a.slot(), db = b.slot()](const Tensor<T>& dy) {
    if (da) {
      const auto to = da->target();
      detail::divide_into(dy, b_kept, to.tensor, to.accumulate);
    }
    if (db) {
      const Tensor<T> slope(y.shape(), y.device());
      detail::multiply_into(dy, y, slope, false);
      detail::divide_into(slope, b_kept, slope, false);
      const auto to = db->target();
      detail::scale_into(T(-1), slope, to.tensor, to.accumulate);
    }
  });
}

}  // namespace qrs
