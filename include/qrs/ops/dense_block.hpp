// A dense block as one operation, in place: no concatenation is ever copied, forward or backward.
//
//   f_0 = x;   f_{l+1} = [f_l, conv3x3(relu(norm2(conv1x1(relu(norm1(f_l))))))];   y = f_L
//
// Shapes: x (N, H, W, C), y (N, H, W, C + L growth). The full width is allocated once and every layer writes its own channels
// of it. A channel's batch statistics are the same for every layer that reads it, so they are computed once.
// Kept for the backward pass: y and each layer's bottleneck (the output of its 1x1). Both relu(norm(.)) are computed again.
// Sources: Huang et al. 2017, section 3; the recomputation, Pleiss et al. 2017 (Memory-Efficient DenseNets).
#pragma once

#include <memory>
#include <vector>

#include "conv_norm.hpp"

namespace qrs {

/// One layer: the norm before the bottleneck, the bottleneck with the norm after it, and the convolution that grows.
template <class T>
struct DenseLayerUse {
  BatchNorm<T> norm1;
  ConvNorm<T> bottleneck;  // 1x1, norm2, relu
  Var<T> w2;               // (3, 3, bottleneck channels, growth)
};

namespace detail {

inline constexpr Conv2dOptions dense_conv2{.padding = 1};

/// What the backward pass of one layer needs beside the features.
template <class T>
struct DenseLayerSaved {
  Normalization<T> n1;
  ConvNormSaved<T> bottleneck;
};

template <class T>
bool dense_block_wants_gradient(const Var<T>& x, const std::vector<DenseLayerUse<T>>& layers) {
  bool wanted = listening(x) != nullptr;
  for (const DenseLayerUse<T>& layer : layers) {
    wanted = wanted || listening(layer.norm1.weight, layer.norm1.bias, layer.bottleneck.w, layer.bottleneck.norm.weight,
                                 layer.bottleneck.norm.bias, layer.w2) != nullptr;
  }
  return wanted;
}

/// Statistics of the features so far, filled channel range by channel range.
template <class T>
struct DenseStatistics {
  Tensor<T> mean;
  Tensor<T> var;

  explicit DenseStatistics(std::int64_t channels) : mean({channels}), var({channels}) {}

  void add(const Tensor<T>& features, std::int64_t begin, std::int64_t count) const {
    const Tensor<T> range = features.channel_range(begin, count);
    on_cpu_only("dense_block", range.device(), [&] {
      kernels::batch_norm_statistics_cpu(batch_norm_params(range, 0, Tensor<T>(), Activation::identity), range.data(),
                                         mean.data() + begin, var.data() + begin);
    });
  }
  /// The normalisation of the first channels by a layer's norm.
  Normalization<T> of(const Tensor<T>& input, const BatchNorm<T>& norm) const {
    check_batch_norm(input, norm);
    if (!norm.training) return running_normalization(norm);
    const Tensor<T> first_mean = mean.channel_range(0, input.channels());
    const Tensor<T> first_var = var.channel_range(0, input.channels());
    update_running_statistics(first_mean, first_var, input.rows(), norm);
    return normalization_of(first_mean, first_var, norm);
  }
};

/// The backward pass of one layer: dfeatures of its own channels becomes gradients of its parameters and adds to dfeatures of
/// its input channels.
template <class T>
void dense_layer_backward(const DenseLayerUse<T>& layer, const DenseLayerSaved<T>& saved, const Tensor<T>& input,
                          const Tensor<T>& dout, const Tensor<T>& dinput) {
  Tensor<T> dz;
  {
    const Tensor<T> inner = conv_norm_end(saved.bottleneck, layer.bottleneck);
    conv2d_backward<T>(dout, inner, layer.w2.value(), dense_conv2, nullptr, layer.w2.slot(), nullptr);
    dz = Tensor<T>(inner.shape());
    conv2d_backward_data(dout, layer.w2.value(), dense_conv2, dz, false);
  }
  conv_norm_backward_norm<T>(dz, saved.bottleneck, layer.bottleneck);
  {
    const Tensor<T> normalized = apply_normalization(input, saved.n1, Activation::relu);
    conv_norm_backward_conv<T>(dz, normalized, layer.bottleneck, nullptr);
  }
  const Tensor<T> dnormalized = conv_norm_backward_data(dz, layer.bottleneck, input.shape());
  normalization_backward(dnormalized, input, saved.n1, Activation::relu, Tensor<T>(),
                         {.weight = layer.norm1.weight.slot(),
                          .bias = layer.norm1.bias.slot(),
                          .x = dinput,
                          .accumulate_x = true,
                          .residual = {}});
}

}  // namespace detail

template <class T>
Var<T> dense_block(const Var<T>& x, std::vector<DenseLayerUse<T>> layers) {
  QRS_CHECK(x.shape().rank() == 4, "[dense_block] expected x of shape (N, H, W, C), got ", x.shape());
  std::int64_t channels = x.dim(3);
  for (const DenseLayerUse<T>& layer : layers) channels += layer.w2.dim(3);
  const bool recorded = detail::dense_block_wants_gradient(x, layers);
  const Tensor<T> features(x.shape().with_channels(channels), x.device());  // (N, H, W, C + L growth)
  std::int64_t width = x.dim(3);
  x.value().copy_into(features.channel_range(0, width));
  const detail::DenseStatistics<T> statistics(channels);
  bool training = false;
  for (const DenseLayerUse<T>& layer : layers) training = training || layer.norm1.training;
  if (training) statistics.add(features, 0, width);
  std::vector<detail::DenseLayerSaved<T>> saved;
  for (const DenseLayerUse<T>& layer : layers) {
    const Tensor<T> input = features.channel_range(0, width);
    const Normalization<T> n1 = statistics.of(input, layer.norm1);
    const std::int64_t growth = layer.w2.dim(3);
    const Tensor<T> grown = features.channel_range(width, growth);
    const auto grow = [&](const Tensor<T>& inner) {
      conv2d_forward(inner, layer.w2.value(), detail::dense_conv2, {}, grown);
    };
    Tensor<T> normalized = apply_normalization(input, n1, Activation::relu);
    if (!recorded && !layer.bottleneck.norm.training) {
      grow(conv_norm_inference(normalized, layer.bottleneck));
    } else {
      detail::ConvNormSaved<T> bottleneck = detail::conv_norm_begin(normalized, layer.bottleneck);
      normalized = Tensor<T>();  // given back before the next one is made
      grow(detail::conv_norm_end(bottleneck, layer.bottleneck));
      if (recorded) saved.push_back({n1, std::move(bottleneck)});
    }
    if (training) statistics.add(features, width, growth);
    width += growth;
  }
  if (!recorded) return features;
  return detail::current_tape<T>->record(features, [features, layers = std::move(layers), saved = std::move(saved),
                                                    slot = x.slot(), first = x.dim(3)](const Tensor<T>& dy) mutable {
    std::int64_t end = features.channels();
    while (!layers.empty()) {
      const std::int64_t growth = layers.back().w2.dim(3);
      const std::int64_t begin = end - growth;
      detail::dense_layer_backward(layers.back(), saved.back(), features.channel_range(0, begin),
                                   dy.channel_range(begin, growth), dy.channel_range(0, begin));
      layers.pop_back();
      saved.pop_back();
      end = begin;
    }
    if (slot) slot->add(dy.channel_range(0, first));
  });
}

}  // namespace qrs
