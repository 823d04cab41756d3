// MultiheadAttention as a layer, and truncated normal initial values.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "../error_message.hpp"
#include "qrs/nn/attention.hpp"
#include "qrs/nn/state.hpp"
#include "qrs/tensor/compare.hpp"

namespace qrs::nn {

namespace transformer_test {

namespace {

struct Root : Module<float> {};

using qrs::tests::error_message;

}  // namespace

TEST_CASE("trunc_normal has the distribution of a normal given its bounds") {
  Rng rng(5);
  const Tensor<double> x({200000});
  trunc_normal(x, 1.0, rng);
  double squares = 0.0;
  double below_one = 0.0;
  for (const double v : x.values()) {
    CHECK_FALSE(std::abs(v) > 2.0);
    squares += v * v;
    below_one += v < 1.0 ? 1.0 : 0.0;
  }
  // Variance 1 - 2 * 2 phi(2) / (2 Phi(2) - 1) = 0.7737; P(x < 1) = (Phi(1) - Phi(-2)) / (2 Phi(2) - 1) = 0.8576.
  CHECK(std::abs(squares / 200000.0 - 0.77374) < 0.008);
  CHECK(std::abs(below_one / 200000.0 - 0.85759) < 0.004);
  trunc_normal(x, 0.02, rng);  // bounds of 100 deviations: a plain normal
  squares = 0.0;
  for (const double v : x.values()) squares += v * v;
  CHECK(std::abs(squares / 200000.0 / 4e-4 - 1.0) < 0.02);
}

TEST_CASE("MultiheadAttention has torch's names, and is the composition it stands for") {
  Root root;
  MultiheadAttention<float> layer(root, "self_attention", {.width = 6, .heads = 2});
  Rng rng(3);
  layer.reset_parameters(rng);
  std::vector<std::string> names;
  for (const auto& p : root.parameters()) names.push_back(p.name);
  CHECK(names == std::vector<std::string>{"self_attention.in_proj_weight", "self_attention.in_proj_bias",
                                          "self_attention.out_proj.weight", "self_attention.out_proj.bias"});
  Tensor<float> x({2, 3, 6});
  for (float& value : x.values()) value = static_cast<float>(rng.normal(0.0, 1.0));
  const auto parameters = root.parameters();
  for (float& value : parameters[1].variable.value().values()) value = static_cast<float>(rng.normal(0.0, 1.0));
  const auto part = [&](std::int64_t i) {  // q, k, v
    const Var<float> all = linear(Var<float>(x), parameters[0].variable, parameters[1].variable);
    return slice_channels(all, 6 * i, 6);
  };
  const Var<float> y =
      linear(attention(part(0), part(1), part(2), {.heads = 2}), parameters[2].variable, parameters[3].variable);
  CHECK(same_bits(layer(x).value(), y.value()));
  CHECK(error_message([&] { MultiheadAttention<float>(root, "other", {.width = 6, .heads = 4}); }) ==
        "[MultiheadAttention] expected heads that divide the width, got 4 for 6");
}

}  // namespace transformer_test

}  // namespace qrs::nn
