// LayerNorm and MultiheadAttention as layers, and truncated normal initial values.
#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "../error_message.hpp"
#include "qrs/nn/attention.hpp"
#include "qrs/nn/layer_norm.hpp"
#include "qrs/nn/state.hpp"
#include "qrs/tensor/compare.hpp"

namespace qrs::nn {

namespace transformer_test {

namespace {

struct Root : Module<float> {};

using qrs::tests::error_message;

}  // namespace

TEST_CASE("erf_inverse is the inverse of erf") {
  for (const double y : {-0.999999, -0.97, -0.5, -1e-9, 0.0, 1e-6, 0.3, 0.9, 0.9999, 0.99999999}) {
    CHECK(std::erf(erf_inverse(y)) == doctest::Approx(y).epsilon(1e-14));
  }
  CHECK(std::isinf(erf_inverse(1.0)));
  CHECK(erf_inverse(-1.0) < 0.0);
}

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

TEST_CASE("LayerNorm starts as the plain normalisation, and can go without factors") {
  Root root;
  const LayerNorm<float> norm(root, "norm", {.channels = 6});
  const LayerNorm<float> plain(root, "plain", {.channels = 6, .affine = false});
  CHECK(norm.parameter_count() == 12);
  CHECK(plain.parameter_count() == 0);
  Tensor<float> x({3, 6});
  for (std::int64_t i = 0; i < 18; ++i) x.data()[i] = static_cast<float>((i * 7) % 5);
  CHECK(same_bits(norm(x).value(), plain(x).value()));
  CHECK(error_message([&] {
          norm(Var<float>(Tensor<float>::zeros({3, 5})));
        }) == "[LayerNorm] expected 6 channels, got x (3, 5)");
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
