// y[n, h, w, c] = x[n, h, w, c] * s[n, c]: squeeze-and-excitation scales every channel of every image.
//
// Backward: dx += dy * s, ds += the sum over pixels of dy * x.
#pragma once

#include "check.hpp"
#include "in_place.hpp"

namespace qrs {

namespace detail {

/// y = x * s, with the rows of x in `samples` equal parts and a row of factors for each; the shapes are checked.
template <class T>
Var<T> scale_channels(const char* op, const Var<T>& x, const Var<T>& s, std::int64_t samples) {
  const Tensor<T>& in = x.value();
  const Tensor<T> factors = s.value().as_contiguous();
  Tensor<T> y(in.shape(), in.device());
  const kernels::GateParams p{
      .n = samples, .pixels = in.rows() / samples, .c = in.channels(), .x_pitch = in.pitch(), .y_pitch = y.pitch()};
  on_cpu_only(op, y.device(), [&] { kernels::gate_forward_cpu(p, in.data(), factors.data(), y.data()); });
  Tape<T>* tape = listening(x, s);
  if (tape == nullptr) return y;
  return tape->record(
      y, [p, in = s.slot() ? in : Tensor<T>(), factors, x_slot = x.slot(), s_slot = s.slot()](const Tensor<T>& dy) {
        kernels::GateParams back = p;
        back.y_pitch = dy.pitch();
        kernels::GateGradients<T> to;
        if (x_slot) {
          const auto target = detail::target_over(*x_slot, dy);
          back.dx_pitch = target.tensor.pitch();
          to.dx = target.tensor.data();
          to.accumulate_dx = target.accumulate;
        }
        if (s_slot) {
          const auto target = s_slot->target();
          to.ds = target.tensor.data();
          to.accumulate_ds = target.accumulate;
        }
        kernels::gate_backward_cpu(back, in.data(), factors.data(), dy.data(), to);
      });
}

}  // namespace detail

/// Scales each channel of each image. x is (N, H, W, C); s is (N, C) or (N, 1, 1, C).
template <class T>
Var<T> gate(const Var<T>& x, const Var<T>& s) {
  detail::check_rank("gate", x, 4, "(N, H, W, C)");
  detail::check_input("gate", s);
  const std::int64_t n = x.dim(0);
  const std::int64_t c = x.dim(3);
  QRS_CHECK((s.shape() == Shape{n, c} || s.shape() == Shape{n, 1, 1, c}), "[gate] expected factors of shape ",
            Shape{n, c}, " or ", Shape{n, 1, 1, c}, " for images ", x.shape(), ", got ", s.shape());
  detail::check_same_device("gate", x, s);
  return detail::scale_channels("gate", x, s, n);
}

}  // namespace qrs
