// Learning rates as functions of the step.
//
//   qrs::optim::LRScheduler<float> schedule(adam, qrs::optim::CosineAnnealingLR({.t_max = 1000}));
//   for (...) { ...; adam.step(); schedule.step(); }                     // the rate of step 0 is set at once
//
//   StepLR                        base gamma^floor(t / step_size)
//   MultiStepLR                   base gamma^(milestones up to t)
//   ExponentialLR                 base gamma^t
//   ConstantLR                    base factor before total_iters, base from there on
//   LinearLR (warm-up)            base (start_factor + (end_factor - start_factor) min(t, total_iters) / total_iters)
//   CosineAnnealingLR             eta_min + (base - eta_min) (1 + cos(pi t / t_max)) / 2
//   CosineAnnealingWarmRestarts   the same of t within its period; periods last t_0, t_0 t_mult, t_0 t_mult^2, ...
//   SequentialLR                  one schedule after the other, each from its own step 0 at its milestone
//
// OneCycleLR stands in one_cycle.hpp. Names, defaults and rates are those of torch.optim.lr_scheduler. PyTorch makes most of
// them from the rate before; here each is the closed form, within 1e-14 of it, so that step t gives the same bits however
// often a run was broken off. A step is what the caller makes it: a batch, or an epoch.
// Source of the cosine: Loshchilov and Hutter, SGDR, ICLR 2017, equation 5.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <numbers>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "optimizer.hpp"

namespace qrs::optim {

/// What an optimiser is set to for one step; no momentum: it keeps its own.
struct Rate {
  double lr = 0.0;
  std::optional<double> momentum = {};
};

/// The rate of step t >= 0 of an optimiser that was made with the rate `base`.
using Schedule = std::function<Rate(double base, std::int64_t t)>;

struct StepLR {
  std::int64_t step_size = 1;
  double gamma = 0.1;

  Rate operator()(double base, std::int64_t t) const {
    QRS_CHECK(step_size >= 1, "[step_lr] expected step_size >= 1, got ", step_size);
    return {base * std::pow(gamma, static_cast<double>(t / step_size))};
  }
};

struct MultiStepLR {
  std::vector<std::int64_t> milestones = {};
  double gamma = 0.1;

  Rate operator()(double base, std::int64_t t) const {
    const auto passed = std::count_if(milestones.begin(), milestones.end(), [t](std::int64_t m) { return m <= t; });
    return {base * std::pow(gamma, static_cast<double>(passed))};
  }
};

struct ExponentialLR {
  double gamma = 0.1;  // PyTorch has no default

  Rate operator()(double base, std::int64_t t) const { return {base * std::pow(gamma, static_cast<double>(t))}; }
};

struct ConstantLR {
  double factor = 1.0 / 3.0;
  std::int64_t total_iters = 5;

  Rate operator()(double base, std::int64_t t) const { return {t < total_iters ? base * factor : base}; }
};

struct LinearLR {
  double start_factor = 1.0 / 3.0;
  double end_factor = 1.0;
  std::int64_t total_iters = 5;

  Rate operator()(double base, std::int64_t t) const {
    QRS_CHECK(start_factor > 0.0 && start_factor <= 1.0, "[linear_lr] expected start_factor in (0, 1], got ",
              start_factor);
    QRS_CHECK(end_factor >= 0.0 && end_factor <= 1.0, "[linear_lr] expected end_factor in [0, 1], got ", end_factor);
    if (t >= total_iters) return {base * end_factor};
    const double share = static_cast<double>(t) / static_cast<double>(total_iters);
    return {base * (start_factor + (end_factor - start_factor) * share)};
  }
};

struct CosineAnnealingLR {
  std::int64_t t_max = 1;  // PyTorch has no default
  double eta_min = 0.0;

  /// Past t_max the rate rises again, as PyTorch's does.
  Rate operator()(double base, std::int64_t t) const {
    QRS_CHECK(t_max >= 1, "[cosine_annealing] expected t_max >= 1, got ", t_max);
    const double angle = std::numbers::pi * static_cast<double>(t) / static_cast<double>(t_max);
    return {eta_min + (base - eta_min) * (1.0 + std::cos(angle)) / 2.0};
  }
};

struct CosineAnnealingWarmRestarts {
  std::int64_t t_0 = 1;  // PyTorch has no default
  std::int64_t t_mult = 1;
  double eta_min = 0.0;

  Rate operator()(double base, std::int64_t t) const {
    QRS_CHECK(t_0 >= 1, "[warm_restarts] expected t_0 >= 1, got ", t_0);
    QRS_CHECK(t_mult >= 1, "[warm_restarts] expected t_mult >= 1, got ", t_mult);
    std::int64_t period = t_0;
    if (t_mult == 1) {
      t %= period;
    } else {
      for (; t >= period; period *= t_mult) t -= period;
    }
    return CosineAnnealingLR{.t_max = period, .eta_min = eta_min}(base, t);
  }
};

struct SequentialLR {
  std::vector<Schedule> schedules = {};
  std::vector<std::int64_t> milestones = {};  // where the second schedule begins, the third, ...; rising

  Rate operator()(double base, std::int64_t t) const {
    QRS_CHECK(!schedules.empty() && milestones.size() + 1 == schedules.size(),
              "[sequential_lr] expected a milestone between any two schedules, got ", milestones.size(), " for ",
              schedules.size(), " schedules");
    QRS_CHECK(std::is_sorted(milestones.begin(), milestones.end()), "[sequential_lr] expected rising milestones, got ",
              std::span(milestones));
    const auto next = std::upper_bound(milestones.begin(), milestones.end(), t);
    const std::int64_t begin = next == milestones.begin() ? 0 : *(next - 1);
    return schedules[static_cast<std::size_t>(next - milestones.begin())](base, t - begin);
  }
};

/// Sets an optimiser to a rate.
template <class T>
void set_rate(Optimizer<T>& optimizer, const Rate& rate) {
  optimizer.set_lr(rate.lr);
  if (rate.momentum) optimizer.set_momentum(*rate.momentum);
}

/// Moves an optimiser along a schedule. The optimiser must outlive it.
template <class T>
class LRScheduler {
 public:
  /// Takes the optimiser's rate as the base and sets it to the rate of step 0.
  LRScheduler(Optimizer<T>& optimizer, Schedule schedule)
      : optimizer_(&optimizer), schedule_(std::move(schedule)), base_lr_(optimizer.lr()) {
    set_rate(optimizer, schedule_(base_lr_, 0));
  }

  /// After an optimiser's step: the rate of the next one.
  void step() {
    set_rate(*optimizer_, schedule_(base_lr_, last_epoch_ + 1));
    ++last_epoch_;
  }

  /// Steps so far, by PyTorch's name for it.
  std::int64_t last_epoch() const { return last_epoch_; }
  double base_lr() const { return base_lr_; }

  std::map<std::string, double> state() const {
    return {{"base_lr", base_lr_}, {"last_epoch", static_cast<double>(last_epoch_)}};
  }
  /// Goes on where `state` was taken, and sets the optimiser to that step's rate.
  void load(const std::map<std::string, double>& state) {
    const double base = detail::state_entry("lr_scheduler", state, "base_lr");
    const auto t = static_cast<std::int64_t>(detail::state_entry("lr_scheduler", state, "last_epoch"));
    set_rate(*optimizer_, schedule_(base, t));
    base_lr_ = base;
    last_epoch_ = t;
  }

 private:
  Optimizer<T>* optimizer_;
  Schedule schedule_;
  double base_lr_;
  std::int64_t last_epoch_ = 0;
};

}  // namespace qrs::optim
