// y = x w^T + b, the fully connected layer, and the product of two matrices.
//
//   dx = dy w;   dw = dy^T x;   db = sum over rows of dy
//
// Shapes: x (N, F_in), w (F_out, F_in), b (F_out), y (N, F_out): torch.nn.functional.linear's, weight layout included.
// Source: the products are gemm's (kernels/gemm).
#pragma once

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

/// Checks a linear layer and computes x w^T.
template <class T>
Tensor<T> linear_product(const Var<T>& x, const Var<T>& w) {
  QRS_CHECK(x.shape().rank() == 2 && w.shape().rank() == 2 && x.dim(1) == w.dim(1),
            "[linear] expected x (N, F_in) and w (F_out, F_in), got ", x.shape(), " and ", w.shape());
  QRS_CHECK(x.dim(0) > 0, "[linear] expected at least one row, got x ", x.shape());
  QRS_CHECK(x.device() == w.device(), "[linear] expected one device, got ", name(x.device()), " and ",
            name(w.device()));
  Tensor<T> y({x.dim(0), w.dim(0)}, x.device());  // (N, F_out)
  matrix_product(x.value(), false, w.value(), true, y);
  return y;
}

template <class T>
void linear_backward(const Tensor<T>& dy, const Tensor<T>& x, const Tensor<T>& w,
                     const std::shared_ptr<GradSlot<T>>& dx, const std::shared_ptr<GradSlot<T>>& dw) {
  if (dw) {
    const auto to = dw->target();
    matrix_product(dy, true, x, false, to.tensor, to.accumulate);
  }
  if (dx) {
    const auto to = dx->target();
    matrix_product(dy, false, w, false, to.tensor, to.accumulate);
  }
}

}  // namespace detail

/// Fully connected layer with a bias; see the head of this file.
template <class T>
Var<T> linear(const Var<T>& x, const Var<T>& w, const Var<T>& bias) {
  QRS_CHECK(bias.shape() == Shape{w.dim(0)}, "[linear] expected a bias of shape ", Shape{w.dim(0)}, ", got ",
            bias.shape());
  Tensor<T> y = detail::linear_product(x, w);
  const kernels::ReduceParams p{.rows = y.dim(0), .cols = y.dim(1), .x_pitch = y.pitch(), .accumulate = true};
  on_device(
      y.device(), [&] { kernels::broadcast_rows_cpu(p, bias.value().data(), y.data()); },
      [&] { kernels::broadcast_rows_cuda(p, bias.value().data(), y.data()); });
  Tape<T>* tape = listening(x, w, bias);
  if (tape == nullptr) return y;
  return tape->record(
      y, [xk = x.keep(), wv = w.value(), dx = x.slot(), dw = w.slot(), db = bias.slot()](const Tensor<T>& dy) {
        if (db) {
          const auto to = db->target();
          bias_backward(dy, to.tensor, to.accumulate);
        }
        detail::linear_backward(dy, xk.tensor(), wv, dx, dw);
      });
}

/// Fully connected layer without a bias.
template <class T>
Var<T> linear(const Var<T>& x, const Var<T>& w) {
  Tensor<T> y = detail::linear_product(x, w);
  Tape<T>* tape = listening(x, w);
  if (tape == nullptr) return y;
  return tape->record(y, [xk = x.keep(), wv = w.value(), dx = x.slot(), dw = w.slot()](const Tensor<T>& dy) {
    detail::linear_backward(dy, xk.tensor(), wv, dx, dw);
  });
}

/// The product of two matrices: a (M, K), b (K, N), y (M, N). da = dy b^T, db = a^T dy.
template <class T>
Var<T> matmul(const Var<T>& a, const Var<T>& b) {
  QRS_CHECK(a.shape().rank() == 2 && b.shape().rank() == 2 && a.dim(1) == b.dim(0),
            "[matmul] expected a (M, K) and b (K, N), got ", a.shape(), " and ", b.shape());
  QRS_CHECK(a.device() == b.device(), "[matmul] expected one device, got ", name(a.device()), " and ",
            name(b.device()));
  Tensor<T> y({a.dim(0), b.dim(1)}, a.device());  // (M, N)
  matrix_product(a.value(), false, b.value(), false, y);
  Tape<T>* tape = listening(a, b);
  if (tape == nullptr) return y;
  return tape->record(y, [av = a.value(), bv = b.value(), da = a.slot(), db = b.slot()](const Tensor<T>& dy) {
    if (da) {
      const auto to = da->target();
      matrix_product(dy, false, bv, true, to.tensor, to.accumulate);
    }
    if (db) {
      const auto to = db->target();
      matrix_product(av, true, dy, false, to.tensor, to.accumulate);
    }
  });
}

}  // namespace qrs
