// Temperature scaling: a planted temperature comes back, the loss never rises, and hopeless data end at a bound.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "../error_message.hpp"
#include "qrs/core/rng.hpp"
#include "qrs/metrics/temperature.hpp"

namespace qrs::metrics {

/// mean -log softmax(z / t)[y], the plain way.
static double plain_nll(const std::vector<std::int64_t>& y, const std::vector<double>& z, std::int64_t classes,
                        double t) {
  double total = 0.0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    double sum = 0.0;
    const double* row = z.data() + static_cast<std::int64_t>(i) * classes;
    for (std::int64_t j = 0; j < classes; ++j) sum += std::exp((row[j] - row[y[i]]) / t);
    total += std::log(sum);
  }
  return total / static_cast<double>(y.size());
}

/// n rows of logits and labels drawn from softmax(z / planted).
static void draw(std::int64_t n, std::int64_t classes, double planted, std::uint64_t seed, std::vector<std::int64_t>& y,
                 std::vector<double>& z) {
  Rng rng(seed);
  std::vector<double> p(static_cast<std::size_t>(classes));
  for (std::int64_t i = 0; i < n; ++i) {
    const std::size_t begin = z.size();
    for (std::int64_t j = 0; j < classes; ++j) z.push_back(rng.normal(0.0, 4.0));
    tempered_softmax(std::span(z).subspan(begin), planted, p);
    double left = rng.uniform(0.0, 1.0);
    std::int64_t label = 0;
    while (label + 1 < classes && left >= p[static_cast<std::size_t>(label)])
      left -= p[static_cast<std::size_t>(label++)];
    y.push_back(label);
  }
}

TEST_CASE("where four of five samples are right, the temperature makes the probability four fifths") {
  for (const double planted : {0.05, 0.7, 1.0, 3.0, 60.0}) {
    CAPTURE(planted);
    const double gap = planted * std::log(4.0);
    std::vector<std::int64_t> y;
    std::vector<double> z;
    for (int i = 0; i < 10; ++i) {
      z.insert(z.end(), {gap + 5.0, 5.0});
      y.push_back(i < 8 ? 0 : 1);
    }
    const Temperature t = fit_temperature(y, {z, 2});
    CHECK(std::abs(t.value / planted - 1.0) < 1e-9);
    CHECK_FALSE(t.at_bound);
    CHECK(std::abs(t.nll_after - (-0.8 * std::log(0.8) - 0.2 * std::log(0.2))) < 1e-12);
  }
}

TEST_CASE("a planted temperature comes back from labels drawn with it, and the losses are the plain ones") {
  for (const double planted : {0.5, 2.0, 5.0}) {
    CAPTURE(planted);
    std::vector<std::int64_t> y;
    std::vector<double> z;
    draw(20000, 4, planted, 7, y, z);
    const Temperature t = fit_temperature(y, {z, 4});
    CHECK(std::abs(t.value / planted - 1.0) < 0.05);  // the sample's noise
    CHECK(std::abs(t.nll_before - plain_nll(y, z, 4, 1.0)) < 1e-10);
    CHECK(std::abs(t.nll_after - plain_nll(y, z, 4, t.value)) < 1e-10);
    for (const double near : {0.99, 1.01}) CHECK(plain_nll(y, z, 4, near * t.value) > t.nll_after);
  }
}

TEST_CASE("the loss never rises, for labels that have nothing to do with the logits too") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    std::vector<std::int64_t> y;
    std::vector<double> z;
    const std::int64_t n = rng.integer(1, 40);
    for (std::int64_t i = 0; i < n; ++i) {
      for (int j = 0; j < 3; ++j) z.push_back(rng.normal(0.0, std::pow(10.0, rng.uniform(-3.0, 3.0))));
      y.push_back(rng.integer(0, 3));
    }
    const std::vector<std::int64_t> labels = {0, 1, 2};
    const Temperature t = fit_temperature(y, {z, 3}, labels);
    CHECK(t.nll_after <= t.nll_before);
    CHECK(t.value >= least_temperature);
    CHECK(t.value <= greatest_temperature);
    CHECK(std::isfinite(t.nll_after));
  }
}

TEST_CASE("logits that are always right, or always wrong, end at a bound") {
  const std::vector<std::int64_t> y = {0, 1, 2};
  const std::vector<double> right = {2, 0, 0, 0, 2, 0, 0, 0, 2};
  const Temperature sure = fit_temperature(y, {right, 3});
  CHECK(sure.at_bound);
  CHECK(sure.value == least_temperature);
  CHECK(sure.nll_after < 1e-80);
  const std::vector<double> wrong = {0, 2, 0, 0, 0, 2, 2, 0, 0};
  const Temperature unsure = fit_temperature(y, {wrong, 3});
  CHECK(unsure.at_bound);
  CHECK(unsure.value == greatest_temperature);
  CHECK(std::abs(unsure.nll_after - std::log(3.0)) < 0.02);
}

TEST_CASE("one class alone, equal logits and huge ones are no trouble") {
  const std::vector<std::int64_t> labels = {3, 8};
  const std::vector<double> one = {1, 0, 0, 1, 2, 0};
  const Temperature alone = fit_temperature(std::vector<std::int64_t>{3, 3, 3}, {one, 2}, labels);
  CHECK(alone.nll_after < alone.nll_before);
  CHECK(std::isfinite(alone.value));
  const std::vector<double> equal = {4, 4, -1, -1};
  const Temperature flat = fit_temperature(std::vector<std::int64_t>{3, 8}, {equal, 2});
  CHECK(flat.value == 1.0);
  CHECK(std::abs(flat.nll_after - std::log(2.0)) < 1e-15);
  const std::vector<double> huge = {1e300, -1e300, 1e300, -1e300, 0, 1e300};
  const Temperature far = fit_temperature(std::vector<std::int64_t>{3, 3, 8}, {huge, 2});
  CHECK(far.nll_after <= far.nll_before);
}

TEST_CASE("a tempered softmax is softmax at 1, flatter above, and safe for large logits") {
  const std::vector<double> z = {1000.0, 1001.0};
  std::vector<double> p(2);
  tempered_softmax(z, 1.0, p);
  CHECK(std::abs(p[1] - 1.0 / (1.0 + std::exp(-1.0))) < 1e-15);
  tempered_softmax(z, 10.0, p);
  CHECK(std::abs(p[1] - 1.0 / (1.0 + std::exp(-0.1))) < 1e-15);
  CHECK(tests::error_message([&] { tempered_softmax(z, 0.0, p); }) ==
        "[temperature] expected a temperature above 0, got 0");
}

TEST_CASE("what cannot be fitted is refused with both values") {
  const std::vector<std::int64_t> y = {0, 1};
  const std::vector<double> nan = {0.0, 1.0, std::numeric_limits<double>::quiet_NaN(), 0.0};
  CHECK(tests::error_message([&] {
          fit_temperature(y, {nan, 2});
        }).find("expected finite scores") != std::string::npos);
  CHECK(tests::error_message([&] {
          fit_temperature(y, {nan, 1});
        }) == "[temperature] expected at least two columns of logits, got 1");
  CHECK(tests::error_message([&] {
          fit_temperature({}, {{}, 2});
        }) == "[temperature] expected at least one sample, got none");
}

}  // namespace qrs::metrics
