// LayerNorm: layer normalisation over the last axis, with a factor and a shift per channel. torch.nn.LayerNorm(C), and
// torchvision's LayerNorm2d, whose images are channels last here anyway.
#pragma once

#include "../ops/layer_norm.hpp"
#include "module.hpp"

namespace qrs::nn {

struct LayerNormSettings {
  std::int64_t channels = 0;
  double eps = 1e-5;
  bool affine = true;
};

template <class T>
class LayerNorm : public Module<T> {
 public:
  LayerNorm(Module<T>& parent, std::string name, const LayerNormSettings& s)
      : Module<T>(parent, std::move(name)), settings_(s) {
    QRS_CHECK(s.channels > 0, "[LayerNorm] expected at least one channel, got ", s.channels);
    if (!s.affine) return;
    weight_ = this->add_parameter("weight", {s.channels});
    weight_.value().fill(T(1));
    bias_ = this->add_parameter("bias", {s.channels});
  }

  Var<T> operator()(const Var<T>& x) const {
    QRS_CHECK(x.shape().channels() == settings_.channels, "[LayerNorm] expected ", settings_.channels,
              " channels, got x ", x.shape());
    return layer_norm(x, weight_, bias_, {.eps = settings_.eps});
  }

  const Var<T>& weight() const { return weight_; }
  const Var<T>& bias() const { return bias_; }

  Shape describe(const Shape& input, const std::string& name, Summary& summary) const override {
    return summary.add(name, "LayerNorm", input, this->parameter_count());
  }

  void reset_parameters(Rng&) override {
    if (!settings_.affine) return;
    weight_.value().fill(T(1));
    bias_.value().fill(T(0));
  }

 private:
  LayerNormSettings settings_;
  Var<T> weight_;
  Var<T> bias_;
};

}  // namespace qrs::nn
