// A range along an axis of a tensor: some channels, tokens, rows of an image, or images.
//
// A view where the rows of the result are rows or parts of rows of x (channels; one token of each sequence; images of a
// batch of one), else a copy. Backward: dy is added to that range of dx, the rest gets nothing.
#pragma once

#include "check.hpp"
#include "concat.hpp"

namespace qrs {

namespace detail {

template <class T>
Var<T> slice_at(const Var<T>& x, int axis, std::int64_t begin, std::int64_t count) {
  const Tensor<T> columns = axis_matrix(x.value(), axis);
  const std::int64_t step = columns.channels() / x.dim(axis);  // columns of one index of the axis
  Tensor<T> y = columns_as(columns, begin * step, with_extent(x.shape(), axis, count));
  Tape<T>* tape = listening(x);
  if (tape == nullptr) return y;
  return tape->record(y, [axis, begin, step, slot = x.slot()](const Tensor<T>& dy) {
    const auto dx = slot->target();
    if (!dx.accumulate) dx.tensor.fill(T(0));
    const Tensor<T> from = axis_matrix(dy, axis);
    const Tensor<T> range = axis_matrix(dx.tensor, axis).channel_range(begin * step, from.channels());
    const kernels::ElementwiseParams p{.rows = from.rows(),
                                       .cols = from.channels(),
                                       .x_pitch = from.pitch(),
                                       .y_pitch = range.pitch(),
                                       .accumulate = true};
    on_device(
        dy.device(), [&] { kernels::add_scaled_cpu(p, T(1), from.data(), range.data()); },
        [&] { kernels::add_scaled_cuda(p, T(1), from.data(), range.data()); });
  });
}

}  // namespace detail

/// Indices [begin, begin + count) of an axis; a negative one counts from the end.
template <class T>
Var<T> slice(const Var<T>& x, int axis, std::int64_t begin, std::int64_t count) {
  detail::check_input("slice", x);
  const int at = axis < 0 ? axis + x.value().rank() : axis;
  QRS_CHECK(at >= 0 && at < x.value().rank(), "[slice] expected an axis of ", x.shape(), ", got ", axis);
  QRS_CHECK(begin >= 0 && count > 0 && begin <= x.dim(at) - count, "[slice] expected a range inside axis ", at, " of ",
            x.shape(), ", got ", begin, " to ", begin + count);
  return detail::slice_at(x, at, begin, count);
}

/// Channels [begin, begin + count) of the last axis, as a view.
template <class T>
Var<T> slice_channels(const Var<T>& x, std::int64_t begin, std::int64_t count) {
  detail::check_input("slice_channels", x);
  QRS_CHECK(x.value().rank() > 0 && begin >= 0 && count > 0 && begin <= x.value().channels() - count,
            "[slice_channels] expected a range inside ", x.value().channels(), " channels, got ", begin, " to ",
            begin + count);
  return detail::slice_at(x, x.value().rank() - 1, begin, count);
}

}  // namespace qrs
