// The product of matrices, one or many: y[...] = a[...] b[...].
//
//   da = dy b^T;   db = a^T dy
//
// Shapes: a (..., M, K), b (..., K, N), y (..., M, N), with the same leading axes, or none. Equal to torch.matmul where it
// does not broadcast. The products are gemm's: many small ones side by side, a single one on all threads.
#pragma once

#include "linear.hpp"

namespace qrs {

namespace detail {

/// The matrices of a tensor (..., M, K), and matrix i of them.
inline std::int64_t matrix_count(const Shape& shape) { return shape.rows() / shape[-2]; }
template <class T>
Tensor<T> matrix_at(const Tensor<T>& x, std::int64_t i) {
  return as_matrix(x.reshape({matrix_count(x.shape()), x.dim(-2), x.dim(-1)}).batch_range(i, 1));
}

/// c[i] (+)= op(a[i]) op(b[i]) for every matrix; the bits do not depend on which thread takes which.
template <class T>
void matrix_products(const Tensor<T>& a, bool transpose_a, const Tensor<T>& b, bool transpose_b, const Tensor<T>& c,
                     bool accumulate = false) {
  const auto product = [&](std::int64_t i) {
    matrix_product(matrix_at(a, i), transpose_a, matrix_at(b, i), transpose_b, matrix_at(c, i), accumulate);
  };
  const std::int64_t count = matrix_count(c.shape());
  if (count > 1 && c.device() == Device::cpu) {
    parallel_for(count, product);
  } else {
    for (std::int64_t i = 0; i < count; ++i) product(i);
  }
}

}  // namespace detail

/// The products of the last two axes; see the head of this file.
template <class T>
Var<T> matmul(const Var<T>& a, const Var<T>& b) {
  detail::check_input("matmul", a, "a");
  detail::check_input("matmul", b, "b");
  const int rank = a.shape().rank();
  bool fits = rank >= 2 && b.shape().rank() == rank && a.dim(-1) == b.dim(-2);
  for (int axis = 0; fits && axis < rank - 2; ++axis) fits = a.dim(axis) == b.dim(axis);
  QRS_CHECK(fits, "[matmul] expected a (..., M, K) and b (..., K, N) with the same leading axes, got ", a.shape(),
            " and ", b.shape());
  detail::check_same_device("matmul", a, b, "b");
  Tensor<T> y(a.shape().with_channels(b.dim(-1)), a.device());  // (..., M, N)
  detail::matrix_products(a.value(), false, b.value(), false, y);
  Tape<T>* tape = listening(a, b);
  if (tape == nullptr) return y;
  return tape->record(y, [a_kept = a.keep(), b_kept = b.keep(), da = a.slot(), db = b.slot()](const Tensor<T>& dy) {
    if (da) {
      const auto to = da->target();
      detail::matrix_products(dy, false, b_kept.tensor(), true, to.tensor, to.accumulate);
    }
    if (db) {
      const auto to = db->target();
      detail::matrix_products(a_kept.tensor(), true, dy, false, to.tensor, to.accumulate);
    }
  });
}

}  // namespace qrs
