// Curves and areas against scikit-learn's, and areas against the count of all pairs.
#include "qrs/metrics/roc.hpp"

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
using metrics::Average;
using metrics::MultiClass;
using Ints = std::vector<std::int64_t>;

/// The share of pairs in which the positive has the greater score, ties one half.
double area_by_pairs(const Ints& y, const std::vector<double>& s) {
  double wins = 0.0;
  double pairs = 0.0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    for (std::size_t j = 0; j < y.size(); ++j) {
      if (y[i] != 1 || y[j] == 1) continue;
      wins += s[i] > s[j] ? 1.0 : s[i] == s[j] ? 0.5 : 0.0;
      pairs += 1.0;
    }
  }
  return wins / pairs;
}

}  // namespace

TEST_CASE("ROC and precision-recall curves are scikit-learn's, with and without intermediate points") {
  const golden::Two two;
  for (const bool drop : {false, true}) {
    const std::string key = "two/roc_" + std::to_string(int{drop});
    const auto roc = metrics::roc_curve(two.y, two.scores, {.drop_intermediate = drop});
    check_near(roc.fpr, key + "_fpr");
    check_near(roc.tpr, key + "_tpr");
    CHECK(std::isinf(roc.thresholds[0]));
    check_near(std::span(roc.thresholds).subspan(1), golden::values(key + "_thresholds"));
    CHECK(std::abs(metrics::auc(roc.fpr, roc.tpr) - metrics::roc_auc(two.y, {two.scores, 1})) < 1e-14);
    const std::string pr = "two/pr_" + std::to_string(int{drop});
    const auto curve = metrics::precision_recall_curve(two.y, two.scores, {.drop_intermediate = drop});
    check_near(curve.precision, pr + "_precision");
    check_near(curve.recall, pr + "_recall");
    check_near(curve.thresholds, pr + "_thresholds");
  }
  CHECK(metrics::roc_curve(two.y, two.scores).fpr.size() == golden::values("two/roc_1_fpr").size());
}

TEST_CASE("areas of two classes: one column, two columns, any labels") {
  const golden::Two two;
  check_near(metrics::roc_auc(two.y, {two.scores, 1}), "two/auc");
  check_near(metrics::average_precision(two.y, {two.scores, 1}), "two/ap");
  std::vector<double> both;
  for (const double s : two.scores) both.insert(both.end(), {1.0 - s, s});
  check_near(metrics::roc_auc(two.y, {both, 2}), "two/auc");
  check_near(metrics::average_precision(two.y, {both, 2}), "two/ap");
  // the classes the other way round: the score is then of label -1
  const double turned = metrics::roc_auc(two.y, {two.scores, 1}, {.labels = Ints{1, -1}});
  CHECK(std::abs(turned - (1.0 - golden::values("two/auc")[0])) < 1e-14);
}

TEST_CASE("areas of four classes are scikit-learn's in every reading") {
  const golden::Four four;
  std::vector<double> ovr;
  for (const Average average : {Average::macro, Average::weighted, Average::micro}) {
    ovr.push_back(metrics::roc_auc(four.y, four.scores, {.multi_class = MultiClass::ovr, .average = average}));
  }
  check_near(ovr, "four/auc_ovr");
  check_near(std::vector<double>{metrics::roc_auc(four.y, four.scores, {.multi_class = MultiClass::ovo}),
                                 metrics::roc_auc(four.y, four.scores,
                                                  {.multi_class = MultiClass::ovo, .average = Average::weighted})},
             "four/auc_ovo");
  check_near(metrics::roc_auc_each(four.y, four.scores), "four/auc_each");
  check_near(metrics::average_precision_each(four.y, four.scores), "four/ap_each");
  check_near(std::vector<double>{metrics::average_precision(four.y, four.scores),
                                 metrics::average_precision(four.y, four.scores, Average::weighted),
                                 metrics::average_precision(four.y, four.scores, Average::micro)},
             "four/ap");
}

