// Sequential minimal optimisation of one two-class problem (smo_problem.hpp): two variables a step.
//
//   i maximises v over those that can rise; j lowers the dual most of those that can fall, by second-order information;
//   both move by t = (v_i - v_j) / (K_ii + K_jj - 2 K_ij), or as far as their bounds let them;   v = -y G
//
// It stops where the violation max v - min v is below tol, or, as LIBSVM, after 10^7 steps or 100 a variable: rounding keeps
// the violation of large problems above a tol that is too small. Beside the loop stand the passes over the variables
// (smo_passes.hpp), the variables that take part (active_set.hpp) and the kernel's rows (row_cache.hpp).
// ref.hpp is the same without any of them. Source: Fan, Chen and Lin 2005, Working set selection using second order
// information for training support vector machines, algorithm 2 with WSS 2.
#pragma once

#include <algorithm>
#include <cstdint>

#include "../observer.hpp"
#include "active_set.hpp"
#include "kernel_source.hpp"
#include "row_cache.hpp"
#include "smo_passes.hpp"
#include "smo_problem.hpp"

namespace qrs::ml::svm {

template <class T>
class Smo {
 public:
  /// Where there is a tracer it is told of every step, under the labels of `event`.
  Smo(const KernelSource<T>& source, const SmoProblem& problem, const SmoParams& params, Observer* tracer = nullptr,
      SmoStep event = {})
      : params_(params),
        tracer_(tracer),
        event_(event),
        active_(source, problem),
        rows_(source, active_, params.cache_bytes),
        interval_(std::min<std::int64_t>(problem.size(), 1000)),
        until_shrink_(interval_) {}

  SmoResult solve() {
    SmoResult out;
    Extremes extremes = active_.extremes();
    const std::int64_t most = params_.max_iter >= 0 ? params_.max_iter : most_steps(active_.size());
    while (out.steps < most) {
      if (params_.shrinking && --until_shrink_ <= 0) shrink(extremes);
      if (optimal(extremes)) {
        out.converged = active_.whole() || whole_is_optimal(extremes);
        if (out.converged) break;
        continue;
      }
      const std::int64_t i = extremes.i;
      const float* row_i = rows_.row(i, extremes);
      const std::int64_t j = active_.partner(row_i, extremes);
      if (j < 0) break;  // kernel values that are not finite
      const float* row_j = rows_.row(j, extremes);
      const double curvature = active_.diagonal(i) + active_.diagonal(j) - 2.0 * static_cast<double>(row_i[j]);
      const double slope = active_.w(j) - active_.w(i);  // v_i - v_j > 0
      const double t = std::min({slope / (curvature > 0.0 ? curvature : tau), active_.room_up(active_.variable(i)),
                                 active_.room_down(active_.variable(j))});
      active_.move(i, j, t);
      ++out.steps;
      if (tracer_ != nullptr) tell(out.steps, i, j, extremes.violation(), t * (0.5 * curvature * t - slope));
      extremes = active_.follow(row_i, row_j, t);
    }
    active_.complete_w();
    out.rho = active_.rho();
    out.objective = active_.objective();
    out.alpha = active_.take_alpha();
    out.w = active_.take_w();
    return out;
  }

 private:
  static std::int64_t most_steps(std::int64_t variables) { return std::max<std::int64_t>(10'000'000, 100 * variables); }
  bool optimal(const Extremes& extremes) const { return !(extremes.violation() >= params_.tol); }

  void shrink(Extremes& extremes) {
    until_shrink_ = interval_;
    const auto keep = active_.shrink(extremes);
    if (!keep) return;
    rows_.restrict_to(*keep);
    extremes = active_.extremes();
  }

  /// Optimal among the active variables: all take part again, and are asked.
  bool whole_is_optimal(Extremes& extremes) {
    active_.complete_w();
    active_.activate_all();
    rows_.reset();
    extremes = active_.extremes();
    until_shrink_ = 1;
    return optimal(extremes);
  }

  void tell(std::int64_t step, std::int64_t i, std::int64_t j, double violation, double gain) {
    event_.step = step;
    event_.i = active_.variable(i);
    event_.j = active_.variable(j);
    event_.violation = violation;
    event_.alpha_i = active_.alpha(event_.i);
    event_.alpha_j = active_.alpha(event_.j);
    event_.dual_objective += gain;
    tracer_->smo_step(event_);
  }

  SmoParams params_;
  Observer* tracer_;
  SmoStep event_;
  ActiveSet<T> active_;
  RowCache<T> rows_;
  std::int64_t interval_;  // steps between two looks at what can be left out
  std::int64_t until_shrink_;
};

}  // namespace qrs::ml::svm
