// The variables of a problem in work, and which of them take part: shrinking.
//
// A variable at a bound that the optimality conditions push further against it will likely stay there: it is left out, and
// passes and kernel rows get shorter. Before the solver may stop, the gradient of those left out is made anew by one
// blocked product and all take part again.
//
// With G the gradient of the dual, every array below holds w = y G. `up` is 0 where y a may rise and -inf elsewhere, `low`
// is 0 where it may fall and +inf elsewhere: what the passes (smo_passes.hpp) add without asking.
// Source: Joachims 1998, Making large-scale SVM learning practical, section 4; Chang and Lin 2011, LIBSVM, section 5.1.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "../../core/array.hpp"
#include "kernel_source.hpp"
#include "smo_passes.hpp"
#include "smo_problem.hpp"

namespace qrs::ml::svm {

/// Numbers of variables are those of the problem; positions count the active ones, in the order of their variables.
template <class T>
class ActiveSet {
 public:
  ActiveSet(const KernelSource<T>& source, const SmoProblem& problem) : source_(source), problem_(problem) {
    const std::int64_t n = problem.size();
    alpha_.assign(n, 0.0);
    for (std::int64_t k = 0; k < n; ++k) {
      full_w_.push_back(-y(k));  // G = -1 where alpha = 0
      full_diagonal_.push_back(source.diagonal(problem.points[k]));
    }
    activate_all();
  }

  /// Floats of a kernel row's storage over `count` columns.
  static std::int64_t padded(std::int64_t count) {
    return (count + KernelRows<T>::padding - 1) / KernelRows<T>::padding * KernelRows<T>::padding;
  }

  std::int64_t size() const { return active_.size(); }
  bool whole() const { return size() == problem_.size(); }
  std::int64_t variable(std::int64_t position) const { return active_[position]; }
  std::int32_t point(std::int64_t position) const { return problem_.points[active_[position]]; }
  Array<std::int32_t> points() const {
    Array<std::int32_t> out;
    for (const std::int32_t k : active_) out.push_back(problem_.points[k]);
    return out;
  }

  double alpha(std::int64_t k) const { return alpha_[k]; }
  /// Of active variables.
  double w(std::int64_t position) const { return w_[position]; }
  double diagonal(std::int64_t position) const { return diagonal_[position]; }
  double rise_violation(std::int64_t position, const Extremes& extremes) const {
    return static_cast<double>(up_[position]) - w_[position] - extremes.lowest;
  }
  double fall_violation(std::int64_t position, const Extremes& extremes) const {
    return extremes.highest + w_[position] - static_cast<double>(low_[position]);
  }

  /// Room of y a upwards and downwards.
  double room_up(std::int64_t k) const { return problem_.y[k] > 0 ? problem_.c[k] - alpha_[k] : alpha_[k]; }
  double room_down(std::int64_t k) const { return problem_.y[k] > 0 ? alpha_[k] : problem_.c[k] - alpha_[k]; }

  // ---- the passes of a step ---------------------------------------------------------------------------------------------

  Extremes extremes() { return passes::update(w_.data(), nullptr, nullptr, 0.0, up_.data(), low_.data(), length()); }
  std::int64_t partner(const float* row_i, const Extremes& extremes) const {
    return passes::partner(w_.data(), row_i, diagonal_.data(), low_.data(), extremes.highest, diagonal_[extremes.i],
                           length());
  }
  /// y_i a_i rises and y_j a_j falls by t.
  void move(std::int64_t i, std::int64_t j, double t) {
    shift(active_[i], t, true);
    shift(active_[j], t, false);
    set_bounds(i);
    set_bounds(j);
  }
  /// w follows the move; the extremes after it come back.
  Extremes follow(const float* row_i, const float* row_j, double t) {
    return passes::update(w_.data(), row_i, row_j, t, up_.data(), low_.data(), length());
  }

  // ---- shrinking --------------------------------------------------------------------------------------------------------

  /// Leaves out the variables that the conditions push further against their bound, where that is an eighth or more: arrays
  /// and cached rows have to move. (Never a question of what is cached: that would change the result.) The positions that
  /// stay come back, or nothing where all do; all do as well where none would: the violation is then below 0, and the solver
  /// about to stop.
  std::optional<Array<std::int32_t>> shrink(const Extremes& extremes) {
    Array<std::int32_t> keep;
    keep.reserve(active_.capacity());
    for (std::int64_t p = 0; p < size(); ++p) {
      const double v = -w_[p];
      const bool stays_low = up_[p] < 0.0F && v > extremes.highest;
      const bool stays_up = low_[p] > 0.0F && v < extremes.lowest;
      if (!stays_low && !stays_up) keep.push_back(static_cast<std::int32_t>(p));
    }
    if (keep.empty() || size() - keep.size() < std::max<std::int64_t>(1, size() / 8)) return std::nullopt;
    store_w();
    for (std::int64_t to = 0; to < keep.size(); ++to) {
      const std::int32_t from = keep[to];
      active_[to] = active_[from];
      w_[to] = w_[from];
      diagonal_[to] = diagonal_[from];
      up_[to] = up_[from];
      low_[to] = low_[from];
    }
    active_.resize(keep.size());
    for (std::int64_t p = size(); p < length(); ++p) {
      up_[p] = -std::numeric_limits<float>::infinity();
      low_[p] = std::numeric_limits<float>::infinity();
      w_[p] = 0.0;
    }
    return keep;
  }

