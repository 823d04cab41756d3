// y = a * b, elementwise, for tensors of one shape, or with b (C) a factor of each channel of a (..., C): layer scale. For
// a factor per channel of each image, see gate.hpp.
//
// Backward: da += dy * b, db += dy * a, summed over the rows where b is a factor per channel.
#pragma once

#include "check.hpp"
#include "gate.hpp"

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

/// Elementwise product of equal shapes, or of a (..., C) with factors b (C).
template <class T>
Var<T> mul(const Var<T>& a, const Var<T>& b) {
  detail::check_input("mul", a);
  detail::check_input("mul", b);
  if (a.value().rank() > 1 && b.shape() == Shape{a.value().channels()}) {
    detail::check_same_device("mul", a, b);
    return detail::scale_channels("mul", a, b, 1);
  }
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
