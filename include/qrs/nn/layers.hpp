// The layers that own parameters: Conv2d, BatchNorm2d, Linear; and the random ones: Dropout, StochasticDepth.
//
// Names and defaults are torch.nn's. Parameters are zero (batch norm: one and zero) until reset_parameters(rng) draws them
// or a file is loaded. Each forward is one operation of ops/; a network's forward calls them like functions.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "../core/splitmix.hpp"
#include "../ops/batch_norm.hpp"
#include "../ops/conv2d.hpp"
#include "../ops/dropout.hpp"
#include "../ops/layer_norm.hpp"
#include "../ops/linear.hpp"
#include "init.hpp"
#include "module.hpp"

namespace qrs::nn {

struct Conv2dSettings {
  std::int64_t in = 0;      // input channels
  std::int64_t out = 0;     // output channels
  std::int64_t kernel = 1;  // height and width
  std::int64_t stride = 1;
  std::int64_t padding = 0;
  std::int64_t dilation = 1;
  std::int64_t groups = 1;
  bool bias = true;
};

/// Convolution. weight (KH, KW, C_in / groups, C_out), bias (C_out).
template <class T>
class Conv2d : public Module<T> {
 public:
  Conv2d(Module<T>& parent, std::string name, const Conv2dSettings& s)
      : Module<T>(parent, std::move(name)),
        options_{.stride = s.stride, .padding = s.padding, .dilation = s.dilation, .groups = s.groups} {
    QRS_CHECK(s.in > 0 && s.out > 0 && s.groups > 0 && s.in % s.groups == 0 && s.out % s.groups == 0,
              "[Conv2d] expected channels that the groups divide, got ", s.in, " to ", s.out, " in ", s.groups);
    weight_ = this->add_parameter("weight", {s.kernel, s.kernel, s.in / s.groups, s.out}, Layout::convolution);
    if (s.bias) bias_ = this->add_parameter("bias", {s.out});
  }

  Var<T> operator()(const Var<T>& x) const {
    Var<T> y = conv2d(x, weight_, bias_, options_);
    note_result(y.shape());
    return y;
  }
  /// Notes this layer's row where another function computed it: see summary.hpp. y is (N, OH, OW, C_out).
  void note_result(const Shape& y) const {
    this->note("Conv2d", y, y.size() * weight_.value().size() / weight_.dim(3));
  }

  const Var<T>& weight() const { return weight_; }
  bool has_bias() const { return !bias_.value().empty(); }
  const Var<T>& bias() const { return bias_; }
  const Conv2dOptions& options() const { return options_; }

  /// Gives the layer a bias of zeros where it has none: what folding a batch norm into it needs.
  void add_bias() {
    if (!has_bias()) bias_ = this->add_parameter("bias", {weight_.dim(3)});
  }

  void reset_parameters(Rng& rng) override {
    const double bound = default_bound(weight_.shape());
    uniform(weight_.value(), bound, rng);
    if (has_bias()) uniform(bias_.value(), bound, rng);
  }

 private:
  Conv2dOptions options_;
  Var<T> weight_;
  Var<T> bias_;
};

struct BatchNorm2dSettings {
  std::int64_t channels = 0;
  double eps = 1e-5;
  double momentum = 0.1;
};

/// Batch normalisation per channel. Frozen, or in evaluation, it uses its running statistics and leaves them alone.
template <class T>
class BatchNorm2d : public Module<T> {
 public:
  BatchNorm2d(Module<T>& parent, std::string name, const BatchNorm2dSettings& s)
      : Module<T>(parent, std::move(name)), settings_(s) {
    QRS_CHECK(s.channels > 0, "[BatchNorm2d] expected at least one channel, got ", s.channels);
    weight_ = this->add_parameter("weight", {s.channels});
    weight_.value().fill(T(1));
    bias_ = this->add_parameter("bias", {s.channels});
    running_mean_ = this->add_buffer("running_mean", {s.channels}, T(0));
    running_var_ = this->add_buffer("running_var", {s.channels}, T(1));
    num_batches_tracked_ = this->add_counter("num_batches_tracked");
  }

  /// Normalises, adds the residual where there is one, applies f.
  /// Statistics of x that are known are not computed again.
  Var<T> operator()(const Var<T>& x, Activation f = Activation::identity, const Var<T>& residual = {},
                    const ChannelStatistics<T>& known = {}) {
    Var<T> y = batch_norm(x, use(), f, residual, known);
    note_result(y.shape(), f, !residual.empty());
    return y;
  }
  /// Notes this layer's row, and those of the sum and the activation behind it.
  void note_result(const Shape& y, const Activation& f, bool sum) const {
    this->note("BatchNorm2d", y);
    if (sum) this->note_after("add", "Add", y);
    if (f != Activation::identity) this->note_after(name(f), name(f), y);
  }
  /// True where a use normalises by the batch: in training, unless frozen.
  bool uses_batch_statistics() const { return this->training() && !this->frozen(); }

  /// The layer as an operation takes it, for one use: in training the use is counted.
  BatchNorm<T> use() {
    const bool batch_statistics = uses_batch_statistics();
    QRS_CHECK(!batch_statistics || !folded_, "[BatchNorm2d] expected evaluation of a folded network, got training");
    if (batch_statistics) ++*num_batches_tracked_;
    return {.weight = weight_,
            .bias = bias_,
            .running_mean = running_mean_,
            .running_var = running_var_,
            .training = batch_statistics,
            .momentum = settings_.momentum,
            .eps = settings_.eps,
            .folded = folded_};
  }
  /// Marks the layer as taken over by the convolution before it.
  void set_folded() { folded_ = true; }
  bool folded() const { return folded_; }
  const Var<T>& weight() const { return weight_; }
  const Var<T>& bias() const { return bias_; }
  const Tensor<T>& running_mean() const { return running_mean_; }
  const Tensor<T>& running_var() const { return running_var_; }
  const BatchNorm2dSettings& settings() const { return settings_; }

