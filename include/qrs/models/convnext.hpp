// ConvNeXt-Tiny (Liu, Mao, Wu, Feichtenhofer, Darrell, Xie 2022, A ConvNet for the 2020s, figure 4).
//
//   stem: 4x4 / 4, 96, layer norm -> groups of 3, 3, 9, 3 blocks of 96, 192, 384, 768 channels with layer norm and 2x2 / 2 between
//   them -> average over the image -> layer norm -> linear
//   a block: x + scale * linear(gelu(linear(norm(depthwise 7x7(x)))))      to 4 times the channels and back
// Equal to torchvision.models.convnext_tiny: names, initial values (truncated normal of 0.02, biases 0, scale 1e-6), eps 1e-6,
// stochastic depth growing linearly to 0.1. Channels last, the permutations of the original are not needed.
#pragma once

#include <array>
#include <deque>
#include <memory>

#include "../ops/activation.hpp"
#include "../ops/gate.hpp"
#include "model.hpp"

namespace qrs::models {

/// torchvision's CNBlock: a Sequential "block", of which 1 and 6 are permutations, and 4 is GELU.
template <class T>
class ConvNeXtBlock : public nn::Module<T> {
 public:
  ConvNeXtBlock(nn::Module<T>& parent, std::string name, std::int64_t channels, double drop)
      : nn::Module<T>(parent, std::move(name)),
        scale_(this->add_parameter("layer_scale", {channels, 1, 1})),
        depthwise_(block_, "0", {.in = channels, .out = channels, .kernel = 7, .padding = 3, .groups = channels}),
        norm_(block_, "2", {.channels = channels, .eps = 1e-6}),
        expand_(block_, "3", {.in = channels, .out = 4 * channels}),
        project_(block_, "5", {.in = 4 * channels, .out = channels}),
        depth_(*this, "stochastic_depth", drop) {}

  Var<T> operator()(const Var<T>& x) {
    Var<T> y = expand_(norm_(depthwise_(x)));
    expand_.note_after("4", "GELU", y.shape());
    y = project_(gelu(y));
    y = gate(y, reshape(scale_, {y.dim(3)}));
    this->note("LayerScale", y.shape());
    return add(depth_(y), x);
  }
  void reset_parameters(Rng& rng) override {
    nn::Module<T>::reset_parameters(rng);
    scale_.value().fill(static_cast<T>(1e-6));
  }

 private:
  Var<T> scale_;  // (C, 1, 1), as the file has it
  nn::Sequence<T> block_{*this, "block"};
  nn::Conv2d<T> depthwise_;
  nn::LayerNorm<T> norm_;
  nn::Linear<T> expand_;
  nn::Linear<T> project_;
  nn::StochasticDepth<T> depth_;
};

template <class T>
class ConvNeXt : public Model<T> {
 public:
  /// `blocks` and `channels` of each of the four groups.
  ConvNeXt(const std::array<std::int64_t, 4>& blocks, const std::array<std::int64_t, 4>& channels,
           const ModelOptions& o) {
    std::int64_t total = 0;
    for (const std::int64_t count : blocks) total += count;
    std::int64_t index = 0;
    std::int64_t in = o.in_channels;
    for (std::size_t g = 0; g < 4; ++g) {
      groups_.emplace_back(features_, text(2 * g));
      const std::int64_t patch = g == 0 ? 4 : 2;
      const nn::Conv2dSettings down{.in = in, .out = channels[g], .kernel = patch, .stride = patch};
      const nn::LayerNormSettings norm{.channels = g == 0 ? channels[g] : in, .eps = 1e-6};
      if (g == 0) {  // the stem normalises what it made, the others what they are given
        downs_.emplace_back(groups_.back(), "0", down);
        norms_.emplace_back(groups_.back(), "1", norm);
      } else {
        norms_.emplace_back(groups_.back(), "0", norm);
        downs_.emplace_back(groups_.back(), "1", down);
      }
      groups_.emplace_back(features_, text(2 * g + 1));
      stages_.emplace_back();
      for (std::int64_t b = 0; b < blocks[g]; ++b, ++index) {
        const double drop =
            o.stochastic_depth.value_or(0.1) * static_cast<double>(index) / static_cast<double>(total - 1);
        stages_.back().emplace_back(groups_.back(), text(b), channels[g], drop);
      }
      in = channels[g];
    }
    norm_ = std::make_unique<nn::LayerNorm<T>>(classifier_, "0", nn::LayerNormSettings{.channels = in, .eps = 1e-6});
    this->add_head(classifier_, "2", {.in = in, .out = o.classes});
    Rng rng(o.seed);
    reset_parameters(rng);
  }

  std::int64_t in_channels() const override { return downs_.front().weight().dim(2); }
  Var<T> feature_map(const Var<T>& x) override {
    this->check_image(x.shape());
    Var<T> y = x;
    for (std::size_t g = 0; g < 4; ++g) {
      y = g == 0 ? norms_[g](downs_[g](y)) : downs_[g](norms_[g](y));
      for (ConvNeXtBlock<T>& block : stages_[g]) y = block(y);
    }
    return y;
  }
  Var<T> pool(const Var<T>& map) override { return (*norm_)(Model<T>::pool(map)); }

  void reset_parameters(Rng& rng) override {
    nn::Module<T>::reset_parameters(rng);
    for (const auto& p : this->parameters()) {
      if (p.variable.shape().rank() == 2 || p.layout == nn::Layout::convolution) {
        nn::trunc_normal(p.variable.value(), 0.02, rng);
      }
      if (p.name.ends_with(".bias")) p.variable.value().fill(T(0));
    }
  }

  nn::StateRules state_rules() const override {
    return {.rename = {}, .first_convolution = "features.0.0.weight", .head = "classifier.2."};
  }

 private:
  nn::Sequence<T> features_{*this, "features"};
  std::deque<nn::Sequence<T>> groups_;
  std::deque<nn::Conv2d<T>> downs_;
  std::deque<nn::LayerNorm<T>> norms_;
  std::deque<std::deque<ConvNeXtBlock<T>>> stages_;
  nn::Sequence<T> classifier_{*this, "classifier"};
  std::unique_ptr<nn::LayerNorm<T>> norm_;
};

template <class T>
ConvNeXt<T> convnext_tiny(const ModelOptions& o = {}) {
  return ConvNeXt<T>({3, 3, 9, 3}, {96, 192, 384, 768}, o);
}

}  // namespace qrs::models
