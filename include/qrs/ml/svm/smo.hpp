// Sequential minimal optimisation of one two-class problem.
//
//   minimise 1/2 a^T Q a - e^T a   where y^T a = 0, 0 <= a_k <= C_k,   Q_kl = y_k y_l K_kl
//
// The working pair is that of second-order information (Fan, Chen and Lin 2005); it stops where the violation of the
// optimality conditions is below tol. Shrinking (Joachims 1998; Chang and Lin 2011, section 5.1) leaves out variables at a
// bound that will likely stay there; before it may stop, the gradient of those left out is rebuilt by one blocked product
// and the conditions are checked on all. Rows of the kernel matrix come from a cache; on a miss a tile of rows is computed,
// the row wanted and those of the variables that violate the conditions most, because a tile costs little more than a row.
// Neither the cache nor the tile changes a bit of the result.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "../observer.hpp"
#include "kernel_cache.hpp"
#include "kernel_source.hpp"
#include "smo_passes.hpp"

namespace qrs::ml::svm {

struct SmoParams {
  double tol = 1e-3;  // violation at which it stops
  bool shrinking = true;
  std::int64_t max_iter = -1;  // steps; -1 for no limit
  std::int64_t cache_bytes = std::int64_t{200} << 20;
};

/// One two-class problem: points of a KernelSource, +1 or -1 for each, and its upper bound.
struct SmoProblem {
  std::vector<std::int32_t> points;
  std::vector<std::int8_t> y;
  std::vector<double> c;
};

struct SmoResult {
  std::vector<double> alpha;
  std::vector<double> w;  // y G for each variable at the end: the decision value is w + y - rho
  double rho = 0.0;
  double objective = 0.0;
  std::int64_t steps = 0;
  bool converged = false;
};

template <class T>
class Smo {
 public:
  /// Where there is a tracer it is told of every step, under the labels of `event`.
  Smo(const KernelSource<T>& source, const SmoProblem& problem, const SmoParams& params, Observer* tracer = nullptr,
      SmoStep event = {})
      : source_(source),
        problem_(problem),
        params_(params),
        tracer_(tracer),
        event_(event),
        n_(static_cast<std::int64_t>(problem.y.size())),
        rows_(source),
        cache_(params.cache_bytes, n_, padded(n_), 3 * tile::rows) {
    alpha_.assign(static_cast<std::size_t>(n_), 0.0);
    full_w_.resize(static_cast<std::size_t>(n_));
    full_diagonal_.resize(static_cast<std::size_t>(n_));
    for (std::int64_t k = 0; k < n_; ++k) {
      full_w_[static_cast<std::size_t>(k)] = -y(k);  // G = -1 where alpha = 0
      full_diagonal_[static_cast<std::size_t>(k)] = source.diagonal(problem.points[static_cast<std::size_t>(k)]);
    }
    activate_all();
  }

  SmoResult solve() { return tracer_ != nullptr ? run<true>() : run<false>(); }

 private:
  static std::int64_t padded(std::int64_t count) {
    return (count + KernelRows<T>::padding - 1) / KernelRows<T>::padding * KernelRows<T>::padding;
  }
  double y(std::int64_t k) const { return problem_.y[static_cast<std::size_t>(k)]; }
  bool at_upper(std::int64_t k) const {
    return alpha_[static_cast<std::size_t>(k)] >= problem_.c[static_cast<std::size_t>(k)];
  }
  bool at_lower(std::int64_t k) const { return alpha_[static_cast<std::size_t>(k)] <= 0.0; }
  /// Room of y a upwards and downwards.
  double room_up(std::int64_t k) const {
    const auto at = static_cast<std::size_t>(k);
    return problem_.y[at] > 0 ? problem_.c[at] - alpha_[at] : alpha_[at];
  }
  double room_down(std::int64_t k) const {
    const auto at = static_cast<std::size_t>(k);
    return problem_.y[at] > 0 ? alpha_[at] : problem_.c[at] - alpha_[at];
  }
  std::int64_t active() const { return static_cast<std::int64_t>(active_.size()); }
  /// Length of the passes.
  std::int64_t length() const { return (active() + passes::step - 1) / passes::step * passes::step; }