  void reset_parameters(Rng&) override {
    weight_.value().fill(T(1));
    bias_.value().fill(T(0));
    running_mean_.fill(T(0));
    running_var_.fill(T(1));
    *num_batches_tracked_ = 0;
  }

 private:
  BatchNorm2dSettings settings_;
  Var<T> weight_;
  Var<T> bias_;
  Tensor<T> running_mean_;
  Tensor<T> running_var_;
  std::shared_ptr<std::int64_t> num_batches_tracked_;
  bool folded_ = false;
};

struct LayerNormSettings {
  std::int64_t channels = 0;
  double eps = 1e-5;
};

/// Layer normalisation over the last axis, with weight (C) and bias (C).
template <class T>
class LayerNorm : public Module<T> {
 public:
  LayerNorm(Module<T>& parent, std::string name, const LayerNormSettings& s)
      : Module<T>(parent, std::move(name)), eps_(s.eps) {
    QRS_CHECK(s.channels > 0, "[LayerNorm] expected at least one channel, got ", s.channels);
    weight_ = this->add_parameter("weight", {s.channels});
    weight_.value().fill(T(1));
    bias_ = this->add_parameter("bias", {s.channels});
  }

  Var<T> operator()(const Var<T>& x) const {
    this->note("LayerNorm", x.shape());
    return layer_norm(x, weight_, bias_, eps_);
  }
  void reset_parameters(Rng&) override {
    weight_.value().fill(T(1));
    bias_.value().fill(T(0));
  }

 private:
  double eps_;
  Var<T> weight_;
  Var<T> bias_;
};

struct LinearSettings {
  std::int64_t in = 0;
  std::int64_t out = 0;
  bool bias = true;
};

/// Fully connected layer. weight (F_out, F_in), bias (F_out).
template <class T>
class Linear : public Module<T> {
 public:
  Linear(Module<T>& parent, std::string name, const LinearSettings& s) : Module<T>(parent, std::move(name)) {
    QRS_CHECK(s.in > 0 && s.out > 0, "[Linear] expected at least one input and output, got ", s.in, " to ", s.out);
    weight_ = this->add_parameter("weight", {s.out, s.in});
    if (s.bias) bias_ = this->add_parameter("bias", {s.out});
  }

  Var<T> operator()(const Var<T>& x) const {
    Var<T> y = linear(x, weight_, bias_);
    this->note("Linear", y.shape(), y.shape().size() * weight_.dim(1));
    return y;
  }

  const Var<T>& weight() const { return weight_; }
  bool has_bias() const { return !bias_.value().empty(); }
  const Var<T>& bias() const { return bias_; }

  void reset_parameters(Rng& rng) override {
    const double bound = default_bound(weight_.shape());
    uniform(weight_.value(), bound, rng);
    if (has_bias()) uniform(bias_.value(), bound, rng);
  }

 private:
  Var<T> weight_;
  Var<T> bias_;
};

/// What the random layers share: a probability, a number of their own, and where the network's generator stands.
/// The mask of the first pass after set_random(state) is that of (seed, step, layer); a pass that follows without another call
/// draws one of its own, so that a training loop which never calls it does not repeat one mask.
template <class T>
class RandomLayer : public Module<T> {
 public:
  RandomLayer(Module<T>& parent, std::string name, double p)
      : Module<T>(parent, std::move(name)), p_(p), layer_(this->next_random_layer()) {}

  double p() const { return p_; }

 protected:
  /// The options of this pass; in training the pass is counted.
  DropoutOptions next_options() const {
    const bool training = this->training() && !this->frozen();
    const RandomState& at = this->random();
    DropoutOptions out{.p = p_, .training = training, .seed = at.seed, .step = at.step, .layer = layer_};
    if (!training) return out;
    if (calls_ != this->random_calls()) {
      calls_ = this->random_calls();
      passes_ = 0;
    }
    if (passes_ > 0) out.seed = splitmix_mixed(out.seed + passes_ * splitmix_step);
    ++passes_;
    return out;
  }

 private:
  double p_;
  std::uint32_t layer_;
  mutable std::uint64_t calls_ = 0;   // of set_random, when passes_ began
  mutable std::uint64_t passes_ = 0;  // in training since then
};

/// Zeroes each value with probability p in training and scales the others by 1 / (1 - p).
template <class T>
class Dropout : public RandomLayer<T> {
 public:
  using RandomLayer<T>::RandomLayer;
  Var<T> operator()(const Var<T>& x) const {
    this->note("Dropout", x.shape());
    return dropout(x, this->next_options());
  }
};

/// Drops a whole image of a residual branch with probability p in training (row mode; Huang et al. 2016).
template <class T>
class StochasticDepth : public RandomLayer<T> {
 public:
  using RandomLayer<T>::RandomLayer;
  Var<T> operator()(const Var<T>& x) const {
    this->note("StochasticDepth", x.shape());
    return stochastic_depth(x, this->next_options());
  }
};

}  // namespace qrs::nn
