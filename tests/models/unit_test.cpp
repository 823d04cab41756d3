// The unit convolution, norm, residual, activation and the blocks made of it, with every optional part present and absent: under a
// tape, in evaluation and folded they are the operations one after the other.
#include <doctest/doctest.h>

#include <memory>

#include "qrs/core/named_values.hpp"
#include "qrs/models/registry.hpp"
#include "qrs/nn/conv_norm.hpp"
#include "qrs/tensor/compare.hpp"

namespace {

using namespace qrs;
using namespace qrs::nn;

constexpr Tolerance rounding{.absolute = 1e-11, .relative = 1e-10};

/// Values in [low, high) that the name decides.
Tensor<double> named(const Shape& shape, const std::string& name, double low = -1.0, double high = 1.0) {
  Tensor<double> out(shape);
  const NamedValues unit(name);
  for (std::int64_t i = 0; i < out.size(); ++i) out.data()[i] = low + (high - low) * unit(i);
  return out;
}

/// Every parameter and buffer of a module by its name; variances positive.
void fill(Module<double>& module) {
  for (const auto& p : module.parameters()) named(p.variable.shape(), p.name, -0.4, 0.6).copy_into(p.variable.value());
  for (const auto& [name, buffer] : module.named_buffers()) named(buffer.shape(), name, 0.3, 1.3).copy_into(buffer);
}

struct Unit : Module<double> {
  explicit Unit(bool bias) {
    Conv2dSettings s{.in = 3, .out = 5, .kernel = 3, .padding = 1};
    s.bias = bias;
    conv = std::make_unique<Conv2d<double>>(*this, "conv", s);
    norm = std::make_unique<BatchNorm2d<double>>(*this, "norm", BatchNorm2dSettings{.channels = 5});
    fill(*this);
  }
  std::unique_ptr<Conv2d<double>> conv;
  std::unique_ptr<BatchNorm2d<double>> norm;
};

struct Outcome {
  Tensor<double> y;
  std::vector<Tensor<double>> gradients;
};

/// Value, and the gradients of x, the residual and the convolution's weight, where a tape listens.
template <class F>
Outcome run(Unit& unit, const Tensor<double>& x, const Tensor<double>& residual, bool recorded, const F& f) {
  const auto leaf = Var<double>::parameter(x);
  const auto side = residual.empty() ? Var<double>() : Var<double>::parameter(residual);
  unit.zero_grad();
  Tape<double> tape;
  if (!recorded) return {f(leaf, side).value(), {}};
  Var<double> y;
  {
    const Recording<double> on(tape);
    y = f(leaf, side);
  }
  tape.backward(y, named(y.shape(), "cotangent"));
  Outcome out{y.value(), {leaf.grad(), unit.conv->weight().grad()}};
  if (!residual.empty()) out.gradients.push_back(side.grad());
  if (unit.conv->has_bias()) out.gradients.push_back(unit.conv->bias().grad());
  return out;
}

}  // namespace

TEST_CASE("a unit is its operations one after the other, whatever is present and whoever listens") {
  const Tensor<double> x = named({2, 4, 5, 3}, "x");
  for (const bool bias : {false, true}) {
    for (const bool with_residual : {false, true}) {
      for (const bool training : {false, true}) {
        for (const bool recorded : {false, true}) {
          CAPTURE(bias);
          CAPTURE(with_residual);
          CAPTURE(training);
          CAPTURE(recorded);
          Unit fused(bias);
          Unit apart(bias);
          fused.train(training);
          apart.train(training);
          const Tensor<double> residual = with_residual ? named({2, 4, 5, 5}, "residual") : Tensor<double>();
          const Outcome got = run(fused, x, residual, recorded, [&](const Var<double>& in, const Var<double>& r) {
            return conv_norm<double>(in, *fused.conv, *fused.norm, Activation::silu, r);
          });
          const Outcome want = run(apart, x, residual, recorded, [&](const Var<double>& in, const Var<double>& r) {
            const Var<double> z = (*apart.norm)((*apart.conv)(in));
            return silu(r.empty() ? z : add(z, r));
          });
          CHECK(mismatch(got.y, want.y, rounding) == "");
          REQUIRE(got.gradients.size() == want.gradients.size());
          for (std::size_t i = 0; i < got.gradients.size(); ++i) {
            CHECK(mismatch(got.gradients[i], want.gradients[i], rounding) == "");
          }
          CHECK(mismatch(fused.norm->running_mean(), apart.norm->running_mean(), rounding) == "");
        }
      }
    }
  }
}

TEST_CASE("a folded network under a tape, one weight trainable, gives the logits of the one that is not folded") {
  for (const std::string name : {"resnet18", "densenet121", "efficientnet_b0"}) {
    CAPTURE(name);
    const auto net = models::create<double>(name, {.classes = 3, .in_channels = 1});
    fill(*net);
    net->eval();
    const Tensor<double> image = named({1, 33, 33, 1}, "image");
    const Tensor<double> before = net->forward(image).value().clone();
    net->fold_norms();
    net->freeze();
    net->parameters().front().variable.set_requires_grad(true);
    Tape<double> tape;
    Var<double> logits;
    {
      const Recording<double> on(tape);
      logits = net->forward(image);
    }
    CHECK(difference(logits.value(), before).relative() < 1e-9);
    tape.backward(logits, Tensor<double>::full(logits.shape(), 1.0));
    CHECK_FALSE(net->parameters().front().variable.grad().empty());
  }
}
