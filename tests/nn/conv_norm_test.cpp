// A convolution and the batch norm after it: one pass in inference, two operations with a tape, one convolution folded.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "qrs/nn/conv_norm.hpp"
#include "qrs/ops/add.hpp"
#include "qrs/ops/sum.hpp"
#include "qrs/tensor/compare.hpp"

namespace qrs::nn {

namespace {

constexpr Tolerance rounding{.absolute = 1e-12, .relative = 1e-12};  // double; sums of 100 products in another order

Tensor<double> noise(const Shape& shape, std::uint64_t seed, double low = -1.0, double high = 1.0) {
  Tensor<double> out(shape);
  Rng rng(seed);
  for (double& value : out.values()) value = rng.uniform(low, high);
  return out;
}

/// A pair whose parameters and statistics are all away from their defaults.
struct Pair : Module<double> {
  explicit Pair(const Conv2dSettings& s) : conv(*this, "conv", s), norm(*this, "norm", {.channels = s.out}) {
    Rng rng(5);
    conv.reset_parameters(rng);
    const Shape c{s.out};
    noise(c, 1, 0.5, 1.5).copy_into(norm.weight().value());
    noise(c, 2).copy_into(norm.bias().value());
    noise(c, 3).copy_into(norm.running_mean());
    noise(c, 4, 0.5, 2.0).copy_into(norm.running_var());
  }
  void fold_norms() override { fold_into(conv, norm); }
  /// f(norm(conv(x)) + residual), one operation after the other.
  Var<double> apart(const Var<double>& x, Activation f, const Var<double>& residual) {
    const Var<double> y = norm(conv(x));
    return activation(residual.value().empty() ? y : add(y, residual), f);
  }

