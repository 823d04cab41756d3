// ViT-B/16 (Dosovitskiy et al. 2021, An Image is Worth 16x16 Words, section 3.1, table 1).
//
//   patches: 16x16 / 16 to 768 -> a token each, the class token before them, learned positions added -> 12 blocks ->
//   layer norm -> the class token -> linear
//   a block: x + attention(layer norm(x)) of 12 heads, then x + mlp(layer norm(x)); mlp: linear to 3072, GELU, linear
// Equal to torchvision.models.vit_b_16: names (with the older mlp.linear_1, mlp.linear_2 when loaded), initial values, eps
// 1e-6, no dropout. Images have one size, ModelOptions::image_size: there is a position for every patch.
#pragma once

#include <cmath>
#include <deque>
#include <memory>

#include "../nn/attention.hpp"
#include "../ops/activation.hpp"
#include "../ops/concat.hpp"
#include "../ops/reshape.hpp"
#include "model.hpp"

namespace qrs::models {

/// A row of table 1, and the side of a patch.
struct VisionTransformerSettings {
  std::int64_t patch;
  std::int64_t layers;
  std::int64_t heads;
  std::int64_t width;
  std::int64_t mlp;
};
inline constexpr VisionTransformerSettings vit_b_16_settings = {
    .patch = 16, .layers = 12, .heads = 12, .width = 768, .mlp = 3072};

/// torchvision's EncoderBlock.
template <class T>
class EncoderBlock : public nn::Module<T> {
 public:
  EncoderBlock(nn::Module<T>& parent, std::string name, const VisionTransformerSettings& s)
      : nn::Module<T>(parent, std::move(name)),
        ln_1_(*this, "ln_1", {.channels = s.width, .eps = 1e-6}),
        attention_(*this, "self_attention", {.width = s.width, .heads = s.heads}),
        ln_2_(*this, "ln_2", {.channels = s.width, .eps = 1e-6}),
        mlp_(*this, s) {}

  Var<T> operator()(const Var<T>& x) const {
    const Var<T> y = add(attention_(ln_1_(x)), x);
    this->note_step("add_1", "Add", y.shape());
    const Var<T> wide = gelu(mlp_.widen(ln_2_(y)));
    mlp_.widen.note_after("1", "GELU", wide.shape());
    const Var<T> z = add(mlp_.narrow(wide), y);
    this->note_step("add_2", "Add", z.shape());
    return z;
  }
  void reset_parameters(Rng& rng) override {
    nn::Module<T>::reset_parameters(rng);
    for (const nn::Linear<T>* layer : {&mlp_.widen, &mlp_.narrow}) {
      nn::xavier_uniform(layer->weight().value(), rng);
      nn::normal(layer->bias().value(), 1e-6, rng);
    }
  }

 private:
  struct Mlp : nn::Module<T> {
    Mlp(nn::Module<T>& parent, const VisionTransformerSettings& s)
        : nn::Module<T>(parent, "mlp"),
          widen(*this, "0", {.in = s.width, .out = s.mlp}),
          narrow(*this, "3", {.in = s.mlp, .out = s.width}) {}
    nn::Linear<T> widen;
    nn::Linear<T> narrow;
  };

  nn::LayerNorm<T> ln_1_;
  nn::MultiheadAttention<T> attention_;
  nn::LayerNorm<T> ln_2_;
  Mlp mlp_;
};

template <class T>
class VisionTransformer : public Model<T> {
 public:
  VisionTransformer(const VisionTransformerSettings& s, const ModelOptions& o)
      : image_size_(o.image_size),
        patches_(o.image_size / s.patch),
        class_token_(this->add_parameter("class_token", {1, 1, s.width})),
        conv_proj_(*this, "conv_proj", {.in = o.in_channels, .out = s.width, .kernel = s.patch, .stride = s.patch}),
        encoder_(*this, s, 1 + patches_ * patches_) {
    QRS_CHECK(patches_ > 0 && o.image_size % s.patch == 0, "[model] expected an image size that is a multiple of ",
              s.patch, ", got ", o.image_size);
    this->add_head(heads_, "head", {.in = s.width, .out = o.classes});
    Rng rng(o.seed);
    reset_parameters(rng);
  }

