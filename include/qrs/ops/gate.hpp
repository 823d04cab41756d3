// y[n, h, w, c] = x[n, h, w, c] * s[n, c]: squeeze-and-excitation scales every channel of every image.
//
// Backward: dx += dy * s, ds += the sum over pixels of dy * x. y is a recipe over x: where x is the result of a norm and an
// activation, the three are one pass when y is computed again, and none of them is kept.
#pragma once

#include "in_place.hpp"
#include "norm_act.hpp"

namespace qrs {

/// Scales each channel of each image. x is (N, H, W, C); s is (N, C) or (N, 1, 1, C).
template <class T>
Var<T> gate(const Var<T>& x, const Var<T>& s) {
  detail::check_rank("gate", x, 4, "(N, H, W, C)");
  detail::check_input("gate", s, "s");
  const std::int64_t n = x.dim(0);
  const std::int64_t c = x.dim(3);
  QRS_CHECK((s.shape() == Shape{n, c} || s.shape() == Shape{n, 1, 1, c}), "[gate] expected s of shape ", Shape{n, c},
            " or ", Shape{n, 1, 1, c}, " for images ", x.shape(), ", got ", s.shape());
  detail::check_same_device("gate", x, s, "s");
  on_cpu_only("gate", x.device(), [] {});
  const Tensor<T> factors = s.value().as_contiguous();
  const auto extends = [](const typename NormAct<T>::Parts& p) { return p.gate.empty(); };
  const auto add = [&](typename NormAct<T>::Parts parts) {
    parts.gate = factors;
    return parts;
  };
  const auto backward = [n, c, pixels = x.dim(1) * x.dim(2), kept = s.slot() ? x.keep() : Kept<T>(), factors,
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
