// DenseNet121 (Huang, Liu, van der Maaten, Weinberger 2017, Densely Connected Convolutional Networks, table 1).
//
//   stem: 7x7 / 2, 64 -> batch norm, ReLU -> 3x3 / 2 max pool -> dense blocks of 6, 12, 24, 16 layers with transitions
//   (batch norm, ReLU, 1x1 to half the channels, 2x2 average pool) between them -> batch norm, ReLU -> average -> linear
//   a layer: batch norm, ReLU, 1x1 to 4 * 32 -> batch norm, ReLU, 3x3 to 32, appended to everything before it
// Equal to torchvision.models.densenet121: names, initial values (kaiming_normal over fan_in; head bias 0), eps 1e-5, and the
// ReLU after the last norm. A dense block never copies a concatenation: see ops/dense_features.hpp.
#pragma once

#include <array>
#include <deque>

#include "../ops/pool2d.hpp"
#include "model.hpp"

namespace qrs::models {

/// One layer of a dense block: reads all features so far, appends its own.
template <class T>
struct DenseLayer : nn::Module<T> {
  DenseLayer(nn::Module<T>& parent, std::string name, std::int64_t in, std::int64_t growth, std::int64_t bottleneck)
      : nn::Module<T>(parent, std::move(name)),
        norm1(*this, "norm1", {.channels = in}),
        conv1(*this, "conv1", {.in = in, .out = bottleneck * growth, .bias = false}),
        norm2(*this, "norm2", {.channels = bottleneck * growth}),
        conv2(*this, "conv2", {.in = bottleneck * growth, .out = growth, .kernel = 3, .padding = 1, .bias = false}) {}

  void operator()(DenseFeatures<T>& features) {
    Var<T> y = norm1(features.all(), Activation::relu, {}, features.statistics());
    y = nn::conv_norm(std::move(y), conv1, norm2, Activation::relu);
    nn::append(features, y, conv2);
  }
  void fold_norms() override { nn::fold_into(conv1, norm2); }

  nn::BatchNorm2d<T> norm1;
  nn::Conv2d<T> conv1;
  nn::BatchNorm2d<T> norm2;
  nn::Conv2d<T> conv2;
};

/// torchvision's _DenseBlock.
template <class T>
struct DenseBlock : nn::Module<T> {
  DenseBlock(nn::Module<T>& parent, std::string name, std::int64_t in, std::int64_t count, std::int64_t growth)
      : nn::Module<T>(parent, std::move(name)) {
    constexpr std::int64_t bottleneck = 4;
    for (std::int64_t i = 0; i < count; ++i) {
      layers.emplace_back(*this, text("denselayer", i + 1), in + i * growth, growth, bottleneck);
    }
  }
  Var<T> operator()(const Var<T>& x) {
    std::int64_t width = x.dim(3);
    bool statistics = false;
    for (const DenseLayer<T>& layer : layers) {
      width += layer.conv2.weight().dim(3);
      statistics = statistics || layer.norm1.uses_batch_statistics();
    }
    DenseFeatures<T> features(x, width, statistics);
    for (DenseLayer<T>& layer : layers) layer(features);
    return features.all();
  }

  std::deque<DenseLayer<T>> layers;
};

/// torchvision's _Transition.
template <class T>
struct Transition : nn::Module<T> {
  Transition(nn::Module<T>& parent, std::string name, std::int64_t in)
      : nn::Module<T>(parent, std::move(name)),
        norm(*this, "norm", {.channels = in}),
        conv(*this, "conv", {.in = in, .out = in / 2, .bias = false}) {}
  Var<T> operator()(const Var<T>& x) {
    Var<T> y = avg_pool2d(conv(norm(x, Activation::relu)), {.kernel = 2, .stride = 2});
    this->note_step("pool", "AvgPool2d", y.shape());
    return y;
  }

  nn::BatchNorm2d<T> norm;
  nn::Conv2d<T> conv;
};

template <class T>
class DenseNet : public Model<T> {
 public:
  /// `layers`: layers in each of the four blocks.
  DenseNet(const std::array<std::int64_t, 4>& layers, const ModelOptions& o)
      : features_(*this, "features"),
        conv0_(features_, "conv0",
               {.in = o.in_channels, .out = 64, .kernel = 7, .stride = 2, .padding = 3, .bias = false}),
        norm0_(features_, "norm0", {.channels = 64}) {
    constexpr std::int64_t growth = 32;
    std::int64_t channels = 64;
    for (std::size_t b = 0; b < 4; ++b) {
      blocks_.emplace_back(features_, text("denseblock", b + 1), channels, layers[b], growth);
      channels += layers[b] * growth;
      if (b == 3) continue;
      transitions_.emplace_back(features_, text("transition", b + 1), channels);
      channels /= 2;
    }
    norm5_ = std::make_unique<nn::BatchNorm2d<T>>(features_, "norm5", nn::BatchNorm2dSettings{.channels = channels});
    this->add_head(*this, "classifier", {.in = channels, .out = o.classes});
    Rng rng(o.seed);
    reset_parameters(rng);
  }

  std::int64_t in_channels() const override { return conv0_.weight().dim(2); }
  Var<T> feature_map(const Var<T>& x) override {
    this->check_image(x.shape());
    Var<T> y = nn::conv_norm(x, conv0_, norm0_, Activation::relu);
    y = max_pool2d(y, {.kernel = 3, .stride = 2, .padding = 1});
    features_.note_step("pool0", "MaxPool2d", y.shape());
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
      y = blocks_[b](y);
      if (b < transitions_.size()) y = transitions_[b](y);
    }
    return (*norm5_)(y, Activation::relu);
  }

  /// torchvision's: convolutions by kaiming_normal over fan_in, the head's bias zero.
  void reset_parameters(Rng& rng) override {
    nn::Module<T>::reset_parameters(rng);
    for (const auto& p : this->parameters()) {
      if (p.layout == nn::Layout::convolution) nn::kaiming_normal(p.variable.value(), nn::Fan::in, rng);
    }
    this->head().bias().value().fill(T(0));
  }

  void fold_norms() override {
    nn::Module<T>::fold_norms();
    nn::fold_into(conv0_, norm0_);
  }

  /// Files from before torch 0.4 write "denselayer1.norm.1.weight" for "denselayer1.norm1.weight".
  nn::StateRules state_rules() const override {
    return {.rename = rename, .first_convolution = "features.conv0.weight", .head = "classifier."};
  }

 private:
  static std::string rename(const std::string& name) {
    const std::size_t layer = name.find("denselayer");
    if (layer == std::string::npos) return name;
    for (const char* part : {".norm.", ".conv."}) {
      const std::size_t at = name.find(part, layer);
      if (at == std::string::npos) continue;
      const std::size_t digit = at + 6;
      if (digit < name.size() && (name[digit] == '1' || name[digit] == '2')) {
        return name.substr(0, digit - 1) + name.substr(digit);
      }
    }
    return name;
  }

  nn::Sequence<T> features_;
  nn::Conv2d<T> conv0_;
  nn::BatchNorm2d<T> norm0_;
  std::deque<DenseBlock<T>> blocks_;
  std::deque<Transition<T>> transitions_;
  std::unique_ptr<nn::BatchNorm2d<T>> norm5_;
};

template <class T>
DenseNet<T> densenet121(const ModelOptions& o = {}) {
  return DenseNet<T>({6, 12, 24, 16}, o);
}

}  // namespace qrs::models
