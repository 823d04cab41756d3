// y = alpha x, for a number alpha.
//
// Backward: dx += alpha dy.
#pragma once

#include "check.hpp"

namespace qrs {

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