  template <bool Traced>
  SmoResult run();
  void take_step(std::int64_t i, std::int64_t j, double t);
  void set_bounds(std::int64_t position);
  const float* row(std::int64_t position, const Extremes& extremes);
  void choose_batch(std::int64_t position, const Extremes& extremes);
  Extremes extremes_now() {
    return passes::update(w_.data(), nullptr, nullptr, 0.0, up_.data(), low_.data(), length());
  }
  bool shrink(const Extremes& extremes);
  void activate_all();
  void keep_w();
  void rebuild();
  double rho() const;

  const KernelSource<T>& source_;
  const SmoProblem& problem_;
  SmoParams params_;
  Observer* tracer_;
  SmoStep event_;
  std::int64_t n_;
  KernelRows<T> rows_;
  KernelCache cache_;
  // Of all variables; w of those left out is that of the moment they were.
  std::vector<double> alpha_;
  std::vector<double> full_w_;
  std::vector<float> full_diagonal_;
  // Of the active ones, in the order of their variables, padded.
  std::vector<std::int32_t> active_;
  std::vector<double> w_;
  std::vector<float> diagonal_;
  std::vector<float> up_;
  std::vector<float> low_;
  // Of one batch of rows.
  std::vector<std::int32_t> batch_;
  std::vector<std::int32_t> batch_points_;
  std::vector<float*> batch_rows_;
};

template <class T>
template <bool Traced>
SmoResult Smo<T>::run() {
  const std::int64_t interval = std::min<std::int64_t>(n_, 1000);  // steps between two looks at what can be left out
  std::int64_t until_shrink = interval;
  SmoResult out;
  double objective = 0.0;
  Extremes extremes = extremes_now();
  while (params_.max_iter < 0 || out.steps < params_.max_iter) {
    if (params_.shrinking && --until_shrink <= 0) {
      until_shrink = interval;
      if (shrink(extremes)) extremes = extremes_now();
    }
    if (!(extremes.violation() >= params_.tol)) {
      if (active() == n_) {
        out.converged = true;
        break;
      }
      keep_w();
      rebuild();
      activate_all();
      extremes = extremes_now();
      until_shrink = 1;
      if (!(extremes.violation() >= params_.tol)) {
        out.converged = true;
        break;
      }
      continue;
    }
    const std::int64_t i = extremes.i;
    const float* row_i = row(i, extremes);
    const double diagonal_i = diagonal_[static_cast<std::size_t>(i)];
    const std::int64_t j =
        passes::partner(w_.data(), row_i, diagonal_.data(), low_.data(), extremes.highest, diagonal_i, length());
    const float* row_j = row(j, extremes);
    const double curvature = diagonal_i + diagonal_[static_cast<std::size_t>(j)] - 2.0 * static_cast<double>(row_i[j]);
    const double slope = w_[static_cast<std::size_t>(j)] - w_[static_cast<std::size_t>(i)];  // v_i - v_j > 0
    const std::int64_t variable_i = active_[static_cast<std::size_t>(i)];
    const std::int64_t variable_j = active_[static_cast<std::size_t>(j)];
    const double t =
        std::min({slope / (curvature > 0.0 ? curvature : tau), room_up(variable_i), room_down(variable_j)});
    take_step(i, j, t);
    ++out.steps;
    if constexpr (Traced) {
      objective += t * (0.5 * curvature * t - slope);
      event_.step = out.steps;
      event_.i = variable_i;
      event_.j = variable_j;
      event_.violation = extremes.violation();
      event_.alpha_i = alpha_[static_cast<std::size_t>(variable_i)];
      event_.alpha_j = alpha_[static_cast<std::size_t>(variable_j)];
      event_.dual_objective = objective;
      tracer_->smo_step(event_);
    }
    extremes = passes::update(w_.data(), row_i, row_j, t, up_.data(), low_.data(), length());
  }
  keep_w();
  if (active() < n_) rebuild();
  out.rho = rho();
  for (std::int64_t k = 0; k < n_; ++k) {
    const auto at = static_cast<std::size_t>(k);
    out.objective += 0.5 * alpha_[at] * (y(k) * full_w_[at] - 1.0);
  }
  out.alpha = std::move(alpha_);
  out.w = std::move(full_w_);
  return out;
}

/// Moves y_i a_i up and y_j a_j down by t; a variable whose room is used up stands on its bound exactly.
template <class T>
void Smo<T>::take_step(std::int64_t i, std::int64_t j, double t) {
  const std::int64_t variables[2] = {active_[static_cast<std::size_t>(i)], active_[static_cast<std::size_t>(j)]};
  for (int end = 0; end < 2; ++end) {
    const std::int64_t k = variables[end];
    const auto at = static_cast<std::size_t>(k);
    const double room = end == 0 ? room_up(k) : room_down(k);
    const bool grows = (problem_.y[at] > 0) == (end == 0);
    if (t >= room) {
      alpha_[at] = grows ? problem_.c[at] : 0.0;
    } else {
      alpha_[at] = std::clamp(grows ? alpha_[at] + t : alpha_[at] - t, 0.0, problem_.c[at]);
    }
  }
  set_bounds(i);
  set_bounds(j);
}

template <class T>
void Smo<T>::set_bounds(std::int64_t position) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  const auto at = static_cast<std::size_t>(position);
  const std::int64_t k = active_[at];
  const bool positive = problem_.y[static_cast<std::size_t>(k)] > 0;
  up_[at] = (positive ? at_upper(k) : at_lower(k)) ? -infinity : 0.0F;
  low_[at] = (positive ? at_lower(k) : at_upper(k)) ? infinity : 0.0F;
}

