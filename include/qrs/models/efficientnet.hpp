// EfficientNet-B0 (Tan, Le 2019, EfficientNet, table 1).
//
//   stem: 3x3 / 2, 32 -> seven groups of MBConv blocks -> 1x1 to 1280 -> average over the image -> dropout -> linear;
//   SiLU everywhere; squeeze-and-excitation to a quarter of a block's input channels; stochastic depth on residual blocks,
//   its probability growing linearly over the blocks
// Equal to torchvision.models.efficientnet_b0: names, initial values (kaiming_normal over fan_out, biases 0, head U(+-1 /
// sqrt(classes))), eps 1e-5 and momentum 0.1, dropout 0.2, stochastic depth 0.2 i / 16.
#pragma once

#include <array>
#include <deque>
#include <memory>

#include "../nn/conv_norm.hpp"
#include "../ops/gate.hpp"
#include "model.hpp"

namespace qrs::models {

/// One row of table 1: `count` blocks of this shape, the first at `stride` from `in` channels.
struct MbConvRow {
  std::int64_t expansion;
  std::int64_t kernel;
  std::int64_t stride;
  std::int64_t in;
  std::int64_t out;
  std::int64_t count;
};

/// torchvision's MBConv: a Sequential "block" of expansion (absent at ratio 1), depthwise, squeeze-excite and projection.
template <class T>
class MbConvBlock : public nn::Module<T> {
 public:
  MbConvBlock(nn::Module<T>& parent, std::string name, std::int64_t in, std::int64_t out, const MbConvRow& row,
              std::int64_t stride, double drop)
      : nn::Module<T>(parent, std::move(name)), residual_(stride == 1 && in == out) {
    const std::int64_t wide = in * row.expansion;
    std::int64_t index = 0;
    if (wide != in) expand_ = std::make_unique<nn::ConvNorm2d<T>>(block_, text(index++), unit(in, wide, 1, 1, 1));
    depthwise_ = std::make_unique<nn::ConvNorm2d<T>>(block_, text(index++), unit(wide, wide, row.kernel, stride, wide));
    excite_ = std::make_unique<Excite>(block_, text(index++), wide, std::max<std::int64_t>(1, in / 4));
    project_ = std::make_unique<nn::ConvNorm2d<T>>(block_, text(index), unit(wide, out, 1, 1, 1), Activation::identity);
    depth_ = std::make_unique<nn::StochasticDepth<T>>(*this, "stochastic_depth", drop);
  }

  Var<T> operator()(const Var<T>& x) {
    Var<T> y = expand_ ? (*expand_)(x) : x;
    y = (*depthwise_)(std::move(y));
    y = gate(y, (*excite_)(y));
    excite_->note("SqueezeExcitation", y.shape());
    if (!residual_) return (*project_)(std::move(y));
    const bool drops = this->training() && depth_->p() > 0.0;
    return drops ? add((*depth_)((*project_)(std::move(y))), x) : (*project_)(std::move(y), x);
  }

 private:
  struct Excite : nn::Module<T> {
    Excite(nn::Module<T>& parent, std::string name, std::int64_t channels, std::int64_t squeezed)
        : nn::Module<T>(parent, std::move(name)),
          fc1(*this, "fc1", {.in = channels, .out = squeezed}),
          fc2(*this, "fc2", {.in = squeezed, .out = channels}) {}
    /// The factor of each channel of each image, (N, 1, 1, C): Hu, Shen, Sun 2018, equation 3.
    Var<T> operator()(const Var<T>& x) {
      const Var<T> squeezed = reshape(global_average_pool(x), {x.dim(0), 1, 1, x.dim(3)});
      this->note_step("avgpool", "AdaptiveAvgPool2d", squeezed.shape());
      Var<T> s = sigmoid(fc2(silu(fc1(squeezed))));
      this->note_step("scale", "SiLU, Sigmoid", s.shape());
      return s;
    }
    nn::Conv2d<T> fc1;
    nn::Conv2d<T> fc2;
  };
  static nn::Conv2dSettings unit(std::int64_t in, std::int64_t out, std::int64_t kernel, std::int64_t stride,
                                 std::int64_t groups) {
    return {.in = in,
            .out = out,
            .kernel = kernel,
            .stride = stride,
            .padding = kernel / 2,
            .groups = groups,
            .bias = false};
  }

