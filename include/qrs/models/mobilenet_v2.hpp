// MobileNetV2 (Sandler, Howard, Zhu, Zhmoginov, Chen 2018, MobileNetV2: Inverted Residuals and Linear Bottlenecks, table 2).
//
//   stem: 3x3 / 2, 32 -> seventeen inverted residuals: 1x1 to t times the channels, depthwise 3x3, 1x1 without an activation,
//   and the sum where the shape stays -> 1x1 to 1280 -> average over the image -> dropout -> linear; ReLU6 everywhere
// Equal to torchvision.models.mobilenet_v2 of width 1: names, initial values (kaiming_normal over fan_out, head N(0, 0.01^2),
// biases 0), dropout 0.2.
#pragma once

#include <array>
#include <deque>
#include <memory>

#include "../nn/conv_norm.hpp"
#include "model.hpp"

namespace qrs::models {

/// torchvision's InvertedResidual: a Sequential "conv" of expansion (absent at ratio 1), depthwise, and a convolution with its norm.
template <class T>
class InvertedResidual : public nn::Module<T> {
 public:
  InvertedResidual(nn::Module<T>& parent, std::string name, std::int64_t in, std::int64_t out, std::int64_t expansion,
                   std::int64_t stride)
      : nn::Module<T>(parent, std::move(name)), residual_(stride == 1 && in == out) {
    const std::int64_t wide = in * expansion;
    int index = 0;
    if (expansion != 1) add_unit(text(index++), {.in = in, .out = wide, .bias = false});
    add_unit(text(index++),
             {.in = wide, .out = wide, .kernel = 3, .stride = stride, .padding = 1, .groups = wide, .bias = false});
    project_ = std::make_unique<nn::Conv2d<T>>(conv_, text(index++),
                                               nn::Conv2dSettings{.in = wide, .out = out, .bias = false});
    norm_ = std::make_unique<nn::BatchNorm2d<T>>(conv_, text(index), nn::BatchNorm2dSettings{.channels = out});
  }

  Var<T> operator()(const Var<T>& x) {
    Var<T> y = x;
    for (nn::ConvNorm2d<T>& unit : units_) y = unit(std::move(y));
    return nn::conv_norm(std::move(y), *project_, *norm_, Activation::identity, residual_ ? x : Var<T>());
  }
  void fold_norms() override {
    nn::Module<T>::fold_norms();
    nn::fold_into(*project_, *norm_);
  }

 private:
  void add_unit(std::string name, const nn::Conv2dSettings& s) {
    units_.emplace_back(conv_, std::move(name), s, Activation::relu6);
  }

  bool residual_;
  nn::Sequence<T> conv_{*this, "conv"};
  std::deque<nn::ConvNorm2d<T>> units_;
  std::unique_ptr<nn::Conv2d<T>> project_;
  std::unique_ptr<nn::BatchNorm2d<T>> norm_;
};

template <class T>
class MobileNetV2 : public Model<T> {
 public:
  explicit MobileNetV2(const ModelOptions& o) {
    struct Row {
      std::int64_t expansion, out, count, stride;
    };
    static constexpr std::array<Row, 7> rows = {
        {{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}}};
    constexpr std::int64_t last = 1280;
    std::int64_t in = 32;
    int index = 0;
    add_unit(text(index++), {.in = o.in_channels, .out = in, .kernel = 3, .stride = 2, .padding = 1, .bias = false});
    for (const Row& row : rows) {
      for (std::int64_t b = 0; b < row.count; ++b) {
        blocks_.emplace_back(features_, text(index++), in, row.out, row.expansion, b == 0 ? row.stride : 1);
        in = row.out;
      }
    }
    add_unit(text(index), {.in = in, .out = last, .bias = false});
    dropout_ = std::make_unique<nn::Dropout<T>>(classifier_, "0", o.dropout.value_or(0.2));
    this->add_head(classifier_, "1", {.in = last, .out = o.classes});
    Rng rng(o.seed);
    reset_parameters(rng);
  }

  std::int64_t in_channels() const override { return units_.front().conv().weight().dim(2); }
  Var<T> feature_map(const Var<T>& x) override {
    this->check_image(x.shape());
    Var<T> y = units_.front()(x);
    for (InvertedResidual<T>& block : blocks_) y = block(y);
    return units_.back()(y);
  }
  Var<T> classify(const Var<T>& z) override { return Model<T>::classify((*dropout_)(z)); }

  void reset_parameters(Rng& rng) override {
    nn::Module<T>::reset_parameters(rng);
    for (const auto& p : this->parameters()) {
      if (p.layout == nn::Layout::convolution) nn::kaiming_normal(p.variable.value(), nn::Fan::out, rng);
    }
    nn::normal(this->head().weight().value(), 0.01, rng);
    this->head().bias().value().fill(T(0));
  }

  nn::StateRules state_rules() const override {
    return {.rename = {}, .first_convolution = "features.0.0.weight", .head = "classifier."};
  }

 private:
  void add_unit(std::string name, const nn::Conv2dSettings& s) {
    units_.emplace_back(features_, std::move(name), s, Activation::relu6);
  }

  nn::Sequence<T> features_{*this, "features"};
  std::deque<nn::ConvNorm2d<T>> units_;  // the stem and the last 1x1
  std::deque<InvertedResidual<T>> blocks_;
  nn::Sequence<T> classifier_{*this, "classifier"};
  std::unique_ptr<nn::Dropout<T>> dropout_;
};

template <class T>
MobileNetV2<T> mobilenet_v2(const ModelOptions& o = {}) {
  return MobileNetV2<T>(o);
}

}  // namespace qrs::models
