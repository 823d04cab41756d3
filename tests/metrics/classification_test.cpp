// Scores of predicted labels against scikit-learn's.
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "golden.hpp"
#include "qrs/metrics/classification_report.hpp"
#include "qrs/metrics/confusion.hpp"
#include "qrs/metrics/precision_recall.hpp"
#include "qrs/metrics/scores.hpp"

namespace {

namespace metrics = qrs::metrics;
using golden::check_near;
using golden::error_message;
using golden::says;
using metrics::Average;
using Ints = std::vector<std::int64_t>;

std::string file_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("confusion matrices, plain, normalised and of listed classes, are scikit-learn's") {
  const golden::Four four;
  const auto matrix = metrics::confusion_matrix(four.y, four.predicted);
  CHECK(matrix.labels == Ints{-7, 2, 5, 40});
  CHECK(matrix.counts == golden::integers("four/confusion"));
  CHECK(matrix.total() == 90);
  check_near(normalized(matrix, metrics::Normalize::by_true), "four/confusion_true");
  check_near(normalized(matrix, metrics::Normalize::by_pred),
             "four/confusion_pred");  // a column without a sample: zeros
  check_near(normalized(matrix, metrics::Normalize::by_all), "four/confusion_all");
  check_near(normalized(matrix, metrics::Normalize::none), golden::values("four/confusion"));
  const auto listed = metrics::confusion_matrix(four.y, four.predicted, Ints{5, -7, 99});
  CHECK(listed.labels == Ints{5, -7, 99});
  CHECK(listed.counts == golden::integers("four/confusion_listed"));
}

TEST_CASE("accuracy, balanced accuracy, kappa, Matthews and top-k accuracy are scikit-learn's") {
  const golden::Four four;
  check_near(metrics::accuracy(four.y, four.predicted), "four/accuracy");
  check_near(std::vector<double>{metrics::balanced_accuracy(four.y, four.predicted),
                                 metrics::balanced_accuracy(four.y, four.predicted, true)},
             "four/balanced");
  check_near(metrics::balanced_accuracy(four.predicted, four.y), "four/balanced_swapped");
  using metrics::KappaWeights;
  check_near(std::vector<double>{metrics::cohen_kappa(four.y, four.predicted),
                                 metrics::cohen_kappa(four.y, four.predicted, KappaWeights::linear),
                                 metrics::cohen_kappa(four.y, four.predicted, KappaWeights::quadratic)},
             "four/kappa");
  check_near(metrics::cohen_kappa(four.y, four.predicted, KappaWeights::linear, Ints{2, -7, 5}), "four/kappa_listed");
  check_near(metrics::matthews(four.y, four.predicted), "four/matthews");
  std::vector<double> top;
  for (const std::int64_t k : {1, 2, 3, 4}) top.push_back(metrics::top_k_accuracy(four.y, four.scores, k));
  check_near(top, "four/top");
  const golden::Two two;
  check_near(metrics::top_k_accuracy(two.y, {two.scores, 1}, 1), "two/top_1");
}

TEST_CASE("scores that chance alone explains, and one class on both sides") {
  CHECK(std::isnan(metrics::cohen_kappa(Ints{3, 3, 3}, Ints{3, 3, 3})));
  CHECK(metrics::matthews(Ints{3, 3, 3}, Ints{3, 3, 3}) == 0.0);
  CHECK(metrics::matthews(Ints{0, 1, 0, 1}, Ints{1, 1, 1, 1}) == 0.0);
  CHECK(metrics::matthews(Ints{0, 1, 0, 1}, Ints{0, 1, 0, 1}) == 1.0);
  CHECK(metrics::matthews(Ints{0, 1, 0, 1}, Ints{1, 0, 1, 0}) == -1.0);
  CHECK(metrics::cohen_kappa(Ints{0, 0, 1, 1}, Ints{0, 1, 0, 1}) == 0.0);
  CHECK(metrics::balanced_accuracy(Ints{5, 5}, Ints{5, 6}) == 0.5);
}

TEST_CASE("precision, recall and F of each class and averaged, for every zero_division and beta") {
  const golden::Four four;
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const Ints few{5, 99, -7};
  for (const double zero : {0.0, 1.0, nan}) {
    for (const double beta : {1.0, 0.5, 0.0, infinity}) {
      for (const bool listed : {false, true}) {
        const metrics::PrecisionRecallOptions options{
            .labels = listed ? metrics::Labels(few) : metrics::Labels(), .beta = beta, .zero_division = zero};
        const std::string key = qrs::text("four/prf_", zero, "_", beta, listed ? "_listed" : "_all");
        std::vector<double> each;
        const auto scores = metrics::precision_recall(four.y, four.predicted, options);
        for (const auto& s : scores) each.push_back(s.precision);
        for (const auto& s : scores) each.push_back(s.recall);
        for (const auto& s : scores) each.push_back(s.f_score);
        check_near(each, key + "_each");
        std::vector<double> averages;
        for (const Average average : {Average::macro, Average::weighted, Average::micro}) {
          const auto s = metrics::precision_recall(four.y, four.predicted, average, options);
          averages.insert(averages.end(), {s.precision, s.recall, s.f_score});
        }
        check_near(averages, key + "_averages");
      }
    }
  }
}

TEST_CASE("the positive class of two") {
  const golden::Two two;
  Ints predicted;
  for (const double s : two.scores) predicted.push_back(s > 0.5 ? 1 : -1);
  const auto s = metrics::binary_precision_recall(two.y, predicted, -1);
  check_near(std::vector<double>{s.precision, s.recall, s.f_score}, "two/prf_positive");
  CHECK(metrics::binary_precision_recall(Ints{0, 0}, Ints{0, 0}).recall ==
        0.0);  // one class: zero_division, as the peer
  CHECK(says(error_message([&] { metrics::binary_precision_recall(two.y, predicted, 7); }), "got 7"));
  CHECK(says(error_message([] {
               metrics::binary_precision_recall(Ints{0, 1, 2}, Ints{0, 1, 2});
             }),
             "at most two classes"));
}

TEST_CASE("the classification report is scikit-learn's text, character for character") {
  const golden::Four four;
  CHECK(metrics::classification_report(four.y, four.predicted).text() ==
        file_text("tests/golden/units/metrics_report_all.txt"));
  const auto listed = metrics::classification_report(four.y, four.predicted, {.labels = Ints{2, 5}});
  CHECK_FALSE(listed.micro_is_accuracy);
  CHECK(listed.text() == file_text("tests/golden/units/metrics_report_listed.txt"));
  const std::vector<std::string> names{"myocardial infarction", "b", "c", "d"};
  const auto named = metrics::classification_report(four.y, four.predicted, {}, names);
  CHECK(named.text(4) == file_text("tests/golden/units/metrics_report_names.txt"));
  CHECK(named.support == 90);
  CHECK(says(error_message([&] {
               metrics::classification_report(four.y, four.predicted, {}, {names.data(), 2});
             }),
             "got 2"));
}

TEST_CASE("bad labels are one clear error") {
  const Ints y{0, 1};
  CHECK(says(error_message([&] { metrics::confusion_matrix(y, Ints{0}); }), "got 2 labels and 1 predictions"));
  CHECK(says(error_message([&] { metrics::accuracy(Ints{}, Ints{}); }), "at least one sample"));
  CHECK(says(error_message([&] {
               metrics::confusion_matrix(y, y, Ints{8, 9});
             }),
             "expected at least one of the classes (8, 9)"));
  CHECK(says(error_message([&] { metrics::confusion_matrix(y, y, Ints{1, 1}); }), "got 1 twice"));
  CHECK(says(error_message([&] { metrics::precision_recall(y, y, {.zero_division = 0.5}); }), "got 0.5"));
  CHECK(says(error_message([&] { metrics::precision_recall(y, y, {.beta = -1.0}); }), "got -1"));
  const std::vector<double> s{0.1, 0.9, 0.2, 0.8};
  CHECK(says(error_message([&] { metrics::top_k_accuracy(y, {s, 2}, 0); }), "k >= 1"));
  CHECK(says(error_message([&] {
               metrics::top_k_accuracy(Ints{0, 1, 1}, {s, 2});
             }),
             "2 scores for each of 3 labels, got 4"));
  CHECK(says(error_message([&] { metrics::top_k_accuracy(Ints{0, 5}, {s, 2}, 1, Ints{0, 1}); }), "got 5 at sample 1"));
  const std::vector<double> broken{0.1, 0.9, std::nan(""), 0.8};
  CHECK(says(error_message([&] {
               metrics::top_k_accuracy(y, {broken, 2}, 1);
             }),
             "finite scores, got nan at sample 1, column 0"));
}

TEST_CASE("labels may be any integers, the ends of their range too") {
  constexpr auto low = std::numeric_limits<std::int64_t>::min();
  constexpr auto high = std::numeric_limits<std::int64_t>::max();
  const auto matrix = metrics::confusion_matrix(Ints{high, low, 0}, Ints{high, 0, 0});
  CHECK(matrix.labels == Ints{low, 0, high});
  CHECK(matrix.counts == Ints{0, 1, 0, 0, 1, 0, 0, 0, 1});
}
