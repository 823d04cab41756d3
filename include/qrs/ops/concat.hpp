// Tensors one after the other along an axis: channels (..., C1), (..., C2) -> (..., C1 + C2), tokens, images of a batch.
//
// Along an axis, a contiguous tensor is a matrix: a row for every index before the axis, the axis and all behind it in one
// row. So every axis is the case of channels: forward copies each input into its range of the result's columns, backward
// gives each input its range of dy. A dense block that must not copy allocates its width once instead (dense_block.hpp).
#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

#include "check.hpp"

namespace qrs {

namespace detail {

/// x as the matrix of an axis: (product of the axes before it, product of the others). The last axis keeps its pitch.
template <class T>
Tensor<T> axis_matrix(const Tensor<T>& x, int axis) {
  std::int64_t rows = 1;
  for (int i = 0; i < axis; ++i) rows *= x.dim(i);
  const Tensor<T> whole = axis + 1 == x.rank() ? x : x.as_contiguous();
  return whole.reshape({rows, rows == 0 ? 0 : x.size() / rows});
}

/// The same shape with another extent of one axis.
inline Shape with_extent(const Shape& shape, int axis, std::int64_t extent) {
  std::vector<std::int64_t> extents(shape.extents().begin(), shape.extents().end());
  extents[static_cast<std::size_t>(axis)] = extent;
  return Shape(extents);
}

/// A range of columns of an axis matrix, as a tensor of its own shape: a view where its rows allow it, else a copy.
template <class T>
Tensor<T> columns_as(const Tensor<T>& matrix, std::int64_t begin, const Shape& shape) {
  const Tensor<T> range = matrix.channel_range(begin, matrix.rows() == 0 ? 0 : shape.size() / matrix.rows());
  return range.channels() == shape.channels() ? range.reshape(shape) : range.as_contiguous().reshape(shape);
}

}  // namespace detail

/// Concatenates along `axis`; a negative one counts from the end. All other extents must be equal.
template <class T>
Var<T> concat(std::span<const Var<T>> parts, int axis = -1) {
  QRS_CHECK(!parts.empty(), "[concat] expected at least one tensor, got none");
  const Var<T>& first = parts.front();
  const int rank = first.value().rank();
  const int at = axis < 0 ? axis + rank : axis;
  std::int64_t extent = 0;
  bool wanted = false;
  for (const Var<T>& part : parts) {
    detail::check_input("concat", part);
    QRS_CHECK(at >= 0 && at < rank, "[concat] expected an axis of ", first.shape(), ", got ", axis);
    QRS_CHECK(part.value().rank() == rank &&
                  detail::with_extent(part.shape(), at, 1) == detail::with_extent(first.shape(), at, 1),
              "[concat] expected shapes equal but for ",
              at + 1 == rank ? std::string("the last axis") : text("axis ", at), ", got ", first.shape(), " and ",
              part.shape());
    detail::check_same_device("concat", first, part);
    extent += part.dim(at);
    wanted = wanted || part.requires_grad();
  }
  Tensor<T> y(detail::with_extent(first.shape(), at, extent), first.device());
  const Tensor<T> columns = detail::axis_matrix(y, at);
  std::int64_t begin = 0;
  for (const Var<T>& part : parts) {
    const Tensor<T> from = detail::axis_matrix(part.value(), at);
    from.copy_into(columns.channel_range(begin, from.channels()));
    begin += from.channels();
  }
  Tape<T>* tape = wanted ? detail::current_tape<T>() : nullptr;
  if (tape == nullptr) return y;
  struct Range {
    std::shared_ptr<GradSlot<T>> slot;
    Shape shape;
  };
  std::vector<Range> ranges;
  for (const Var<T>& part : parts) ranges.push_back({part.slot(), part.shape()});
  return tape->record(y, [ranges, at](const Tensor<T>& dy) {
    const Tensor<T> all = detail::axis_matrix(dy, at);
    std::int64_t from = 0;
    for (const Range& range : ranges) {
      if (range.slot) range.slot->add(detail::columns_as(all, from, range.shape));
      from += range.shape.size() / all.rows();
    }
  });
}

template <class T>
Var<T> concat(const std::vector<Var<T>>& parts, int axis = -1) {
  return concat(std::span<const Var<T>>(parts), axis);
}
template <class T>
Var<T> concat(std::initializer_list<Var<T>> parts, int axis = -1) {
  return concat(std::span<const Var<T>>(parts.begin(), parts.size()), axis);
}

}  // namespace qrs
