// ConvNeXt-Tiny (Liu, Mao, Wu, Feichtenhofer, Darrell, Xie 2022, A ConvNet for the 2020s, figure 4 and section 2).
//
//   stem: 4x4 / 4, 96 -> layer norm -> four stages of 3, 3, 9, 3 blocks at 96, 192, 384, 768 channels, a layer norm and a
//   2x2 / 2 convolution between them -> average over the image -> layer norm -> linear
//   a block: 7x7 depthwise -> layer norm -> linear to 4 C -> GELU -> linear to C -> layer scale -> + x
// Equal to torchvision.models.convnext_tiny: names, initial values (truncated normal of deviation 0.02, biases 0, layer
// scale 1e-6), eps 1e-6, stochastic depth 0.1 i / 17.
#pragma once

#include <array>
#include <deque>
#include <memory>

#include "../nn/layer_norm.hpp"
#include "../ops/activation.hpp"
#include "../ops/mul.hpp"
#include "model.hpp"

namespace qrs::models {

/// Blocks of one stage, and their channels.
struct ConvNeXtStage {
  std::int64_t channels;
  std::int64_t count;
};
inline constexpr std::array<ConvNeXtStage, 4> convnext_tiny_stages = {{{96, 3}, {192, 3}, {384, 9}, {768, 3}}};

/// torchvision's CNBlock: a Sequential "block" of 0 depthwise, 2 layer norm, 3 and 5 linear, and a layer scale.
template <class T>
class ConvNeXtBlock : public nn::Module<T> {
 public:
  ConvNeXtBlock(nn::Module<T>& parent, std::string name, std::int64_t channels, double drop)
      : nn::Module<T>(parent, std::move(name)),
        layer_scale_(this->add_parameter("layer_scale", {channels}, nn::Layout::factors)),
        depthwise_(block_, "0", {.in = channels, .out = channels, .kernel = 7, .padding = 3, .groups = channels}),
        norm_(block_, "2", {.channels = channels, .eps = 1e-6}),
        widen_(block_, "3", {.in = channels, .out = 4 * channels}),
        narrow_(block_, "5", {.in = 4 * channels, .out = channels}),
        depth_(*this, "stochastic_depth", drop) {}

  Var<T> operator()(const Var<T>& x) const {
    const Var<T> y = narrow_(gelu(widen_(norm_(depthwise_(x)))));
    return add(depth_(mul(y, layer_scale_)), x);
  }
  Shape describe(const Shape& input, const std::string& name, nn::Summary& summary) const override {
    const std::string block = name + ".block.";
    Shape y = norm_.describe(depthwise_.describe(input, block + "0", summary), block + "2", summary);
    y = summary.add(block + "4", "GELU", widen_.describe(y, block + "3", summary));
    y = summary.add(name + ".layer_scale", "Mul", narrow_.describe(y, block + "5", summary),
                    layer_scale_.value().size());
    return summary.add(name, "Add", y);
  }
  void reset_parameters(Rng& rng) override {
    nn::Module<T>::reset_parameters(rng);
    layer_scale_.value().fill(T(1e-6));
  }

 private:
  struct Sequence : nn::Module<T> {
    using nn::Module<T>::Module;
  };

  Sequence block_{*this, "block"};
  Var<T> layer_scale_;
  nn::Conv2d<T> depthwise_;
  nn::LayerNorm<T> norm_;
  nn::Linear<T> widen_;
  nn::Linear<T> narrow_;
  nn::StochasticDepth<T> depth_;
};

template <class T>
class ConvNeXt : public Model<T> {
 public:
  ConvNeXt(const std::array<ConvNeXtStage, 4>& stages, const ModelOptions& o)
      : stem_(features_, {.in = o.in_channels, .out = stages[0].channels, .kernel = 4, .stride = 4}) {
    std::int64_t total = 0;
    for (const ConvNeXtStage& stage : stages) total += stage.count;
    std::int64_t index = 0;
    for (std::size_t s = 0; s < stages.size(); ++s) {
      const std::int64_t channels = stages[s].channels;
      if (s > 0) downsamplings_.emplace_back(features_, text(2 * s), stages[s - 1].channels, channels);
      stages_.emplace_back(features_, text(2 * s + 1));
      for (std::int64_t b = 0; b < stages[s].count; ++b, ++index) {
        const double drop = o.drop_path * static_cast<double>(index) / static_cast<double>(total - 1);
        stages_.back().blocks.emplace_back(stages_.back(), text(b), channels, drop);
      }
    }
    const std::int64_t last = stages.back().channels;
    norm_ = std::make_unique<nn::LayerNorm<T>>(classifier_, "0", nn::LayerNormSettings{.channels = last, .eps = 1e-6});
    this->add_head(classifier_, "2", {.in = last, .out = o.classes});
    Rng rng(o.seed);
    reset_parameters(rng);
  }

