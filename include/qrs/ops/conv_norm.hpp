// y = f(norm(conv(x)) + residual): the unit every network here is made of, and its two halves on tensors.
//
// With a tape or batch statistics it is two operations. In evaluation without a tape the norm is a scale and a shift per
// output channel, so it rides on the convolution as an epilogue and y is written once. Where the norm was folded into the
// convolution (fold_batch_norm), only the bias is left of it.
#pragma once

#include "batch_norm.hpp"
#include "conv2d.hpp"

namespace qrs {

/// One use of a convolution and the batch norm after it, as handles.
template <class T>
struct ConvNorm {
  Var<T> w;     // (KH, KW, C_in / groups, C_out)
  Var<T> bias;  // empty, or (C_out)
  Conv2dOptions options;
  BatchNorm<T> norm;
  Activation activation = Activation::identity;
};

/// True where a unit is one pass: nothing listens and the norm uses fixed statistics.
template <class T>
bool is_inference(const Var<T>& x, const ConvNorm<T>& unit) {
  return !unit.norm.training && listening(x, unit.w, unit.bias, unit.norm.weight, unit.norm.bias) == nullptr;
}

/// The unit in evaluation, without a tape, into memory of the caller's.
template <class T>
void conv_norm_inference(const Tensor<T>& x, const ConvNorm<T>& unit, const Tensor<T>& residual, const Tensor<T>& y) {
  kernels::Epilogue<T> e{
      .residual = residual.data(), .residual_pitch = residual.pitch(), .activation = unit.activation};
  if (unit.norm.folded) {
    e.shift = unit.bias.value().data();
    conv2d_forward(x, unit.w.value(), unit.options, e, y);
    return;
  }
  const Normalization<T> n = running_normalization(unit.norm);
  if (!unit.bias.value().empty()) {  // scale (conv + b) + shift = scale conv + (shift + scale b)
    for (std::int64_t c = 0; c < n.shift.size(); ++c)
      n.shift.data()[c] += n.scale.data()[c] * unit.bias.value().data()[c];
  }
  e.scale = n.scale.data();
  e.shift = n.shift.data();
  conv2d_forward(x, unit.w.value(), unit.options, e, y);
}

/// The same into new memory.
template <class T>
Tensor<T> conv_norm_inference(const Tensor<T>& x, const ConvNorm<T>& unit, const Tensor<T>& residual = {}) {
  const kernels::Conv2dParams p = conv2d_params(x.shape(), unit.w.shape(), unit.options);
  Tensor<T> y({p.n, p.oh(), p.ow(), p.co}, x.device());  // (N, OH, OW, C_out)
  conv_norm_inference(x, unit, residual, y);
  return y;
}

/// See the head of this file. An empty residual adds nothing.
template <class T>
Var<T> conv_norm(const Var<T>& x, const ConvNorm<T>& unit, const Var<T>& residual = {}) {
  if (is_inference(x, unit) && !residual.requires_grad()) return conv_norm_inference(x.value(), unit, residual.value());
  QRS_CHECK(!unit.norm.folded, "[conv_norm] expected a network that is not folded for gradients, got a folded one");
  return batch_norm(conv2d(x, unit.w, unit.bias, unit.options), unit.norm, unit.activation, residual);
}

namespace detail {

/// What the first half of a fused block keeps of a unit: the convolution's output and its normalisation.
template <class T>
struct ConvNormSaved {
  Tensor<T> z;         // conv(x)
  Normalization<T> n;  // of z
};

/// conv(x) and the statistics of it.
template <class T>
ConvNormSaved<T> conv_norm_begin(const Tensor<T>& x, const ConvNorm<T>& unit) {
  Tensor<T> z = conv2d_forward(x, unit.w.value(), unit.options);
  Normalization<T> n = normalize(z, unit.norm);
  return {std::move(z), std::move(n)};
}

/// f(norm(z)): what follows conv_norm_begin, and what a backward pass computes again.
template <class T>
Tensor<T> conv_norm_end(const ConvNormSaved<T>& saved, const ConvNorm<T>& unit, const Tensor<T>& residual = {}) {
  return apply_normalization(saved.z, saved.n, unit.activation, residual);
}

/// From dy of f(norm(z) + residual) to dz, written over dy; the norm's parameters get their share. dresidual may be empty.
template <class T>
void conv_norm_backward_norm(const Tensor<T>& dy, const ConvNormSaved<T>& saved, const ConvNorm<T>& unit,
                             const Tensor<T>& residual = {}, const typename GradSlot<T>::Target& dresidual = {}) {
  normalization_backward(dy, saved.z, saved.n, unit.activation, residual,
                         {.weight = unit.norm.weight.slot(),
                          .bias = unit.norm.bias.slot(),
                          .x = dy,
                          .accumulate_x = false,
                          .residual = dresidual.tensor,
                          .accumulate_residual = dresidual.accumulate});
}

/// From dz to the gradient of x in new memory.
template <class T>
Tensor<T> conv_norm_backward_data(const Tensor<T>& dz, const ConvNorm<T>& unit, const Shape& x) {
  Tensor<T> dx(x, dz.device());
  conv2d_backward_data(dz, unit.w.value(), unit.options, dx, false);
  return dx;
}

/// From dz to the gradients of x (where wanted) and the weights.
template <class T>
void conv_norm_backward_conv(const Tensor<T>& dz, const Tensor<T>& x, const ConvNorm<T>& unit,
                             const std::shared_ptr<GradSlot<T>>& dx) {
  conv2d_backward(dz, x, unit.w.value(), unit.options, dx, unit.w.slot(), unit.bias.slot());
}

}  // namespace detail

}  // namespace qrs
