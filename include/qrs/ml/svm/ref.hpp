// The support vector machine in the fewest lines: the pair that violates most moves, until none does.
//
//   minimise 1/2 a^T Q a - e^T a   where y^T a = 0, 0 <= a_k <= C_k,   Q_kl = y_k y_l K_kl,   G = Q a - e
//
//   i = the k that can go up with the greatest -y_k G_k,  j = the k that can go down with the smallest,
//   until -y_i G_i + y_j G_j < tolerance: y_i a_i rises and y_j a_j falls by
//   t = (-y_i G_i + y_j G_j) / (K_ii + K_jj - 2 K_ij), or as far as the bounds let both go
//
// The judge of smo.hpp: no second order, no cache, no shrinking, no floats. Each step costs a pass over all variables and
// the whole kernel matrix stands in memory. Source: Keerthi, Shevade, Bhattacharyya and Murthy 2001, Improvements to
// Platt's SMO algorithm, modification 2; the stopping rule: Chang and Lin 2011, LIBSVM, section 4.1.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "../../core/array.hpp"
#include "../matrix.hpp"
#include "smo_problem.hpp"

namespace qrs::ml::svm::ref {

/// k: (n, n), the kernel's value of each pair of points; y: +1 or -1; c: the bound of each variable.
inline SmoResult solve(MatrixView<double> k, ArrayView<const std::int8_t> y, ArrayView<const double> c,
                       double tolerance = 1e-9, std::int64_t max_steps = 2'000'000) {
  const std::int64_t n = y.size();
  SmoResult out;
  Array<double>& a = out.alpha;
  a.assign(y.size(), 0.0);
  Array<double> g(n, -1.0);
  const auto can_rise = [&](std::int64_t t) { return y[t] > 0 ? a[t] < c[t] : a[t] > 0; };
  const auto can_fall = [&](std::int64_t t) { return y[t] > 0 ? a[t] > 0 : a[t] < c[t]; };
  for (; out.steps < max_steps && !out.converged; ++out.steps) {
    std::int64_t i = -1;
    std::int64_t j = -1;
    for (std::int64_t t = 0; t < n; ++t) {
      if (can_rise(t) && (i < 0 || -y[t] * g[t] > -y[i] * g[i])) i = t;
      if (can_fall(t) && (j < 0 || -y[t] * g[t] < -y[j] * g[j])) j = t;
    }
    out.converged = i < 0 || j < 0 || y[j] * g[j] - y[i] * g[i] < tolerance;
    if (out.converged) break;

    const double curvature = std::max(k(i, i) + k(j, j) - 2 * k(i, j), 1e-12);
    double move = (y[j] * g[j] - y[i] * g[i]) / curvature;
    move = std::min(move, y[i] > 0 ? c[i] - a[i] : a[i]);
    move = std::min(move, y[j] > 0 ? a[j] : c[j] - a[j]);
    a[i] += y[i] * move;
    a[j] -= y[j] * move;
    for (const std::int64_t t : {i, j}) {  // what rounding leaves beside a bound stands on it
      if (a[t] < 1e-14 * c[t]) a[t] = 0.0;
      if (a[t] > c[t] * (1 - 1e-14)) a[t] = c[t];
    }
    for (std::int64_t t = 0; t < n; ++t) g[t] += y[t] * move * (k(i, t) - k(j, t));
  }

  double sum = 0.0;
  double free = 0.0;  // rho is the mean of y G over the variables between their bounds
  for (std::int64_t t = 0; t < n; ++t) {
    out.objective += 0.5 * a[t] * (g[t] - 1.0);
    if (a[t] > 0 && a[t] < c[t]) sum += y[t] * g[t], free += 1.0;
    out.w.push_back(y[t] * g[t]);
  }
  out.rho = free > 0 ? sum / free : 0.0;
  return out;
}

}  // namespace qrs::ml::svm::ref
