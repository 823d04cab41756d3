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

/// Scores that leave [0, 1] by no more than the rounding of float32 does, put back into it.
inline std::vector<double> without_rounding(Scores scores) {
  constexpr double rounding = 1e-6;
  std::vector<double> out(scores.values.begin(), scores.values.end());
  for (double& value : out) {
    if (value > 1.0 && value <= 1.0 + rounding) value = 1.0;
    if (value < 0.0 && value >= -rounding) value = 0.0;
  }
  return out;
}

inline std::string bootstrap_name(const EvaluateOptions& options) {
  std::string name = options.method == BootstrapMethod::bca ? "bootstrap BCa" : "bootstrap percentile";
  if (options.stratified) name += ", stratified";
  if (!options.groups.empty()) name += ", by group";
  return name;
}

/// Gives scores their intervals. `evaluation` has its number of samples and its confusion matrix already.
class ScoreIntervals {
 public:
  ScoreIntervals(const EvaluationTables& tables, Labels y, Scores scores, const Evaluation& evaluation,
                 const EvaluateOptions& options)
      : y_(y),
        scores_(scores),
        evaluation_(evaluation),
        options_(options),
        method_(bootstrap_name(options)),
        resampled_(bootstrap_counts(evaluation.n, static_cast<std::int64_t>(tables.width()), tables,
                                    {.replicates = options.replicates,
                                     .confidence = options.confidence,
                                     .method = options.method,
                                     .seed = options.seed,
                                     .strata = options.stratified ? y : Labels(),
                                     .groups = options.groups})) {}

  /// The next of the tables' scores with the bootstrap's interval.
  Estimate next(std::string name, std::int64_t n) {
    const Bootstrap& b = resampled_[at_++];
    Estimate estimate{std::move(name), b.estimate, b.interval, n, method_};
    if (std::isnan(b.estimate)) {
      estimate.method = "not defined by these data";
    } else if (std::isnan(b.interval.low)) {
      estimate.method = text("no interval: ", b.left_out, " of ", options_.replicates, " draws define no value");
    }
    return estimate;
  }
  /// Wilson's interval of a share.
  void share(Estimate& estimate, std::int64_t successes) const {
    if (!options_.groups.empty() || estimate.n == 0) return;
    estimate = share_estimate(std::move(estimate.name), successes, estimate.n, options_.confidence);
  }
  /// DeLong's interval of class k's AUC, which needs two samples on each side.
  void area(Estimate& estimate, std::size_t k) const {
    const std::int64_t support = evaluation_.confusion.true_count(static_cast<std::int64_t>(k));
    if (!options_.groups.empty() || support < 2 || evaluation_.n - support < 2) return;
    std::vector<double> column;
    for (std::int64_t i = 0; i < evaluation_.n; ++i) column.push_back(scores_.at(i, static_cast<std::int64_t>(k)));
    estimate.interval = metrics::delong_auc(y_, column, evaluation_.confusion.labels[k], options_.confidence).interval;
    estimate.method = estimate.value > 0.0 && estimate.value < 1.0 ? "DeLong" : "Newcombe";
  }

 private:
  Labels y_;
  Scores scores_;
  const Evaluation& evaluation_;
  const EvaluateOptions& options_;
  std::string method_;
  std::vector<Bootstrap> resampled_;
  std::size_t at_ = 0;
};

}  // namespace detail

/// Every score of scores (n, k), or (n, 1) for two classes, against labels y. One column tells the classes apart at 0.5 where
/// it is probabilities, else at 0; values outside [0, 1] by at most 1e-6 are rounding, and count as 0 and 1.
inline Evaluation evaluate(Labels y, Scores scores, const EvaluateOptions& options = {}) {
  constexpr std::string_view op = "evaluate";
  check_scores(op, y, scores);
  QRS_CHECK(options.bins >= 1 && options.bins <= 1'000'000, "[", op,
            "] expected at least one bin, at most 1000000, got ", options.bins);
  const ClassList classes = classes_of_columns(op, y, scores, options.labels);
  Evaluation out;
  out.n = scores.rows();
  const std::vector<double> inside = detail::without_rounding(scores);
  if (first_row_not_probabilities({inside, scores.columns}) < 0) scores = {inside, scores.columns};
  out.not_probability = first_row_not_probabilities(scores);
  out.probabilities = out.not_probability < 0;
  std::vector<double> doubled;
  if (scores.columns == 1) {
    if (options.predicted.empty()) out.threshold = out.probabilities ? 0.5 : 0.0;
    doubled = detail::two_columns(scores, out.probabilities);
    scores = {doubled, 2};
  }
  std::vector<std::int64_t> predicted(options.predicted.begin(), options.predicted.end());
  if (predicted.empty()) predicted = predicted_labels(scores, classes);
  check_pairs(op, y, predicted);
  const detail::EvaluationTables tables(scores, classes, y, predicted, out.probabilities, options.bins);
  out.confusion = tables.confusion();
  if (out.probabilities) out.reliability = confidence_bins(y, scores, options.bins, classes.labels());
  out.groups = options.groups.empty()
                   ? out.n
                   : static_cast<std::int64_t>(std::set(options.groups.begin(), options.groups.end()).size());

  detail::ScoreIntervals intervals(tables, y, scores, out, options);
  for (const detail::EvaluationTables::Score* score : tables.scores()) {
    const std::string name(score->name);
    out.scores.push_back(intervals.next(name, out.n));
    Estimate& estimate = out.scores.back();
    if (name == "accuracy" || name == "recall_weighted") intervals.share(estimate, out.confusion.correct());
    if (name == "top_2_accuracy") intervals.share(estimate, std::llround(estimate.value * static_cast<double>(out.n)));
    if (name == "roc_auc") intervals.area(estimate, 1);
  }
  const std::vector<ClassCounts> tallies = class_counts(out.confusion);
  for (std::size_t k = 0; k < tallies.size(); ++k) {
    ClassEvaluation c;
    c.label = tallies[k].label;
    c.support = tallies[k].support;
    for (const detail::EvaluationTables::ClassScore& score : detail::EvaluationTables::class_scores) {
      c.*score.field = intervals.next(std::string(score.name), score.samples(tallies[k], out.n));
    }
    intervals.share(c.precision, tallies[k].true_positives);
    intervals.share(c.recall, tallies[k].true_positives);
    intervals.area(c.auc, k);
    out.classes.push_back(std::move(c));
  }
  return out;
}

}  // namespace qrs::metrics
