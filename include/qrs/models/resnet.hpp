// ResNet18 and ResNet34 (He, Zhang, Ren, Sun 2016, Deep Residual Learning, table 1, basic blocks).
//
//   stem: 7x7 / 2, 64 -> batch norm, ReLU -> 3x3 / 2 max pool -> four groups of basic blocks (64, 128, 256, 512 channels, the
//   first block of groups 2 to 4 at stride 2) -> average over the image -> linear
// Equal to torchvision.models.resnet18/34: names, initial values (kaiming_normal, fan_out; batch norm 1 and 0), eps 1e-5.
#pragma once

#include <array>
#include <deque>

#include "../ops/pool2d.hpp"
#include "model.hpp"

namespace qrs::models {

/// Two 3x3 convolutions and the sum with the input, which a 1x1 convolution adapts where the shape changes.
template <class T>
class BasicBlock : public nn::Module<T> {
 public:
  BasicBlock(nn::Module<T>& parent, std::string name, std::int64_t in, std::int64_t out, std::int64_t stride)
      : nn::Module<T>(parent, std::move(name)),
        conv1_(*this, "conv1", {.in = in, .out = out, .kernel = 3, .stride = stride, .padding = 1, .bias = false}),
        bn1_(*this, "bn1", {.channels = out}),
        conv2_(*this, "conv2", {.in = out, .out = out, .kernel = 3, .padding = 1, .bias = false}),
        bn2_(*this, "bn2", {.channels = out}) {
    if (stride != 1 || in != out) downsample_ = std::make_unique<Downsample>(*this, in, out, stride);
  }

  Var<T> operator()(const Var<T>& x) {
    Var<T> y = nn::conv_norm(x, conv1_, bn1_, Activation::relu);
    const Var<T> shortcut = downsample_ ? nn::conv_norm(x, downsample_->conv, downsample_->norm) : x;
    return nn::conv_norm(std::move(y), conv2_, bn2_, Activation::relu, shortcut);
  }
  void fold_norms() override {
    nn::fold_into(conv1_, bn1_);
    nn::fold_into(conv2_, bn2_);
    if (downsample_) nn::fold_into(downsample_->conv, downsample_->norm);
  }

 private:
  /// torchvision's Sequential "downsample": 0 is the convolution, 1 the batch norm.
  struct Downsample : nn::Module<T> {
    Downsample(nn::Module<T>& parent, std::int64_t in, std::int64_t out, std::int64_t stride)
        : nn::Module<T>(parent, "downsample"),
          conv(*this, "0", {.in = in, .out = out, .kernel = 1, .stride = stride, .bias = false}),
          norm(*this, "1", {.channels = out}) {}
    nn::Conv2d<T> conv;
    nn::BatchNorm2d<T> norm;
  };

  nn::Conv2d<T> conv1_;
  nn::BatchNorm2d<T> bn1_;
  nn::Conv2d<T> conv2_;
  nn::BatchNorm2d<T> bn2_;
  std::unique_ptr<Downsample> downsample_;
};

template <class T>
class ResNet : public Model<T> {
 public:
  /// `blocks`: basic blocks in each of the four groups.
  ResNet(const std::array<std::int64_t, 4>& blocks, const ModelOptions& o)
      : conv1_(*this, "conv1", {.in = o.in_channels, .out = 64, .kernel = 7, .stride = 2, .padding = 3, .bias = false}),
        bn1_(*this, "bn1", {.channels = 64}) {
    std::int64_t in = 64;
    for (std::size_t g = 0; g < 4; ++g) {
      const std::int64_t out = std::int64_t{64} << g;
      groups_.emplace_back(*this, text("layer", g + 1));
      for (std::int64_t b = 0; b < blocks[g]; ++b) {
        blocks_.emplace_back(groups_.back(), text(b), in, out, b == 0 && g > 0 ? 2 : 1);
        in = out;
      }
    }
    this->add_head(*this, "fc", {.in = in, .out = o.classes});
    Rng rng(o.seed);
    reset_parameters(rng);
  }

  std::int64_t in_channels() const override { return conv1_.weight().dim(2); }
  Var<T> feature_map(const Var<T>& x) override {
    this->check_image(x.shape());
    Var<T> y = nn::conv_norm(x, conv1_, bn1_, Activation::relu);
    y = max_pool2d(y, {.kernel = 3, .stride = 2, .padding = 1});
    this->note_step("maxpool", "MaxPool2d", y.shape());
    for (BasicBlock<T>& block : blocks_) y = block(y);
    return y;
  }

  /// torchvision's: convolutions by kaiming_normal over fan_out, the head by torch's default.
  void reset_parameters(Rng& rng) override {
    nn::Module<T>::reset_parameters(rng);
    for (const auto& p : this->parameters()) {
      if (p.layout == nn::Layout::convolution) nn::kaiming_normal(p.variable.value(), nn::Fan::out, rng);
    }
  }

  void fold_norms() override {
    nn::Module<T>::fold_norms();
    nn::fold_into(conv1_, bn1_);
  }

  nn::StateRules state_rules() const override {
    return {.rename = {}, .first_convolution = "conv1.weight", .head = "fc."};
  }

 private:
  nn::Conv2d<T> conv1_;
  nn::BatchNorm2d<T> bn1_;
  std::deque<nn::Sequence<T>> groups_;
  std::deque<BasicBlock<T>> blocks_;
};

template <class T>
ResNet<T> resnet18(const ModelOptions& o = {}) {
  return ResNet<T>({2, 2, 2, 2}, o);
}

template <class T>
ResNet<T> resnet34(const ModelOptions& o = {}) {
  return ResNet<T>({3, 4, 6, 3}, o);
}

}  // namespace qrs::models