/// The row of an active variable, over the active columns. It stays where it is while the next row is fetched.
template <class T>
const float* Smo<T>::row(std::int64_t position, const Extremes& extremes) {
  if (const float* found = cache_.find(position)) return found;
  choose_batch(position, extremes);
  batch_points_.clear();
  batch_rows_.clear();
  for (auto k = batch_.rbegin(); k != batch_.rend(); ++k) {  // the wanted row, the first, becomes the newest
    batch_points_.push_back(problem_.points[static_cast<std::size_t>(active_[static_cast<std::size_t>(*k)])]);
    batch_rows_.push_back(cache_.insert(*k));
  }
  rows_.compute(batch_points_, batch_rows_);
  return batch_rows_.back();
}

/// batch_ = the position and those of the most violating variables, from both sides, whose rows are not there.
template <class T>
void Smo<T>::choose_batch(std::int64_t position, const Extremes& extremes) {
  batch_.assign(1, static_cast<std::int32_t>(position));
  const std::int64_t wanted = std::min(rows_.batch(), cache_.slots() / 4) - 1;
  if (wanted < 2) return;
  struct Candidate {
    double violation;
    std::int32_t position;
  };
  const auto half = static_cast<std::size_t>(wanted / 2);
  std::array<Candidate, tile::rows> found[2];
  std::size_t counts[2] = {0, 0};
  for (std::int64_t p = 0; p < active(); ++p) {
    const auto at = static_cast<std::size_t>(p);
    const double violation[2] = {static_cast<double>(up_[at]) - w_[at] - extremes.lowest,
                                 extremes.highest + w_[at] - static_cast<double>(low_[at])};
    for (int side = 0; side < 2; ++side) {
      std::size_t& count = counts[side];
      const double least = count == half ? found[side][half - 1].violation : 0.0;
      if (!(violation[side] > least) || p == position || cache_.contains(p)) continue;
      std::size_t to = count < half ? count++ : half - 1;
      for (; to > 0 && found[side][to - 1].violation < violation[side]; --to) found[side][to] = found[side][to - 1];
      found[side][to] = {violation[side], static_cast<std::int32_t>(p)};
    }
  }
  for (int side = 0; side < 2; ++side) {
    for (std::size_t c = 0; c < counts[side]; ++c) {
      const std::int32_t p = found[side][c].position;
      if (std::find(batch_.begin(), batch_.end(), p) == batch_.end()) batch_.push_back(p);
    }
  }
}

