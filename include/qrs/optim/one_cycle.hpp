// The one-cycle schedule: the rate rises to its highest value and falls far below its first one, the momentum the other way.
//
//   qrs::optim::LRScheduler<float> schedule(sgd, qrs::optim::OneCycleLR({.max_lr = 0.1, .total_steps = epochs * batches}));
//   for (each batch) { ...; sgd.step(); schedule.step(); }
//
//   initial = max_lr / div_factor                        min = initial / final_div_factor
//   two phases:    initial -> max_lr (until pct_start of the steps) -> min
//   three phases:  initial -> max_lr -> initial (as long again) -> min
//   momentum:      max_momentum -> base_momentum -> max_momentum (-> max_momentum)
//   in a phase, p of it done:    cos     end + (start - end) / 2 (1 + cos(pi p))
//                                linear  start + (end - start) p
//
// Equal to torch.optim.lr_scheduler.OneCycleLR, except where a phase has no length: PyTorch divides by zero there, here it is
// at its end. Momentum is Adam's beta1, as there.
// Source: Smith and Topin, Super-Convergence, 2019 (arXiv 1708.07120), section 3; the second and the third phase follow fastai.
#pragma once

#include <cmath>
#include <cstdint>
#include <numbers>

#include "schedule.hpp"

namespace qrs::optim {

enum class AnnealStrategy { cos, linear };

struct OneCycleOptions {
  double max_lr = 1e-3;          // PyTorch has no default
  std::int64_t total_steps = 1;  // nor for this
  double pct_start = 0.3;
  AnnealStrategy anneal_strategy = AnnealStrategy::cos;
  bool cycle_momentum = true;
  double base_momentum = 0.85;
  double max_momentum = 0.95;
  double div_factor = 25.0;
  double final_div_factor = 1e4;
  bool three_phase = false;
};

class OneCycleLR {
 public:
  explicit OneCycleLR(const OneCycleOptions& options) : options_(options) {
    QRS_CHECK(options.total_steps >= 1, "[one_cycle] expected total_steps >= 1, got ", options.total_steps);
    QRS_CHECK(options.pct_start >= 0.0 && options.pct_start <= 1.0, "[one_cycle] expected pct_start in [0, 1], got ",
              options.pct_start);
    QRS_CHECK(options.div_factor > 0.0 && options.final_div_factor > 0.0,
              "[one_cycle] expected div_factor and final_div_factor > 0, got ", options.div_factor, " and ",
              options.final_div_factor);
  }

  /// The rate of step t; the optimiser's own is not looked at.
  Rate operator()(double /*base*/, std::int64_t t) const {
    const OneCycleOptions& o = options_;
    QRS_CHECK(t <= o.total_steps, "[one_cycle] expected at most ", o.total_steps, " steps, got ", t + 1);
    const auto total = static_cast<double>(o.total_steps);
    const auto at = static_cast<double>(t);
    const double up = o.pct_start * total - 1.0;
    const double down = 2.0 * o.pct_start * total - 2.0;
    const double initial = o.max_lr / o.div_factor;
    const double min = initial / o.final_div_factor;
    if (at <= up) return rate({0.0, up, initial, o.max_lr, o.max_momentum, o.base_momentum}, at);
    if (!o.three_phase) return rate({up, total - 1.0, o.max_lr, min, o.base_momentum, o.max_momentum}, at);
    if (at <= down) return rate({up, down, o.max_lr, initial, o.base_momentum, o.max_momentum}, at);
    return rate({down, total - 1.0, initial, min, o.max_momentum, o.max_momentum}, at);
  }

 private:
  struct Phase {
    double begin, end;  // steps
    double start_lr, end_lr;
    double start_momentum, end_momentum;
  };

  Rate rate(const Phase& phase, double at) const {
    const double length = phase.end - phase.begin;
    const double done = length == 0.0 ? 1.0 : (at - phase.begin) / length;
    Rate out{anneal(phase.start_lr, phase.end_lr, done)};
    if (options_.cycle_momentum) out.momentum = anneal(phase.start_momentum, phase.end_momentum, done);
    return out;
  }

  double anneal(double start, double end, double done) const {
    if (options_.anneal_strategy == AnnealStrategy::linear) return (end - start) * done + start;
    return end + (start - end) / 2.0 * (std::cos(std::numbers::pi * done) + 1.0);
  }

  OneCycleOptions options_;
};

}  // namespace qrs::optim
