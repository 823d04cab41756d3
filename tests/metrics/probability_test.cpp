// Log loss, Brier score and calibration.
#include "qrs/metrics/probability.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "golden.hpp"
#include "qrs/core/rng.hpp"

namespace {

namespace metrics = qrs::metrics;
using golden::check_near;
using golden::error_message;
using golden::says;
using Ints = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("log loss and Brier score are scikit-learn's, in every form of the scores") {
  const golden::Four four;
  check_near(metrics::log_loss(four.y, four.scores), "four/log_loss");
  check_near(
      std::vector<double>{metrics::brier_score(four.y, four.scores), metrics::brier_score(four.y, four.scores, true)},
      "four/brier");
  const golden::Two two;
  check_near(metrics::log_loss(two.y, {two.scores, 1}), "two/log_loss");
  check_near(metrics::brier_score(two.y, {two.scores, 1}), "two/brier");
  std::vector<double> both;
  for (const double s : two.scores) both.insert(both.end(), {1.0 - s, s});
  check_near(metrics::log_loss(two.y, {both, 2}), "two/log_loss");
  check_near(metrics::brier_score(two.y, {both, 2}), "two/brier");

  const golden::FourWithoutLast few;
  check_near(metrics::log_loss(few.y, few.scores, Ints{-7, 2, 5, 40}), "four/log_loss_listed");
  CHECK(says(error_message([&] { metrics::log_loss(few.y, few.scores); }),
             "expected 4 classes for 4 columns of scores, got 3"));
}

TEST_CASE("a certain and wrong prediction costs -log of the smallest step, not infinity") {
  const std::vector<double> s{0.0, 1.0, 1.0, 0.0};
  CHECK(metrics::log_loss(Ints{0, 1}, {s, 2}) == doctest::Approx(52 * std::log(2.0)).epsilon(1e-14));
  CHECK(metrics::brier_score(Ints{0, 1}, {s, 2}) == 1.0);
  CHECK(metrics::brier_score(Ints{1, 0}, {s, 2}) == 0.0);
}

TEST_CASE("reliability bins are scikit-learn's calibration curve") {
  const golden::Two two;
  std::vector<std::uint8_t> positive;
  for (const std::int64_t label : two.y) positive.push_back(label == 1 ? 1 : 0);
  std::vector<double> shares;
  std::vector<double> means;
  std::int64_t count = 0;
  for (const auto& bin : metrics::reliability_bins(positive, two.scores, 7)) {
    count += bin.count;
    if (bin.count == 0) continue;
    shares.push_back(bin.share_true);
    means.push_back(bin.mean_probability);
  }
  shares.insert(shares.end(), means.begin(), means.end());
  check_near(shares, "two/calibration");
  CHECK(count == 80);
}

TEST_CASE("every probability falls into the bin whose edges hold it, the edges themselves into the lower one") {
  qrs::Mt19937 rng(3);
  for (const std::int64_t bins : {1, 2, 3, 7, 10, 15, 49, 1000}) {
    CAPTURE(bins);
    const double width = static_cast<double>(bins);
    for (int i = 0; i < 500; ++i) {
      double p = rng.random_sample();
      if (i % 3 == 0) p = static_cast<double>(rng.randint(0, bins + 1)) / width;
      if (i % 9 == 0) p = std::nextafter(p, 1.0);
      const auto bin = metrics::bin_of(p, bins);
      CHECK((bin == 0 || p > static_cast<double>(bin) / width));
      CHECK(p <= static_cast<double>(bin + 1) / width);
    }
  }
}

TEST_CASE("expected calibration error by its definition") {
  // confidences 0.9, 0.8, 0.6, 0.55 with hits 1, 0, 1, 1: bins (0.8, 1], (0.6, 0.8], (0.4, 0.6]
  const std::vector<double> s{0.9, 0.1, 0.2, 0.8, 0.6, 0.4, 0.45, 0.55};
  const double expected = (std::abs(1.0 - 0.9) * 1 + std::abs(0.0 - 0.8) * 1 + std::abs(1.0 - 0.575) * 2) / 4.0;
  CHECK(metrics::expected_calibration_error(Ints{0, 0, 0, 1}, {s, 2}, 5) == doctest::Approx(expected).epsilon(1e-14));

  const golden::Four four;  // against a loop over the bins
  double sum = 0.0;
  for (int b = 0; b < 15; ++b) {
    double held = 0.0, right = 0.0, count = 0.0;
    for (std::size_t i = 0; i < four.y.size(); ++i) {
      const auto row = four.scores.row(static_cast<std::int64_t>(i));
      const double confidence = *std::max_element(row.begin(), row.end());
      if (!(confidence > b / 15.0 && confidence <= (b + 1) / 15.0)) continue;
      held += confidence, right += four.predicted[i] == four.y[i] ? 1.0 : 0.0, count += 1.0;
    }
    sum += std::abs(held - right);
  }
  CHECK(metrics::expected_calibration_error(four.y, four.scores) == doctest::Approx(sum / 90.0).epsilon(1e-12));
}

TEST_CASE("what is no probability is one clear error") {
  const Ints y{0, 1};
  const std::vector<double> above{0.5, 0.5, -0.1, 1.1};
  CHECK(says(error_message([&] { metrics::log_loss(y, {above, 2}); }), "sum to one, got (-0.1, 1.1) at sample 1"));
  const std::vector<double> less{0.5, 0.4, 0.5, 0.5};
  CHECK(says(error_message([&] { metrics::brier_score(y, {less, 2}); }), "got (0.5, 0.4) at sample 0"));
  const std::vector<double> one{0.5, 1.5};
  CHECK(says(error_message([&] { metrics::log_loss(y, {one, 1}); }), "values in [0, 1], got (1.5) at sample 1"));
  const std::vector<double> fine{0.5, 0.5, 0.1, 0.9};
  CHECK(says(error_message([&] { metrics::expected_calibration_error(y, {fine, 2}, 0); }), "at least one bin"));
  CHECK(says(error_message([&] { metrics::log_loss(Ints{0, 7}, {fine, 2}, Ints{0, 1}); }), "got 7 at sample 1"));
  // probabilities that were computed in float32 are probabilities
  const std::vector<double> rounded{static_cast<double>(1.0F / 3.0F), static_cast<double>(2.0F / 3.0F), 0.3, 0.7000001};
  CHECK(metrics::log_loss(y, {rounded, 2}) > 0.0);
}
