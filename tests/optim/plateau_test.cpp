#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "qrs/io/safetensors.hpp"
#include "qrs/optim/reduce_lr_on_plateau.hpp"
#include "qrs/optim/sgd.hpp"

using qrs::optim::Mode;
using qrs::optim::PlateauOptions;
using qrs::optim::ReduceLROnPlateau;
using qrs::optim::ThresholdMode;

TEST_CASE("the learning rate follows PyTorch epoch by epoch, also when resumed in between") {
  const auto golden = qrs::io::read_safetensors("tests/golden/ops.safetensors");
  int checked = 0;
  for (const auto& c : nlohmann::json::parse(golden.metadata.at("cases"))) {
    if (c.at("op") != "ReduceLROnPlateau") continue;
    const std::string name = c.at("case");
    CAPTURE(name);
    const PlateauOptions options{
        .mode = c.value("mode", "min") == "max" ? Mode::max : Mode::min,
        .factor = c.value("factor", 0.1),
        .patience = c.value("patience", 10),
        .threshold = c.value("threshold", 1e-4),
        .threshold_mode = c.value("threshold_mode", "rel") == "abs" ? ThresholdMode::abs : ThresholdMode::rel,
        .cooldown = c.value("cooldown", 0),
        .min_lr = c.value("min_lr", 0.0),
        .eps = c.value("eps", 1e-8)};
    const auto metric = golden.at(name + "/metric").to<double>();
    const auto expected = golden.at(name + "/lr").to<double>();
    for (const std::int64_t resume_at : {-1, 0, 13, 20}) {
      ReduceLROnPlateau plateau(options);
      double lr = c.at("lr");
      for (std::int64_t epoch = 0; epoch < metric.size(); ++epoch) {
        if (epoch == resume_at) {
          const auto state = plateau.state();
          plateau = ReduceLROnPlateau(options);
          plateau.load(state);
        }
        lr = plateau.step(metric.data()[epoch], lr);
        CHECK(lr == expected.data()[epoch]);
      }
    }
    ++checked;
  }
  CHECK(checked == 4);
}

TEST_CASE("the rate drops after more bad epochs than patience, not at patience") {
  ReduceLROnPlateau plateau({.patience = 2});
  double lr = 1.0;
  std::vector<double> seen;
  for (int epoch = 0; epoch < 5; ++epoch) seen.push_back(lr = plateau.step(1.0, lr));
  CHECK(seen == std::vector<double>{1.0, 1.0, 1.0, 0.1, 0.1});
}

TEST_CASE("the thresholds of the two modes are relative or absolute") {
  const auto improves = [](Mode mode, ThresholdMode threshold_mode, double from, double to) {
    ReduceLROnPlateau plateau({.mode = mode, .threshold = 0.1, .threshold_mode = threshold_mode});
    plateau.step(from, 1.0);
    plateau.step(to, 1.0);
    return plateau.best() == to;
  };
  CHECK(improves(Mode::min, ThresholdMode::rel, 10, 8.9));
  CHECK_FALSE(improves(Mode::min, ThresholdMode::rel, 10, 9.1));
  CHECK(improves(Mode::min, ThresholdMode::abs, 10, 9.8));
  CHECK_FALSE(improves(Mode::min, ThresholdMode::abs, 10, 9.95));
  CHECK(improves(Mode::max, ThresholdMode::rel, 10, 11.1));
  CHECK_FALSE(improves(Mode::max, ThresholdMode::rel, 10, 10.9));
  CHECK(improves(Mode::max, ThresholdMode::abs, 10, 10.2));
  CHECK_FALSE(improves(Mode::max, ThresholdMode::abs, 10, 10.05));
}

TEST_CASE("a metric that is not a number is a bad epoch") {
  ReduceLROnPlateau plateau({.factor = 0.5, .patience = 1});
  CHECK(plateau.step(NAN, 1.0) == 1.0);
  CHECK(plateau.num_bad_epochs() == 1);
  CHECK(plateau.step(NAN, 1.0) == 0.5);
}

TEST_CASE("a drop below eps is not made") {
  ReduceLROnPlateau plateau({.factor = 0.5, .patience = 0, .eps = 0.1});
  CHECK(plateau.step(1.0, 0.15) == 0.15);
  CHECK(plateau.step(1.0, 0.15) == 0.15);
}

TEST_CASE("the scheduler moves an optimiser and says so") {
  using Parameters = std::vector<std::pair<std::string, qrs::Var<float>>>;
  qrs::optim::Sgd<float> sgd(Parameters{{"p", qrs::Var<float>::parameter(qrs::Tensor<float>::zeros({1}))}});
  ReduceLROnPlateau plateau({.factor = 0.5, .patience = 0});
  CHECK_FALSE(plateau.step(1.0, sgd));
  CHECK(plateau.step(1.0, sgd));
  CHECK(sgd.lr() == 5e-4);
}

TEST_CASE("a factor of one or more is refused, as is an incomplete state") {
  CHECK_THROWS_WITH_AS(ReduceLROnPlateau({.factor = 1.0}), "[plateau] expected factor < 1, got 1", qrs::Error);
  ReduceLROnPlateau plateau;
  CHECK_THROWS_WITH_AS(plateau.load({{"best", 1.0}}),
                       "[plateau] expected a state with 'num_bad_epochs', got one of 1 other entries", qrs::Error);
}
