// Temperature scaling: one number that makes a network's probabilities as sure as it has reason to be.
//
//   p = softmax(z / T),   T = argmin of NLL(T) = mean over samples of log sum_j exp(z_j / T) - z_y / T
//
// In b = 1 / T the loss is convex: its slope is mean(E_p[z] - z_y), its curvature mean(Var_p[z]) >= 0. The slope's root is
// found by Newton's steps inside a bracket that every step narrows, halved where a step would leave it. T stays within
// [1/100, 100]: where the greatest logit is always right, the best T is 0, and where it misleads, infinity. The order
// of the classes never changes, so neither do accuracy and AUC of one class against another.
// Source: Guo, Pleiss, Sun, Weinberger, On Calibration of Modern Neural Networks, ICML 2017, section 4.2.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "labels.hpp"

namespace qrs::metrics {

inline constexpr double least_temperature = 0.01;
inline constexpr double greatest_temperature = 100.0;

/// softmax(logits / temperature) of one row, into `out` of the same length.
inline void tempered_softmax(std::span<const double> logits, double temperature, std::span<double> out) {
  QRS_CHECK(temperature > 0.0 && std::isfinite(temperature), "[temperature] expected a temperature above 0, got ",
            temperature);
  QRS_CHECK(!logits.empty() && out.size() == logits.size(), "[temperature] expected room for ", logits.size(),
            " probabilities of at least one class, got ", out.size());
  const double greatest = *std::max_element(logits.begin(), logits.end());
  double sum = 0.0;
  for (std::size_t j = 0; j < logits.size(); ++j) sum += out[j] = std::exp((logits[j] - greatest) / temperature);
  for (double& p : out) p /= sum;
}

struct Temperature {
  double value = 1.0;
  double nll_before = 0.0;  // mean -log p(true class) at temperature 1
  double nll_after = 0.0;   // at `value`; never above nll_before
  bool at_bound = false;    // the best temperature lies outside the bounds
};

namespace detail {

/// The loss and its slope and curvature in b = 1 / T.
struct TemperedLoss {
  double value = 0.0;
  double slope = 0.0;
  double curvature = 0.0;
};

inline TemperedLoss tempered_loss(std::span<const std::int32_t> codes, Scores logits, double b) {
  TemperedLoss out;
  for (std::int64_t i = 0; i < logits.rows(); ++i) {
    const std::span<const double> z = logits.row(i);
    const double greatest = *std::max_element(z.begin(), z.end());
    double sum = 0.0;     // of e = exp(b d), d = z - greatest
    double first = 0.0;   // of e d
    double second = 0.0;  // of e d^2
    for (const double value : z) {
      const double d = value - greatest;
      const double e = std::exp(b * d);
      if (e == 0.0) continue;  // 0 times the square of a huge d would be no number
      sum += e;
      first += e * d;
      second += e * d * d;
    }
    const double mean = first / sum;
    const double truth = z[static_cast<std::size_t>(codes[static_cast<std::size_t>(i)])] - greatest;
    out.value += std::log(sum) - b * truth;
    out.slope += mean - truth;
    out.curvature += std::max(0.0, second / sum - mean * mean);
  }
  const auto n = static_cast<double>(logits.rows());
  return {out.value / n, out.slope / n, out.curvature / n};
}

}  // namespace detail

/// The temperature of validation logits, a row a sample and a column a class. `labels`: the classes of the columns, where
/// they are not the distinct labels of y. Throws for fewer than two columns, logits that are not finite, unknown labels.
inline Temperature fit_temperature(Labels y, Scores logits, Labels labels = {}) {
  QRS_CHECK(logits.columns >= 2, "[temperature] expected at least two columns of logits, got ", logits.columns);
  check_scores("temperature", y, logits);
  const std::vector<std::int32_t> codes = classes_of_columns("temperature", y, logits, labels).codes("temperature", y);
  const auto loss = [&](double b) { return detail::tempered_loss(codes, logits, b); };

  const detail::TemperedLoss start = loss(1.0);
  Temperature out{.value = 1.0, .nll_before = start.value, .nll_after = start.value};
  if (start.slope == 0.0) return out;  // the best already, or logits that are equal in every row
  double low = 1.0 / greatest_temperature;
  double high = 1.0 / least_temperature;
  (start.slope > 0.0 ? high : low) = 1.0;
  // The far end of the bracket: where the slope has not turned there, the root lies beyond.
  const double end = start.slope > 0.0 ? low : high;
  const detail::TemperedLoss there = loss(end);
  double b = end;
  if (start.slope > 0.0 ? there.slope >= 0.0 : there.slope <= 0.0) {
    out.at_bound = true;
  } else {
    b = 1.0;
    detail::TemperedLoss here = start;
    for (int step = 0; step < 200 && high - low > 1e-12 * high; ++step) {
      const double newton = b - here.slope / here.curvature;  // not finite at curvature 0: then halve
      b = newton > low && newton < high ? newton : 0.5 * (low + high);
      here = loss(b);
      if (here.slope == 0.0) break;
      (here.slope > 0.0 ? high : low) = b;
      if (std::abs(here.slope) <= 1e-14 * here.curvature * b) break;  // the next step is below rounding
    }
  }
  const double after = loss(b).value;
  if (after > start.value) return {.value = 1.0, .nll_before = start.value, .nll_after = start.value};  // by rounding
  out.value = std::clamp(1.0 / b, least_temperature, greatest_temperature);
  out.nll_after = after;
  return out;
}

}  // namespace qrs::metrics