/// Leaves out variables at a bound that the conditions push further against it. Worth it where an eighth goes: the arrays
/// and the cached rows move. (Never a question of what is cached: that would change the result.) False where nothing changed.
template <class T>
bool Smo<T>::shrink(const Extremes& extremes) {
  std::vector<std::int32_t> keep;
  keep.reserve(active_.size());
  for (std::int64_t p = 0; p < active(); ++p) {
    const auto at = static_cast<std::size_t>(p);
    const double v = -w_[at];
    const bool stays_low = up_[at] < 0.0F && v > extremes.highest;
    const bool stays_up = low_[at] > 0.0F && v < extremes.lowest;
    if (!stays_low && !stays_up) keep.push_back(static_cast<std::int32_t>(p));
  }
  const auto left_out = active_.size() - keep.size();
  if (left_out < std::max<std::size_t>(1, active_.size() / 8)) return false;
  keep_w();
  std::vector<std::int32_t> points(keep.size());
  for (std::size_t to = 0; to < keep.size(); ++to) {
    const auto from = static_cast<std::size_t>(keep[to]);
    active_[to] = active_[from];
    w_[to] = w_[from];
    diagonal_[to] = diagonal_[from];
    up_[to] = up_[from];
    low_[to] = low_[from];
    points[to] = problem_.points[static_cast<std::size_t>(active_[to])];
  }
  active_.resize(keep.size());
  for (std::int64_t p = active(); p < length(); ++p) {
    up_[static_cast<std::size_t>(p)] = -std::numeric_limits<float>::infinity();
    low_[static_cast<std::size_t>(p)] = std::numeric_limits<float>::infinity();
    w_[static_cast<std::size_t>(p)] = 0.0;
  }
  cache_.restrict_to(keep, padded(active()));
  rows_.restrict_to(std::move(points));
  return true;
}

/// full_w_ of the active variables, from w_.
template <class T>
void Smo<T>::keep_w() {
  for (std::size_t p = 0; p < active_.size(); ++p) full_w_[static_cast<std::size_t>(active_[p])] = w_[p];
}

/// full_w_ of the variables left out, from scratch: w_k = -y_k + sum_l y_l a_l K_kl.
template <class T>
void Smo<T>::rebuild() {
  std::vector<char> is_active(static_cast<std::size_t>(n_), 0);
  for (const std::int32_t k : active_) is_active[static_cast<std::size_t>(k)] = 1;
  std::vector<std::int32_t> rows;
  std::vector<std::int32_t> left_out;
  std::vector<std::int32_t> columns;
  std::vector<double> coefficients;
  for (std::int64_t k = 0; k < n_; ++k) {
    const auto at = static_cast<std::size_t>(k);
    if (is_active[at] == 0) {
      left_out.push_back(static_cast<std::int32_t>(k));
      rows.push_back(problem_.points[at]);
    }
    if (alpha_[at] > 0.0) {
      columns.push_back(problem_.points[at]);
      coefficients.push_back(y(k) * alpha_[at]);
    }
  }
  const std::vector<double> sums = source_.product(rows, columns, coefficients);
  for (std::size_t r = 0; r < left_out.size(); ++r) {
    full_w_[static_cast<std::size_t>(left_out[r])] = sums[r] - y(left_out[r]);
  }
}

/// All variables, with w as full_w_ has it, and no rows.
template <class T>
void Smo<T>::activate_all() {
  const auto room = static_cast<std::size_t>(padded(n_));
  active_.resize(static_cast<std::size_t>(n_));
  for (std::int64_t k = 0; k < n_; ++k) active_[static_cast<std::size_t>(k)] = static_cast<std::int32_t>(k);
  w_ = full_w_;
  w_.resize(room, 0.0);
  diagonal_ = full_diagonal_;
  diagonal_.resize(room, 1.0F);
  up_.assign(room, -std::numeric_limits<float>::infinity());
  low_.assign(room, std::numeric_limits<float>::infinity());
  for (std::int64_t p = 0; p < n_; ++p) set_bounds(p);
  cache_.reset(n_, padded(n_));
  rows_.restrict_to(problem_.points);
}

/// The mean of w over the free variables; without any, the middle of the interval the conditions leave.
template <class T>
double Smo<T>::rho() const {
  double sum = 0.0;
  std::int64_t free = 0;
  double above = std::numeric_limits<double>::infinity();
  double below = -std::numeric_limits<double>::infinity();
  for (std::int64_t k = 0; k < n_; ++k) {
    const double w = full_w_[static_cast<std::size_t>(k)];
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

}  // namespace qrs::ml::svm
