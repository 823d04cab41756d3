// The same values under another shape: reshape, flatten.
//
// Nothing is copied where x is contiguous. Backward: dy under the shape of x.
#pragma once

#include <vector>

#include "check.hpp"

namespace qrs {

/// x with another shape of equal size. The values keep their order: the last axis runs fastest.
template <class T>
Var<T> reshape(const Var<T>& x, const Shape& shape) {
  detail::check_input("reshape", x);
  QRS_CHECK(shape.size() == x.value().size(), "[reshape] expected a shape of ", x.value().size(), " elements for ",
            x.shape(), ", got ", shape);
  Tensor<T> y = x.value().as_contiguous().reshape(shape);
  Tape<T>* tape = listening(x);
  if (tape == nullptr) return y;
  return tape->record(y,
                      [slot = x.slot()](const Tensor<T>& dy) { slot->add(dy.as_contiguous().reshape(slot->shape())); });
}

/// All axes from `start_axis` on as one: (N, H, W, C) -> (N, H W C).
///
/// The order within an image is row, column, channel. PyTorch, channels first, gives channel, row, column: a linear
/// layer trained there after a flatten of more than one pixel needs its input columns permuted.
template <class T>
Var<T> flatten(const Var<T>& x, int start_axis = 1) {
  detail::check_input("flatten", x);
  QRS_CHECK(start_axis >= 0 && start_axis < x.value().rank(), "[flatten] expected an axis of ", x.shape(), ", got ",
            start_axis);
  std::vector<std::int64_t> extents;
  std::int64_t last = 1;
  for (int axis = 0; axis < x.value().rank(); ++axis) {
    if (axis < start_axis) {
      extents.push_back(x.dim(axis));
    } else {
      last *= x.dim(axis);
    }
  }
  extents.push_back(last);
  return reshape(x, Shape(extents));
}

}  // namespace qrs