  Var<T> feature_map(const Var<T>& x) override {
    this->check_image(x, stem_.conv.weight().dim(2));
    Var<T> y = stem_.norm(stem_.conv(x));
    for (std::size_t s = 0; s < stages_.size(); ++s) {
      if (s > 0) y = downsamplings_[s - 1].conv(downsamplings_[s - 1].norm(y));
      for (const ConvNeXtBlock<T>& block : stages_[s].blocks) y = block(y);
    }
    return y;
  }
  Var<T> pool(const Var<T>& map) override { return (*norm_)(global_average_pool(map)); }

  Shape describe_features(const Shape& input, nn::Summary& summary) const override {
    Shape y = stem_.norm.describe(stem_.conv.describe(input, "features.0.0", summary), "features.0.1", summary);
    for (std::size_t s = 0; s < stages_.size(); ++s) {
      if (s > 0) {
        const std::string name = text("features.", 2 * s);
        y = downsamplings_[s - 1].norm.describe(y, name + ".0", summary);
        y = downsamplings_[s - 1].conv.describe(y, name + ".1", summary);
      }
      std::size_t b = 0;
      for (const ConvNeXtBlock<T>& block : stages_[s].blocks) {
        y = block.describe(y, text("features.", 2 * s + 1, ".", b++), summary);
      }
    }
    return norm_->describe(summary.add("avgpool", "AdaptiveAvgPool2d", {y[0], y[3]}), "classifier.0", summary);
  }

  /// torchvision's: kernels and matrices by trunc_normal, their biases 0.
  void reset_parameters(Rng& rng) override {
    nn::Module<T>::reset_parameters(rng);
    for (const auto& p : this->parameters()) {
      if (p.name.ends_with(".bias")) p.variable.value().fill(T(0));
      if (p.variable.value().rank() > 1) nn::trunc_normal(p.variable.value(), 0.02, rng);
    }
  }

  nn::StateRules state_rules() const override {
    return {.rename = {}, .first_convolution = "features.0.0.weight", .head = "classifier.2."};
  }

 private:
  struct Sequence : nn::Module<T> {
    using nn::Module<T>::Module;
  };
  struct Stage : Sequence {
    using Sequence::Sequence;
    std::deque<ConvNeXtBlock<T>> blocks;
  };
  struct Stem : nn::Module<T> {
    Stem(nn::Module<T>& parent, const nn::Conv2dSettings& s)
        : nn::Module<T>(parent, "0"), conv(*this, "0", s), norm(*this, "1", {.channels = s.out, .eps = 1e-6}) {}
    nn::Conv2d<T> conv;
    nn::LayerNorm<T> norm;
  };
  struct Downsampling : nn::Module<T> {
    Downsampling(nn::Module<T>& parent, std::string name, std::int64_t in, std::int64_t out)
        : nn::Module<T>(parent, std::move(name)),
          norm(*this, "0", {.channels = in, .eps = 1e-6}),
          conv(*this, "1", {.in = in, .out = out, .kernel = 2, .stride = 2}) {}
    nn::LayerNorm<T> norm;
    nn::Conv2d<T> conv;
  };

  Sequence features_{*this, "features"};
  Stem stem_;
  std::deque<Stage> stages_;
  std::deque<Downsampling> downsamplings_;
  Sequence classifier_{*this, "classifier"};
  std::unique_ptr<nn::LayerNorm<T>> norm_;
};

template <class T>
ConvNeXt<T> convnext_tiny(const ModelOptions& o = {}) {
  return ConvNeXt<T>(convnext_tiny_stages, o);
}

}  // namespace qrs::models
