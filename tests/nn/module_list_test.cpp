// Lists of layers, and what an optimiser takes of a network.
#include <doctest/doctest.h>

#include <type_traits>
#include <vector>

#include "../error_message.hpp"
#include "qrs/nn/layers.hpp"
#include "qrs/nn/module_list.hpp"
#include "qrs/optim/adam.hpp"
#include "qrs/optim/sgd.hpp"

namespace qrs::nn {

namespace module_list_test {

namespace {

struct Mlp : Module<float> {
  ModuleList<Linear<float>> layers{*this, "layers"};
  explicit Mlp(const std::vector<std::int64_t>& widths) {
    for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
      layers.add(LinearSettings{.in = widths[i], .out = widths[i + 1]});
    }
  }
};

}  // namespace

TEST_CASE("the parts of a list are named by their places and found there") {
  Mlp net({2, 3, 4});
  const auto parameters = net.parameters();
  REQUIRE(parameters.size() == 4);
  CHECK(parameters[0].name == "layers.0.weight");
  CHECK(parameters[3].name == "layers.1.bias");
  CHECK(net.layers.size() == 2);
  CHECK(net.layers[1].weight().shape() == Shape({4, 3}));
  std::int64_t outputs = 0;
  for (Linear<float>& layer : net.layers) outputs += layer.weight().dim(0);
  CHECK(outputs == 7);
  CHECK(tests::error_message([&] { net.layers[2]; }) == "[ModuleList] expected a place in [0, 2), got 2");
}

TEST_CASE("an optimiser takes a module's parameters in either form, or Vars of one's own") {
  const Mlp net({2, 3});
  optim::Adam adam(net.parameters(), {.lr = 0.1});
  static_assert(std::is_same_v<decltype(adam), optim::Adam<float>>);
  CHECK(adam.parameters()[0].name == "layers.0.weight");
  const optim::Adam<float> named(net.named_parameters());
  CHECK(named.parameters()[1].name == adam.parameters()[1].name);
  const std::vector<Var<double>> own = {Var<double>::parameter(Tensor<double>::zeros({2})),
                                        Var<double>::parameter(Tensor<double>::zeros({3}))};
  const optim::Sgd sgd(own, {.lr = 0.1});
  CHECK(sgd.parameters()[1].name == "1");
}

}  // namespace module_list_test

}  // namespace qrs::nn
