// Normal and beta distributions against SciPy, against sums, and against themselves.
#include "qrs/metrics/distributions.hpp"

#include <cmath>
#include <vector>

#include "golden.hpp"
#include "qrs/metrics/hypothesis.hpp"
#include "qrs/metrics/intervals.hpp"

namespace {

namespace metrics = qrs::metrics;
using golden::error_message;
using golden::says;
using golden::values;

/// The greatest |got - expected| / |expected|.
double worst_relative(const std::vector<double>& got, const std::vector<double>& expected) {
  REQUIRE(got.size() == expected.size());
  qrs::Difference worst;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double scale = std::abs(expected[i]) > 0.0 ? std::abs(expected[i]) : 1.0;
    worst.add(qrs::element_error(got[i], expected[i]) / scale, 0.0);
  }
  return worst.max_error;
}

/// P(X <= k) as the sum of its terms, each from the one before.
double binomial_by_sum(int k, int n, double p) {
  long double term = std::pow(static_cast<long double>(1.0 - p), n);
  long double sum = term;
  for (int i = 1; i <= k; ++i) {
    term *= static_cast<long double>(p) / (1.0L - p) * (n - i + 1) / i;
    sum += term;
  }
  return static_cast<double>(sum);
}

}  // namespace

TEST_CASE("normal cdf and quantile are SciPy's, far into the tails") {
  std::vector<double> quantiles;
  for (const double p : values("normal/p")) quantiles.push_back(metrics::normal_quantile(p));
  CHECK(worst_relative(quantiles, values("normal/quantile")) < 1e-13);
  std::vector<double> shares;
  for (const double x : values("normal/x")) shares.push_back(metrics::normal_cdf(x));
  CHECK(worst_relative(shares, values("normal/cdf")) < 1e-13);
  CHECK(metrics::normal_quantile(0.5) == 0.0);
  CHECK(std::isinf(metrics::normal_quantile(0.0)));
  CHECK(metrics::normal_quantile(1.0) > 0.0);
  CHECK(says(error_message([] { metrics::normal_quantile(1.5); }), "got 1.5"));
  CHECK(says(error_message([] { metrics::normal_quantile(std::nan("")); }), "got nan"));
}

TEST_CASE("a NaN among computed values is no small difference from the stored ones") {
  const std::vector<double> stored = values("normal/cdf");
  for (std::size_t at = 0; at < stored.size(); ++at) {
    std::vector<double> got = stored;
    got[at] = std::nan("");
    CHECK_FALSE(worst_relative(got, stored) < 1e30);
    CHECK_FALSE(worst_relative(stored, got) < 1e30);
  }
}

TEST_CASE("the incomplete beta and its inverse are SciPy's, for parameters from 0.3 to 100000") {
  const auto a = values("beta/a");
  const auto b = values("beta/b");
  const auto p = values("beta/p");
  const auto x = values("beta/x");
  std::vector<double> shares;
  std::vector<double> quantiles;
  qrs::Difference round_trip;
  for (std::size_t i = 0; i < a.size(); ++i) {
    shares.push_back(metrics::beta_cdf(x[i], a[i], b[i]));
    quantiles.push_back(metrics::beta_quantile(p[i], a[i], b[i]));
    if (quantiles[i] > 1e-300 && quantiles[i] < 0.999) {  // nearer to 1 a double has too few digits to go back
      round_trip.add(metrics::beta_cdf(quantiles[i], a[i], b[i]) / p[i], 1.0);
    }
  }
  CHECK(worst_relative(shares, values("beta/cdf")) < 2e-11);  // SciPy's own error at 100000
  CHECK(worst_relative(quantiles, values("beta/quantile")) < 1e-11);
  CHECK(round_trip.max_error < 1e-11);
  CHECK(metrics::beta_cdf(0.0, 2, 3) == 0.0);
  CHECK(metrics::beta_cdf(1.0, 2, 3) == 1.0);
  CHECK(metrics::beta_quantile(0.0, 2, 3) == 0.0);
  CHECK(says(error_message([] { metrics::beta_cdf(0.5, 0, 3); }), "a > 0"));
  CHECK(says(error_message([] { metrics::beta_quantile(-0.1, 1, 3); }), "got -0.1"));
}

TEST_CASE("the incomplete beta where it is known: powers, symmetry, binomial sums") {
  qrs::Difference worst;
  for (const double x : {0x1p-30, 0x1p-7, 0.2, 0.5, 0.77, 0.999}) {
    for (const double a : {0.5, 1.0, 3.0, 80.0, 4000.0}) {
      worst.add(metrics::beta_cdf(x, a, 1.0), std::pow(x, a));
      worst.add(metrics::beta_cdf(x, a, 2.5) + metrics::beta_cdf(1.0 - x, 2.5, a), 1.0);
    }
  }
  for (const int n : {1, 7, 60, 500}) {
    for (const double p : {0.01, 0.3, 0.5, 0.9}) {
      for (int k = 0; k <= n; k += std::max(1, n / 9)) {
        worst.add(metrics::binomial_cdf(k, n, p), binomial_by_sum(k, n, p));
      }
    }
  }
  CHECK(worst.max_error < 2e-13);
}

