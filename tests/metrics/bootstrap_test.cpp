// The bootstrap: its formulas against NumPy's, its draws against their rules, its intervals against the truth.
#include "qrs/metrics/bootstrap.hpp"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "golden.hpp"
#include "qrs/metrics/roc.hpp"

namespace {

namespace metrics = qrs::metrics;
using golden::error_message;
using golden::says;
using Ints = std::vector<std::int64_t>;
using Indices = std::span<const std::int64_t>;

std::vector<double> exponential(qrs::Mt19937& rng, int n) {
  std::vector<double> out;
  for (int i = 0; i < n; ++i) out.push_back(-std::log(1.0 - rng.random_sample()));
  return out;
}

/// The mean of x over the drawn samples.
auto mean_of(const std::vector<double>& x) {
  return [&x](Indices drawn) {
    double sum = 0.0;
    for (const std::int64_t i : drawn) sum += x[static_cast<std::size_t>(i)];
    return sum / static_cast<double>(drawn.size());
  };
}

}  // namespace

TEST_CASE("percentile and BCa intervals of given replicates are those of NumPy and SciPy's formula") {
  auto replicates = golden::values("bca/replicates");
  std::sort(replicates.begin(), replicates.end());
  const std::vector<std::vector<double>> left_out{golden::values("bca/left_out")};
  const double acceleration = metrics::bca_acceleration(left_out);
  golden::check_near(acceleration, "bca/acceleration");
  const auto bca = metrics::bca_interval(replicates, golden::values("bca/estimate")[0], acceleration, 0.9);
  golden::check_near(std::vector<double>{bca.low, bca.high}, "bca/interval");
  const auto plain = metrics::percentile_interval(replicates, 0.9);
  golden::check_near(std::vector<double>{plain.low, plain.high}, "bca/percentile");
}

TEST_CASE("the same bits for 1, 2, 3 and 7 threads") {
  qrs::Mt19937 rng(1);
  const std::vector<double> x = exponential(rng, 53);
  std::vector<metrics::Bootstrap> results;
  for (const int threads : {1, 2, 3, 7}) {
    const qrs::ThreadLimit limit(threads);
    results.push_back(metrics::bootstrap(53, mean_of(x), {.replicates = 301, .seed = 9}));
  }
  for (const auto& result : results) {
    CHECK(result.replicates == results[0].replicates);
    CHECK(result.interval.low == results[0].interval.low);
    CHECK(result.interval.high == results[0].interval.high);
    CHECK(result.standard_error == results[0].standard_error);
  }
  CHECK(metrics::bootstrap(53, mean_of(x), {.replicates = 301, .seed = 10}).replicates != results[0].replicates);
  CHECK(std::set(results[0].replicates.begin(), results[0].replicates.end()).size() > 290);  // draws differ
}

TEST_CASE("the standard error of a mean is the one everybody knows") {
  qrs::Mt19937 rng(2);
  const std::vector<double> x = exponential(rng, 80);
  double mean = 0.0;
  for (const double value : x) mean += value / 80.0;
  double squares = 0.0;
  for (const double value : x) squares += (value - mean) * (value - mean);
  const auto result = metrics::bootstrap(80, mean_of(x), {.replicates = 4000});
  CHECK(result.estimate == doctest::Approx(mean).epsilon(1e-14));
  CHECK(result.standard_error == doctest::Approx(std::sqrt(squares) / 80.0).epsilon(0.05));
  CHECK(result.left_out == 0);
}

TEST_CASE("every draw takes each stratum as often as it has samples, and groups whole") {
  Ints strata, groups;
  for (std::int64_t i = 0; i < 60; ++i) {
    groups.push_back(100 - i / 3);              // 20 groups of three
    strata.push_back(i / 3 % 4 == 0 ? 7 : -2);  // five groups in one stratum, fifteen in the other
  }
  const auto statistic = [&](std::span<const std::int64_t> counts, std::span<double> out) {
    std::int64_t first = 0;
    bool whole = true;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      first += strata[i] == 7 ? counts[i] : 0;
      whole = whole && counts[i] == counts[i - i % 3];
    }
    out[0] = static_cast<double>(first);
    out[1] = whole ? 1.0 : 0.0;
    out[2] = static_cast<double>(*std::max_element(counts.begin(), counts.end()));
  };
  const auto both =
      metrics::bootstrap_counts(60, 3, statistic, {.replicates = 200, .strata = strata, .groups = groups});
  for (const double value : both[0].replicates) CHECK(value == 15.0);
  for (const double value : both[1].replicates) CHECK(value == 1.0);
  CHECK(*std::max_element(both[2].replicates.begin(), both[2].replicates.end()) > 3.0);
  const auto plain = metrics::bootstrap_counts(60, 3, statistic, {.replicates = 200});
  CHECK(std::set(plain[0].replicates.begin(), plain[0].replicates.end()).size() > 5);
  for (const double value : plain[1].replicates) CHECK(value == 0.0);

  Ints torn = strata;
  torn[1] = -2;
  CHECK(says(error_message([&] { metrics::bootstrap_counts(60, 3, statistic, {.strata = torn, .groups = groups}); }),
             "got group 100 in two"));
}

