// y = a * b, elementwise; other shapes are repeated as in expand.hpp. A factor per channel of an image: gate.hpp copies nothing.
//
// Backward: da += dy * b, db += dy * a.
#pragma once

#include "expand.hpp"

namespace qrs {

namespace detail {

/// y (+)= a * b on the device of y.
template <class T>
void multiply_into(const Tensor<T>& a, const Tensor<T>& b, const Tensor<T>& y, bool accumulate) {
  const kernels::ElementwiseParams p = elementwise_params(a, b, y, accumulate);
  on_device(
      y.device(), [&] { kernels::multiply_cpu(p, a.data(), b.data(), y.data()); },
      [&] { kernels::multiply_cuda(p, a.data(), b.data(), y.data()); });
}

}  // namespace detail

/// Elementwise product.
template <class T>
Var<T> mul(const Var<T>& a, const Var<T>& b) {
  detail::check_input("mul", a);
  detail::check_input("mul", b);
  if (a.shape() != b.shape()) {
    return detail::broadcast(
        "mul", [](const Var<T>& x, const Var<T>& z) { return mul(x, z); }, a, b);
  }
  detail::check_same_device("mul", a, b);
  Tensor<T> y(a.shape(), a.device());
  detail::multiply_into(a.value(), b.value(), y, false);
  Tape<T>* tape = listening(a, b);
  if (tape == nullptr) return y;
  // Each factor is kept for the other's gradient only.
  return tape->record(y, [da = a.slot(), db = b.slot(), a_kept = b.slot() ? a.value() : Tensor<T>(),
                          b_kept = a.slot() ? b.value() : Tensor<T>()](const Tensor<T>& dy) {
    if (da) {
      const auto to = da->target();
      detail::multiply_into(dy, b_kept, to.tensor, to.accumulate);
    }
    if (db) {
      const auto to = db->target();
      detail::multiply_into(dy, a_kept, to.tensor, to.accumulate);
    }
  });
}

}  // namespace qrs
