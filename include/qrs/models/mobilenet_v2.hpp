// MobileNetV2 (Sandler, Howard, Zhu, Zhmoginov, Chen 2018, Inverted Residuals and Linear Bottlenecks, table 2).
//
//   stem: 3x3 / 2, 32 -> seven groups of inverted residuals -> 1x1 to 1280 -> average over the image -> dropout -> linear;
//   ReLU6 everywhere; an inverted residual: 1x1 to t times the channels (absent at t = 1), 3x3 depthwise, 1x1 without an
//   activation (the linear bottleneck), and the sum with its input where the shape stays
// Equal to torchvision.models.mobilenet_v2: names, initial values (kaiming_normal over fan_out; head N(0, 0.01^2), bias 0),
// eps 1e-5, dropout 0.2.
#pragma once

#include <array>
#include <deque>
#include <memory>

#include "model.hpp"

namespace qrs::models {

/// torchvision's InvertedResidual: a Sequential "conv" of expansion, depthwise, projection and its batch norm.
template <class T>
class InvertedResidual : public nn::Module<T> {
 public:
  InvertedResidual(nn::Module<T>& parent, std::string name, std::int64_t in, std::int64_t out, std::int64_t stride,
                   std::int64_t expansion)
      : nn::Module<T>(parent, std::move(name)), residual_(stride == 1 && in == out) {
    const std::int64_t wide = in * expansion;
    int index = 0;
    if (wide != in) expand_ = make(index++, {.in = in, .out = wide, .bias = false});
    depthwise_ = make(
        index++, {.in = wide, .out = wide, .kernel = 3, .stride = stride, .padding = 1, .groups = wide, .bias = false});
    project_ = std::make_unique<nn::Conv2d<T>>(conv_, text(index++),
                                               nn::Conv2dSettings{.in = wide, .out = out, .bias = false});
    norm_ = std::make_unique<nn::BatchNorm2d<T>>(conv_, text(index), nn::BatchNorm2dSettings{.channels = out});
  }

  Var<T> operator()(const Var<T>& x) {
    const Var<T> wide = (*depthwise_)(expand_ ? (*expand_)(x) : x);
    return nn::conv_norm(wide, *project_, *norm_, Activation::identity, residual_ ? x : Var<T>());
  }
  Shape describe(const Shape& input, const std::string& name, nn::Summary& summary) const override {
    const int first = expand_ ? 1 : 0;
    const std::string conv = name + ".conv.";
    Shape y = expand_ ? expand_->describe(input, conv + "0", summary) : input;
    y = project_->describe(depthwise_->describe(y, conv + text(first), summary), conv + text(first + 1), summary);
    y = norm_->describe(y, conv + text(first + 2), summary);
    return residual_ ? summary.add(name, "Add", y) : y;
  }
  void fold_norms() override {
    nn::Module<T>::fold_norms();
    nn::fold_into(*project_, *norm_);
  }

 private:
  struct Sequence : nn::Module<T> {
    using nn::Module<T>::Module;
  };

  std::unique_ptr<nn::ConvNorm2d<T>> make(int index, const nn::Conv2dSettings& s) {
    return std::make_unique<nn::ConvNorm2d<T>>(conv_, text(index), s, Activation::relu6);
  }

  bool residual_;
  Sequence conv_{*this, "conv"};
  std::unique_ptr<nn::ConvNorm2d<T>> expand_;
  std::unique_ptr<nn::ConvNorm2d<T>> depthwise_;
  std::unique_ptr<nn::Conv2d<T>> project_;
  std::unique_ptr<nn::BatchNorm2d<T>> norm_;
};

template <class T>
class MobileNetV2 : public Model<T> {
 public:
  explicit MobileNetV2(const ModelOptions& o) {
    struct Group {
      std::int64_t expansion;
      std::int64_t out;
      std::int64_t count;
      std::int64_t stride;  // of the first block
    };
    static constexpr std::array<Group, 7> groups = {
        {{1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}}};
    constexpr std::int64_t last = 1280;
    int index = 0;
    std::int64_t in = 32;
    stem_ = std::make_unique<nn::ConvNorm2d<T>>(
        features_, text(index++),
        nn::Conv2dSettings{.in = o.in_channels, .out = in, .kernel = 3, .stride = 2, .padding = 1, .bias = false},
        Activation::relu6);
    for (const Group& group : groups) {
      for (std::int64_t b = 0; b < group.count; ++b, in = group.out) {
        blocks_.emplace_back(features_, text(index++), in, group.out, b == 0 ? group.stride : 1, group.expansion);
      }
    }
    top_ = std::make_unique<nn::ConvNorm2d<T>>(
        features_, text(index), nn::Conv2dSettings{.in = in, .out = last, .bias = false}, Activation::relu6);
    dropout_ = std::make_unique<nn::Dropout<T>>(classifier_, "0", o.dropout);
    this->add_head(classifier_, "1", {.in = last, .out = o.classes});
    Rng rng(o.seed);
    reset_parameters(rng);
  }

  Var<T> feature_map(const Var<T>& x) override {
    this->check_image(x, stem_->conv().weight().dim(2));
    Var<T> y = (*stem_)(x);
    for (InvertedResidual<T>& block : blocks_) y = block(y);
    return (*top_)(y);
  }

  Var<T> classify(const Var<T>& z) override { return Model<T>::classify((*dropout_)(z)); }

  Shape describe_features(const Shape& input, nn::Summary& summary) const override {
    Shape y = stem_->describe(input, "features.0", summary);
    std::size_t index = 1;
    for (const InvertedResidual<T>& block : blocks_) y = block.describe(y, text("features.", index++), summary);
    y = top_->describe(y, text("features.", index), summary);
    return dropout_->describe(summary.add("avgpool", "AdaptiveAvgPool2d", {y[0], y[3]}), "classifier.0", summary);
  }

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
  struct Sequence : nn::Module<T> {
    using nn::Module<T>::Module;
  };

  Sequence features_{*this, "features"};
  std::unique_ptr<nn::ConvNorm2d<T>> stem_;
  std::deque<InvertedResidual<T>> blocks_;
  std::unique_ptr<nn::ConvNorm2d<T>> top_;
  Sequence classifier_{*this, "classifier"};
  std::unique_ptr<nn::Dropout<T>> dropout_;
};

template <class T>
MobileNetV2<T> mobilenet_v2(const ModelOptions& o = {}) {
  return MobileNetV2<T>(o);
}

}  // namespace qrs::models
