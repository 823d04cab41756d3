// Tests: McNemar's exact test of two classifiers on the same samples, and Holm's correction of many p-values.
//
//   McNemar   of b + c samples that exactly one of the two gets right, b went to the first: p = 2 P(X <= min(b, c)), at most 1,
//             X binomial with b + c trials and chance 1/2
//   Holm      adjusted p_(i) = max over j <= i of min(1, (m - j + 1) p_(j)), p_(1) <= ... <= p_(m) being the m values sorted
//
// Sources: McNemar, Psychometrika 12, 1947; Holm, Scandinavian Journal of Statistics 6, 1979.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "distributions.hpp"
#include "labels.hpp"

namespace qrs::metrics {

struct McNemar {
  std::int64_t only_first = 0;   // samples that the first alone gets right
  std::int64_t only_second = 0;  // the second alone
  double p_value = 1.0;          // two-sided
};

/// From the two counts of disagreement.
inline McNemar mcnemar_exact(std::int64_t only_first, std::int64_t only_second) {
  QRS_CHECK(only_first >= 0 && only_second >= 0, "[mcnemar] expected counts >= 0, got ", only_first, " and ",
            only_second);
  const double fewer = static_cast<double>(std::min(only_first, only_second));
  const double all = static_cast<double>(only_first + only_second);
  return {only_first, only_second, std::min(1.0, 2.0 * binomial_cdf(fewer, all, 0.5))};
}

/// From two predictions of the same samples.
inline McNemar mcnemar_exact(Labels y_true, Labels first, Labels second) {
  check_pairs("mcnemar", y_true, first);
  check_pairs("mcnemar", y_true, second);
  std::int64_t only_first = 0;
  std::int64_t only_second = 0;
  for (std::size_t i = 0; i < y_true.size(); ++i) {
    const bool a = first[i] == y_true[i];
    const bool b = second[i] == y_true[i];
    only_first += a && !b ? 1 : 0;
    only_second += b && !a ? 1 : 0;
  }
  return mcnemar_exact(only_first, only_second);
}

/// Adjusted p-values in the order given. A hypothesis is rejected at level alpha where its own is <= alpha; the chance of
/// any false rejection is then at most alpha, whatever the tests' dependence.
inline std::vector<double> holm(std::span<const double> p_values) {
  for (std::size_t i = 0; i < p_values.size(); ++i) {
    QRS_CHECK(p_values[i] >= 0.0 && p_values[i] <= 1.0, "[holm] expected p-values in [0, 1], got ", p_values[i],
              " at position ", i);
  }
  std::vector<std::size_t> order(p_values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p_values[a] < p_values[b]; });
  std::vector<double> out(p_values.size());
  double greatest = 0.0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    greatest = std::max(greatest, std::min(1.0, static_cast<double>(order.size() - rank) * p_values[order[rank]]));
    out[order[rank]] = greatest;
  }
  return out;
}

}  // namespace qrs::metrics
