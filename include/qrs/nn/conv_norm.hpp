// A convolution and the batch norm after it, as modules: how they become one use of an operation, and how one is folded
// into the other.
#pragma once

#include "../ops/conv_norm.hpp"
#include "../ops/dense_features.hpp"
#include "layers.hpp"

namespace qrs::nn {

/// One use of the pair: what ops/conv_norm.hpp takes.
template <class T>
ConvNorm<T> use_of(const Conv2d<T>& conv, BatchNorm2d<T>& norm, Activation f) {
  return {.w = conv.weight(), .bias = conv.bias(), .options = conv.options(), .norm = norm.use(), .activation = f};
}

/// y = f(norm(conv(x)) + residual).
template <class T>
Var<T> conv_norm(Var<T> x, const Conv2d<T>& conv, BatchNorm2d<T>& norm, Activation f = Activation::identity,
                 const Var<T>& residual = {}) {
  Var<T> y = qrs::conv_norm(std::move(x), use_of(conv, norm, f), residual);
  conv.note_result(y.shape());
  norm.note_result(y.shape(), f, !residual.empty());
  return y;
}

/// Writes conv(x) behind the features of a dense block.
template <class T>
void append(DenseFeatures<T>& features, const Var<T>& x, const Conv2d<T>& conv) {
  features.append(x, conv.weight(), conv.bias(), conv.options());
  conv.note_result(x.shape().with_channels(conv.weight().dim(3)));
}

/// w <- w scale, b <- b scale + shift, by the running statistics: norm(conv(x)) becomes conv(x).
template <class T>
void fold_into(Conv2d<T>& conv, BatchNorm2d<T>& norm) {
  if (norm.folded()) return;
  const Normalization<T> n = running_normalization(norm.use());
  conv.add_bias();
  const Tensor<T> w = conv.weight().value();
  const Tensor<T> b = conv.bias().value();
  for (std::int64_t row = 0; row < w.rows(); ++row) {
    for (std::int64_t c = 0; c < w.channels(); ++c) w.data()[row * w.channels() + c] *= n.scale.data()[c];
  }
  for (std::int64_t c = 0; c < w.channels(); ++c) {
    b.data()[c] = b.data()[c] * n.scale.data()[c] + n.shift.data()[c];
  }
  norm.set_folded();
}

/// Prepares a network for inference alone: evaluation mode, and every batch norm that follows a convolution folded into it
/// (DenseNet's norms before a convolution stay). Outputs agree to rounding. Training it afterwards is an error.
template <class Net>
Net& fold_batch_norm(Net& net) {
  net.eval();
  net.fold_norms();
  return net;
}

/// torchvision's Conv2dNormActivation: a Sequential of convolution "0" and batch norm "1", then an activation.
template <class T>
class ConvNorm2d : public Module<T> {
 public:
  ConvNorm2d(Module<T>& parent, std::string name, const Conv2dSettings& s, Activation f = Activation::silu)
      : Module<T>(parent, std::move(name)), conv_(*this, "0", s), norm_(*this, "1", {.channels = s.out}), f_(f) {}

  Var<T> operator()(Var<T> x, const Var<T>& residual = {}) {
    return conv_norm(std::move(x), conv_, norm_, f_, residual);
  }
  const Conv2d<T>& conv() const { return conv_; }
  void fold_norms() override { fold_into(conv_, norm_); }

 private:
  Conv2d<T> conv_;
  BatchNorm2d<T> norm_;
  Activation f_;
};

}  // namespace qrs::nn
