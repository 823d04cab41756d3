// The distributions behind intervals and tests: normal and beta, each with its inverse, to about 1e-13.
//
//   Phi(x) = erfc(-x / sqrt 2) / 2           I_x(a, b) = 1 / B(a, b) integral_0^x t^(a-1) (1-t)^(b-1) dt
//
// The quantile of the normal begins with Abramowitz and Stegun 26.2.23 (error below 4.5e-4) and takes three steps of
// Halley's method. The incomplete beta is the continued fraction of NIST DLMF 8.17.22 by Lentz's algorithm. Its factor
// x^a (1-x)^b / B(a, b) would lose digits in proportion to a and b if it were the exponential of logarithms of gamma;
// it is written with the error of Stirling's formula and deviances instead, which stay small: Loader, Fast and Accurate
// Computation of Binomial Probabilities, 2000.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "../core/error.hpp"

namespace qrs::metrics {

/// P(X <= x) of the standard normal.
inline double normal_cdf(double x) { return 0.5 * std::erfc(-x * 0.70710678118654752440); }

/// The x with normal_cdf(x) = p; -inf for 0 and inf for 1.
inline double normal_quantile(double p) {
  QRS_CHECK(p >= 0.0 && p <= 1.0, "[normal_quantile] expected a probability, got ", p);
  if (p == 0.0 || p == 1.0)
    return p == 0.0 ? -std::numeric_limits<double>::infinity() : std::numeric_limits<double>::infinity();
  if (p == 0.5) return 0.0;
  const double tail = std::min(p, 1.0 - p);
  const double t = std::sqrt(-2.0 * std::log(tail));
  double x = (2.515517 + t * (0.802853 + t * 0.010328)) / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))) - t;
  for (int step = 0; step < 3; ++step) {  // x is negative: the cdf keeps its relative precision there
    const double density = std::exp(-0.5 * x * x) * 0.39894228040143267794;
    const double newton = (normal_cdf(x) - tail) / density;
    x -= newton / (1.0 + 0.5 * x * newton);
  }
  return p < 0.5 ? x : -x;
}

namespace detail {

/// log Gamma(n + 1) - (n + 1/2) log n + n - log(2 pi) / 2, for n > 0.
inline double stirling_error(double n) {
  double sum = 0.0;
  for (; n < 16.0; n += 1.0) sum += (n + 0.5) * std::log1p(1.0 / n) - 1.0;
  const double r = 1.0 / (n * n);
  return sum +
         (1.0 / 12 - r * (1.0 / 360 - r * (1.0 / 1260 - r * (1.0 / 1680 - r * (1.0 / 1188 - r * 691.0 / 360360))))) / n;
}

/// x log(x / m) + m - x, accurate where x is near m.
inline double deviance(double x, double m) {
  if (std::abs(x - m) >= 0.1 * (x + m)) return x * std::log(x / m) + m - x;
  const double v = (x - m) / (x + m);
  double sum = (x - m) * v;
  double term = 2.0 * x * v;
  for (int j = 1; j < 1000; ++j) {
    term *= v * v;
    const double next = sum + term / (2 * j + 1);
    if (next == sum) break;
    sum = next;
  }
  return sum;
}

/// x^a y^b / B(a, b) with y = 1 - x, both positive.
inline double beta_factor(double a, double b, double x, double y) {
  const double n = a + b;
  const double exponent =
      stirling_error(n) - stirling_error(a) - stirling_error(b) - deviance(a, n * x) - deviance(b, n * y);
  return std::exp(exponent) * std::sqrt(a * b / (6.28318530717958647692 * n));
}

/// The continued fraction, for x below (a + 1) / (a + b + 2), where it converges in O(sqrt(max(a, b))) steps.
inline double beta_fraction(double a, double b, double x) {
  constexpr double tiny = 1e-300;
  const auto away_from_zero = [](double value) { return std::abs(value) < tiny ? tiny : value; };
  double c = 1.0;
  double d = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
  double fraction = d;
  for (int i = 1; i < 1000000; ++i) {
    const double m = i;
    const double even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
    d = 1.0 / away_from_zero(1.0 + even * d);
    c = away_from_zero(1.0 + even / c);
    fraction *= d * c;
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
    d = 1.0 / away_from_zero(1.0 + odd * d);
    c = away_from_zero(1.0 + odd / c);
    fraction *= d * c;
    if (std::abs(d * c - 1.0) < 3e-16) break;
  }
  return fraction;
}

}  // namespace detail

/// I_x(a, b), the cdf of the beta distribution, for a, b > 0 and x in [0, 1].
inline double beta_cdf(double x, double a, double b) {
  QRS_CHECK(a > 0.0 && b > 0.0 && std::isfinite(a) && std::isfinite(b) && x >= 0.0 && x <= 1.0,
            "[beta_cdf] expected a > 0, b > 0 and x in [0, 1], got a ", a, ", b ", b, ", x ", x);
  if (x == 0.0 || x == 1.0) return x;
  const double y = 1.0 - x;
  const double factor = detail::beta_factor(a, b, x, y);
  if (x < (a + 1.0) / (a + b + 2.0)) return factor * detail::beta_fraction(a, b, x) / a;
  return 1.0 - factor * detail::beta_fraction(b, a, y) / b;
}

/// The x with beta_cdf(x, a, b) = p: Newton's method between bounds that always hold the root.
inline double beta_quantile(double p, double a, double b) {
  QRS_CHECK(p >= 0.0 && p <= 1.0, "[beta_quantile] expected a probability, got ", p);
  double low = 0.0;
  double high = 1.0;
  double x = a / (a + b);
  if (p == 0.0 || p == 1.0) return p;
  for (int step = 0; step < 2000; ++step) {
    const double error = beta_cdf(x, a, b) - p;
    if (error == 0.0) return x;
    (error > 0.0 ? high : low) = x;
    const double density = detail::beta_factor(a, b, x, 1.0 - x) / (x * (1.0 - x));
    double next = x - error / density;
    if (!(next > low && next < high)) {
      // Halving the exponent where the root is tiny, the distance elsewhere.
      next = low == 0.0 && high < 0.5 ? high * 0.0625 : 0.5 * (low + high);
    }
    if (!(next > low && next < high) || std::abs(next - x) <= 1e-16 * x) return x;
    x = next;
  }
  return x;
}

/// P(X <= k) of the binomial distribution of n trials with chance p.
inline double binomial_cdf(double k, double n, double p) {
  if (k < 0.0) return 0.0;
  if (k >= n) return 1.0;
  return beta_cdf(1.0 - p, n - k, k + 1.0);
}

}  // namespace qrs::metrics