TEST_CASE("samples of one group are not independent: the interval by group is wider") {
  qrs::Mt19937 rng(4);
  std::vector<double> x;
  Ints groups;
  for (std::int64_t g = 0; g < 25; ++g) {
    const double level = rng.gauss();
    for (int i = 0; i < 8; ++i) x.push_back(level + 0.1 * rng.gauss()), groups.push_back(g);
  }
  const auto naive = metrics::bootstrap(200, mean_of(x), {.replicates = 500});
  const auto grouped = metrics::bootstrap(200, mean_of(x), {.replicates = 500, .groups = groups});
  CHECK(grouped.standard_error > 2.0 * naive.standard_error);  // sqrt(8) = 2.8 in the limit
  CHECK(grouped.estimate == naive.estimate);
}

TEST_CASE("nineteen in twenty intervals hold the true mean, and BCa does better on skewed values") {
  qrs::Mt19937 rng(6);
  const int rounds = 600;
  int percentile = 0;
  int bca = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::vector<double> x = exponential(rng, 40);
    const auto seed = static_cast<std::uint64_t>(round);
    const auto corrected = metrics::bootstrap(40, mean_of(x), {.replicates = 500, .seed = seed});
    auto sorted = corrected.replicates;
    std::sort(sorted.begin(), sorted.end());
    percentile += metrics::percentile_interval(sorted, 0.95).contains(1.0) ? 1 : 0;
    bca += corrected.interval.contains(1.0) ? 1 : 0;
  }
  CAPTURE(percentile);
  CAPTURE(bca);
  CHECK(bca > 0.91 * rounds);  // below 0.95 at n = 40: Efron and Tibshirani, 1993, 14.3
  CHECK(bca < 0.97 * rounds);
  CHECK(percentile > 0.88 * rounds);
  CHECK(bca >= percentile);
}

TEST_CASE("blocks of left-out units stand in for single ones") {
  qrs::Mt19937 rng(8);
  const std::vector<double> x = exponential(rng, 600);
  const auto single = metrics::bootstrap(600, mean_of(x), {.replicates = 400});
  const auto blocks = metrics::bootstrap(600, mean_of(x), {.replicates = 400, .jackknife_max = 200});
  CHECK(single.replicates == blocks.replicates);
  CHECK(std::abs(single.interval.low - blocks.interval.low) < 0.3 * single.standard_error);
  CHECK(std::abs(single.interval.high - blocks.interval.high) < 0.3 * single.standard_error);
}

TEST_CASE("a draw without a value is left out and counted; too many are an error") {
  Ints y(8, 0);  // not a list of eight: GCC 12 with AVX-512 stores {1, 1, 0, ...} as eight ones here
  y[0] = y[1] = 1;
  const std::vector<double> s{0.9, 0.3, 0.2, 0.5, 0.1, 0.6, 0.2, 0.1};
  const auto area = [&](Indices drawn) {
    Ints labels;
    std::vector<double> scores;
    for (const std::int64_t i : drawn) {
      labels.push_back(y[static_cast<std::size_t>(i)]);
      scores.push_back(s[static_cast<std::size_t>(i)]);
    }
    const auto positives = std::count(labels.begin(), labels.end(), 1);
    if (positives == 0 || positives == std::ssize(labels)) return metrics::undefined;
    return metrics::roc_auc(labels, {scores, 1});
  };
  const auto plain = metrics::bootstrap(8, area, {.replicates = 1000});
  CHECK(plain.left_out > 50);  // (6/8)^8 = 0.1
  CHECK(plain.left_out < 160);
  CHECK(plain.interval.low >= 0.0);
  CHECK(plain.interval.high <= 1.0);
  CHECK(metrics::bootstrap(8, area, {.replicates = 1000, .strata = y}).left_out == 0);
  const auto rarely = [&](Indices drawn) {
    return drawn[0] == 0 && drawn[1] == 1 && drawn[2] == 2 ? 1.0 : metrics::undefined;
  };
  CHECK(says(error_message([&] { metrics::bootstrap(8, rarely, {.replicates = 100}); }), "half of the replicates"));
}

TEST_CASE("no spread gives a point, and wrong options one clear error") {
  const auto one = [](Indices) { return 1.0; };
  const auto result = metrics::bootstrap(10, one, {.replicates = 50});
  CHECK(result.interval.low == 1.0);
  CHECK(result.interval.high == 1.0);
  CHECK(result.standard_error == 0.0);
  CHECK(metrics::bootstrap(1, one, {.replicates = 1}).interval.low == 1.0);
  CHECK(says(error_message([&] { metrics::bootstrap(0, one); }), "at least one sample"));
  CHECK(says(error_message([&] { metrics::bootstrap(5, one, {.replicates = 0}); }), "at least one replicate"));
  CHECK(says(error_message([&] { metrics::bootstrap(5, one, {.confidence = 0.0}); }), "got 0"));
  CHECK(says(error_message([&] { metrics::bootstrap(5, one, {.groups = Ints{1, 2}}); }), "expected 5 groups, got 2"));
  CHECK(says(error_message([&] { metrics::bootstrap(5, one, {.strata = Ints{1}}); }), "expected 5 strata, got 1"));
}
