// DeLong's variances against their O(m n) definition, and what their intervals hold.
#include "qrs/metrics/delong.hpp"

#include <cmath>
#include <vector>

#include "golden.hpp"
#include "qrs/core/rng.hpp"
#include "qrs/metrics/roc.hpp"

namespace {

namespace metrics = qrs::metrics;
using golden::error_message;
using golden::says;
using Ints = std::vector<std::int64_t>;

struct Sample {
  Ints y;
  std::vector<double> first;
  std::vector<double> second;
};

/// Normal scores, the positives `shift` higher; rounded to `step` where it is positive, for ties.
Sample draw(qrs::Mt19937& rng, int positives, int negatives, double shift, double step) {
  Sample out;
  for (int i = 0; i < positives + negatives; ++i) {
    const bool positive = i < positives;
    const double common = rng.gauss();
    const auto score = [&] {
      const double s = 0.7 * common + 0.7 * rng.gauss() + (positive ? shift : 0.0);
      return step > 0.0 ? step * std::round(s / step) : s;
    };
    out.y.push_back(positive ? 1 : 0);
    out.first.push_back(score());
    out.second.push_back(score());
  }
  return out;
}

/// Kernel psi of each pair, as DeLong, DeLong and Clarke-Pearson write it.
struct ByDefinition {
  std::vector<double> v;
  std::vector<double> w;
  double auc = 0.0;

  ByDefinition(const Ints& y, const std::vector<double>& s) {
    std::vector<double> x, z;
    for (std::size_t i = 0; i < y.size(); ++i) (y[i] == 1 ? x : z).push_back(s[i]);
    v.resize(x.size());
    w.resize(z.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      for (std::size_t j = 0; j < z.size(); ++j) {
        const double psi = x[i] > z[j] ? 1.0 : x[i] == z[j] ? 0.5 : 0.0;
        v[i] += psi / static_cast<double>(z.size());
        w[j] += psi / static_cast<double>(x.size());
        auc += psi / static_cast<double>(x.size() * z.size());
      }
    }
  }
  static double part(const std::vector<double>& a, double mean_a, const std::vector<double>& b, double mean_b) {
    double sum = 0.0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - mean_a) * (b[i] - mean_b);
    return sum / static_cast<double>(a.size() - 1) / static_cast<double>(a.size());
  }
  double covariance(const ByDefinition& other) const {
    return part(v, auc, other.v, other.auc) + part(w, auc, other.w, other.auc);
  }
};

}  // namespace

TEST_CASE("variance, covariance and test of a difference are those of the stored example") {
  const golden::Two two;
  const auto result = metrics::delong_difference(two.y, two.scores, two.others);
  const double c = result.covariance;
  golden::check_near(std::vector<double>{result.first.variance, c, c, result.second.variance}, "two/delong_covariance");
  golden::check_near(std::vector<double>{result.z, result.p_value}, "two/delong_z_p", 1e-11);
  golden::check_near(result.first.auc, "two/auc");
  CHECK(result.interval.contains(result.difference));
}

TEST_CASE("midranks give what the definition over all pairs gives, with and without ties") {
  qrs::Mt19937 rng(5);
  for (const double step : {0.0, 0.2, 1.0}) {
    for (int round = 0; round < 15; ++round) {
      const Sample s = draw(rng, static_cast<int>(rng.randint(2, 30)), static_cast<int>(rng.randint(2, 30)), 0.8, step);
      const ByDefinition a(s.y, s.first);
      const ByDefinition b(s.y, s.second);
      const auto got = metrics::delong_difference(s.y, s.first, s.second);
      CHECK(std::abs(got.first.auc - a.auc) < 1e-13);
      CHECK(std::abs(got.first.auc - metrics::roc_auc(s.y, {s.first, 1})) < 1e-14);
      CHECK(std::abs(got.first.variance - a.covariance(a)) < 1e-14);
      CHECK(std::abs(got.second.variance - b.covariance(b)) < 1e-14);
      CHECK(std::abs(got.covariance - a.covariance(b)) < 1e-14);
      for (const auto& auc : {got.first, got.second}) {
        CHECK(auc.interval.low >= 0.0);
        CHECK(auc.interval.high <= 1.0);
        CHECK(auc.interval.contains(auc.auc));
      }
    }
  }
  CHECK(metrics::midranks(std::vector<double>{3, 1, 3, 2, 3}) == std::vector<double>{4, 1, 4, 2, 4});
}

TEST_CASE("an area of 1 has an interval that is not a point, and the same scores differ by nothing") {
  const Ints y{0, 0, 0, 1, 1, 1};
  const std::vector<double> s{1, 2, 3, 4, 5, 6};
  const auto best = metrics::delong_auc(y, s);
  CHECK(best.auc == 1.0);
  CHECK(best.variance == 0.0);
  CHECK(best.interval.high == 1.0);
  CHECK(best.interval.low > 0.3);
  CHECK(best.interval.low < 0.9);
  const auto worst = metrics::delong_auc(y, s, 0);
  CHECK(worst.auc == 0.0);
  CHECK(worst.interval.low == 0.0);
  CHECK(std::abs(worst.interval.high - (1.0 - best.interval.low)) < 1e-12);
  const auto same = metrics::delong_difference(y, s, s);
  CHECK(same.p_value == 1.0);
  CHECK(same.difference == 0.0);
  const auto opposite = metrics::delong_difference(y, s, std::vector<double>{6, 5, 4, 3, 2, 1});
  CHECK(opposite.difference == 1.0);
  CHECK(opposite.p_value == 0.0);
}

TEST_CASE("nineteen in twenty intervals hold the true area") {
  qrs::Mt19937 rng(2024);
  const double shift = 1.4;
  const double truth = metrics::normal_cdf(shift / std::sqrt(2.0 * 0.98));
  int held = 0;
  int difference_held = 0;
  int rejected = 0;
  const int rounds = 1500;
  for (int round = 0; round < rounds; ++round) {
    const Sample s = draw(rng, 30, 50, shift, 0.0);
    const auto result = metrics::delong_difference(s.y, s.first, s.second);
    held += result.first.interval.contains(truth) ? 1 : 0;
    difference_held += result.interval.contains(0.0) ? 1 : 0;
    rejected += result.p_value < 0.05 ? 1 : 0;
  }
  CAPTURE(held);
  CAPTURE(difference_held);
  CHECK(held > 0.93 * rounds);  // 0.95 +- 3.5 standard deviations of a share of 1500
  CHECK(held < 0.97 * rounds);
  CHECK(difference_held > 0.925 * rounds);
  CHECK(difference_held < 0.97 * rounds);
  CHECK(rejected == rounds - difference_held);
}

TEST_CASE("too few samples are one clear error") {
  CHECK(says(error_message([] { metrics::delong_auc(Ints{1, 0, 0}, std::vector<double>{1, 2, 3}); }), "got 1 and 2"));
  CHECK(says(error_message([] {
               metrics::delong_auc(Ints{1, 0}, std::vector<double>{1, 2, 3});
             }),
             "each of 2 labels, got 3"));
  CHECK(says(error_message([] {
               metrics::delong_auc(Ints{1, 0, 1, 0}, std::vector<double>{1, 2, 3, INFINITY});
             }),
             "got inf"));
}
