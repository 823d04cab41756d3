// y = f(norm(conv(x)) + residual): the unit that most networks are made of.
//
// Under a tape or with batch statistics it is the two operations, and the convolution hands the statistics of its result to the norm.
// In evaluation without a tape the norm is a scale and a shift per output channel, so it rides on the convolution as an
// epilogue and y is written once. Where the norm was folded into the convolution, only the bias is left of it.
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

namespace detail {

/// The unit as a convolution with an epilogue: scale (conv + b) + shift = scale conv + (shift + scale b).
template <class T>
Tensor<T> conv_norm_inference(const Tensor<T>& x, const ConvNorm<T>& unit, const Tensor<T>& residual) {
  const Tensor<T>& bias = unit.bias.value();
  ConvEpilogue<T> e{.shift = bias, .residual = residual, .activation = unit.activation};
  if (!unit.norm.folded) {
    const kernels::Conv2dParams p = conv2d_params(x.shape(), unit.w.shape(), unit.options);
    check_norm({p.n, p.oh(), p.ow(), p.co}, x.device(), unit.norm);
    check_operand("bias", bias, {p.co}, x.device());
    const Normalization<T> n = running_normalization(unit.norm);
    for (std::int64_t c = 0; c < p.co && !bias.empty(); ++c) n.shift.data()[c] += n.scale.data()[c] * bias.data()[c];
    e.scale = n.scale;
    e.shift = n.shift;
  }
  return conv2d_forward(x, unit.w.value(), unit.options, e);
}

}  // namespace detail

/// See the head of this file. An empty residual adds nothing. A value that is moved in is given back after the convolution.
template <class T>
Var<T> conv_norm(Var<T> x, const ConvNorm<T>& unit, const Var<T>& residual = {}) {
  detail::check_conv2d(x, unit.w);
  const BatchNorm<T>& norm = unit.norm;
  const bool recorded = listening(x, unit.w, unit.bias, norm.weight, norm.bias, residual) != nullptr;
  if (!recorded && !norm.training) return detail::conv_norm_inference(x.value(), unit, residual.value());
  ChannelStatistics<T> statistics;
  Var<T> z = conv2d(x, unit.w, unit.bias, unit.options, norm.training ? &statistics : nullptr);
  x = Var<T>();
  return batch_norm(z, norm, unit.activation, residual, statistics);
}

}  // namespace qrs
