// y[n, ..., c] = x[n, ..., c] * s[n, c], or * s[c]: a factor for every channel of every image (squeeze-and-excitation), or for
// every channel (layer scale).
//
// Backward: dx += dy * s, ds += the sum over pixels of dy * x. y is a recipe over x: where x is the result of a norm and an
// activation, the three are one pass when y is computed again, and none of them is kept.
#pragma once

#include "in_place.hpp"
#include "norm_act.hpp"

namespace qrs {

/// Scales each channel. x is (..., C) and s (C); or x is (N, ..., C) and s (N, C) or (N, 1, 1, C).
template <class T>
Var<T> gate(const Var<T>& x, const Var<T>& s) {
  detail::check_input("gate", x);
  detail::check_input("gate", s, "s");
  const Shape& shape = x.shape();
  QRS_CHECK(shape.rank() >= 2, "[gate] expected x of shape (N, ..., C), got ", shape);
  const std::int64_t c = shape.channels();
  const std::int64_t n = s.shape().rank() == 1 ? 1 : x.dim(0);
  QRS_CHECK((s.shape() == Shape{c} || s.shape() == Shape{n, c} || s.shape() == Shape{n, 1, 1, c}),
            "[gate] expected s of shape ", Shape{c}, ", ", Shape{n, c}, " or ", Shape{n, 1, 1, c}, " for x ", shape,
            ", got ", s.shape());
  detail::check_same_device("gate", x, s, "s");
  on_cpu_only("gate", x.device(), [] {});
  const Tensor<T> factors = s.value().as_contiguous();
  const auto extends = [](const typename NormAct<T>::Parts& p) { return p.gate.empty(); };
  const auto add = [&](typename NormAct<T>::Parts parts) {
    parts.gate = factors;
    return parts;
  };
  const auto backward = [n, c, pixels = shape.rows() / n, kept = s.slot() ? x.keep() : Kept<T>(), factors,
                         x_slot = x.slot(), s_slot = s.slot()](const Tensor<T>& dy) {
    const Tensor<T> in = kept.tensor();
    kernels::GateParams p{.n = n, .pixels = pixels, .c = c, .x_pitch = in.pitch(), .y_pitch = dy.pitch()};
    kernels::GateGradients<T> to;
    if (s_slot) {
      const auto target = s_slot->target();
      to.ds = target.tensor.data();
      to.accumulate_ds = target.accumulate;
    }
    if (x_slot) {
      const auto target = detail::target_over(*x_slot, dy);
      p.dx_pitch = target.tensor.pitch();
      to.dx = target.tensor.data();
      to.accumulate_dx = target.accumulate;
    }
    kernels::gate_backward_cpu(p, in.data(), factors.data(), dy.data(), to);
  };
  return detail::with_step(x, extends, add, listening(x, s), backward);
}

}  // namespace qrs
