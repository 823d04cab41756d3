// The evaluation holds the scores of the functions that compute them alone, each with an interval that suits it.
#include "qrs/metrics/evaluate.hpp"

#include <cmath>
#include <string>
#include <vector>

#include "golden.hpp"

namespace {

namespace metrics = qrs::metrics;
using golden::error_message;
using golden::says;
using metrics::Average;
using metrics::MultiClass;
using Ints = std::vector<std::int64_t>;

/// The same value, up to the order of a sum; written so that NaN fails.
bool same(double a, double b) { return std::abs(a - b) <= 1e-14; }

}  // namespace

TEST_CASE("every score of four classes is the one its own function computes") {
  const golden::Four four;
  const auto result = metrics::evaluate(four.y, four.scores, {.replicates = 200});
  const auto& y = four.y;
  const auto& p = four.predicted;
  CHECK(result.n == 90);
  CHECK(result.groups == 90);
  CHECK(result.probabilities);
  CHECK(result.confusion.counts == golden::integers("four/confusion"));
  CHECK(same(result.at("accuracy").value, metrics::accuracy(y, p)));
  CHECK(same(result.at("balanced_accuracy").value, metrics::balanced_accuracy(y, p)));
  CHECK(same(result.at("precision_macro").value, metrics::precision_recall(y, p, Average::macro).precision));
  CHECK(same(result.at("recall_macro").value, metrics::precision_recall(y, p, Average::macro).recall));
  CHECK(same(result.at("f1_macro").value, metrics::precision_recall(y, p, Average::macro).f_score));
  CHECK(same(result.at("precision_weighted").value, metrics::precision_recall(y, p, Average::weighted).precision));
  CHECK(same(result.at("recall_weighted").value, metrics::precision_recall(y, p, Average::weighted).recall));
  CHECK(same(result.at("f1_weighted").value, metrics::precision_recall(y, p, Average::weighted).f_score));
  CHECK(same(result.at("cohen_kappa").value, metrics::cohen_kappa(y, p)));
  CHECK(same(result.at("matthews").value, metrics::matthews(y, p)));
  CHECK(same(result.at("top_2_accuracy").value, metrics::top_k_accuracy(y, four.scores, 2)));
  for (const bool weighted : {false, true}) {
    const Average average = weighted ? Average::weighted : Average::macro;
    const std::string name = weighted ? "weighted" : "macro";
    CHECK(same(result.at("roc_auc_ovr_" + name).value,
               metrics::roc_auc(y, four.scores, {.multi_class = MultiClass::ovr, .average = average})));
    CHECK(same(result.at("roc_auc_ovo_" + name).value,
               metrics::roc_auc(y, four.scores, {.multi_class = MultiClass::ovo, .average = average})));
  }
  CHECK(same(result.at("average_precision_macro").value, metrics::average_precision(y, four.scores)));
  CHECK(same(result.at("log_loss").value, metrics::log_loss(y, four.scores)));
  CHECK(same(result.at("brier_score").value, metrics::brier_score(y, four.scores)));
  CHECK(same(result.at("expected_calibration_error").value, metrics::expected_calibration_error(y, four.scores)));
  CHECK(result.scores.size() == 19);
  const auto each = metrics::precision_recall(y, p);
  const auto areas = metrics::roc_auc_each(y, four.scores);
  const auto precisions = metrics::average_precision_each(y, four.scores);
  REQUIRE(result.classes.size() == 4);
  for (std::size_t k = 0; k < 4; ++k) {
    const metrics::ClassEvaluation& c = result.classes[k];
    CHECK(c.label == each[k].label);
    CHECK(c.support == each[k].support);
    if (k < 3) CHECK(same(c.precision.value, each[k].precision));
    CHECK(same(c.recall.value, each[k].recall));
    CHECK(same(c.f1.value, each[k].f_score));
    CHECK(same(c.auc.value, areas[k]));
    CHECK(same(c.average_precision.value, precisions[k]));
  }
  CHECK(std::isnan(result.classes[3].precision.value));  // label 40 is never predicted
  CHECK(says(result.classes[3].precision.method, "not defined"));
  CHECK(result.classes[3].precision.n == 0);
  CHECK(says(error_message([&] { result.at("f2"); }), "got 'f2'"));
}

