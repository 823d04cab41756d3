#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "../../kernels/adam/ref.hpp"
#include "../../kernels/sgd/ref.hpp"
#include "qrs/core/named_values.hpp"
#include "qrs/optim/adam.hpp"
#include "qrs/optim/sgd.hpp"
#include "qrs/tensor/compare.hpp"

namespace optimizer_test {

namespace {

using qrs::Shape;
using qrs::Tensor;
using qrs::Var;
using Parameters = std::vector<std::pair<std::string, Var<float>>>;

template <class T>
Tensor<T> values(const Shape& shape, const std::string& name) {
  Tensor<T> out(shape);
  const qrs::NamedValues unit(name);
  for (std::int64_t i = 0; i < out.size(); ++i) out.data()[i] = static_cast<T>(2 * unit(i) - 1);
  return out;
}

void give_gradient(const Var<float>& p, const std::string& name) {
  p.zero_grad();
  p.slot()->add(values<float>(p.shape(), name));
}

}  // namespace

TEST_CASE_TEMPLATE("the vector step of Adam is the plain one, for every tail length and option", T, float, double) {
  const double eps = sizeof(T) == 4 ? 1e-6 : 1e-14;
  for (std::int64_t count : {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 100}) {
    for (const bool amsgrad : {false, true}) {
      for (const bool decoupled : {false, true}) {
        const qrs::kernels::AdamParams params{
            .lr = 0.1, .weight_decay = 0.2, .decoupled = decoupled, .maximize = count % 2 == 1};
        const auto g = values<T>({count}, "g");
        const auto state = [&](const char* name) {
          Tensor<T> out = values<T>({count + 1}, name);
          for (T& x : out.values()) x = std::fabs(x);
          return out;  // one value past the end, which must stay
        };
        Tensor<T> got[4] = {state("p"), state("m"), state("v"), state("v_max")};
        Tensor<T> expected[4];
        for (int i = 0; i < 4; ++i) expected[i] = got[i].clone();
        const auto tensor = [&](const Tensor<T>(&t)[4]) {
          return qrs::kernels::AdamTensor<T>{.count = count,
                                             .p = t[0].data(),
                                             .g = g.data(),
                                             .m = t[1].data(),
                                             .v = t[2].data(),
                                             .v_max = amsgrad ? t[3].data() : nullptr,
                                             .step = 3};
        };
        const auto one = tensor(got);
        const auto two = tensor(expected);
        qrs::kernels::adam_cpu(params, std::span<const qrs::kernels::AdamTensor<T>>(&one, 1));
        qrs::kernels::adam_ref(params, std::span<const qrs::kernels::AdamTensor<T>>(&two, 1));
        for (int i = 0; i < 4; ++i) CHECK(qrs::mismatch(got[i], expected[i], {.absolute = eps, .relative = eps}) == "");
      }
    }
  }
}

TEST_CASE_TEMPLATE("the vector step of SGD is the plain one, for every tail length and option", T, float, double) {
  const double eps = sizeof(T) == 4 ? 1e-6 : 1e-14;
  for (std::int64_t count : {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 100}) {
    for (const int kind : {0, 1, 2, 3}) {  // plain, momentum, Nesterov, first step
      const qrs::kernels::SgdParams params{.lr = 0.1,
                                           .momentum = kind == 0 ? 0.0 : 0.9,
                                           .dampening = kind == 1 ? 0.3 : 0.0,
                                           .weight_decay = 0.2,
                                           .nesterov = kind == 2,
                                           .maximize = count % 2 == 1};
      const auto g = values<T>({count}, "g");
      Tensor<T> got[2] = {values<T>({count + 1}, "p"), values<T>({count + 1}, "b")};
      Tensor<T> expected[2] = {got[0].clone(), got[1].clone()};
      const auto tensor = [&](const Tensor<T>(&t)[2]) {
        return qrs::kernels::SgdTensor<T>{.count = count,
                                          .p = t[0].data(),
                                          .g = g.data(),
                                          .buffer = kind == 0 ? nullptr : t[1].data(),
                                          .first = kind == 3};
      };
      const auto one = tensor(got);
      const auto two = tensor(expected);
      qrs::kernels::sgd_cpu(params, std::span<const qrs::kernels::SgdTensor<T>>(&one, 1));
      qrs::kernels::sgd_ref(params, std::span<const qrs::kernels::SgdTensor<T>>(&two, 1));
      for (int i = 0; i < 2; ++i) CHECK(qrs::mismatch(got[i], expected[i], {.absolute = eps, .relative = eps}) == "");
    }
  }
}

TEST_CASE("a step gives the same bits for any number of threads, over many parameters of odd sizes") {
  const auto train = [](int threads) {
    const qrs::ThreadLimit limit(threads);
    Parameters parameters;
    for (const std::int64_t size : {1, 7, 16383, 16384, 16385, 70001}) {
      const std::string name = "p" + std::to_string(size);
      parameters.emplace_back(name, Var<float>::parameter(values<float>({size}, name)));
    }
    qrs::optim::Adam<float> adam(parameters, {.weight_decay = 0.1, .amsgrad = true});
    qrs::optim::Sgd<float> sgd(parameters, {.momentum = 0.9, .nesterov = true});
    for (int step = 0; step < 3; ++step) {
      for (const auto& [name, p] : parameters) give_gradient(p, name + std::to_string(step));
      adam.step();
      sgd.step();
    }
    return parameters;
  };
  const Parameters one = train(1);
  for (const int threads : {2, 3, 7}) {
    const Parameters other = train(threads);
    for (std::size_t i = 0; i < one.size(); ++i) CHECK(qrs::same_bits(one[i].second.value(), other[i].second.value()));
  }
}

TEST_CASE("a parameter without a gradient, or frozen, stays where it is and keeps its own step count") {
  const Var<float> a = Var<float>::parameter(values<float>({5}, "a"));
  const Var<float> b = Var<float>::parameter(values<float>({5}, "b"));
  const Tensor<float> b_before = b.value().clone();
  qrs::optim::Adam<float> adam(Parameters{{"a", a}, {"b", b}});
  give_gradient(a, "ga");
  adam.step();
  CHECK(qrs::same_bits(b.value(), b_before));
  give_gradient(b, "gb");
  b.set_requires_grad(false);
  adam.step();
  CHECK(qrs::same_bits(b.value(), b_before));
  b.set_requires_grad(true);
  adam.step();
  CHECK_FALSE(qrs::same_bits(b.value(), b_before));
  CHECK(adam.state().numbers.at("a/step") == 3);
  CHECK(adam.state().numbers.at("b/step") == 1);
}

TEST_CASE("maximising is minimising the negative") {
  const Var<float> up = Var<float>::parameter(values<float>({9}, "p"));
  const Var<float> down = Var<float>::parameter(values<float>({9}, "p"));
  qrs::optim::Adam<float> maximise(Parameters{{"p", up}}, {.maximize = true});
  qrs::optim::Adam<float> minimise(Parameters{{"p", down}});
  give_gradient(up, "g");
  Tensor<float> negative = values<float>({9}, "g");
  for (float& x : negative.values()) x = -x;
  down.slot()->add(negative);
  maximise.step();
  minimise.step();
  CHECK(qrs::same_bits(up.value(), down.value()));
}

TEST_CASE("zero_grad empties all gradients, and the learning rate can be moved") {
  const Var<float> p = Var<float>::parameter(Tensor<float>::zeros({3}));
  qrs::optim::Sgd<float> sgd(Parameters{{"p", p}}, {.lr = 0.5});
  give_gradient(p, "g");
  sgd.zero_grad();
  CHECK(p.grad().empty());
  sgd.set_lr(0.25);
  p.slot()->add(Tensor<float>::full({3}, 1.0F));
  sgd.step();
  CHECK(p.value().data()[0] == -0.25F);
  CHECK_THROWS_WITH_AS(sgd.set_lr(-1), "[optim] expected lr >= 0, got -1", qrs::Error);
}

TEST_CASE("defaults are PyTorch's") {
  const Parameters one{{"p", Var<float>::parameter(Tensor<float>::zeros({1}))}};
  const qrs::optim::Adam<float> adam(one);
  CHECK(adam.lr() == 1e-3);
  CHECK(adam.options().beta1 == 0.9);
  CHECK(adam.options().beta2 == 0.999);
  CHECK(adam.options().eps == 1e-8);
  CHECK(adam.options().weight_decay == 0.0);
  CHECK_FALSE(adam.options().amsgrad);
  const qrs::optim::AdamW<float> adamw(one);
  CHECK(adamw.options().weight_decay == 1e-2);
  CHECK(adamw.options().decoupled_weight_decay);
  const qrs::optim::Sgd<float> sgd(one);
  CHECK(sgd.lr() == 1e-3);
  CHECK(sgd.options().momentum == 0.0);
}

TEST_CASE("wrong options, parameters and states are refused with both values") {
  const Parameters one{{"p", Var<float>::parameter(Tensor<float>::zeros({2}))}};
  using Adam = qrs::optim::Adam<float>;
  using Sgd = qrs::optim::Sgd<float>;
  CHECK_THROWS_WITH_AS(Adam(one, {.beta1 = 1.0}), "[adam] expected beta1 in [0, 1), got 1", qrs::Error);
  CHECK_THROWS_WITH_AS(Adam(one, {.eps = -1.0}), "[adam] expected eps >= 0, got -1", qrs::Error);
  CHECK_THROWS_WITH_AS(Adam(one, {.lr = NAN}), "[optim] expected lr >= 0, got nan", qrs::Error);
  CHECK_THROWS_WITH_AS(Sgd(one, {.nesterov = true}),
                       "[sgd] expected momentum > 0 and dampening 0 with nesterov, got 0 and 0", qrs::Error);
  CHECK_THROWS_WITH_AS(Adam(Parameters{}), "[optim] expected parameters, got none", qrs::Error);
  CHECK_THROWS_WITH_AS(Adam(Parameters{one[0], one[0]}), "[optim] expected unique parameter names, got 'p' twice",
                       qrs::Error);
  const Parameters tied = {{"a", one[0].second}, {"b", one[0].second}};
  CHECK_THROWS_WITH_AS(Adam(tied, {}),
                       "[optim] expected each parameter once, got one under 'a' and 'b': it would move twice a step",
                       qrs::Error);
  CHECK_THROWS_WITH_AS(Adam(one, {.lr = std::numeric_limits<double>::infinity()}),
                       "[optim] expected a finite lr, got inf", qrs::Error);
  Adam adam(one);
  CHECK_THROWS_WITH_AS(adam.load({}), "[optim] expected a state with 'p/step', got one of 0 other entries", qrs::Error);
  give_gradient(one[0].second, "g");
  adam.step();
  auto state = adam.state();
  state.tensors["p/exp_avg"] = Tensor<float>::zeros({3});
  CHECK_THROWS_WITH_AS(adam.load(state), "[optim] expected shape (2) for 'p/exp_avg', got (3)", qrs::Error);
  CHECK(adam.state().numbers.at("p/step") == 1);
}

}  // namespace optimizer_test
