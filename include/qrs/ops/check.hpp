// What every operation asks of its inputs before a kernel sees them.
#pragma once

#include "../autograd/tape.hpp"

namespace qrs::detail {

/// What a step, a padding or a dilation may be: products of two of them, and of one with an extent in memory, stay below 2^63.
inline constexpr std::int64_t most_pixels = std::int64_t{1} << 31;

/// There is a tensor; `what` names the argument.
template <class T>
void check_present(const char* op, const Var<T>& x, const char* what = "x") {
  QRS_CHECK(!x.empty(), "[", op, "] expected a tensor ", what, ", got an empty Var");
}

/// There is a tensor, and it holds at least one value: an empty batch is a mistake upstream.
template <class T>
void check_input(const char* op, const Var<T>& x, const char* what = "x") {
  check_present(op, x, what);
  QRS_CHECK(x.shape().size() > 0, "[", op, "] expected at least one value in ", what, ", got shape ", x.shape());
}

/// check_input, and the rank; `axes` names it: "(N, H, W, C)".
template <class T>
void check_rank(const char* op, const Var<T>& x, int rank, const char* axes, const char* what = "x") {
  check_present(op, x, what);
  QRS_CHECK(x.shape().rank() == rank, "[", op, "] expected ", what, " of shape ", axes, ", got ", x.shape());
  check_input(op, x, what);
}

template <class T>
void check_same_device(const char* op, const Var<T>& a, const Var<T>& b, const char* second = "the second input") {
  QRS_CHECK(a.device() == b.device(), "[", op, "] expected ", second, " on ", name(a.device()), ", got one on ",
            name(b.device()));
}

/// y = op(x, z), value by value, as the elementwise kernels see it.
template <class T>
kernels::ElementwiseParams elementwise_params(const Tensor<T>& x, const Tensor<T>& z, const Tensor<T>& y,
                                              bool accumulate = false) {
  return {.rows = y.rows(),
          .cols = y.channels(),
          .x_pitch = x.pitch(),
          .z_pitch = z.pitch(),
          .y_pitch = y.pitch(),
          .accumulate = accumulate};
}

}  // namespace qrs::detail