  /// w of all variables as of now, also of those left out.
  void complete_w() {
    store_w();
    if (!whole()) rebuild();
  }
  /// All variables, with w as complete_w left it.
  void activate_all() {
    const std::int64_t n = problem_.size();
    const std::int64_t room = padded(n);
    active_.resize(n);
    for (std::int64_t k = 0; k < n; ++k) active_[k] = static_cast<std::int32_t>(k);
    w_ = full_w_;
    w_.resize(room, 0.0);
    diagonal_ = full_diagonal_;
    diagonal_.resize(room, 1.0F);
    up_.assign(room, -std::numeric_limits<float>::infinity());
    low_.assign(room, std::numeric_limits<float>::infinity());
    for (std::int64_t p = 0; p < n; ++p) set_bounds(p);
  }

  // ---- the solution -----------------------------------------------------------------------------------------------------

  /// Of complete w: the mean over the free variables; without any, the middle of the interval the conditions leave.
  double rho() const {
    double sum = 0.0;
    std::int64_t free = 0;
    double above = std::numeric_limits<double>::infinity();
    double below = -std::numeric_limits<double>::infinity();
    for (std::int64_t k = 0; k < problem_.size(); ++k) {
      const double w = full_w_[k];
      if (!at_upper(k) && !at_lower(k)) {
        sum += w;
        ++free;
      } else if (at_upper(k) == (y(k) > 0)) {
        below = std::max(below, w);
      } else {
        above = std::min(above, w);
      }
    }
    return free > 0 ? sum / static_cast<double>(free) : (above + below) / 2.0;
  }
  /// 1/2 sum_k a_k (G_k - 1), of complete w.
  double objective() const {
    double sum = 0.0;
    for (std::int64_t k = 0; k < problem_.size(); ++k) sum += 0.5 * alpha_[k] * (y(k) * full_w_[k] - 1.0);
    return sum;
  }
  Array<double> take_alpha() { return std::move(alpha_); }
  Array<double> take_w() { return std::move(full_w_); }

 private:
  double y(std::int64_t k) const { return problem_.y[k]; }
  bool at_upper(std::int64_t k) const { return alpha_[k] >= problem_.c[k]; }
  bool at_lower(std::int64_t k) const { return alpha_[k] <= 0.0; }
  /// Length of the passes.
  std::int64_t length() const { return (size() + passes::step - 1) / passes::step * passes::step; }

  /// Moves y a of a variable by t; where its room is used up it stands on its bound exactly.
  void shift(std::int64_t k, double t, bool rises) {
    const double room = rises ? room_up(k) : room_down(k);
    const bool grows = (problem_.y[k] > 0) == rises;
    if (t >= room) {
      alpha_[k] = grows ? problem_.c[k] : 0.0;
    } else {
      alpha_[k] = std::clamp(grows ? alpha_[k] + t : alpha_[k] - t, 0.0, problem_.c[k]);
    }
  }

  void set_bounds(std::int64_t position) {
    constexpr float infinity = std::numeric_limits<float>::infinity();
    const std::int64_t k = active_[position];
    const bool positive = problem_.y[k] > 0;
    up_[position] = (positive ? at_upper(k) : at_lower(k)) ? -infinity : 0.0F;
    low_[position] = (positive ? at_lower(k) : at_upper(k)) ? infinity : 0.0F;
  }

  void store_w() {
    for (std::int64_t p = 0; p < size(); ++p) full_w_[active_[p]] = w_[p];
  }

  /// w of the variables left out, from nothing: w_k = -y_k + sum_l y_l a_l K_kl.
  void rebuild() {
    Array<char> is_active(problem_.size(), 0);
    for (const std::int32_t k : active_) is_active[k] = 1;
    Array<std::int32_t> left_out;
    Array<std::int32_t> rows;
    Array<std::int32_t> columns;
    Array<double> coefficients;
    for (std::int64_t k = 0; k < problem_.size(); ++k) {
      if (is_active[k] == 0) {
        left_out.push_back(static_cast<std::int32_t>(k));
        rows.push_back(problem_.points[k]);
      }
      if (alpha_[k] > 0.0) {
        columns.push_back(problem_.points[k]);
        coefficients.push_back(y(k) * alpha_[k]);
      }
    }
    const Array<double> sums = source_.product(rows, columns, coefficients);
    for (std::int64_t r = 0; r < left_out.size(); ++r) full_w_[left_out[r]] = sums[r] - y(left_out[r]);
  }

  const KernelSource<T>& source_;
  const SmoProblem& problem_;
  // Of all variables; w of those left out is that of the moment they were.
  Array<double> alpha_;
  Array<double> full_w_;
  Array<float> full_diagonal_;
  // Of the active ones, padded.
  Array<std::int32_t> active_;
  Array<double> w_;
  Array<float> diagonal_;
  Array<float> up_;
  Array<float> low_;
};

}  // namespace qrs::ml::svm
