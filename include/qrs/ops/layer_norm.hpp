// y = (x - mean) / sqrt(var + eps) * gamma + beta, with the mean and the (biased) variance of each row.
//
// Shapes: x, y (..., C); gamma, beta (C), or both empty for 1 and 0. Equal to torch.nn.functional.layer_norm over the last
// axis. Backward keeps x and two numbers a row, and recomputes the normalised values (kernels/layer_norm has the formulas).
// Source: Ba, Kiros and Hinton 2016, Layer Normalization, section 3.
#pragma once

#include "check.hpp"
#include "in_place.hpp"

namespace qrs {

struct LayerNormOptions {
  double eps = 1e-5;  // torch's default; ConvNeXt and ViT use 1e-6
};

/// Layer normalisation with a factor and a shift per channel; empty ones are 1 and 0.
template <class T>
Var<T> layer_norm(const Var<T>& x, const Var<T>& gamma, const Var<T>& beta, const LayerNormOptions& o = {}) {
  detail::check_input("layer_norm", x);
  QRS_CHECK(x.value().rank() >= 1, "[layer_norm] expected x of shape (..., C), got ", x.shape());
  QRS_CHECK(o.eps >= 0.0, "[layer_norm] expected eps >= 0, got ", o.eps);
  const bool affine = !gamma.value().empty();
  QRS_CHECK(affine == !beta.value().empty(), "[layer_norm] expected gamma and beta both or neither, got ",
            affine ? "gamma" : "beta", " alone");
  if (affine) {
    const Shape channels{x.value().channels()};
    QRS_CHECK(gamma.shape() == channels, "[layer_norm] expected gamma of shape ", channels, " for x ", x.shape(),
              ", got ", gamma.shape());
    QRS_CHECK(beta.shape() == channels, "[layer_norm] expected beta of shape ", channels, " for x ", x.shape(),
              ", got ", beta.shape());
    detail::check_same_device("layer_norm", x, gamma);
    detail::check_same_device("layer_norm", x, beta);
  }
  const Tensor<T>& in = x.value();
  Tensor<T> y(in.shape(), in.device());
  const Tensor<T> mean({in.rows()}, in.device());     // (rows)
  const Tensor<T> inv_std({in.rows()}, in.device());  // (rows)
  const kernels::LayerNormParams p{
      .rows = in.rows(), .cols = in.channels(), .x_pitch = in.pitch(), .y_pitch = y.pitch(), .eps = o.eps};
  on_cpu_only("layer_norm", in.device(), [&] {
    kernels::layer_norm_forward_cpu(p, in.data(), gamma.value().data(), beta.value().data(), y.data(), mean.data(),
                                    inv_std.data());
  });
  Tape<T>* tape = listening(x, gamma, beta);
  if (tape == nullptr) return y;
  return tape->record(y, [p, in, mean, inv_std, factors = gamma.value(), x_slot = x.slot(), gamma_slot = gamma.slot(),
                          beta_slot = beta.slot()](const Tensor<T>& dy) {
    kernels::LayerNormParams back = p;
    back.y_pitch = dy.pitch();
    kernels::LayerNormGradients<T> to;
    if (gamma_slot) {
      const auto target = gamma_slot->target();
      to.dgamma = target.tensor.data();
      to.accumulate_dgamma = target.accumulate;
    }
    if (beta_slot) {
      const auto target = beta_slot->target();
      to.dbeta = target.tensor.data();
      to.accumulate_dbeta = target.accumulate;
    }
    if (x_slot) {
      const auto target = detail::target_over(*x_slot, dy);
      back.dx_pitch = target.tensor.pitch();
      to.dx = target.tensor.data();
      to.accumulate_dx = target.accumulate;
    }
    kernels::layer_norm_backward_cpu(back, in.data(), dy.data(), factors.data(), mean.data(), inv_std.data(), to);
  });
}

/// Layer normalisation alone: mean 0 and variance 1 in every row.
template <class T>
Var<T> layer_norm(const Var<T>& x, const LayerNormOptions& o = {}) {
  return layer_norm(x, Var<T>(), Var<T>(), o);
}

}  // namespace qrs
