// A network small enough to follow by hand: two convolutions with ReLU, an average over the image, a linear layer.
#pragma once

#include <string>

#include "qrs/models/model.hpp"
#include "qrs/ops/activation.hpp"

namespace qrs::tests {

struct SmallSettings {
  nn::Conv2dSettings first = {.in = 1, .out = 5, .kernel = 3, .padding = 1};
  nn::Conv2dSettings second = {.in = 5, .out = 6, .kernel = 3, .stride = 2, .padding = 1};
  std::int64_t classes = 3;
};

template <class T>
class SmallNetwork final : public models::Model<T> {
 public:
  explicit SmallNetwork(const SmallSettings& s = {})
      : conv1_(*this, "conv1", s.first), conv2_(*this, "conv2", s.second) {
    this->add_head(*this, "fc", {.in = s.second.out, .out = s.classes});
    Rng rng(0);
    this->reset_parameters(rng);
    this->eval();
  }
  Var<T> feature_map(const Var<T>& x) override { return relu(conv2_(relu(conv1_(x)))); }
  nn::StateRules state_rules() const override { return {}; }

  /// The tensor of a parameter, to write to.
  Tensor<T> weights(const std::string& name) const {
    for (const auto& p : this->parameters()) {
      if (p.name == name) return p.variable.value();
    }
    fail("[small network] expected a parameter, got '", name, "'");
  }

 protected:
  std::int64_t in_channels() const override { return conv1_.weight().dim(2); }

 private:
  nn::Conv2d<T> conv1_;
  nn::Conv2d<T> conv2_;
};

/// Side of the mark that decides the class of the network below.
inline constexpr std::int64_t mark_side = 8;

/// A checkerboard of 0 and 1 at (top, left) of an image (1, H, W, 1).
template <class T>
void draw_mark(const Tensor<T>& image, std::int64_t top, std::int64_t left) {
  for (std::int64_t y = 0; y < mark_side; ++y) {
    for (std::int64_t x = 0; x < mark_side; ++x) image({0, top + y, left + x, 0}) = static_cast<T>((x + y) % 2);
  }
}

/// Grey noise, (1, size, size, 1).
template <class T>
Tensor<T> noise(std::int64_t size, std::uint64_t seed) {
  Rng rng(seed);
  Tensor<T> image({1, size, size, 1});  // (N, H, W, C)
  for (T& value : image.values()) value = static_cast<T>(rng.uniform(0.4, 0.6));
  return image;
}

/// A network that cheats: class 1 is the mark of draw_mark at a multiple of mark_side, whatever else the image shows. Channel
/// 0 answers to the mark, channel 1 to brightness, which the head does not use.
template <class T>
void plant_shortcut(SmallNetwork<T>& net) {
  const Tensor<T> first = net.weights("conv1.weight");  // (8, 8, 1, 2)
  for (std::int64_t y = 0; y < mark_side; ++y) {
    for (std::int64_t x = 0; x < mark_side; ++x) {
      first({y, x, 0, 0}) = (x + y) % 2 == 0 ? T(-1) : T(1);
      first({y, x, 0, 1}) = T(1) / T(64);
    }
  }
  net.weights("conv1.bias").fill(T(0));
  net.weights("conv1.bias").data()[0] = T(-8);           // noise stays below; the mark gives 32
  const Tensor<T> second = net.weights("conv2.weight");  // (1, 1, 2, 2), the identity
  second.fill(T(0));
  second({0, 0, 0, 0}) = T(1);
  second({0, 0, 1, 1}) = T(1);
  net.weights("conv2.bias").fill(T(0));
  net.weights("fc.weight").fill(T(0));
  net.weights("fc.weight")({1, 0}) = T(20);  // class 1 by channel 0
  net.weights("fc.bias").fill(T(0));
  net.weights("fc.bias").data()[0] = T(2);  // class 0 by default
}

inline SmallSettings shortcut_settings() {
  return {.first = {.in = 1, .out = 2, .kernel = mark_side, .stride = mark_side},
          .second = {.in = 2, .out = 2, .kernel = 1},
          .classes = 2};
}

}  // namespace qrs::tests
