// The axes of a tensor in another order: y[..., i_k, ...] with axis k of y being axis axes[k] of x.
//
//   permute(x, {0, 2, 1})      (N, S, C) -> (N, C, S)
// Equal to torch.permute, with the values moved. Backward: dy with the axes put back.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "check.hpp"

namespace qrs {

namespace detail {

/// y (+)= x with its axes in the order `axes`; y is contiguous and has that shape.
template <class T>
void permute_into(const Tensor<T>& x, const std::vector<int>& axes, const Tensor<T>& y, bool accumulate) {
  const int rank = x.rank();
  kernels::PermuteParams p{.accumulate = accumulate};
  std::vector<std::int64_t> strides(static_cast<std::size_t>(rank), 1);
  for (int axis = rank - 2; axis >= 0; --axis) {
    const auto at = static_cast<std::size_t>(axis);
    strides[at] = axis == rank - 2 ? x.pitch() : strides[at + 1] * x.dim(axis + 1);
  }
  for (int axis = 0; axis < rank; ++axis) {
    const auto at = static_cast<std::size_t>(Shape::max_rank - rank + axis);
    p.extents[at] = y.dim(axis);
    p.strides[at] = strides[static_cast<std::size_t>(axes[static_cast<std::size_t>(axis)])];
  }
  on_cpu_only("permute", x.device(), [&] { kernels::permute_cpu(p, x.data(), y.data()); });
}

}  // namespace detail

/// x with its axes in the order `axes`: each of 0 to rank - 1 once.
template <class T>
Var<T> permute(const Var<T>& x, const std::vector<int>& axes) {
  detail::check_input("permute", x);
  const int rank = x.value().rank();
  std::vector<std::int64_t> extents;
  std::vector<int> back(axes.size());
  bool valid = static_cast<int>(axes.size()) == rank;
  for (std::size_t k = 0; valid && k < axes.size(); ++k) {
    valid = axes[k] >= 0 && axes[k] < rank && std::count(axes.begin(), axes.end(), axes[k]) == 1;
    if (!valid) break;
    extents.push_back(x.dim(axes[k]));
    back[static_cast<std::size_t>(axes[k])] = static_cast<int>(k);
  }
  QRS_CHECK(valid, "[permute] expected axes to be each axis of ", x.shape(), " once, got ", std::span(axes));
  Tensor<T> y(Shape(std::span<const std::int64_t>(extents)), x.device());
  detail::permute_into(x.value(), axes, y, false);
  Tape<T>* tape = listening(x);
  if (tape == nullptr) return y;
  return tape->record(y, [back, slot = x.slot()](const Tensor<T>& dy) {
    const auto dx = slot->target();
    detail::permute_into(dy, back, dx.tensor, dx.accumulate);
  });
}

template <class T>
Var<T> permute(const Var<T>& x, std::initializer_list<int> axes) {
  return permute(x, std::vector<int>(axes));
}

}  // namespace qrs
