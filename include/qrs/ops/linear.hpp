// y = x w^T + b, the fully connected layer, over the last axis. For products of matrices see matmul.hpp.
//
//   dx = dy w;   dw = dy^T x;   db = sum over rows of dy
//
// Shapes: x (..., F_in), w (F_out, F_in), b (F_out), y (..., F_out): torch.nn.functional.linear's, weight layout included.
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

/// All rows of x as one matrix: (rows, channels), the same memory.
template <class T>
Tensor<T> as_matrix(const Tensor<T>& x) {
  return x.reshape({x.rows(), x.channels()});
}

/// Checks a linear layer and computes x w^T.
template <class T>
Tensor<T> linear_product(const Var<T>& x, const Var<T>& w) {
  check_present("linear", x);
  check_present("linear", w, "w");
  QRS_CHECK(x.shape().rank() >= 2 && w.shape().rank() == 2 && x.shape().channels() == w.dim(1),
            "[linear] expected x (..., F_in) and w (F_out, F_in), got ", x.shape(), " and ", w.shape());
  QRS_CHECK(x.shape().rows() > 0, "[linear] expected at least one row, got x ", x.shape());
  check_same_device("linear", x, w, "w");
  const Tensor<T> y(x.shape().with_channels(w.dim(0)), x.device());  // (..., F_out)
  matrix_product(as_matrix(x.value()), false, w.value(), true, as_matrix(y));
  return y;
}

/// What the backward pass of one use keeps: x only where the weights want a gradient.
template <class T>
struct LinearStep {
  Kept<T> x;
  Tensor<T> w;
  std::shared_ptr<GradSlot<T>> dx;
  std::shared_ptr<GradSlot<T>> dw;
  std::shared_ptr<GradSlot<T>> dbias;

  void operator()(const Tensor<T>& dy) const {
    if (dbias) {
      const auto to = dbias->target();
      bias_backward(dy, to.tensor, to.accumulate);
    }
    if (dw) {
      const auto to = dw->target();
      matrix_product(as_matrix(dy), true, as_matrix(x.tensor()), false, to.tensor, to.accumulate);
    }
    if (dx) {
      const auto to = dx->target();
      matrix_product(as_matrix(dy), false, w, false, as_matrix(to.tensor), to.accumulate);
    }
  }
};

}  // namespace detail

/// Fully connected layer; see the head of this file. An empty bias adds nothing.
template <class T>
Var<T> linear(const Var<T>& x, const Var<T>& w, const Var<T>& bias = {}) {
  QRS_CHECK(w.shape().rank() == 2, "[linear] expected w of shape (F_out, F_in), got ", w.shape());
  Tensor<T> y = detail::linear_product(x, w);
  if (!bias.empty()) {
    QRS_CHECK(bias.shape() == Shape{w.dim(0)}, "[linear] expected a bias of shape ", Shape{w.dim(0)}, ", got ",
              bias.shape());
    detail::check_same_device("linear", x, bias, "bias");
    const kernels::ReduceParams p{.rows = y.rows(), .cols = y.channels(), .x_pitch = y.pitch(), .accumulate = true};
    on_device(
        y.device(), [&] { kernels::broadcast_rows_cpu(p, bias.value().data(), y.data()); },
        [&] { kernels::broadcast_rows_cuda(p, bias.value().data(), y.data()); });
  }
  Tape<T>* tape = listening(x, w, bias);
  if (tape == nullptr) return y;
  return tape->record(
      y,
      detail::LinearStep<T>{
          .x = w.slot() ? x.keep() : Kept<T>(), .w = w.value(), .dx = x.slot(), .dw = w.slot(), .dbias = bias.slot()});
}

}  // namespace qrs