  bool residual_;
  nn::Sequence<T> block_{*this, "block"};
  std::unique_ptr<nn::ConvNorm2d<T>> expand_;
  std::unique_ptr<nn::ConvNorm2d<T>> depthwise_;
  std::unique_ptr<Excite> excite_;
  std::unique_ptr<nn::ConvNorm2d<T>> project_;
  std::unique_ptr<nn::StochasticDepth<T>> depth_;
};

template <class T>
class EfficientNet : public Model<T> {
 public:
  explicit EfficientNet(const ModelOptions& o) : dropout_p_(o.dropout.value_or(0.2)) {
    static constexpr std::array<MbConvRow, 7> rows = {{{1, 3, 1, 32, 16, 1},
                                                       {6, 3, 2, 16, 24, 2},
                                                       {6, 5, 2, 24, 40, 2},
                                                       {6, 3, 2, 40, 80, 3},
                                                       {6, 5, 1, 80, 112, 3},
                                                       {6, 5, 2, 112, 192, 4},
                                                       {6, 3, 1, 192, 320, 1}}};
    std::int64_t total = 0;
    for (const MbConvRow& row : rows) total += row.count;
    stem_ = std::make_unique<nn::ConvNorm2d<T>>(
        features_, "0",
        nn::Conv2dSettings{.in = o.in_channels, .out = 32, .kernel = 3, .stride = 2, .padding = 1, .bias = false});
    std::int64_t index = 0;
    for (std::size_t g = 0; g < rows.size(); ++g) {
      const MbConvRow& row = rows[g];
      groups_.emplace_back(features_, text(g + 1));
      for (std::int64_t b = 0; b < row.count; ++b, ++index) {
        const double drop = o.stochastic_depth.value_or(0.2) * static_cast<double>(index) / static_cast<double>(total);
        blocks_.emplace_back(groups_.back(), text(b), b == 0 ? row.in : row.out, row.out, row, b == 0 ? row.stride : 1,
                             drop);
      }
    }
    constexpr std::int64_t last = 1280;
    head_conv_ = std::make_unique<nn::ConvNorm2d<T>>(
        features_, "8", nn::Conv2dSettings{.in = rows.back().out, .out = last, .bias = false});
    dropout_ = std::make_unique<nn::Dropout<T>>(classifier_, "0", dropout_p_);
    this->add_head(classifier_, "1", {.in = last, .out = o.classes});
    Rng rng(o.seed);
    reset_parameters(rng);
  }

  std::int64_t in_channels() const override { return stem_->conv().weight().dim(2); }
  Var<T> feature_map(const Var<T>& x) override {
    this->check_image(x.shape());
    Var<T> y = (*stem_)(x);
    for (MbConvBlock<T>& block : blocks_) y = block(y);
    return (*head_conv_)(y);
  }

  Var<T> classify(const Var<T>& z) override { return Model<T>::classify((*dropout_)(z)); }

  /// torchvision's: convolutions by kaiming_normal over fan_out, biases 0, the head U(+-1 / sqrt(classes)).
  void reset_parameters(Rng& rng) override {
    nn::Module<T>::reset_parameters(rng);
    for (const auto& p : this->parameters()) {
      if (p.layout == nn::Layout::convolution) nn::kaiming_normal(p.variable.value(), nn::Fan::out, rng);
      if (p.name.ends_with(".bias")) p.variable.value().fill(T(0));
    }
    nn::uniform(this->head().weight().value(), 1.0 / std::sqrt(static_cast<double>(this->classes())), rng);
  }

  nn::StateRules state_rules() const override {
    return {.rename = {}, .first_convolution = "features.0.0.weight", .head = "classifier."};
  }

 private:
  double dropout_p_;
  nn::Sequence<T> features_{*this, "features"};
  std::unique_ptr<nn::ConvNorm2d<T>> stem_;
  std::deque<nn::Sequence<T>> groups_;
  std::deque<MbConvBlock<T>> blocks_;
  std::unique_ptr<nn::ConvNorm2d<T>> head_conv_;
  nn::Sequence<T> classifier_{*this, "classifier"};
  std::unique_ptr<nn::Dropout<T>> dropout_;
};

template <class T>
EfficientNet<T> efficientnet_b0(const ModelOptions& o = {}) {
  return EfficientNet<T>(o);
}

}  // namespace qrs::models
