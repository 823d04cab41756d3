// A range of the channels of a tensor, as a view: nothing is copied.
//
// Backward: dy is added to that range of dx, the other channels get nothing.
#pragma once

#include "check.hpp"

namespace qrs {

/// Channels [begin, begin + count) of the last axis.
template <class T>
Var<T> slice_channels(const Var<T>& x, std::int64_t begin, std::int64_t count) {
  detail::check_input("slice_channels", x);
  QRS_CHECK(x.value().rank() > 0 && begin >= 0 && count > 0 && begin <= x.value().channels() - count,
            "[slice_channels] expected a range inside ", x.value().channels(), " channels, got ", begin, " to ",
            begin + count);
  Tensor<T> y = x.value().channel_range(begin, count);
  Tape<T>* tape = listening(x);
  if (tape == nullptr) return y;
  return tape->record(y, [begin, count, slot = x.slot()](const Tensor<T>& dy) {
    const auto dx = slot->target();
    if (!dx.accumulate) dx.tensor.fill(T(0));
    const Tensor<T> range = dx.tensor.channel_range(begin, count);
    const kernels::ElementwiseParams p{
        .rows = dy.rows(), .cols = count, .x_pitch = dy.pitch(), .y_pitch = range.pitch(), .accumulate = true};
    on_device(
        dy.device(), [&] { kernels::add_scaled_cpu(p, T(1), dy.data(), range.data()); },
        [&] { kernels::add_scaled_cuda(p, T(1), dy.data(), range.data()); });
  });
}

}  // namespace qrs
