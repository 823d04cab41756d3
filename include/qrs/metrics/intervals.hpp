// Intervals for a share: Wilson's and Clopper and Pearson's.
//
//   Wilson            (p + z^2 / 2n  +-  z sqrt(p (1 - p) / n + z^2 / 4n^2)) / (1 + z^2 / n)
//   Clopper-Pearson   the shares whose binomial tails beyond the observed count are (1 - confidence) / 2 each
//
// Wilson covers at the nominal rate on average; Clopper-Pearson never below it, and is wider. Both stay in [0, 1].
// Sources: Wilson, JASA 22, 1927; Clopper and Pearson, Biometrika 26, 1934.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string_view>

#include "distributions.hpp"

namespace qrs::metrics {

struct Interval {
  double low = 0.0;
  double high = 0.0;

  bool contains(double value) const { return low <= value && value <= high; }
};

/// Throws unless the confidence lies strictly between 0 and 1.
inline void check_confidence(std::string_view op, double confidence) {
  QRS_CHECK(confidence > 0.0 && confidence < 1.0, "[", op, "] expected a confidence between 0 and 1, got ", confidence);
}

/// The number of standard deviations that hold a normal value with this confidence: 1.96 for 0.95.
inline double normal_width(double confidence) { return normal_quantile(0.5 + 0.5 * confidence); }

namespace detail {

inline void check_share(std::string_view op, std::int64_t successes, std::int64_t n, double confidence) {
  check_confidence(op, confidence);
  QRS_CHECK(n > 0 && successes >= 0 && successes <= n, "[", op, "] expected 0 to n successes of n >= 1, got ",
            successes, " of ", n);
}

}  // namespace detail

inline Interval wilson_interval(std::int64_t successes, std::int64_t n, double confidence = 0.95) {
  detail::check_share("wilson_interval", successes, n, confidence);
  const double count = static_cast<double>(n);
  const double p = static_cast<double>(successes) / count;
  const double z2 = normal_width(confidence) * normal_width(confidence) / count;
  const double centre = (p + 0.5 * z2) / (1.0 + z2);
  const double reach = std::sqrt(z2 * (p * (1.0 - p) + 0.25 * z2)) / (1.0 + z2);
  return {successes == 0 ? 0.0 : std::max(0.0, centre - reach), successes == n ? 1.0 : std::min(1.0, centre + reach)};
}

inline Interval clopper_pearson_interval(std::int64_t successes, std::int64_t n, double confidence = 0.95) {
  detail::check_share("clopper_pearson_interval", successes, n, confidence);
  const double s = static_cast<double>(successes);
  const double f = static_cast<double>(n - successes);
  const double tail = 0.5 * (1.0 - confidence);
  return {successes == 0 ? 0.0 : beta_quantile(tail, s, f + 1.0),
          successes == n ? 1.0 : 1.0 - beta_quantile(tail, f, s + 1.0)};
}

}  // namespace qrs::metrics