TEST_CASE("intervals hold their value, stay in range, and say how they were made") {
  const golden::Four four;
  for (const auto method : {metrics::BootstrapMethod::bca, metrics::BootstrapMethod::percentile}) {
    const auto result = metrics::evaluate(four.y, four.scores, {.method = method, .replicates = 300});
    for (const auto& score : result.scores) {
      CAPTURE(score.name);
      CHECK(score.n == 90);
      CHECK(score.interval.low < score.interval.high);
      // the resampled calibration error is biased upwards: its percentile interval may lie above the value
      if (score.name != "expected_calibration_error") CHECK(score.interval.contains(score.value));
      if (score.name != "log_loss" && score.name != "matthews" && score.name != "cohen_kappa") {
        CHECK(score.interval.low >= 0.0);
        CHECK(score.interval.high <= 1.0);
      }
    }
    CHECK(result.at("accuracy").method == "Wilson");
    CHECK(result.at("matthews").method ==
          (method == metrics::BootstrapMethod::bca ? "bootstrap BCa" : "bootstrap percentile"));
    const auto wilson = metrics::wilson_interval(result.confusion.at(1, 1), result.confusion.true_count(1));
    CHECK(result.classes[1].recall.interval.low == wilson.low);
    CHECK(result.classes[1].recall.n == result.confusion.true_count(1));
    CHECK(result.classes[1].precision.n == result.confusion.predicted_count(1));
    std::vector<double> column;
    for (std::int64_t i = 0; i < 90; ++i) column.push_back(four.scores.at(i, 1));
    CHECK(result.classes[1].auc.method == "DeLong");
    CHECK(result.classes[1].auc.interval.low == metrics::delong_auc(four.y, column, 2).interval.low);
  }
}

TEST_CASE("with groups no interval pretends that samples are independent") {
  const golden::Four four;
  Ints groups;
  for (std::int64_t i = 0; i < 90; ++i) groups.push_back(i / 5);
  const auto result = metrics::evaluate(four.y, four.scores, {.groups = groups, .replicates = 200});
  CHECK(result.groups == 18);
  for (const auto& score : result.scores) CHECK(score.method == "bootstrap BCa, by group");
  for (const auto& c : result.classes) {
    CHECK(c.recall.method == "bootstrap BCa, by group");
    CHECK(c.auc.method == "bootstrap BCa, by group");
  }
  const auto stratified = metrics::evaluate(four.y, four.scores, {.stratified = true, .replicates = 200});
  CHECK(stratified.at("matthews").method == "bootstrap BCa, stratified");
}

TEST_CASE("two classes: one column or two, probabilities or decision values") {
  const golden::Two two;
  const auto result = metrics::evaluate(two.y, {two.scores, 1}, {.replicates = 100});
  CHECK(same(result.at("roc_auc").value, golden::values("two/auc")[0]));
  CHECK(result.at("roc_auc").method == "DeLong");
  CHECK(same(result.at("average_precision").value, golden::values("two/ap")[0]));
  CHECK(same(result.at("log_loss").value, golden::values("two/log_loss")[0]));
  CHECK(same(result.at("brier_score").value, golden::values("two/brier")[0]));
  CHECK(same(result.classes[0].auc.value, result.classes[1].auc.value));
  CHECK(result.reliability.size() == 15);

  std::vector<double> decision;
  for (const double s : two.scores) decision.push_back(8.0 * (s - 0.5));
  const auto decided = metrics::evaluate(two.y, {decision, 1}, {.replicates = 100});
  CHECK_FALSE(decided.probabilities);
  CHECK(decided.reliability.empty());
  CHECK(same(decided.at("roc_auc").value, golden::values("two/auc")[0]));
  CHECK(decided.confusion.counts == result.confusion.counts);
  CHECK(says(error_message([&] { decided.at("log_loss"); }), "got 'log_loss'"));
}

