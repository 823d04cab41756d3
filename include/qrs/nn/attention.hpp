// MultiheadAttention: queries, keys and values of tokens by one product, attention of every head, and a linear layer.
//
//   [q, k, v] = x in_proj_weight^T + in_proj_bias,    y = out_proj(attention(q, k, v))
//
// x, y (N, S, E). Names and initial values are torch.nn.MultiheadAttention's (self-attention, batch first, no dropout).
// Source: Vaswani et al. 2017, Attention Is All You Need, section 3.2.2.
#pragma once

#include "../ops/attention.hpp"
#include "../ops/slice.hpp"
#include "layers.hpp"

namespace qrs::nn {

struct MultiheadAttentionSettings {
  std::int64_t width = 0;  // E
  std::int64_t heads = 1;
};

template <class T>
class MultiheadAttention : public Module<T> {
 public:
  MultiheadAttention(Module<T>& parent, std::string name, const MultiheadAttentionSettings& s)
      : Module<T>(parent, std::move(name)), settings_(s) {
    QRS_CHECK(s.width > 0 && s.heads > 0 && s.width % s.heads == 0,
              "[MultiheadAttention] expected heads that divide the width, got ", s.heads, " for ", s.width);
    in_proj_weight_ = this->add_parameter("in_proj_weight", {3 * s.width, s.width});
    in_proj_bias_ = this->add_parameter("in_proj_bias", {3 * s.width});
  }

  Var<T> operator()(const Var<T>& x) const {
    const std::int64_t e = settings_.width;
    const Var<T> qkv = linear(x, in_proj_weight_, in_proj_bias_);  // (N, S, 3 E)
    this->note_step("in_proj", "Linear", qkv.shape(), qkv.shape().size() * e);
    const Var<T> y = attention(slice_channels(qkv, 0, e), slice_channels(qkv, e, e), slice_channels(qkv, 2 * e, e),
                               {.heads = settings_.heads});
    // q k^T and p v are a multiply-add for each pair of tokens and column.
    this->note("Attention", y.shape(), 2 * y.shape().size() * x.dim(1));
    return out_proj_(y);
  }

  void reset_parameters(Rng& rng) override {
    Module<T>::reset_parameters(rng);
    xavier_uniform(in_proj_weight_.value(), rng);
    in_proj_bias_.value().fill(T(0));
    out_proj_.bias().value().fill(T(0));
  }

 private:
  MultiheadAttentionSettings settings_;
  Var<T> in_proj_weight_;
  Var<T> in_proj_bias_;
  Linear<T> out_proj_{*this, "out_proj", {.in = settings_.width, .out = settings_.width}};
};

}  // namespace qrs::nn
