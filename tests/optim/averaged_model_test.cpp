// Averages of weights against PyTorch, while they are used, and resumed.
#include "qrs/optim/averaged_model.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "../error_message.hpp"
#include "qrs/core/named_values.hpp"
#include "qrs/tensor/compare.hpp"
#include "schedules_json.hpp"

namespace averaged_model_test {

namespace {

using qrs::Tensor;
using qrs::Var;
using qrs::optim::AveragedModel;
using qrs::tests::error_message;
using qrs::tests::golden_row;

/// One parameter and one buffer, as a network lists them.
template <class T>
struct Net {
  Net(std::int64_t weights, std::int64_t buffers)
      : weight(Var<T>::parameter(Tensor<T>::zeros({weights}))), running(Tensor<T>::zeros({buffers})) {}

  std::vector<std::pair<std::string, Var<T>>> named_parameters() const { return {{"weight", weight}}; }
  std::vector<std::pair<std::string, Tensor<T>>> named_buffers() const { return {{"running", running}}; }

  Var<T> weight;
  Tensor<T> running;
};

}  // namespace

TEST_CASE_TEMPLATE("the average follows PyTorch step by step, also when resumed in between", T, double, float) {
  const qrs::Tolerance within = sizeof(T) == 8 ? qrs::Tolerance{.absolute = 1e-15, .relative = 1e-15}
                                               : qrs::Tolerance{.absolute = 1e-6, .relative = 1e-6};
  CHECK(qrs::tests::schedules_json().at("ema").size() == 4);
  for (const auto& item : qrs::tests::schedules_json().at("ema").items()) {
    const std::string& name = item.key();
    const auto& c = item.value();
    for (const std::size_t resume_at : {99, 0, 1, 5}) {
      CAPTURE(name);
      CAPTURE(resume_at);
      const qrs::optim::EmaOptions options{.decay = c.at("decay"), .use_buffers = c.at("use_buffers")};
      Net<T> net(5, 2);
      auto average = std::make_unique<AveragedModel<T>>(net, options);
      for (std::size_t t = 0; t < c.at("weights").size(); ++t) {
        if (t == resume_at) {
          const auto kept = average->state();
          average = std::make_unique<AveragedModel<T>>(net, options);
          average->load(kept);
        }
        const auto weights = golden_row<T>(c.at("weights")[t]);
        weights.copy_into(net.weight.value());
        golden_row<T>(c.at("buffers")[t]).copy_into(net.running);
        average->update();
        CHECK(average->n_averaged() == static_cast<std::int64_t>(t) + 1);
        {
          const auto on = average->use();
          CHECK(qrs::mismatch(net.weight.value(), golden_row<T>(c.at("average")[t]), within) == "");
          CHECK(qrs::mismatch(net.running, golden_row<T>(c.at("buffer_average")[t]), within) == "");
        }
        CHECK(qrs::mismatch(net.weight.value(), weights, {}) == "");
      }
    }
  }
}

TEST_CASE("an average has the same bits for any number of threads, and a weight that stays is its own average") {
  const auto run = [](int threads) {
    const qrs::ThreadLimit limit(threads);
    Net<float> net(70001, 3);
    AveragedModel<float> average(net, {.decay = 0.9, .use_buffers = true});
    net.running.fill(0.1F);
    for (int step = 0; step < 4; ++step) {
      const qrs::NamedValues unit("w" + std::to_string(step));
      for (std::int64_t i = 0; i < 70001; ++i) net.weight.value().data()[i] = static_cast<float>(unit(i));
      average.update();
    }
    const auto on = average.use();
    CHECK(net.running.data()[1] == 0.1F);
    return std::vector<float>(net.weight.value().data(), net.weight.value().data() + 70001);
  };
  const auto one = run(1);
  for (const int threads : {2, 3, 7}) CHECK(run(threads) == one);
}

TEST_CASE("a broken state is refused and changes nothing") {
  Net<float> net(5, 2);
  AveragedModel<float> average(net);
  net.weight.value().fill(2.0F);
  average.update();
  auto state = average.state();
  CHECK(state.numbers.at("n_averaged") == 1.0);
  state.tensors["weight"].fill(7.0F);
  state.tensors["running"] = Tensor<float>::zeros({4});
  CHECK(error_message([&] { average.load(state); }) == "[averaged_model] expected shape (2) for 'running', got (4)");
  state.tensors.erase("running");
  CHECK(error_message([&] { average.load(state); }) ==
        "[averaged_model] expected a state with 'running', got one of 1 other entries");
  CHECK(average.state().tensors.at("weight").data()[0] == 2.0F);
  CHECK(error_message([&] { AveragedModel<float>(net, {.decay = 1.5}); }) ==
        "[averaged_model] expected decay in [0, 1], got 1.5");
}

}  // namespace averaged_model_test