TEST_CASE("Wilson's and Clopper and Pearson's intervals are SciPy's") {
  const auto counts = golden::integers("interval/counts");
  std::vector<double> wilson;
  std::vector<double> exact;
  for (std::size_t i = 0; i < counts.size(); i += 2) {
    for (const double confidence : {0.9, 0.95}) {
      const auto w = metrics::wilson_interval(counts[i], counts[i + 1], confidence);
      const auto e = metrics::clopper_pearson_interval(counts[i], counts[i + 1], confidence);
      wilson.insert(wilson.end(), {w.low, w.high});
      exact.insert(exact.end(), {e.low, e.high});
    }
  }
  golden::check_near(wilson, "interval/wilson");
  golden::check_near(exact, "interval/clopper_pearson");
  CHECK(says(error_message([] { metrics::wilson_interval(3, 2); }), "got 3 of 2"));
  CHECK(says(error_message([] { metrics::clopper_pearson_interval(0, 0); }), "got 0 of 0"));
  CHECK(says(error_message([] { metrics::wilson_interval(1, 2, 1.0); }), "between 0 and 1, got 1"));
}

TEST_CASE("Clopper and Pearson's ends leave exactly half of the error in each tail, by binomial sums") {
  for (const int n : {5, 36, 140}) {
    for (int k = 1; k < n; k += std::max(1, n / 6)) {
      const auto interval = metrics::clopper_pearson_interval(k, n);
      CHECK(binomial_by_sum(k, n, interval.high) == doctest::Approx(0.025).epsilon(1e-10));
      CHECK(1.0 - binomial_by_sum(k - 1, n, interval.low) == doctest::Approx(0.025).epsilon(1e-10));
    }
  }
}

TEST_CASE("how often the intervals hold the true share, exactly, over all outcomes") {
  const int n = 40;
  std::vector<metrics::Interval> wilson;
  std::vector<metrics::Interval> exact;
  for (int k = 0; k <= n; ++k) {
    wilson.push_back(metrics::wilson_interval(k, n));
    exact.push_back(metrics::clopper_pearson_interval(k, n));
  }
  double wilson_mean = 0.0;
  double wilson_least = 1.0;
  double exact_least = 1.0;
  int shares = 0;
  for (double p = 0.02; p < 0.99; p += 0.01) {
    double held_wilson = 0.0;
    double held_exact = 0.0;
    for (int k = 0; k <= n; ++k) {
      const double chance = metrics::binomial_cdf(k, n, p) - metrics::binomial_cdf(k - 1, n, p);
      held_wilson += wilson[static_cast<std::size_t>(k)].contains(p) ? chance : 0.0;
      held_exact += exact[static_cast<std::size_t>(k)].contains(p) ? chance : 0.0;
    }
    wilson_mean += held_wilson;
    wilson_least = std::min(wilson_least, held_wilson);
    exact_least = std::min(exact_least, held_exact);
    ++shares;
  }
  wilson_mean /= shares;
  CHECK(wilson_mean > 0.945);
  CHECK(wilson_mean < 0.96);
  CHECK(wilson_least > 0.83);  // its known dips near 0 and 1
  CHECK(exact_least >= 0.95);
}

TEST_CASE("McNemar's exact test") {
  const auto counts = golden::integers("mcnemar/counts");
  std::vector<double> p;
  for (std::size_t i = 0; i < counts.size(); i += 2) {
    p.push_back(metrics::mcnemar_exact(counts[i], counts[i + 1]).p_value);
  }
  CHECK(worst_relative(p, values("mcnemar/p")) < 1e-12);
  const std::vector<std::int64_t> y{0, 1, 2, 0, 1}, a{0, 1, 2, 1, 0}, b{0, 2, 1, 0, 0};
  const auto test = metrics::mcnemar_exact(y, a, b);
  CHECK(test.only_first == 2);
  CHECK(test.only_second == 1);
  CHECK(test.p_value == 1.0);
  CHECK(metrics::mcnemar_exact(0, 0).p_value == 1.0);
  CHECK(says(error_message([&] { metrics::mcnemar_exact(y, a, {y.data(), 2}); }), "got 5 labels and 2 predictions"));
  CHECK(says(error_message([] { metrics::mcnemar_exact(-1, 2); }), "got -1 and 2"));
}

TEST_CASE("Holm's correction") {
  golden::check_near(metrics::holm(values("holm/p")), "holm/adjusted");
  CHECK(metrics::holm(std::vector<double>{}).empty());
  CHECK(says(error_message([] { metrics::holm(std::vector<double>{0.1, 1.2}); }), "got 1.2 at position 1"));
  CHECK(says(error_message([] { metrics::holm(std::vector<double>{std::nan("")}); }), "got nan"));
}
