// y = a + b: the sum of a residual block. Other shapes are repeated as in expand.hpp; one sample that is added to every sample of a,
// as learned positions (1, S, C) to a batch of tokens (N, S, C), is not copied for it.
//
// Backward: da += dy; db += dy, or its sum over the samples. The first slot to ask takes dy itself, without a copy.
#pragma once

#include <algorithm>

#include "expand.hpp"

namespace qrs {

namespace detail {

/// True where b is one sample for a batch a of several.
inline bool is_sample_of(const Shape& b, const Shape& a) {
  if (b.rank() != a.rank() || a.rank() < 2 || b[0] != 1 || a[0] == 1) return false;
  return std::equal(a.extents().begin() + 1, a.extents().end(), b.extents().begin() + 1);
}

/// y[n] = a[n] + b for every sample.
template <class T>
Var<T> add_to_samples(const Var<T>& a, const Var<T>& b) {
  Tensor<T> y = a.value().clone();
  const kernels::ReduceParams p{
      .rows = a.dim(0), .cols = b.value().size(), .x_pitch = b.value().size(), .accumulate = true};
  const Tensor<T> sample = b.value().as_contiguous();
  on_device(
      y.device(), [&] { kernels::broadcast_rows_cpu(p, sample.data(), y.data()); },
      [&] { kernels::broadcast_rows_cuda(p, sample.data(), y.data()); });
  Tape<T>* tape = listening(a, b);
  if (tape == nullptr) return y;
  return tape->record(y, [p, da = a.slot(), db = b.slot()](const Tensor<T>& dy) {
    const Tensor<T> all = dy.as_contiguous();
    if (db) {
      const auto to = db->target();
      kernels::ReduceParams back = p;
      back.accumulate = to.accumulate;
      on_device(
          all.device(), [&] { kernels::reduce_rows_cpu(back, all.data(), to.tensor.data()); },
          [&] { kernels::reduce_rows_cuda(back, all.data(), to.tensor.data()); });
    }
    if (da) da->add(all);
  });
}

}  // namespace detail

/// Elementwise sum.
template <class T>
Var<T> add(const Var<T>& a, const Var<T>& b) {
  detail::check_present("add", a, "a");
  detail::check_present("add", b, "b");
  detail::check_same_device("add", a, b, "b");
  if (detail::is_sample_of(b.shape(), a.shape())) {
    detail::check_input("add", a, "a");
    return detail::add_to_samples(a, b);
  }
  if (a.shape() != b.shape()) {
    return detail::broadcast(
        "add", [](const Var<T>& x, const Var<T>& z) { return add(x, z); }, a, b);
  }
  Tensor<T> y(a.shape(), a.device());
  const kernels::ElementwiseParams p = detail::elementwise_params(a.value(), b.value(), y);
  on_device(
      y.device(), [&] { kernels::add_cpu(p, a.value().data(), b.value().data(), y.data()); },
      [&] { kernels::add_cuda(p, a.value().data(), b.value().data(), y.data()); });
  Tape<T>* tape = listening(a, b);
  if (tape == nullptr) return y;
  return tape->record(y, [da = a.slot(), db = b.slot()](const Tensor<T>& dy) {
    if (da) da->add(db ? dy.clone() : dy);
    if (db) db->add(dy);
  });
}

}  // namespace qrs