  std::int64_t in_channels() const override { return conv_proj_.weight().dim(2); }
  Var<T> feature_map(const Var<T>& x) override {
    this->check_image(x.shape());
    QRS_CHECK(x.dim(1) == image_size_ && x.dim(2) == image_size_, "[model] expected images of ", image_size_, " x ",
              image_size_, " (image_size), got ", x.shape());
    const std::int64_t n = x.dim(0);
    const std::int64_t width = class_token_.dim(2);
    const Var<T> patches = reshape(conv_proj_(x), {n, patches_ * patches_, width});
    const Var<T> first = add(Var<T>(Tensor<T>::zeros({n, 1, width}, x.device())), class_token_);
    Var<T> y = concat({first, patches}, 1);  // (N, 1 + h w, C)
    this->note_step("class_token", "Concat", y.shape(), 0, class_token_.value().size());
    y = add(y, encoder_.pos_embedding);
    encoder_.note_step("pos_embedding", "Add", y.shape(), 0, encoder_.pos_embedding.value().size());
    for (std::size_t i = 0; i + 1 < encoder_.blocks.size(); ++i) y = encoder_.blocks[i](y);
    return y;
  }
  /// The last block, the norm, and of all tokens the class token.
  Var<T> pool(const Var<T>& tokens) override {
    const Var<T> y = slice(encoder_.blocks.back()(tokens), 1, 0, 1);  // (N, 1, C)
    return reshape(encoder_.ln(y), {y.dim(0), y.dim(2)});
  }
  Tensor<T> on_image(const Tensor<T>& tokens) const override {
    return slice(Var<T>(tokens), 1, 1, patches_ * patches_)
        .value()
        .as_contiguous()
        .reshape({tokens.dim(0), patches_, patches_, tokens.dim(2)});
  }

  /// torchvision's: patches by trunc_normal, positions N(0, 0.02^2), class token and head 0; the blocks by themselves.
  void reset_parameters(Rng& rng) override {
    nn::Module<T>::reset_parameters(rng);
    const Tensor<T>& w = conv_proj_.weight().value();
    nn::trunc_normal(w, std::sqrt(1.0 / static_cast<double>(nn::fan_of(w.shape(), nn::Fan::in))), rng);
    nn::normal(encoder_.pos_embedding.value(), 0.02, rng);
    for (const Var<T>& v : {class_token_, conv_proj_.bias(), this->head().weight(), this->head().bias()}) {
      v.value().fill(T(0));
    }
  }

  nn::StateRules state_rules() const override {
    return {.rename = rename, .first_convolution = "conv_proj.weight", .head = "heads."};
  }
  std::int64_t image_size_of(const io::StateDict& dict) const override {
    const io::Entry* positions = dict.find("encoder.pos_embedding");
    if (positions == nullptr || positions->shape.size() != 3 || positions->shape[1] < 2) return image_size_;
    const auto patches = std::llround(std::sqrt(static_cast<double>(positions->shape[1] - 1)));
    return patches * conv_proj_.weight().dim(0);
  }

 private:
  struct Encoder : nn::Module<T> {
    Encoder(nn::Module<T>& parent, const VisionTransformerSettings& s, std::int64_t tokens)
        : nn::Module<T>(parent, "encoder"), pos_embedding(this->add_parameter("pos_embedding", {1, tokens, s.width})) {
      for (std::int64_t i = 0; i < s.layers; ++i) blocks.emplace_back(layers, text("encoder_layer_", i), s);
    }
    Var<T> pos_embedding;
    nn::Sequence<T> layers{*this, "layers"};
    std::deque<EncoderBlock<T>> blocks;
    nn::LayerNorm<T> ln{*this, "ln", {.channels = pos_embedding.dim(2), .eps = 1e-6}};
  };

  static std::string rename(const std::string& name) {
    for (const auto& [before, now] : {std::pair{"mlp.linear_1.", "mlp.0."}, {"mlp.linear_2.", "mlp.3."}}) {
      const std::size_t at = name.find(before);
      if (at != std::string::npos) return name.substr(0, at) + now + name.substr(at + std::string(before).size());
    }
    return name;
  }

  std::int64_t image_size_;
  std::int64_t patches_;  // along one side
  Var<T> class_token_;
  nn::Conv2d<T> conv_proj_;
  Encoder encoder_;
  nn::Sequence<T> heads_{*this, "heads"};
};

template <class T>
VisionTransformer<T> vit_b_16(const ModelOptions& o = {}) {
  return VisionTransformer<T>(vit_b_16_settings, o);
}

}  // namespace qrs::models
