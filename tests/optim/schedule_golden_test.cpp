// Schedules step by step against PyTorch: rates, momenta, and the weights of optimisers that follow them.
#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "../error_message.hpp"
#include "qrs/optim/adam.hpp"
#include "qrs/optim/one_cycle.hpp"
#include "qrs/optim/schedule.hpp"
#include "qrs/optim/sgd.hpp"
#include "qrs/tensor/compare.hpp"
#include "schedules_json.hpp"

namespace schedule_test {

namespace {

using namespace qrs::optim;
using qrs::Tensor;
using qrs::Var;
using qrs::tests::error_message;
using qrs::tests::golden_row;
using qrs::tests::schedules_json;
using Parameters = std::vector<std::pair<std::string, Var<double>>>;

// PyTorch makes a rate from the one before: some tens of roundings, each of them 1e-16 of the base rate.
constexpr double tolerance = 1e-14;

const SequentialLR warm_cosine = {{LinearLR{.total_iters = 6}, CosineAnnealingLR{.t_max = 20, .eta_min = 1e-3}}, {6}};

OneCycleOptions cycle(std::int64_t steps = 30, double max_lr = 0.5) { return {.max_lr = max_lr, .total_steps = steps}; }
template <class Change>
Schedule changed_cycle(const Change& change) {
  OneCycleOptions options = cycle();
  change(options);
  return OneCycleLR(options);
}

std::map<std::string, Schedule> schedules() {
  return {
      {"step", StepLR{.step_size = 4}},
      {"multi_step", MultiStepLR{.milestones = {3, 3, 8}, .gamma = 0.5}},
      {"exponential", ExponentialLR{.gamma = 0.9}},
      {"constant", ConstantLR{}},
      {"linear", LinearLR{}},
      {"linear_down", LinearLR{.start_factor = 1.0, .end_factor = 0.05, .total_iters = 8}},
      {"cosine", CosineAnnealingLR{.t_max = 12}},
      {"cosine_past_its_end", CosineAnnealingLR{.t_max = 7, .eta_min = 0.02}},
      {"warm_restarts", CosineAnnealingWarmRestarts{.t_0 = 5}},
      {"warm_restarts_longer", CosineAnnealingWarmRestarts{.t_0 = 3, .t_mult = 2, .eta_min = 1e-3}},
      {"warm_up_cosine", warm_cosine},
      {"three_in_turn",
       SequentialLR{{ConstantLR{}, ExponentialLR{.gamma = 0.9}, StepLR{.step_size = 3, .gamma = 0.5}}, {4, 11}}},
      {"one_cycle", OneCycleLR(cycle())},
      {"one_cycle_linear", changed_cycle([](auto& o) { o.anneal_strategy = AnnealStrategy::linear; })},
      {"one_cycle_three_phase", changed_cycle([](auto& o) { o.three_phase = true; })},
      {"one_cycle_no_momentum", changed_cycle([](auto& o) { o.cycle_momentum = false; })},
      {"one_cycle_adam", OneCycleLR(cycle())},
      {"one_cycle_options", OneCycleLR({.max_lr = 0.5,
                                        .total_steps = 23,
                                        .pct_start = 0.45,
                                        .anneal_strategy = AnnealStrategy::linear,
                                        .base_momentum = 0.7,
                                        .max_momentum = 0.9,
                                        .div_factor = 10.0,
                                        .final_div_factor = 50.0,
                                        .three_phase = true})},
      {"one_cycle_past_its_end", OneCycleLR(cycle(10))},
  };
}

std::unique_ptr<Optimizer<double>> optimizer_for(const std::string& name, const Var<double>& p) {
  const Parameters parameters{{"p", p}};
  if (name.find("adam") != std::string::npos) return std::make_unique<Adam<double>>(parameters, AdamOptions{.lr = 0.1});
  const double momentum = name == "sgd_one_cycle" || name.starts_with("one_cycle") ? 0.9 : 0.0;
  return std::make_unique<Sgd<double>>(
      parameters, SgdOptions{.lr = 0.1, .momentum = momentum, .nesterov = name == "sgd_one_cycle"});
}

Var<double> one_weight() { return Var<double>::parameter(Tensor<double>::zeros({1})); }

/// Follows a schedule for as long as its reference; at step `resume_at` fresh objects take over.
void follow(const std::string& name, const Schedule& schedule, const nlohmann::json& expected,
            std::int64_t resume_at = -1) {
  CAPTURE(name);
  CAPTURE(resume_at);
  auto optimizer = optimizer_for(name, one_weight());
  auto scheduler = std::make_unique<LRScheduler<double>>(*optimizer, schedule);
  const std::size_t steps = expected.at("lr").size();
  std::vector<double> lr;
  std::vector<double> momentum;
  for (std::size_t t = 0; t < steps; ++t) {
    if (static_cast<std::int64_t>(t) == resume_at) {
      const auto kept = scheduler->state();
      optimizer = optimizer_for(name, one_weight());
      scheduler = std::make_unique<LRScheduler<double>>(*optimizer, schedule);
      scheduler->load(kept);
    }
    lr.push_back(optimizer->lr());
    momentum.push_back(optimizer->momentum());
    if (t + 1 < steps) scheduler->step();
  }
  const auto row = [](const std::vector<double>& values) { return golden_row(nlohmann::json(values)); };
  const double base = golden_row(expected.at("lr")).data()[0];
  CHECK(base > 0.0);
  CHECK(qrs::mismatch(row(lr), golden_row(expected.at("lr")), {.absolute = tolerance, .relative = tolerance}) == "");
  if (name.starts_with("one_cycle")) {
    CHECK(qrs::mismatch(row(momentum), golden_row(expected.at("momentum")), {.absolute = 1e-15, .relative = 1e-15}) ==
          "");
  }
}

}  // namespace

TEST_CASE("every schedule follows PyTorch step by step, also when it is resumed in between") {
  const nlohmann::json& golden = schedules_json().at("schedules");
  const auto all = schedules();
  CHECK(golden.size() == all.size());
  for (const auto& [name, schedule] : all) {
    for (const std::int64_t resume_at : {-1, 0, 5, 8}) follow(name, schedule, golden.at(name), resume_at);
  }
}

TEST_CASE("optimisers that follow a schedule make PyTorch's steps") {
  const std::map<std::string, Schedule> made = {{"adam_one_cycle", OneCycleLR(cycle(10, 0.05))},
                                                {"sgd_one_cycle", OneCycleLR(cycle(10, 0.2))},
                                                {"sgd_cycled_from_no_momentum", OneCycleLR(cycle(10, 0.2))},
                                                {"adam_warm_up_cosine", warm_cosine}};
  const nlohmann::json& golden = schedules_json().at("chains");
  CHECK(golden.size() == made.size());
  for (const auto& entry : made) {
    const auto& name = entry.first;
    const auto& schedule = entry.second;
    const nlohmann::json& expected = golden.at(name);
    for (const std::size_t resume_at : {std::size_t{99}, std::size_t{4}}) {
      CAPTURE(name);
      CAPTURE(resume_at);
      const Var<double> p = Var<double>::parameter(golden_row(expected.at("weights")[0]));
      auto optimizer = optimizer_for(name, p);
      auto scheduler = std::make_unique<LRScheduler<double>>(*optimizer, schedule);
      const std::size_t steps = expected.at("gradients").size();
      for (std::size_t t = 0; t < steps; ++t) {
        if (t == resume_at) {
          const auto kept = optimizer->state();
          const auto position = scheduler->state();
          optimizer = optimizer_for(name, p);
          optimizer->load(kept);
          scheduler = std::make_unique<LRScheduler<double>>(*optimizer, schedule);
          scheduler->load(position);
        }
        optimizer->zero_grad();
        p.slot()->add(golden_row(expected.at("gradients")[t]));
        optimizer->step();
        CHECK(qrs::mismatch(p.value(), golden_row(expected.at("weights")[t + 1]),
                            {.absolute = tolerance, .relative = tolerance}) == "");
        if (t + 1 < steps) scheduler->step();
      }
    }
  }
}

TEST_CASE("the schedules are told apart: each reference fails under every other schedule") {
  const nlohmann::json& golden = schedules_json().at("schedules");
  const auto all = schedules();
  const auto trace = [](const Schedule& schedule, std::size_t steps) {
    std::vector<double> out;
    for (std::size_t t = 0; t < steps; ++t) {
      const Rate rate = schedule(0.1, static_cast<std::int64_t>(t));
      out.push_back(rate.lr);
      out.push_back(rate.momentum.value_or(-1.0));
    }
    return out;
  };
  for (auto one = all.begin(); one != all.end(); ++one) {
    for (auto other = std::next(one); other != all.end(); ++other) {
      // The cycle of 10 steps is asked for 11; Adam's and SGD's cycles are one and the same.
      const std::size_t steps =
          std::min({golden.at(one->first).at("lr").size(), golden.at(other->first).at("lr").size(), std::size_t{11}});
      CAPTURE(one->first);
      CAPTURE(other->first);
      const bool same = one->first == "one_cycle" && other->first == "one_cycle_adam";
      CHECK((trace(one->second, steps) == trace(other->second, steps)) == same);
    }
  }
}

TEST_CASE("a phase of no length is at its end") {
  // PyTorch divides by zero in both.
  CHECK(OneCycleLR({.max_lr = 1.0, .total_steps = 2, .pct_start = 0.5})(0.1, 0).lr == 1.0);
  CHECK(OneCycleLR({.max_lr = 1.0, .total_steps = 1, .pct_start = 0.0})(0.1, 0).lr ==
        doctest::Approx(1.0 / 25.0 / 1e4));
}

TEST_CASE("what makes no schedule is refused") {
  const auto said = [](const Schedule& schedule, std::int64_t t = 0) {
    return error_message([&] { schedule(0.1, t); });
  };
  CHECK(said(StepLR{.step_size = 0}) == "[step_lr] expected step_size >= 1, got 0");
  CHECK(said(LinearLR{.start_factor = 0.0}) == "[linear_lr] expected start_factor in (0, 1], got 0");
  CHECK(said(LinearLR{.end_factor = 1.5}) == "[linear_lr] expected end_factor in [0, 1], got 1.5");
  CHECK(said(CosineAnnealingLR{.t_max = 0}) == "[cosine_annealing] expected t_max >= 1, got 0");
  CHECK(said(CosineAnnealingWarmRestarts{.t_0 = 0}) == "[warm_restarts] expected t_0 >= 1, got 0");
  CHECK(said(CosineAnnealingWarmRestarts{.t_mult = 0}) == "[warm_restarts] expected t_mult >= 1, got 0");
  CHECK(said(SequentialLR{{LinearLR{}}, {3}}) ==
        "[sequential_lr] expected a milestone between any two schedules, got 1 for 1 schedules");
  CHECK(said(SequentialLR{{LinearLR{}, LinearLR{}, LinearLR{}}, {4, 3}}) ==
        "[sequential_lr] expected rising milestones, got (4, 3)");
  CHECK(said(OneCycleLR(cycle(3)), 4) == "[one_cycle] expected at most 3 steps, got 5");
  CHECK(error_message([] { OneCycleLR({.total_steps = 0}); }) == "[one_cycle] expected total_steps >= 1, got 0");
  CHECK(error_message([] { OneCycleLR({.pct_start = 1.5}); }) == "[one_cycle] expected pct_start in [0, 1], got 1.5");
  CHECK(error_message([] { OneCycleLR({.div_factor = 0.0}); }) ==
        "[one_cycle] expected div_factor and final_div_factor > 0, got 0 and 10000");
}

TEST_CASE("a step past the end of a cycle changes nothing") {
  const auto optimizer = optimizer_for("one_cycle", one_weight());
  LRScheduler<double> scheduler(*optimizer, OneCycleLR(cycle(1)));
  scheduler.step();
  const double lr = optimizer->lr();
  CHECK_THROWS_AS(scheduler.step(), qrs::Error);
  CHECK(optimizer->lr() == lr);
  CHECK(scheduler.last_epoch() == 1);
  CHECK_THROWS_WITH_AS(scheduler.load({{"base_lr", 0.1}}),
                       "[lr_scheduler] expected a state with 'last_epoch', got one of 1 other entries", qrs::Error);
}

TEST_CASE("momentum moves SGD's momentum and Adam's first beta, within their bounds") {
  const auto adam = optimizer_for("adam", one_weight());
  CHECK(adam->momentum() == 0.9);
  CHECK(error_message([&] { adam->set_momentum(1.0); }) == "[adam] expected beta1 in [0, 1), got 1");
  CHECK(adam->momentum() == 0.9);
  const auto sgd = optimizer_for("sgd_one_cycle", one_weight());
  CHECK(sgd->momentum() == 0.9);
  CHECK(error_message([&] { sgd->set_momentum(0.0); }) ==
        "[sgd] expected momentum > 0 and dampening 0 with nesterov, got 0 and 0");
  sgd->set_momentum(0.8);
  CHECK(sgd->momentum() == 0.8);
}

}  // namespace schedule_test