TEST_CASE("the area is the share of pairs won, whatever the ties") {
  qrs::Mt19937 rng(7);
  for (int round = 0; round < 60; ++round) {
    CAPTURE(round);
    const std::int64_t n = rng.randint(2, 40);
    const std::int64_t levels = rng.randint(1, 12);  // one level: every pair is a tie
    Ints y;
    std::vector<double> s;
    for (std::int64_t i = 0; i < n; ++i) {
      y.push_back(i == 0 ? 1 : i == 1 ? 0 : rng.randint(0, 2));
      s.push_back(0.1 * static_cast<double>(rng.randint(0, levels)));
    }
    CHECK(std::abs(metrics::roc_auc(y, {s, 1}) - area_by_pairs(y, s)) < 1e-14);
    if (levels == 1) CHECK(metrics::roc_auc(y, {s, 1}) == 0.5);
  }
}

TEST_CASE("a sample that is counted twice is a sample that stands twice") {
  const golden::Two two;
  qrs::Mt19937 rng(11);
  std::vector<std::int64_t> counts;
  Ints y;
  std::vector<double> s;
  std::vector<std::int32_t> codes;
  for (std::size_t i = 0; i < two.y.size(); ++i) {
    counts.push_back(rng.randint(0, 4));
    codes.push_back(two.y[i] == 1 ? 1 : 0);
    y.insert(y.end(), static_cast<std::size_t>(counts.back()), two.y[i]);
    s.insert(s.end(), static_cast<std::size_t>(counts.back()), two.scores[i]);
  }
  const metrics::Multiplicity drawn{std::span<const std::int64_t>(counts)};
  const metrics::Ranking ranked = metrics::ranking({two.scores, 1});
  const auto totals = metrics::class_totals(codes, 2, drawn);
  const auto wins = metrics::doubled_wins(ranked, codes, 2, 1, drawn);
  CHECK(metrics::area_of_wins(wins[0], totals[1], totals[0]) == metrics::roc_auc(y, {s, 1}));
  CHECK(std::abs(metrics::average_precision_of(ranked, codes, 1, drawn) - metrics::average_precision(y, {s, 1})) <
        1e-14);
}

TEST_CASE("what no area can be computed from is one clear error") {
  const golden::Four four;
  const Ints ones(3, 1);
  const std::vector<double> s{0.1, 0.2, 0.3};
  CHECK(says(error_message([&] {
               metrics::roc_auc(ones, {s, 1});
             }),
             "expected 2 classes for 1 columns of scores, got 1 (1)"));
  CHECK(says(error_message([&] {
               metrics::roc_auc(ones, {s, 1}, {.labels = Ints{0, 1}});
             }),
             "got none of class 0 among 3"));
  CHECK(says(error_message([&] { metrics::roc_curve(ones, s); }), "a label other than 1, got none of 3"));
  CHECK(says(error_message([&] { metrics::roc_curve(ones, s, {.pos_label = 4}); }),
             "the positive label 4, got none of 3"));
  CHECK(says(error_message([&] { metrics::precision_recall_curve(ones, s, {.pos_label = 0}); }), "positive label 0"));
  CHECK(says(error_message([&] { metrics::roc_auc(four.y, four.scores); }), "ovr or ovo for 4 classes"));
  CHECK(says(error_message([&] {
               metrics::roc_auc(four.y, four.scores, {.multi_class = MultiClass::ovo, .average = Average::micro});
             }),
             "macro or weighted for ovo"));
  auto off = four.values;
  off[9] += 0.01;
  CHECK(says(error_message([&] {
               metrics::roc_auc(four.y, {off, 4}, {.multi_class = MultiClass::ovr});
             }),
             "that sum to one"));
  CHECK(says(error_message([&] {
               metrics::auc(std::vector<double>{0, 2, 1}, std::vector<double>{0, 1, 1});
             }),
             "ascending or descending"));
}
