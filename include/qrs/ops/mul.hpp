// y = a * b, elementwise, for tensors of one shape. For a factor per channel of an image, see gate.hpp.
//
// Backward: da += dy * b, db += dy * a.
#pragma once

#include "check.hpp"

namespace qrs {

namespace detail {

/// y (+)= a * b on the device of y.
template <class T>
void multiply_into(const Tensor<T>& a, const Tensor<T>& b, const Tensor<T>& y, bool accumulate) {
  const kernels::ElementwiseParams p{.rows = y.rows(),
                                     .cols = y.channels(),
                                     .x_pitch = a.pitch(),
                                     .z_pitch = b.pitch(),
                                     .y_pitch = y.pitch(),
                                     .accumulate = accumulate};
  on_device(
      y.device(), [&] { kernels::multiply_cpu(p, a.data(), b.data(), y.data()); },
      [&] { kernels::multiply_cuda(p, a.data(), b.data(), y.data()); });
}

}  // namespace detail

/// Elementwise product. Both shapes must be equal; there is no broadcasting.
template <class T>
Var<T> mul(const Var<T>& a, const Var<T>& b) {
  detail::check_input("mul", a);
  detail::check_input("mul", b);
  QRS_CHECK(a.shape() == b.shape(), "[mul] expected equal shapes, got ", a.shape(), " and ", b.shape());
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
