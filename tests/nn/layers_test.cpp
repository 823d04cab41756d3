// The layers that own parameters, and the random ones: torch's defaults, what batch norm keeps, and what is refused.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "../error_message.hpp"
#include "qrs/nn/layers.hpp"
#include "qrs/ops/cross_entropy.hpp"
#include "qrs/ops/pool2d.hpp"
#include "qrs/tensor/compare.hpp"

namespace qrs::nn {

namespace layers_test {

namespace {

struct Group : Module<float> {
  using Module<float>::Module;
};

struct Small : Module<float> {
  Conv2d<float> stem{*this, "stem", {.in = 1, .out = 4, .kernel = 3, .padding = 1}};
  BatchNorm2d<float> norm{*this, "norm", {.channels = 4}};
  Linear<float> head{*this, "head", {.in = 4, .out = 3}};
  Var<float> forward(const Var<float>& x) { return head(global_average_pool(relu(norm(stem(x))))); }
};

Var<float> zeros(const Shape& shape) { return Tensor<float>::zeros(shape); }

Tensor<float> noise(const Shape& shape) {
  Tensor<float> out(shape);
  Rng rng(11);
  for (float& value : out.values()) value = static_cast<float>(rng.normal(1.0, 2.0));
  return out;
}

using qrs::tests::error_message;

std::int64_t batches(BatchNorm2d<float>& norm) {
  for (const auto& entry : norm.state_entries()) {
    if (entry.counter != nullptr) return *entry.counter;
  }
  return -1;
}

/// The largest absolute value; infinite where there is a NaN.
double largest(const Tensor<float>& x) { return qrs::difference(x, Tensor<float>::zeros(x.shape())).max_error; }

}  // namespace

TEST_CASE("a weight that is not a number is larger than every bound") {
  CHECK(largest(Tensor<float>::from({3}, {0.5F, -2.0F, 1.0F})) == 2.0);
  CHECK_FALSE(largest(Tensor<float>::from({3}, {0.5F, std::nanf(""), 1.0F})) <= 1e30);
}

TEST_CASE("settings left out are torch's defaults") {
  Group net;
  const Conv2d<float> conv(net, "conv", {.in = 3, .out = 8, .kernel = 3});
  CHECK(conv.weight().shape() == Shape{3, 3, 3, 8});
  CHECK(conv.bias().shape() == Shape{8});
  CHECK(conv(zeros({2, 9, 7, 3})).shape() == Shape{2, 7, 5, 8});
  const BatchNorm2d<float> norm(net, "norm", {.channels = 2});
  CHECK(norm.settings().eps == 1e-5);
  CHECK(norm.settings().momentum == 0.1);
  CHECK(same_bits(norm.weight().value(), Tensor<float>::full({2}, 1.0F)));
  CHECK(same_bits(norm.bias().value(), Tensor<float>::zeros({2})));
  CHECK(same_bits(norm.running_mean(), Tensor<float>::zeros({2})));
  CHECK(same_bits(norm.running_var(), Tensor<float>::full({2}, 1.0F)));
  const Linear<float> linear(net, "linear", {.in = 5, .out = 4});
  CHECK(linear.weight().shape() == Shape{4, 5});
  CHECK(linear.bias().shape() == Shape{4});
}

TEST_CASE("a convolution's settings give the shape that it computes and notes") {
  Group net;
  struct Case {
    Conv2dSettings settings;
    Shape weight;
    Shape y;
  };
  const Case cases[] = {
      {{.in = 4, .out = 6, .bias = false}, {1, 1, 4, 6}, {2, 11, 9, 6}},
      {{.in = 4, .out = 6, .kernel = 3, .stride = 2, .padding = 1, .bias = false}, {3, 3, 4, 6}, {2, 6, 5, 6}},
      {{.in = 4, .out = 6, .kernel = 3, .dilation = 3, .groups = 2}, {3, 3, 2, 6}, {2, 5, 3, 6}},
      {{.in = 4, .out = 4, .kernel = 5, .padding = 2, .groups = 4}, {5, 5, 1, 4}, {2, 11, 9, 4}},
  };
  for (const Case& c : cases) {
    const Conv2d<float> conv(net, "conv", c.settings);
    CHECK(conv.weight().shape() == c.weight);
    CHECK(conv.has_bias() == c.settings.bias);
    CHECK(conv(zeros({2, 11, 9, 4})).shape() == c.y);
    const Summary summary = net.summarize(2, [&] { conv(zeros({1, 11, 9, 4})); });
    REQUIRE(summary.rows.size() == 1);
    CHECK(summary.rows[0].name == "conv");
    CHECK(summary.rows[0].output == c.y);
    CHECK(summary.parameters() == conv.parameter_count());
    CHECK(summary.macs() == c.y.size() * c.weight[0] * c.weight[1] * c.weight[2]);
  }
}

TEST_CASE("a linear layer computes x w^T + b") {
  Group net;
  const Linear<float> linear(net, "linear", {.in = 2, .out = 3});
  const Linear<float> plain(net, "plain", {.in = 2, .out = 3, .bias = false});
  for (const Linear<float>* layer : {&linear, &plain}) {
    Tensor<float>::from({3, 2}, {1, 2, 3, 4, 5, 6}).copy_into(layer->weight().value());
  }
  Tensor<float>::from({3}, {10, 20, 30}).copy_into(linear.bias().value());
  const Tensor<float> x = Tensor<float>::from({1, 2}, {1, -1});
  CHECK(same_bits(linear(x).value(), Tensor<float>::from({1, 3}, {9, 19, 29})));
  CHECK(same_bits(plain(x).value(), Tensor<float>::from({1, 3}, {-1, -1, -1})));
  CHECK_FALSE(plain.has_bias());
}

TEST_CASE("batch norm in training normalises by the batch, and moves its statistics a tenth of the way, unbiased") {
  Group net;
  BatchNorm2d<float> norm(net, "norm", {.channels = 1});
  const Tensor<float> x = Tensor<float>::from({2, 1, 2, 1}, {1, 2, 3, 6});  // mean 3, variance 3.5, unbiased 14 / 3
  const Tensor<float> y = norm(x).value();
  const double deviation = std::sqrt(3.5 + 1e-5);
  for (std::int64_t i = 0; i < 4; ++i) {
    CHECK(y.data()[i] == doctest::Approx((static_cast<double>(x.data()[i]) - 3.0) / deviation).epsilon(1e-6));
  }
  CHECK(norm.running_mean().item() == doctest::Approx(0.3).epsilon(1e-6));
  CHECK(norm.running_var().item() == doctest::Approx(0.9 + 0.1 * 14.0 / 3.0).epsilon(1e-6));
}

TEST_CASE("batch norm counts the batches it was trained on, and no others") {
  Group net;
  BatchNorm2d<float> norm(net, "norm", {.channels = 2});
  const Tensor<float> x = noise({3, 2, 2, 2});
  norm(x);
  norm(x);
  CHECK(batches(norm) == 2);
  norm.eval();
  norm(x);
  CHECK(batches(norm) == 2);
  norm.train();
  norm.freeze();
  norm(x);
  CHECK(batches(norm) == 2);
  norm.unfreeze();
  norm(x);
  CHECK(batches(norm) == 3);
  Rng rng(0);
  norm.reset_parameters(rng);
  CHECK(batches(norm) == 0);
  CHECK(same_bits(norm.running_var(), Tensor<float>::full({2}, 1.0F)));
}

TEST_CASE("a frozen batch norm evaluates in training, and keeps its statistics") {
  Group net;
  BatchNorm2d<float> norm(net, "norm", {.channels = 2});
  const Tensor<float> x = noise({3, 2, 2, 2});
  norm(x);
  norm.eval();
  const Tensor<float> evaluated = norm(x).value();
  const Tensor<float> mean = norm.running_mean().clone();
  const Tensor<float> var = norm.running_var().clone();
  norm.train();
  norm.freeze();
  CHECK(same_bits(norm(x).value(), evaluated));
  CHECK(same_bits(norm.running_mean(), mean));
  CHECK(same_bits(norm.running_var(), var));
  norm.unfreeze();
  CHECK_FALSE(same_bits(norm(x).value(), evaluated));
  CHECK_FALSE(same_bits(norm.running_mean(), mean));
}

TEST_CASE("initial weights fill U(+-1 / sqrt(fan_in)), biases too") {
  Group net;
  Rng rng(3);
  Conv2d<float> conv(net, "conv", {.in = 8, .out = 64, .kernel = 3, .groups = 2});
  conv.reset_parameters(rng);
  const float bound = static_cast<float>(1.0 / std::sqrt(3.0 * 3.0 * 4.0));
  CHECK(largest(conv.weight().value()) <= bound);
  CHECK(largest(conv.weight().value()) > 0.99F * bound);
  CHECK(largest(conv.bias().value()) <= bound);
  CHECK(largest(conv.bias().value()) > 0.5F * bound);
  Linear<float> linear(net, "linear", {.in = 100, .out = 50});
  linear.reset_parameters(rng);
  CHECK(largest(linear.weight().value()) <= 0.1F);
  CHECK(largest(linear.weight().value()) > 0.099F);
  CHECK(largest(linear.bias().value()) > 0.05F);
}

TEST_CASE("fans of a weight are counted as torch counts them") {
  CHECK(fan_of({3, 5, 8, 16}, Fan::in) == 3 * 5 * 8);
  CHECK(fan_of({3, 5, 8, 16}, Fan::out) == 3 * 5 * 16);
  CHECK(fan_of({10, 7}, Fan::in) == 7);
  CHECK(fan_of({10, 7}, Fan::out) == 10);
  CHECK(error_message([] { fan_of({3}, Fan::in); }) == "[init] expected a weight (O, I) or (KH, KW, I, O), got (3)");
  const Tensor<float> w({3, 3, 32, 64});
  Rng rng(2);
  kaiming_normal(w, Fan::out, rng);
  double squares = 0.0;
  for (const float value : w.values()) squares += static_cast<double>(value) * static_cast<double>(value);
  CHECK(squares / static_cast<double>(w.size()) == doctest::Approx(2.0 / (9 * 64)).epsilon(0.03));
}

TEST_CASE("dropout zeroes or scales in training, and is the identity in evaluation and when frozen") {
  Group net;
  Dropout<float> dropout(net, "dropout", 0.75);
  const Tensor<float> x = Tensor<float>::full({16, 64}, 1.0F);
  std::int64_t kept = 0;
  const Tensor<float> y = dropout(x).value();
  for (const float value : y.values()) {
    CHECK((value == 0.0F || value == 4.0F));
    kept += value != 0.0F ? 1 : 0;
  }
  CHECK(kept > 160);  // 256 of 1024 expected, deviation 14
  CHECK(kept < 352);
  dropout.eval();
  CHECK(same_bits(dropout(x).value(), x));
  dropout.train();
  dropout.freeze();
  CHECK(same_bits(dropout(x).value(), x));
}

TEST_CASE("stochastic depth keeps or drops whole images") {
  Group net;
  const StochasticDepth<float> depth(net, "depth", 0.5);
  const Tensor<float> y = depth(Tensor<float>::full({64, 2, 2, 3}, 1.0F)).value();
  std::int64_t kept = 0;
  for (std::int64_t n = 0; n < 64; ++n) {
    const float first = y.data()[n * 12];
    CHECK((first == 0.0F || first == 2.0F));
    for (std::int64_t i = 1; i < 12; ++i) CHECK(y.data()[n * 12 + i] == first);
    kept += first != 0.0F ? 1 : 0;
  }
  CHECK(kept > 12);  // 32 expected, deviation 4
  CHECK(kept < 52);
}

TEST_CASE("layers without channels are refused with what was asked for") {
  Group net;
  CHECK(error_message([&] { Conv2d<float>(net, "conv", {.in = 0, .out = 8}); }) ==
        "[Conv2d] expected channels that the groups divide, got 0 to 8 in 1");
  CHECK(error_message([&] { Conv2d<float>(net, "conv", {.in = 4, .out = 6, .groups = 4}); }) ==
        "[Conv2d] expected channels that the groups divide, got 4 to 6 in 4");
  CHECK(error_message([&] { BatchNorm2d<float>(net, "norm", {}); }) ==
        "[BatchNorm2d] expected at least one channel, got 0");
  CHECK(error_message([&] { Linear<float>(net, "linear", {.in = 3}); }) ==
        "[Linear] expected at least one input and output, got 3 to 0");
  CHECK(net.children().empty());  // what was refused left no trace
}

TEST_CASE("inputs that do not fit a layer are refused with both shapes") {
  Group net;
  const Conv2d<float> conv(net, "conv", {.in = 3, .out = 8, .kernel = 3});
  BatchNorm2d<float> norm(net, "norm", {.channels = 3});
  const Linear<float> linear(net, "linear", {.in = 3, .out = 2});
  CHECK(error_message([&] {
          conv(zeros({1, 4, 4, 2}));
        }) ==
        "[conv2d] expected w of shape (KH, KW, 2, multiple of 1) for x (1, 4, 4, 2) in 1 groups, got (3, 3, 3, 8)");
  CHECK(error_message([&] {
          conv(zeros({4, 4, 3}));
        }) == "[conv2d] expected x of shape (N, H, W, C_in), got (4, 4, 3)");
  CHECK(error_message([&] {
          norm(zeros({1, 4, 4, 2}));
        }) == "[batch_norm] expected weight of shape (2) for x (1, 4, 4, 2), got (3)");
  CHECK(error_message([&] {
          norm(zeros({1, 1, 1, 3}));
        }) == "[batch_norm] expected more than one value per channel in training, got 1 in x (1, 1, 1, 3)");
  CHECK(error_message([&] {
          linear(zeros({1, 4}));
        }) == "[linear] expected x (..., F_in) and w (F_out, F_in), got (1, 4) and (2, 3)");
}

TEST_CASE("an empty batch is an error of every layer, which names the operation and the shape") {
  Group net;
  const Conv2d<float> conv(net, "conv", {.in = 3, .out = 8});
  const Conv2d<float> depthwise(net, "depthwise", {.in = 3, .out = 3, .groups = 3});
  BatchNorm2d<float> norm(net, "norm", {.channels = 3});
  const Linear<float> linear(net, "linear", {.in = 3, .out = 2});
  const Dropout<float> dropout(net, "dropout", 0.5);
  const StochasticDepth<float> depth(net, "depth", 0.5);
  const std::string no_image = "[conv2d] expected a batch of at least one image, got x (0, 4, 4, 3)";
  CHECK(error_message([&] { conv(zeros({0, 4, 4, 3})); }) == no_image);
  CHECK(error_message([&] { depthwise(zeros({0, 4, 4, 3})); }) == no_image);
  for (const bool training : {true, false}) {
    norm.train(training);
    CHECK(error_message([&] {
            norm(zeros({0, 4, 4, 3}));
          }) == "[batch_norm] expected at least one value per channel, got x (0, 4, 4, 3)");
  }
  CHECK(error_message([&] { linear(zeros({0, 3})); }) == "[linear] expected at least one row, got x (0, 3)");
  CHECK(error_message([&] {
          dropout(zeros({0, 3}));
        }) == "[dropout] expected at least one value in x, got shape (0, 3)");
  CHECK(error_message([&] {
          depth(zeros({0, 3}));
        }) == "[stochastic_depth] expected at least one value in x, got shape (0, 3)");
}

TEST_CASE("a loss that is not finite stops at backward, before any gradient") {
  Small net;
  Rng rng(1);
  net.reset_parameters(rng);
  const Tensor<std::int64_t> labels = Tensor<std::int64_t>::from({2}, {0, 2});
  const auto step = [&](float poison) {
    Tensor<float> x = noise({2, 4, 4, 1});
    x.data()[5] = poison;
    Tape<float> tape;
    const Recording<float> on(tape);
    const Var<float> loss = cross_entropy(net.forward(x), labels);
    tape.backward(loss);
  };
  for (const float poison : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    const std::string error = error_message([&] { step(poison); });
    CAPTURE(error);
    CHECK(error.starts_with("[backward] expected a finite loss, got "));
    CHECK(error.ends_with("nan"));
    for (const auto& p : net.parameters()) {
      CAPTURE(p.name);
      CHECK(p.variable.grad().empty());
    }
  }
  CHECK(error_message([] {
          Tape<float> tape;
          tape.backward(Var<float>::parameter(Tensor<float>::full({}, std::numeric_limits<float>::infinity())));
        }) == "[backward] expected a finite loss, got inf");
  Rng again(1);
  net.reset_parameters(again);  // the poison went into the running statistics alone
  CHECK(error_message([&] { step(0.5F); }) == "no error");
  CHECK_FALSE(net.stem.weight().grad().empty());
}

}  // namespace layers_test

}  // namespace qrs::nn
