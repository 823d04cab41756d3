// The sum or the mean of all values: rank 0, what a loss must be.
//
// Backward: every element of dx gets dy, or dy / size.
#pragma once

#include "check.hpp"

namespace qrs {

namespace detail {

template <class T>
Var<T> scaled_sum(const char* op, const Var<T>& x, bool mean) {
  check_input(op, x);
  const Tensor<T>& in = x.value();
  const double scale = mean ? 1.0 / static_cast<double>(in.size()) : 1.0;
  Tensor<T> y({}, in.device());  // ()
  const kernels::ReduceParams p{.rows = in.rows(), .cols = in.channels(), .x_pitch = in.pitch(), .scale = scale};
  on_device(
      in.device(), [&] { kernels::reduce_total_cpu(p, in.data(), y.data()); },
      [&] { kernels::reduce_total_cuda(p, in.data(), y.data()); });
  Tape<T>* tape = listening(x);
  if (tape == nullptr) return y;
  return tape->record(y, [scale, slot = x.slot()](const Tensor<T>& dy) {
    const auto dx = slot->target();
    const kernels::ReduceParams back{
        .rows = dx.tensor.size(), .cols = 1, .x_pitch = 1, .scale = scale, .accumulate = dx.accumulate};
    on_device(
        dy.device(), [&] { kernels::broadcast_rows_cpu(back, dy.data(), dx.tensor.data()); },
        [&] { kernels::broadcast_rows_cuda(back, dy.data(), dx.tensor.data()); });
  });
}

}  // namespace detail

template <class T>
Var<T> sum(const Var<T>& x) {
  return detail::scaled_sum("sum", x, false);
}
template <class T>
Var<T> mean(const Var<T>& x) {
  return detail::scaled_sum("mean", x, true);
}

}  // namespace qrs
