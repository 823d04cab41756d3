// Everything of one prediction: each score with its interval, its n and how the interval was made.
//
//   const Evaluation result = qrs::metrics::evaluate(y, {probabilities, 4});
//   for (const Estimate& s : result.scores) ...            s.name, s.value, s.interval, s.n, s.method
//
// Shares of independent samples (accuracy, recall and precision of a class) have Wilson's interval, the AUC of a class has
// DeLong's, everything else the bootstrap's. With groups, everything is the bootstrap over groups: the others assume
// independent samples. A score that these data do not define (the AUC of a class without samples) is NaN, with a reason.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "delong.hpp"
#include "evaluation_tables.hpp"

namespace qrs::metrics {

struct EvaluateOptions {
  Labels labels = {};       // the classes of the columns; none: those in y, ascending
  Labels predicted = {};    // the predicted labels; none: the class of each row's greatest score
  Labels groups = {};       // one a sample: whose samples belong together; none: all independent
  bool stratified = false;  // bootstrap within each true class
  double confidence = 0.95;
  BootstrapMethod method = BootstrapMethod::bca;
  std::int64_t replicates = 2000;
  std::uint64_t seed = 0;
  std::int64_t bins = 15;  // of the calibration error
};

namespace detail {

/// Scores of one column as two: (1 - p, p) of probabilities, (-s, s) of anything else.
inline std::vector<double> two_columns(Scores scores, bool probabilities) {
  std::vector<double> out;
  for (const double s : scores.values) {
    out.push_back(probabilities ? 1.0 - s : -s);
    out.push_back(s);
  }
  return out;
}

}  // namespace detail

/// Every score of scores (n, k), or (n, 1) for two classes, against labels y.
inline Evaluation evaluate(Labels y, Scores scores, const EvaluateOptions& options = {}) {
  constexpr std::string_view op = "evaluate";
  check_scores(op, y, scores);
  QRS_CHECK(options.bins >= 1, "[", op, "] expected at least one bin, got ", options.bins);
  const ClassList classes = classes_of_columns(op, y, scores, options.labels);
  Evaluation out;
  out.n = scores.rows();
  out.probabilities = first_row_not_probabilities(scores) < 0;
  std::vector<double> doubled;
  if (scores.columns == 1) {
    doubled = detail::two_columns(scores, out.probabilities);
    scores = {doubled, 2};
  }
  std::vector<std::int64_t> predicted(options.predicted.begin(), options.predicted.end());
  if (predicted.empty()) predicted = predicted_labels(scores, classes);
  check_pairs(op, y, predicted);
  const detail::EvaluationTables tables(scores, classes, y, predicted, out.probabilities, options.bins);
  out.confusion = tables.confusion();
  if (out.probabilities) out.reliability = confidence_bins(y, scores, options.bins, classes.labels());
  const bool grouped = !options.groups.empty();
  out.groups =
      grouped ? static_cast<std::int64_t>(std::set(options.groups.begin(), options.groups.end()).size()) : out.n;

  const std::vector<Bootstrap> resampled = bootstrap_counts(out.n, static_cast<std::int64_t>(tables.width()), tables,
                                                            {.replicates = options.replicates,
                                                             .confidence = options.confidence,
                                                             .method = options.method,
                                                             .seed = options.seed,
                                                             .strata = options.stratified ? y : Labels(),
                                                             .groups = options.groups});
  std::string method = options.method == BootstrapMethod::bca ? "bootstrap BCa" : "bootstrap percentile";
  if (options.stratified) method += ", stratified";
  if (grouped) method += ", by group";
  std::size_t at = 0;
  const auto next = [&](std::string name, std::int64_t n) {
    const Bootstrap& b = resampled[at++];
    Estimate estimate{std::move(name), b.estimate, b.interval, n, method};
    if (std::isnan(b.estimate)) {
      estimate.method = "not defined by these data";
    } else if (std::isnan(b.interval.low)) {
      estimate.method = text("no interval: ", b.left_out, " of ", options.replicates, " draws define no value");
    }
    return estimate;
  };
  const auto share = [&](Estimate& estimate, std::int64_t successes) {
    if (grouped || estimate.n == 0) return;
    estimate = share_estimate(std::move(estimate.name), successes, estimate.n, options.confidence);
  };
  // DeLong's interval needs two samples on each side.
  const auto area = [&](Estimate& estimate, std::size_t k) {
    const std::int64_t support = out.confusion.true_count(static_cast<std::int64_t>(k));
    if (grouped || support < 2 || out.n - support < 2) return;
    std::vector<double> column;
    for (std::int64_t i = 0; i < out.n; ++i) column.push_back(scores.at(i, static_cast<std::int64_t>(k)));
    estimate.interval = delong_auc(y, column, classes.labels()[k], options.confidence).interval;
    estimate.method = estimate.value > 0.0 && estimate.value < 1.0 ? "DeLong" : "Newcombe";
  };

  for (const detail::EvaluationTables::Score* score : tables.scores()) {
    const std::string name(score->name);
    out.scores.push_back(next(name, out.n));
    Estimate& estimate = out.scores.back();
    if (name == "accuracy" || name == "recall_weighted") share(estimate, out.confusion.correct());
    if (name == "top_2_accuracy") share(estimate, std::llround(estimate.value * static_cast<double>(out.n)));
    if (name == "roc_auc") area(estimate, 1);
  }
  const std::vector<ClassCounts> tallies = class_counts(out.confusion);
  for (std::size_t k = 0; k < tallies.size(); ++k) {
    ClassEvaluation c;
    c.label = tallies[k].label;
    c.support = tallies[k].support;
    for (const detail::EvaluationTables::ClassScore& score : detail::EvaluationTables::class_scores) {
      c.*score.field = next(std::string(score.name), score.samples(tallies[k], out.n));
    }
    share(c.precision, tallies[k].true_positives);
    share(c.recall, tallies[k].true_positives);
    area(c.auc, k);
    out.classes.push_back(std::move(c));
  }
  return out;
}

}  // namespace qrs::metrics
