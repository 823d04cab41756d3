#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "qrs/optim/early_stopping.hpp"
#include "qrs/tensor/compare.hpp"

namespace {

using qrs::Tensor;
using qrs::Var;
using qrs::optim::EarlyStopping;
using qrs::optim::EarlyStoppingOptions;
using qrs::optim::Mode;

/// One parameter and one buffer, as a network lists them.
struct Net {
  Var<float> weight = Var<float>::parameter(Tensor<float>::full({2}, 0.0F));
  Tensor<float> running = Tensor<float>::full({3}, 0.0F);

  std::vector<std::pair<std::string, Var<float>>> named_parameters() const { return {{"weight", weight}}; }
  std::vector<std::pair<std::string, Tensor<float>>> named_buffers() const { return {{"running", running}}; }
  void set(float value) const {
    weight.value().fill(value);
    running.fill(value + 0.5F);
  }
};

/// Runs epochs until the rule stops; the epoch it stopped in, or -1.
int stops_at(const std::vector<double>& metrics, const EarlyStoppingOptions& options) {
  Net net;
  EarlyStopping<float> stopping(net, options);
  for (std::size_t epoch = 0; epoch < metrics.size(); ++epoch) {
    if (stopping.step(metrics[epoch])) return static_cast<int>(epoch);
  }
  return -1;
}

}  // namespace

TEST_CASE("training stops when patience epochs passed without an improvement") {
  const std::vector<double> losses{5, 4, 4.5, 4.2, 4.1, 4.3};
  CHECK(stops_at(losses, {.patience = 0}) == 2);
  CHECK(stops_at(losses, {.patience = 1}) == 2);
  CHECK(stops_at(losses, {.patience = 3}) == 4);
  CHECK(stops_at(losses, {.patience = 5}) == -1);
}

TEST_CASE("less or more may be better, by more than min_delta") {
  CHECK(stops_at({1, 2, 3, 2.5}, {.mode = Mode::max, .patience = 1}) == 3);
  CHECK(stops_at({5, 4.95, 4.9}, {.min_delta = 0.2, .patience = 2}) == 2);
  CHECK(stops_at({5, 4.7, 4.4}, {.min_delta = 0.2, .patience = 2}) == -1);
  CHECK(stops_at({5, 5, 5}, {.patience = 2}) == 2);
}

TEST_CASE("an improvement that misses the baseline does not end the waiting") {
  CHECK(stops_at({5, 4, 3, 2.9, 3}, {.patience = 3, .baseline = 3.5}) == -1);
  CHECK(stops_at({5, 4.9, 4.8, 4.9}, {.patience = 3, .baseline = 1.0}) == 3);
}

TEST_CASE("epochs before start_from_epoch are not looked at") {
  CHECK(stops_at({1, 9, 9, 9}, {.patience = 1}) == 1);
  CHECK(stops_at({1, 9, 9, 9}, {.patience = 1, .start_from_epoch = 2}) == 3);
}

TEST_CASE("a metric that is not a number is no improvement, and the first epoch never stops") {
  CHECK(stops_at({NAN, 5, NAN, NAN}, {.patience = 2}) == 3);
  CHECK(stops_at({NAN}, {.patience = 0}) == -1);
}

TEST_CASE("the best weights come back, parameters and buffers") {
  Net net;
  EarlyStopping<float> stopping(net, {.patience = 2, .restore_best_weights = true});
  const std::vector<double> losses{3, 1, 2, 2};
  for (std::size_t epoch = 0; epoch < losses.size(); ++epoch) {
    net.set(static_cast<float>(epoch));
    CHECK(stopping.step(losses[epoch]) == (epoch == 3));
  }
  CHECK(stopping.best() == 1);
  CHECK(stopping.best_epoch() == 1);
  CHECK(stopping.stopped_epoch() == 3);
  const float* address = net.weight.value().data();
  CHECK(stopping.restore());
  CHECK(net.weight.value().data() == address);
  CHECK(net.weight.value().data()[1] == 1.0F);
  CHECK(net.running.data()[2] == 1.5F);
}

TEST_CASE("without restore_best_weights nothing is kept") {
  Net net;
  EarlyStopping<float> stopping(net);
  net.set(1);
  stopping.step(1.0);
  net.set(2);
  CHECK_FALSE(stopping.restore());
  CHECK(net.weight.value().data()[0] == 2.0F);
  CHECK(stopping.state().tensors.empty());
}

TEST_CASE("when nothing ever improves, the weights of the first epoch looked at come back") {
  Net net;
  EarlyStopping<float> stopping(net, {.patience = 2, .restore_best_weights = true});
  for (const float epoch : {0.0F, 1.0F, 2.0F}) {
    net.set(epoch);
    stopping.step(NAN);
  }
  CHECK(stopping.restore());
  CHECK(net.weight.value().data()[0] == 0.0F);
}

TEST_CASE("a resumed rule stops at the same epoch and restores the same weights") {
  const std::vector<double> losses{3, 1, 2, 2, 2};
  Net net;
  EarlyStopping<float> first(net, {.patience = 3, .restore_best_weights = true});
  for (std::size_t epoch = 0; epoch < 3; ++epoch) {
    net.set(static_cast<float>(epoch));
    CHECK_FALSE(first.step(losses[epoch]));
  }
  const auto state = first.state();
  Net other;
  EarlyStopping<float> second(other, {.patience = 3, .restore_best_weights = true});
  second.load(state);
  CHECK_FALSE(second.step(losses[3]));
  CHECK(second.step(losses[4]));
  CHECK(second.stopped_epoch() == 4);
  CHECK(second.restore());
  CHECK(other.weight.value().data()[0] == 1.0F);
  CHECK(other.running.data()[0] == 1.5F);
}

TEST_CASE("a broken state is refused and changes nothing") {
  Net net;
  EarlyStopping<float> stopping(net, {.restore_best_weights = true});
  stopping.step(2.0);
  auto state = stopping.state();
  state.tensors["running"] = Tensor<float>::zeros({4});
  CHECK_THROWS_WITH_AS(stopping.load(state), "[early_stopping] expected shape (3) for 'running', got (4)", qrs::Error);
  CHECK(stopping.best() == 2.0);
  CHECK_THROWS_WITH_AS(EarlyStopping<float>(net, {.patience = -1}), "[early_stopping] expected patience >= 0, got -1",
                       qrs::Error);
}
