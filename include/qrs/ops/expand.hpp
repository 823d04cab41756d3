// The same values along axes of more elements: torch.expand; what the four rules of arithmetic do with operands of different
// shapes.
//
//   (3) beside (2, 3): the row, for both rows         (2, 1) beside (2, 3): the column, for all three
//
// NumPy's rule: shapes are compared from the last axis on; an axis of one element, or a missing one, takes the other's extent.
// Backward: the sum over every axis that was repeated.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "check.hpp"

namespace qrs {

namespace detail {

/// The extent of an axis counted from the last (0), 1 where the shape has no such axis.
inline std::int64_t extent_from_end(const Shape& shape, int axis) {
  return axis < shape.rank() ? shape[shape.rank() - 1 - axis] : 1;
}

/// The shape that both take by NumPy's rule.
inline Shape broadcast_shape(const char* op, const Shape& a, const Shape& b) {
  const int rank = std::max(a.rank(), b.rank());
  std::array<std::int64_t, Shape::max_rank> extents{};
  for (int axis = 0; axis < rank; ++axis) {
    const std::int64_t in_a = extent_from_end(a, axis);
    const std::int64_t in_b = extent_from_end(b, axis);
    QRS_CHECK(in_a == in_b || in_a == 1 || in_b == 1, "[", op,
              "] expected equal shapes, or axes of one element where they differ, got ", a, " and ", b);
    extents[static_cast<std::size_t>(rank - 1 - axis)] = in_a == 1 ? in_b : in_a;
  }
  return Shape(std::span<const std::int64_t>(extents.data(), static_cast<std::size_t>(rank)));
}

/// One axis that is repeated, as the kernels of kernels/reduce see it: (outer, cols) becomes (outer, rows, cols).
using Repeats = std::vector<kernels::ReduceParams>;

/// From the last axis to the first.
inline Repeats repeats_of(const Shape& from, const Shape& to) {
  Repeats out;
  std::int64_t inner = 1;
  std::int64_t outer = from.size();
  for (int axis = 0; axis < to.rank(); ++axis) {
    const std::int64_t before = extent_from_end(from, axis);
    const std::int64_t after = extent_from_end(to, axis);
    outer /= before;
    if (before != after) out.push_back({.outer = outer, .rows = after, .cols = inner, .x_pitch = inner});
    inner *= after;
  }
  return out;
}

template <class T>
Tensor<T> repeat(const Tensor<T>& x, const Repeats& repeats, const Shape& shape) {
  Tensor<T> values = x.as_contiguous();
  for (const kernels::ReduceParams& p : repeats) {
    Tensor<T> longer({p.outer * p.rows * p.cols}, x.device());
    on_device(
        x.device(), [&] { kernels::broadcast_rows_cpu(p, values.data(), longer.data()); },
        [&] { kernels::broadcast_rows_cuda(p, values.data(), longer.data()); });
    values = longer;
  }
  return values.reshape(shape);
}

/// The backward of repeat: sums, in the opposite order.
template <class T>
Tensor<T> sum_repeats(const Tensor<T>& dy, const Repeats& repeats, const Shape& shape) {
  Tensor<T> values = dy.as_contiguous();
  for (auto at = repeats.rbegin(); at != repeats.rend(); ++at) {
    const kernels::ReduceParams& p = *at;
    Tensor<T> shorter({p.outer * p.cols}, dy.device());
    on_device(
        dy.device(), [&] { kernels::reduce_rows_cpu(p, values.data(), shorter.data()); },
        [&] { kernels::reduce_rows_cuda(p, values.data(), shorter.data()); });
    values = shorter;
  }
  return values.reshape(shape);
}

}  // namespace detail

/// x repeated until it has this shape: each axis of x is the shape's, has one element, or is missing at the front.
template <class T>
Var<T> expand(const Var<T>& x, const Shape& shape) {
  detail::check_input("expand", x);
  QRS_CHECK(shape.size() > 0 && detail::broadcast_shape("expand", x.shape(), shape) == shape,
            "[expand] expected a shape that ", x.shape(), " can be repeated to, got ", shape);
  if (x.shape() == shape) return x;
  const detail::Repeats repeats = detail::repeats_of(x.shape(), shape);
  Tensor<T> y = detail::repeat(x.value(), repeats, shape);
  Tape<T>* tape = listening(x);
  if (tape == nullptr) return y;
  return tape->record(y, [repeats, from = x.shape(), dx = x.slot()](const Tensor<T>& dy) {
    dx->add(detail::sum_repeats(dy, repeats, from));
  });
}

namespace detail {

/// op(a, b) with both repeated to one shape.
template <class T, class Op>
Var<T> broadcast(const char* name, const Op& op, const Var<T>& a, const Var<T>& b) {
  check_input(name, a, "a");
  check_input(name, b, "b");
  const Shape shape = broadcast_shape(name, a.shape(), b.shape());
  return op(expand(a, shape), expand(b, shape));
}

}  // namespace detail

}  // namespace qrs
