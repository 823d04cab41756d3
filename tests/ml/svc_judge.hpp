// What judges the fast solver: the dual problem solved without second order, cache, shrinking or floats, and seeded data.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "qrs/core/rng.hpp"
#include "qrs/ml/matrix.hpp"

namespace qrs::test {

struct DualSolution {
  std::vector<double> alpha;
  double rho = 0.0;
  double objective = 0.0;
};

/// minimise 1/2 a^T Q a - e^T a, y^T a = 0, 0 <= a <= c: the pair that violates most, again and again, to 1e-9.
inline DualSolution solve_dual(const std::vector<std::vector<double>>& k, const std::vector<int>& y,
                               const std::vector<double>& c) {
  const std::size_t n = y.size();
  DualSolution out;
  out.alpha.assign(n, 0.0);
  std::vector<double> gradient(n, -1.0);
  for (int step = 0; step < 2000000; ++step) {
    std::size_t i = n, j = n;
    for (std::size_t t = 0; t < n; ++t) {
      const bool up = y[t] > 0 ? out.alpha[t] < c[t] : out.alpha[t] > 0;
      const bool low = y[t] > 0 ? out.alpha[t] > 0 : out.alpha[t] < c[t];
      if (up && (i == n || -y[t] * gradient[t] > -y[i] * gradient[i])) i = t;
      if (low && (j == n || -y[t] * gradient[t] < -y[j] * gradient[j])) j = t;
    }
    if (i == n || j == n || y[j] * gradient[j] - y[i] * gradient[i] < 1e-9) break;
    const double a = std::max(k[i][i] + k[j][j] - 2 * k[i][j], 1e-12);
    double move = (y[j] * gradient[j] - y[i] * gradient[i]) / a;
    move = std::min(move, y[i] > 0 ? c[i] - out.alpha[i] : out.alpha[i]);
    move = std::min(move, y[j] > 0 ? out.alpha[j] : c[j] - out.alpha[j]);
    out.alpha[i] += y[i] * move;
    out.alpha[j] -= y[j] * move;
    for (std::size_t t : {i, j}) {
      if (out.alpha[t] < 1e-14 * c[t]) out.alpha[t] = 0.0;
      if (out.alpha[t] > c[t] * (1 - 1e-14)) out.alpha[t] = c[t];
    }
    for (std::size_t t = 0; t < n; ++t) gradient[t] += y[t] * move * (k[i][t] - k[j][t]);
  }
  double sum = 0.0;
  double free = 0.0;
  for (std::size_t t = 0; t < n; ++t) {
    out.objective += 0.5 * out.alpha[t] * (gradient[t] - 1.0);
    if (out.alpha[t] > 0 && out.alpha[t] < c[t]) sum += y[t] * gradient[t], free += 1.0;
  }
  out.rho = free > 0 ? sum / free : 0.0;
  return out;
}

/// Rows around one centre a class; the classes overlap.
template <class T>
struct Blobs {
  ml::Matrix<T> x;
  std::vector<std::int64_t> y;

  Blobs(std::int64_t rows, std::int64_t features, std::int64_t classes, std::uint32_t seed, double apart = 1.0)
      : x(rows, features) {
    Mt19937 random(seed);
    std::vector<double> centre;
    for (std::int64_t i = 0; i < classes * features; ++i) centre.push_back(apart * random.gauss());
    for (std::int64_t i = 0; i < rows; ++i) {
      const std::int64_t c = random.randint(0, classes);
      y.push_back(c);
      for (std::int64_t j = 0; j < features; ++j) {
        x(i, j) = static_cast<T>(centre[static_cast<std::size_t>(c * features + j)] + random.gauss());
      }
    }
  }
};

}  // namespace qrs::test
