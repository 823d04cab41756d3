// The convolutions of the backbones, as the kernels see them: batch 16 of 224 x 224.
//
// Every different layer of ResNet18 (He et al. 2016, table 1) and EfficientNet-B0 (Tan, Le 2019, table 1), and of each dense
// block of DenseNet121 (Huang et al. 2017, table 1) the first and the last layer: between them only C_in grows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "qrs/core/error.hpp"
#include "qrs/kernels.hpp"

namespace qrs::bench {

inline constexpr std::int64_t batch = 16;

struct LayerShape {
  std::string name;  // "resnet18/3x3_64_to_128_of_56_by_2"
  kernels::Conv2dParams params;
};

/// A square convolution with the padding that keeps the image, divided by the stride.
inline LayerShape layer_shape(const std::string& model, std::int64_t kernel, std::int64_t in, std::int64_t out,
                              std::int64_t side, std::int64_t stride = 1, std::int64_t groups = 1) {
  const std::string by = stride > 1 ? text("_by_", stride) : "";
  return {.name = text(model, "/", kernel, "x", kernel, "_", in, "_to_", out, "_of_", side, by),
          .params = {.n = batch,
                     .h = side,
                     .w = side,
                     .ci = in,
                     .co = out,
                     .kh = kernel,
                     .kw = kernel,
                     .stride_h = stride,
                     .stride_w = stride,
                     .padding_h = kernel / 2,
                     .padding_w = kernel / 2,
                     .groups = groups,
                     .x_pitch = in,
                     .y_pitch = out}};
}

/// Appends a layer unless it is there.
inline void append_new(std::vector<LayerShape>& layers, const LayerShape& layer) {
  for (const LayerShape& other : layers) {
    if (other.name == layer.name) return;
  }
  layers.push_back(layer);
}

inline std::vector<LayerShape> resnet18_layers() {
  const std::string model = "resnet18";
  std::vector<LayerShape> out = {layer_shape(model, 7, 3, 64, 224, 2), layer_shape(model, 3, 64, 64, 56)};
  for (std::int64_t in = 64, side = 56; in < 512; in *= 2, side /= 2) {
    out.push_back(layer_shape(model, 3, in, 2 * in, side, 2));
    out.push_back(layer_shape(model, 1, in, 2 * in, side, 2));
    out.push_back(layer_shape(model, 3, 2 * in, 2 * in, side / 2));
  }
  return out;
}

inline std::vector<LayerShape> densenet121_layers() {
  const std::string model = "densenet121";
  constexpr std::int64_t growth = 32;
  std::vector<LayerShape> out;
  std::int64_t channels = 64;
  std::int64_t side = 56;
  for (const std::int64_t layers : {6, 12, 24, 16}) {
    append_new(out, layer_shape(model, 1, channels, 4 * growth, side));
    append_new(out, layer_shape(model, 1, channels + (layers - 1) * growth, 4 * growth, side));
    append_new(out, layer_shape(model, 3, 4 * growth, growth, side));
    channels += layers * growth;
    if (side > 7) append_new(out, layer_shape(model, 1, channels, channels / 2, side));  // the transition
    channels /= 2;
    side /= 2;
  }
  return out;
}

/// The depthwise layers, or all others.
inline std::vector<LayerShape> efficientnet_b0_layers(bool depthwise) {
  const std::string model = "efficientnet_b0";
  struct Row {
    std::int64_t expansion, kernel, stride, in, out, count;
  };
  const Row rows[] = {{1, 3, 1, 32, 16, 1},  {6, 3, 2, 16, 24, 2},   {6, 5, 2, 24, 40, 2},  {6, 3, 2, 40, 80, 3},
                      {6, 5, 1, 80, 112, 3}, {6, 5, 2, 112, 192, 4}, {6, 3, 1, 192, 320, 1}};
  std::vector<LayerShape> out;
  std::int64_t side = 112;
  if (!depthwise) out.push_back(layer_shape(model, 3, 3, 32, 2 * side, 2));
  for (const Row& row : rows) {
    for (std::int64_t block = 0; block < row.count; ++block) {
      const std::int64_t in = block == 0 ? row.in : row.out;
      const std::int64_t stride = block == 0 ? row.stride : 1;
      const std::int64_t wide = in * row.expansion;
      if (depthwise) {
        append_new(out, layer_shape(model, row.kernel, wide, wide, side, stride, wide));
      } else {
        if (wide != in) append_new(out, layer_shape(model, 1, in, wide, side));
        append_new(out, layer_shape(model, 1, wide, row.out, side / stride));
      }
      side /= stride;
    }
  }
  if (!depthwise) out.push_back(layer_shape(model, 1, 320, 1280, side));
  return out;
}

}  // namespace qrs::bench