  Conv2d<double> conv;
  BatchNorm2d<double> norm;
};

/// Every kind of convolution that a network here puts before a norm.
const std::vector<Conv2dSettings> kinds = {
    {.in = 5, .out = 7, .bias = false},
    {.in = 5, .out = 7, .kernel = 3, .stride = 2, .padding = 1, .bias = false},
    {.in = 5, .out = 7, .kernel = 3, .padding = 1},
    {.in = 6, .out = 6, .kernel = 5, .padding = 2, .groups = 6, .bias = false},
    {.in = 6, .out = 6, .kernel = 3, .stride = 2, .padding = 1, .groups = 6},
};

Tensor<double> input_of(const Conv2dSettings& s) { return noise({2, 6, 5, s.in}, 9); }

}  // namespace

TEST_CASE("in inference the norm, the residual and the activation ride on the convolution") {
  for (const Conv2dSettings& s : kinds) {
    Pair pair(s);
    pair.eval();
    const Tensor<double> x = input_of(s);
    const Var<double> residual = noise(pair.conv(x).shape(), 10);
    for (const Activation f : {Activation::identity, Activation::relu, Activation::silu, Activation::hardswish}) {
      CAPTURE(name(f));
      CHECK(mismatch(conv_norm<double>(x, pair.conv, pair.norm, f).value(), pair.apart(x, f, {}).value(), rounding) ==
            "");
      CHECK(mismatch(conv_norm<double>(x, pair.conv, pair.norm, f, residual).value(),
                     pair.apart(x, f, residual).value(), rounding) == "");
    }
  }
}

TEST_CASE("in training the pair uses and moves the statistics of the batch") {
  for (const Conv2dSettings& s : kinds) {
    Pair fused(s);
    Pair apart(s);
    const Tensor<double> x = input_of(s);
    const Tensor<double> before = fused.norm.running_mean().clone();
    CHECK(mismatch(conv_norm<double>(x, fused.conv, fused.norm, Activation::relu).value(),
                   apart.apart(x, Activation::relu, {}).value(), rounding) == "");
    CHECK(mismatch(fused.norm.running_mean(), apart.norm.running_mean(), rounding) == "");
    CHECK(mismatch(fused.norm.running_var(), apart.norm.running_var(), rounding) == "");
    CHECK_FALSE(same_bits(fused.norm.running_mean(), before));
  }
}

TEST_CASE("with a tape the pair has the gradients of its operations, in training and in evaluation") {
  for (const bool training : {true, false}) {
    CAPTURE(training);
    const Conv2dSettings s = kinds[2];
    Pair fused(s);
    Pair apart(s);
    fused.train(training);
    apart.train(training);
    const Var<double> x = Var<double>::parameter(input_of(s));
    const Var<double> same = Var<double>::parameter(input_of(s));
    const Tensor<double> dy = noise({2, 6, 5, s.out}, 12);
    const auto backward = [&dy](const auto& forward) {
      Tape<double> tape;
      const Recording<double> on(tape);
      const Var<double> y = forward();
      tape.backward(y, dy);
    };
    backward([&] { return conv_norm(x, fused.conv, fused.norm, Activation::silu); });
    backward([&] { return apart.apart(same, Activation::silu, {}); });
    CHECK(mismatch(x.grad(), same.grad(), rounding) == "");
    const auto ours = fused.parameters();
    const auto theirs = apart.parameters();
    REQUIRE(ours.size() == theirs.size());
    for (std::size_t i = 0; i < ours.size(); ++i) {
      CAPTURE(ours[i].name);
      CHECK(mismatch(ours[i].variable.grad(), theirs[i].variable.grad(), rounding) == "");
    }
  }
}

TEST_CASE("folding moves the norm into the convolution, once") {
  for (const Conv2dSettings& s : kinds) {
    Pair pair(s);
    pair.eval();
    const Tensor<double> x = input_of(s);
    const Var<double> residual = noise(pair.conv(x).shape(), 10);
    const Tensor<double> before = conv_norm<double>(x, pair.conv, pair.norm, Activation::relu, residual).value();
    const Tensor<double> normed = pair.apart(x, Activation::identity, {}).value();
    pair.train();
    fold_batch_norm(pair);
    CHECK_FALSE(pair.training());
    CHECK(pair.norm.folded());
    CHECK(pair.conv.has_bias());
    CHECK(mismatch(pair.conv(x).value(), normed, rounding) == "");
    CHECK(mismatch(conv_norm<double>(x, pair.conv, pair.norm, Activation::relu, residual).value(), before, rounding) ==
          "");
    const Tensor<double> weight = pair.conv.weight().value().clone();
    fold_batch_norm(pair);
    CHECK(same_bits(pair.conv.weight().value(), weight));
  }
}

TEST_CASE("a folded pair is differentiated as a convolution with a bias, and refuses to be trained") {
  const Conv2dSettings s = kinds[0];
  Pair pair(s);
  fold_batch_norm(pair);
  const auto x = Var<double>::parameter(input_of(s));
  const auto same = Var<double>::parameter(input_of(s));
  Tape<double> tape;
  const auto backward = [&](const auto& f) {
    Var<double> y;
    {
      const Recording<double> on(tape);
      y = f();
    }
    tape.backward(y, Tensor<double>::full(y.shape(), 1.0));
    return y.value();
  };
  const Tensor<double> got = backward([&] { return conv_norm<double>(x, pair.conv, pair.norm, Activation::silu); });
  const Tensor<double> want = backward([&] { return silu(pair.conv(same)); });
  CHECK(mismatch(got, want, rounding) == "");
  CHECK(mismatch(x.grad(), same.grad(), rounding) == "");
  pair.train();
  CHECK_THROWS_WITH_AS(conv_norm<double>(input_of(s), pair.conv, pair.norm, Activation::relu),
                       "[BatchNorm2d] expected evaluation of a folded network, got training", Error);
}

TEST_CASE("ConvNorm2d names its parts 0 and 1, and notes them") {
  struct Net : Module<double> {
    ConvNorm2d<double> unit{*this, "unit", {.in = 3, .out = 4, .kernel = 3, .stride = 2, .padding = 1, .bias = false}};
  };
  Net net;
  std::vector<std::string> names;
  for (const auto& p : net.parameters()) names.push_back(p.name);
  CHECK(names == std::vector<std::string>{"unit.0.weight", "unit.1.weight", "unit.1.bias"});
  const Shape y{2, 4, 4, 4};
  CHECK(net.unit(noise({2, 8, 8, 3}, 1)).shape() == y);
  const Summary summary = net.summarize(2, [&] { net.unit(noise({1, 8, 8, 3}, 1)); });
  CHECK(summary.rows.back().output == y);
  std::vector<std::string> rows;
  for (const SummaryRow& row : summary.rows) rows.push_back(row.name);
  CHECK(rows == std::vector<std::string>{"unit.0", "unit.1", "unit.silu"});
  CHECK(summary.macs() == y.size() * 9 * 3);
  fold_batch_norm(net);
  CHECK(net.unit.conv().has_bias());
}

}  // namespace qrs::nn