TEST_CASE("predictions that are not the greatest score are judged as given") {
  const golden::Four four;
  Ints predicted = four.predicted;
  for (std::size_t i = 0; i < 20; ++i) predicted[i] = four.y[i];
  const auto result = metrics::evaluate(four.y, four.scores, {.predicted = predicted, .replicates = 50});
  CHECK(same(result.at("accuracy").value, metrics::accuracy(four.y, predicted)));
  CHECK(same(result.at("roc_auc_ovr_macro").value,
             metrics::roc_auc(four.y, four.scores, {.multi_class = MultiClass::ovr})));
}

TEST_CASE("a listed class without samples leaves what needs it undefined, and the rest stands") {
  const golden::FourWithoutLast few;
  CHECK(says(error_message([&] { metrics::evaluate(few.y, few.scores); }), "list the classes"));
  const auto result = metrics::evaluate(few.y, few.scores, {.labels = Ints{-7, 2, 5, 40}, .replicates = 50});
  CHECK(std::isnan(result.at("roc_auc_ovr_macro").value));
  CHECK(std::isnan(result.classes[3].auc.value));
  CHECK(says(result.classes[3].auc.method, "not defined"));
  CHECK_FALSE(std::isnan(result.classes[0].auc.value));
  CHECK_FALSE(std::isnan(result.at("log_loss").interval.low));
}

TEST_CASE("the same evaluation for any number of threads") {
  const golden::Four four;
  std::vector<metrics::Evaluation> results;
  for (const int threads : {1, 3}) {
    const qrs::ThreadLimit limit(threads);
    results.push_back(metrics::evaluate(four.y, four.scores, {.replicates = 120}));
  }
  for (std::size_t i = 0; i < results[0].scores.size(); ++i) {
    CHECK(results[0].scores[i].interval.low == results[1].scores[i].interval.low);
    CHECK(results[0].scores[i].interval.high == results[1].scores[i].interval.high);
  }
}

TEST_CASE("what cannot be evaluated is one clear error") {
  const golden::Four four;
  CHECK(says(error_message([&] { metrics::evaluate(Ints{1}, {four.values, 4}); }), "each of 1 labels, got 360 scores"));
  CHECK(says(error_message([&] {
               metrics::evaluate(four.y, {four.values, 4}, {.predicted = Ints{2}});
             }),
             "1 predictions"));
  CHECK(says(error_message([&] {
               metrics::evaluate(four.y, {four.values, 4}, {.labels = Ints{2, 5, 40, 41}});
             }),
             "got -7 at sample"));
  CHECK(says(error_message([&] { metrics::evaluate(four.y, {four.values, 4}, {.bins = 0}); }), "at least one bin"));
  CHECK(says(error_message([&] { metrics::evaluate(Ints{}, {{}, 2}); }), "at least one sample"));
}

TEST_CASE("one column of scores: rounding beyond [0, 1] counts as 0 and 1, and the threshold is known") {
  const Ints y{0, 0, 1, 1};
  const std::vector<double> rounded{-1e-9, 0.25, 1.0000001, 0.75};
  const auto first = metrics::evaluate(y, {rounded, 1}, {.replicates = 20});
  CHECK(first.probabilities);
  CHECK(first.threshold == 0.5);
  CHECK(first.at("accuracy").value == 1.0);
  const std::vector<double> decisions{-2.0, -0.25, 1.5, 0.75};
  const auto second = metrics::evaluate(y, {decisions, 1}, {.replicates = 20});
  CHECK_FALSE(second.probabilities);
  CHECK(second.not_probability == 0);
  CHECK(second.threshold == 0.0);
  CHECK(std::isnan(metrics::evaluate(y, {decisions, 1}, {.predicted = y, .replicates = 20}).threshold));
}
