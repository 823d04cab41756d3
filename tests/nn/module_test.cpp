// Modules: what names they give, in which order, and how modes, freezing and random numbers travel through a tree.
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../contains.hpp"
#include "../error_message.hpp"
#include "qrs/nn/conv_norm.hpp"
#include "qrs/tensor/compare.hpp"

namespace qrs::nn {

namespace module_test {

namespace {

/// A part with a parameter of its own and, declared before it, a part.
struct Scaled : Module<float> {
  Scaled(Module<float>& parent, std::string name) : Module<float>(parent, std::move(name)) {}
  Linear<float> inner{*this, "inner", {.in = 2, .out = 3}};
  Var<float> factor = add_parameter("factor", {3});
};

struct Net : Module<float> {
  Conv2d<float> conv{*this, "conv", {.in = 1, .out = 2, .kernel = 3, .bias = false}};
  BatchNorm2d<float> norm{*this, "norm", {.channels = 2}};
  Scaled scaled{*this, "scaled"};
  Var<float> own = add_parameter("own", {4});
};

struct Group : Module<float> {
  using Module<float>::Module;
};

/// Two random layers side by side, one of them deep in the tree.
struct Noisy : Module<float> {
  Dropout<float> first{*this, "first", 0.5};
  Group group{*this, "group"};
  Dropout<float> second{group, "second", 0.5};
};

std::vector<std::string> parameter_names(const Module<float>& module) {
  std::vector<std::string> out;
  for (const auto& p : module.parameters()) out.push_back(p.name);
  return out;
}

using Names = std::vector<std::string>;

Tensor<float> ones(const Shape& shape) { return Tensor<float>::full(shape, 1.0F); }

}  // namespace

TEST_CASE("parameters are a module's own first, then its parts' in order of construction, under dotted names") {
  const Net net;
  CHECK(parameter_names(net) == Names{"own", "conv.weight", "norm.weight", "norm.bias", "scaled.factor",
                                      "scaled.inner.weight", "scaled.inner.bias"});
  CHECK(parameter_names(net.scaled) == Names{"factor", "inner.weight", "inner.bias"});
  CHECK(net.parameter_count() == 4 + 9 * 2 + 2 + 2 + 3 + 6 + 3);
  Names buffers;
  for (const auto& [name, tensor] : net.named_buffers()) buffers.push_back(name);
  CHECK(buffers == Names{"norm.running_mean", "norm.running_var"});
}

TEST_CASE("state is listed module by module: parameters, buffers, counters") {
  Net net;
  Names names;
  for (const auto& entry : net.state_entries()) names.push_back(entry.name);
  CHECK(names == Names{"own", "conv.weight", "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var",
                       "norm.num_batches_tracked", "scaled.factor", "scaled.inner.weight", "scaled.inner.bias"});
  for (const auto& entry : net.state_entries()) {
    CAPTURE(entry.name);
    CHECK((entry.counter != nullptr) == (entry.name == "norm.num_batches_tracked"));
    CHECK((entry.layout == Layout::convolution) == (entry.name == "conv.weight"));
  }
}

TEST_CASE("parts are visited parents first, with full names") {
  const Net net;
  Names names;
  net.for_each_module([&names](const std::string& name, const Module<float>&) { names.push_back(name); });
  CHECK(names == Names{"conv", "norm", "scaled", "scaled.inner"});
}

TEST_CASE("modes reach every part, and may be set for a part alone") {
  Net net;
  CHECK(net.training());
  CHECK(net.scaled.inner.training());
  net.eval();
  CHECK_FALSE(net.training());
  CHECK_FALSE(net.norm.training());
  CHECK_FALSE(net.scaled.inner.training());
  net.scaled.train();
  CHECK(net.scaled.inner.training());
  CHECK_FALSE(net.norm.training());
}

TEST_CASE("freezing a part takes its parameters' gradients away, and thawing gives them back") {
  Net net;
  net.scaled.freeze();
  for (const auto& p : net.parameters()) {
    CAPTURE(p.name);
    CHECK(p.variable.requires_grad() == !p.name.starts_with("scaled."));
  }
  CHECK(net.scaled.inner.frozen());
  CHECK_FALSE(net.frozen());
  net.freeze();
  net.scaled.inner.unfreeze();
  for (const auto& p : net.parameters()) {
    CAPTURE(p.name);
    CHECK(p.variable.requires_grad() == p.name.starts_with("scaled.inner."));
  }
}

TEST_CASE("gradients arrive in the parts that are not frozen, add up, and are cleared by zero_grad") {
  Net net;
  Rng rng(1);
  net.reset_parameters(rng);
  net.conv.freeze();
  const auto backward = [&net] {
    Tape<float> tape;
    const Recording<float> on(tape);
    const Var<float> y = net.scaled.inner(ones({2, 2}));  // (2, 3)
    tape.backward(y, ones({2, 3}));
  };
  backward();
  backward();
  CHECK(same_bits(net.scaled.inner.bias().grad(), Tensor<float>::full({3}, 4.0F)));
  CHECK(net.conv.weight().grad().empty());
  net.zero_grad();
  CHECK(net.scaled.inner.bias().grad().empty());
}

TEST_CASE("a replaced part takes the old one's name") {
  Group net;
  auto head = std::make_unique<Linear<float>>(net, "head", LinearSettings{.in = 2, .out = 5});
  CHECK(net.parameter_count() == 15);
  head.reset();
  CHECK(net.children().empty());
  CHECK(net.parameter_count() == 0);
  head = std::make_unique<Linear<float>>(net, "head", LinearSettings{.in = 2, .out = 3});
  CHECK(parameter_names(net) == Names{"head.weight", "head.bias"});
  CHECK(net.parameter_count() == 9);
}

TEST_CASE("a part that outlives its parent is a root") {
  auto parent = std::make_unique<Group>();
  Dropout<float> part(*parent, "part", 0.5);
  parent->set_random({.seed = 3, .step = 4});
  CHECK(part.random().seed == 3);
  parent.reset();
  CHECK(part.random().seed == 0);
  part.set_random({.seed = 5, .step = 6});
  CHECK(part.random().step == 6);
}

TEST_CASE("random layers differ from each other, and from nothing else than seed, step and order of construction") {
  Noisy net;
  Noisy twin;
  const Tensor<float> x = ones({4, 64});
  net.set_random({.seed = 1, .step = 2});
  twin.group.set_random({.seed = 1, .step = 2});  // set on a part, it is the root's
  CHECK(twin.random().step == 2);
  const Tensor<float> first = net.first(x).value();
  const Tensor<float> second = net.second(x).value();
  CHECK_FALSE(same_bits(first, second));
  CHECK(same_bits(first, twin.first(x).value()));
  CHECK(same_bits(second, twin.second(x).value()));
  net.set_random({.seed = 1, .step = 3});
  CHECK_FALSE(same_bits(first, net.first(x).value()));
  net.set_random({.seed = 2, .step = 2});
  CHECK_FALSE(same_bits(first, net.first(x).value()));
  net.set_random({.seed = 1, .step = 2});
  CHECK(same_bits(first, net.first(x).value()));
}

TEST_CASE(
    "a loop that never sets seed and step draws a new mask in every pass, and setting them draws the first again") {
  Noisy net;
  const Tensor<float> x = ones({4, 64});
  const Tensor<float> first = net.first(x).value();
  const Tensor<float> second = net.first(x).value();
  const Tensor<float> third = net.first(x).value();
  CHECK_FALSE(same_bits(first, second));
  CHECK_FALSE(same_bits(second, third));
  net.set_random({});
  CHECK(same_bits(first, net.first(x).value()));
  net.eval();
  net.first(x);
  net.train();
  CHECK(same_bits(second, net.first(x).value()));  // a pass in evaluation draws nothing, and counts for nothing
}

TEST_CASE("a name twice in a module, with a dot or without a letter is refused when it is given") {
  struct Twice : Module<float> {
    Twice() {
      add_parameter("w", {1});
      add_parameter("w", {2});
    }
  };
  struct Dotted : Module<float> {
    Dotted() { add_parameter("a.b", {1}); }
  };
  struct Both : Module<float> {
    Both() { add_buffer("head", {1}, 0.0F); }
    Linear<float> head{*this, "head", {.in = 1, .out = 1}};
  };
  struct DottedPart : Module<float> {
    Linear<float> part{*this, "a.b", {.in = 1, .out = 1}};
  };
  struct NoName : Module<float> {
    NoName() { add_counter(""); }
  };
  const auto said = [](auto make) { return qrs::tests::error_message([&] { make(); }); };
  CHECK(qrs::tests::contains(said([] { Twice(); }),
                             "[module] expected unique names of parameters, buffers and counters, "
                             "got 'w' twice, the second a parameter"));
  CHECK(qrs::tests::contains(said([] { Dotted(); }), "has no dot, which stands between names, got 'a.b'"));
  CHECK(qrs::tests::contains(said([] { Both(); }), "got 'head' twice"));
  CHECK(qrs::tests::contains(said([] { DottedPart(); }), "expected a name for a part"));
  CHECK(qrs::tests::contains(said([] { NoName(); }), "expected a name for a counter that is not empty"));
}

TEST_CASE("the counters that a network lists outlive the part that counted") {
  auto net = std::make_unique<Net>();
  const auto entries = net->state_entries();
  net->norm(ones({1, 2, 2, 2}));
  net.reset();
  std::int64_t counted = 0;
  for (const auto& entry : entries) counted += entry.counter == nullptr ? 0 : *entry.counter;
  CHECK(counted == 1);
}

TEST_CASE("initial values follow the generator that is handed in") {
  Net a;
  Net b;
  Rng one(7);
  Rng same(7);
  a.reset_parameters(one);
  b.reset_parameters(same);
  CHECK(same_bits(a.conv.weight().value(), b.conv.weight().value()));
  CHECK(same_bits(a.scaled.inner.bias().value(), b.scaled.inner.bias().value()));
  b.reset_parameters(same);  // the generator has moved on
  CHECK_FALSE(same_bits(a.conv.weight().value(), b.conv.weight().value()));
}

TEST_CASE("a summary leaves the modes of all parts as they were, also where the run fails, and listens no longer") {
  Net net;
  net.train();
  net.scaled.eval();
  const auto image = [] { return Tensor<float>::zeros({1, 4, 4, 1}); };
  const Summary summary = net.summarize(3, [&] { net.conv(image()); });
  REQUIRE(summary.rows.size() == 1);
  CHECK(summary.rows[0].name == "conv");
  CHECK(summary.rows[0].output[0] == 3);
  CHECK(net.training());
  CHECK_FALSE(net.scaled.training());
  CHECK_THROWS_AS(net.summarize(1, [&] { net.conv(Tensor<float>::zeros({1, 4, 4, 7})); }), Error);
  CHECK(net.training());
  net.conv(image());
  CHECK(summary.rows.size() == 1);
}

TEST_CASE("two parts of one name are refused") {
  Module<float> root;
  Module<float> first(root, "part");
  CHECK_THROWS_WITH_AS(Module<float>(root, "part"), "[module] expected unique names of parts, got 'part' twice", Error);
}

}  // namespace module_test

}  // namespace qrs::nn
