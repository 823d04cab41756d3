// Platt's sigmoid: a probability from the decision value of a two-class machine.
//
//   P(y = +1 | f) = 1 / (1 + exp(A f + B)),   A and B of greatest likelihood under targets (N+ + 1) / (N+ + 2), 1 / (N- + 2)
//
// Newton's method with backtracking, in the form that neither overflows nor cancels. Source: Lin, Lin and Weng 2007, A note
// on Platt's probabilistic outputs for support vector machines, appendix.
#pragma once

#include <cmath>
#include <cstdint>

#include "../../core/array.hpp"

namespace qrs::ml::svm {

struct Sigmoid {
  double a = 0.0;
  double b = 0.0;

  double operator()(double f) const {
    const double z = a * f + b;
    return z >= 0.0 ? std::exp(-z) / (1.0 + std::exp(-z)) : 1.0 / (1.0 + std::exp(z));
  }
  bool operator==(const Sigmoid&) const = default;
};

/// The sigmoid of decision values f and classes y (+1 or -1).
inline Sigmoid fit_sigmoid(ArrayView<const double> f, ArrayView<const std::int8_t> y) {
  constexpr int max_steps = 100;
  constexpr double least_step = 1e-10;
  constexpr double ridge = 1e-12;  // keeps the Hessian positive definite
  constexpr double tolerance = 1e-5;
  double positive = 0.0;
  for (const std::int8_t label : y) positive += label > 0 ? 1.0 : 0.0;
  const double negative = static_cast<double>(y.size()) - positive;
  const double high = (positive + 1.0) / (positive + 2.0);
  const double low = 1.0 / (negative + 2.0);
  const auto target = [&](std::int64_t i) { return y[i] > 0 ? high : low; };
  const auto loss = [&](const Sigmoid& s) {
    double sum = 0.0;
    for (std::int64_t i = 0; i < f.size(); ++i) {
      const double z = s.a * f[i] + s.b;
      sum += z >= 0.0 ? target(i) * z + std::log1p(std::exp(-z)) : (target(i) - 1.0) * z + std::log1p(std::exp(z));
    }
    return sum;
  };
  Sigmoid now{0.0, std::log((negative + 1.0) / (positive + 1.0))};
  double value = loss(now);
  for (int step = 0; step < max_steps; ++step) {
    double haa = ridge, hbb = ridge, hab = 0.0, ga = 0.0, gb = 0.0;
    for (std::int64_t i = 0; i < f.size(); ++i) {
      const double p = now(f[i]);
      const double curvature = p * (1.0 - p);
      haa += f[i] * f[i] * curvature;
      hab += f[i] * curvature;
      hbb += curvature;
      ga += f[i] * (target(i) - p);
      gb += target(i) - p;
    }
    if (std::abs(ga) < tolerance && std::abs(gb) < tolerance) break;
    const double determinant = haa * hbb - hab * hab;
    const double da = -(hbb * ga - hab * gb) / determinant;
    const double db = -(haa * gb - hab * ga) / determinant;
    const double descent = ga * da + gb * db;
    double size = 1.0;
    for (; size >= least_step; size /= 2.0) {
      const Sigmoid next{now.a + size * da, now.b + size * db};
      const double next_value = loss(next);
      if (next_value < value + 1e-4 * size * descent) {
        now = next;
        value = next_value;
        break;
      }
    }
    if (size < least_step) break;
  }
  return now;
}

}  // namespace qrs::ml::svm
