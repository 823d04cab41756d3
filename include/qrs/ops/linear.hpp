// y = x w^T + b, the fully connected layer, over the last axis.
//
//   dx = dy w;   dw = dy^T x;   db = sum over rows of dy
//
// Shapes: x (..., F_in), w (F_out, F_in), b (F_out), y (..., F_out): torch.nn.functional.linear's, weight layout included.
// Source: the products are gemm's (kernels/gemm).
#pragma once

#include "check.hpp"
#include "conv2d.hpp"

namespace qrs {

/// c (+)= op(a) op(b) for matrices on one device; the leading dimensions are the pitches.
template <class T>
void matrix_product(const Tensor<T>& a, bool transpose_a, const Tensor<T>& b, bool transpose_b, const Tensor<T>& c,
                    bool accumulate = false) {
  const kernels::GemmParams p{.m = c.dim(0),
                              .n = c.dim(1),
                              .k = a.dim(transpose_a ? 0 : 1),
                              .lda = a.pitch(),
                              .ldb = b.pitch(),
                              .ldc = c.pitch(),
                              .transpose_a = transpose_a,
                              .transpose_b = transpose_b,
                              .accumulate = accumulate};
  on_device(
      c.device(), [&] { kernels::gemm_cpu(p, a.data(), b.data(), c.data()); },
      [&] { kernels::gemm_cuda(p, a.data(), b.data(), c.data()); });
}

namespace detail {

/// The same values as a matrix: all axes but the last are rows.
template <class T>
Tensor<T> as_matrix(const Tensor<T>& x) {
  return x.reshape({x.rows(), x.channels()});
}

/// Checks a linear layer and computes x w^T.
template <class T>
Tensor<T> linear_product(const Var<T>& x, const Var<T>& w) {
  QRS_CHECK(!x.value().empty() && !w.value().empty(), "[linear] expected x and w, got an empty Var as ",
            x.value().empty() ? "x" : "w");
  QRS_CHECK(x.shape().rank() >= 2 && w.shape().rank() == 2 && x.dim(-1) == w.dim(1),
            "[linear] expected x (N, ..., F_in) and w (F_out, F_in), got ", x.shape(), " and ", w.shape());
  QRS_CHECK(x.shape().rows() > 0, "[linear] expected at least one row, got x ", x.shape());
  QRS_CHECK(x.device() == w.device(), "[linear] expected one device, got ", name(x.device()), " and ",
            name(w.device()));
  Tensor<T> y(x.shape().with_channels(w.dim(0)), x.device());  // (..., F_out)
  matrix_product(as_matrix(x.value()), false, w.value(), true, as_matrix(y));
  return y;
}

template <class T>
void linear_backward(const Tensor<T>& dy, const Tensor<T>& x, const Tensor<T>& w,
                     const std::shared_ptr<GradSlot<T>>& dx, const std::shared_ptr<GradSlot<T>>& dw) {
  if (dw) {
    const auto to = dw->target();
    matrix_product(as_matrix(dy), true, as_matrix(x), false, to.tensor, to.accumulate);
  }
  if (dx) {
    const auto to = dx->target();
    matrix_product(as_matrix(dy), false, w, false, as_matrix(to.tensor), to.accumulate);
  }
}

}  // namespace detail

/// Fully connected layer with a bias; see the head of this file.
template <class T>
Var<T> linear(const Var<T>& x, const Var<T>& w, const Var<T>& bias) {
  Tensor<T> y = detail::linear_product(x, w);
  QRS_CHECK(bias.shape() == Shape{w.dim(0)}, "[linear] expected a bias of shape ", Shape{w.dim(0)}, ", got ",
            bias.shape());
  detail::check_same_device("linear", x, bias);
  const kernels::ReduceParams p{.rows = y.rows(), .cols = y.channels(), .x_pitch = y.pitch(), .accumulate = true};
  on_device(
      y.device(), [&] { kernels::broadcast_rows_cpu(p, bias.value().data(), y.data()); },
      [&] { kernels::broadcast_rows_cuda(p, bias.value().data(), y.data()); });
  Tape<T>* tape = listening(x, w, bias);
  if (tape == nullptr) return y;
  return tape->record(
      y, [xv = x.value(), wv = w.value(), dx = x.slot(), dw = w.slot(), db = bias.slot()](const Tensor<T>& dy) {
        if (db) {
          const auto to = db->target();
          bias_backward(dy, to.tensor, to.accumulate);
        }
        detail::linear_backward(dy, xv, wv, dx, dw);
      });
}

/// Fully connected layer without a bias.
template <class T>
Var<T> linear(const Var<T>& x, const Var<T>& w) {
  Tensor<T> y = detail::linear_product(x, w);
  Tape<T>* tape = listening(x, w);
  if (tape == nullptr) return y;
  return tape->record(y, [xv = x.value(), wv = w.value(), dx = x.slot(), dw = w.slot()](const Tensor<T>& dy) {
    detail::linear_backward(dy, xv, wv, dx, dw);
  });
}

}  // namespace qrs
