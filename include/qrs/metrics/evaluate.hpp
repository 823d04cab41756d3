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

#include "bootstrap.hpp"
#include "delong.hpp"
#include "intervals.hpp"
#include "precision_recall.hpp"
#include "probability.hpp"
#include "roc.hpp"
#include "scores.hpp"

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

/// One score.
struct Estimate {
  std::string name;
  double value = undefined;
  Interval interval{undefined, undefined};
  std::int64_t n =
      0;  // samples (of AUC and average precision: all; of recall: of the class; of precision: given the class)
  std::string method;  // of the interval; where a value or interval is NaN, the reason
};

/// A share of n independent samples with Wilson's interval; of no samples: not a number.
inline Estimate share_estimate(std::string name, std::int64_t successes, std::int64_t n, double confidence = 0.95) {
  Estimate out{.name = std::move(name), .n = n, .method = "no samples"};
  if (n == 0) return out;
  out.value = static_cast<double>(successes) / static_cast<double>(n);
  out.interval = wilson_interval(successes, n, confidence);
  out.method = "Wilson";
  return out;
}

struct ClassEvaluation {
  std::int64_t label = 0;
  std::int64_t support = 0;
  Estimate precision;
  Estimate recall;
  Estimate f1;
  Estimate auc;  // against all others
  Estimate average_precision;
};

struct Evaluation {
  std::int64_t n = 0;
  std::int64_t groups = 0;     // as many as samples where none were given
  bool probabilities = false;  // false: log loss, Brier score and calibration are not among the scores
  ConfusionMatrix confusion;
  std::vector<Estimate> scores;
  std::vector<ClassEvaluation> classes;
  std::vector<ReliabilityBin> reliability;  // of the predicted classes; empty without probabilities

  /// The score of that name; throws where there is none.
  const Estimate& at(std::string_view name) const {
    for (const Estimate& score : scores) {
      if (score.name == name) return score;
    }
    fail("[evaluate] expected the name of a score, got '", name, "'");
  }
};

namespace detail {

/// What the scores of a resample are computed from, sample by sample, so that each resample costs O(n k).
class EvaluationTables {
 public:
  EvaluationTables(Scores scores, const ClassList& classes, Labels y, Labels predicted, bool probabilities,
                   std::int64_t bins)
      : labels_(classes.labels()),
        codes_(classes.codes("evaluate", y)),
        predicted_(classes.codes("evaluate", predicted)),
        rankings_(rankings(scores)),
        bins_(static_cast<std::size_t>(bins)) {
    for (std::int64_t i = 0; i < scores.rows(); ++i) {
      const std::span<const double> row = scores.row(i);
      const std::int32_t code = codes_[static_cast<std::size_t>(i)];
      in_top_two_.push_back(in_top(row, code, 2) ? 1 : 0);
      if (!probabilities) continue;
      const auto best = std::max_element(row.begin(), row.end());
      log_losses_.push_back(log_loss_of(row[static_cast<std::size_t>(code)]));
      distances_.push_back(
          squared_distance([&](std::int64_t j) { return row[static_cast<std::size_t>(j)]; }, classes.size(), code));
      confidence_.push_back(*best);
      bin_.push_back(static_cast<std::size_t>(bin_of(*best, bins)));
      right_.push_back(best - row.begin() == code ? 1.0 : 0.0);
    }
    name_scores();
  }

  const std::vector<std::string>& names() const { return names_; }
  /// Of each class: precision, recall, F1, AUC, average precision.
  static constexpr std::size_t per_class = 5;
  std::size_t width() const { return names_.size() + per_class * labels_.size(); }

  ConfusionMatrix confusion(Multiplicity counts = {}) const {
    const std::size_t k = labels_.size();
    ConfusionMatrix out{labels_, std::vector<std::int64_t>(k * k)};
    for (std::size_t i = 0; i < codes_.size(); ++i) {
      out.counts[static_cast<std::size_t>(codes_[i]) * k + static_cast<std::size_t>(predicted_[i])] +=
          counts[static_cast<std::int64_t>(i)];
    }
    return out;
  }

  /// Every score, in the order of names(), then those of the classes.
  void operator()(std::span<const std::int64_t> drawn, std::span<double> out) const {
    const Multiplicity counts(drawn);
    const ConfusionMatrix matrix = confusion(counts);
    const std::vector<ClassCounts> tallies = class_counts(matrix);
    const ClassAreas areas = class_areas(rankings_, codes_, counts);
    std::vector<double> precisions;
    for (std::size_t k = 0; k < labels_.size(); ++k) {
      precisions.push_back(average_precision_of(rankings_[k], codes_, static_cast<std::int32_t>(k), counts));
    }
    std::size_t at = 0;
    const auto put = [&](double value) { out[at++] = value; };
    const PrecisionRecall macro = precision_recall(tallies, Average::macro);
    put(accuracy(matrix));
    put(balanced_accuracy(matrix));
    put(macro.precision);
    put(macro.recall);
    put(macro.f_score);
    const PrecisionRecall weighted = precision_recall(tallies, Average::weighted);
    put(weighted.precision);
    put(weighted.recall);
    put(weighted.f_score);
    put(cohen_kappa(matrix));
    put(matthews(matrix));
    const double total = static_cast<double>(matrix.total());
    if (labels_.size() == 2) {
      put(areas.one_vs_rest[1]);
      put(precisions[1]);
    } else {
      put(mean_over(in_top_two_, counts, total));
      put(areas.ovr(Average::macro));
      put(areas.ovr(Average::weighted));
      put(areas.ovo(Average::macro));
      put(areas.ovo(Average::weighted));
      double sum = 0.0;
      for (const double value : precisions) sum += value;
      put(sum / static_cast<double>(precisions.size()));
    }
    if (!log_losses_.empty()) {
      put(mean_over(log_losses_, counts, total));
      put(mean_over(distances_, counts, total) * (labels_.size() == 2 ? 0.5 : 1.0));
      put(calibration_gap(counts, total));
    }
    for (std::size_t k = 0; k < labels_.size(); ++k) {
      const PrecisionRecall own = precision_recall(tallies[k], 1.0, undefined);
      put(own.precision);
      put(own.recall);
      put(own.f_score);
      put(areas.one_vs_rest[k]);
      put(precisions[k]);
    }
  }

 private:
  void name_scores() {
    names_ = {"accuracy",           "balanced_accuracy", "precision_macro", "recall_macro", "f1_macro",
              "precision_weighted", "recall_weighted",   "f1_weighted",     "cohen_kappa",  "matthews"};
    const auto add = [&](std::initializer_list<const char*> more) {
      names_.insert(names_.end(), more.begin(), more.end());
    };
    if (labels_.size() == 2) {
      add({"roc_auc", "average_precision"});
    } else {
      add({"top_2_accuracy", "roc_auc_ovr_macro", "roc_auc_ovr_weighted", "roc_auc_ovo_macro", "roc_auc_ovo_weighted",
           "average_precision_macro"});
    }
    if (!log_losses_.empty()) add({"log_loss", "brier_score", "expected_calibration_error"});
  }

  template <class V>
  static double mean_over(const std::vector<V>& values, Multiplicity counts, double total) {
    double sum = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      sum += static_cast<double>(counts[static_cast<std::int64_t>(i)]) * static_cast<double>(values[i]);
    }
    return sum / total;
  }

  double calibration_gap(Multiplicity counts, double total) const {
    std::vector<double> gaps(bins_);  // sum of (confidence - right) a bin
    for (std::size_t i = 0; i < bin_.size(); ++i) {
      gaps[bin_[i]] += static_cast<double>(counts[static_cast<std::int64_t>(i)]) * (confidence_[i] - right_[i]);
    }
    double sum = 0.0;
    for (const double gap : gaps) sum += std::abs(gap);
    return sum / total;
  }

  std::vector<std::int64_t> labels_;
  std::vector<std::int32_t> codes_;
  std::vector<std::int32_t> predicted_;
  std::vector<Ranking> rankings_;
  std::size_t bins_;
  std::vector<std::uint8_t> in_top_two_;
  std::vector<double> log_losses_;
  std::vector<double> distances_;
  std::vector<double> confidence_;
  std::vector<std::size_t> bin_;
  std::vector<double> right_;
  std::vector<std::string> names_;
};

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

  for (const std::string& name : tables.names()) {
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
    c.precision = next("precision", tallies[k].predicted);
    c.recall = next("recall", tallies[k].support);
    c.f1 = next("f1", tallies[k].support + tallies[k].predicted - tallies[k].true_positives);
    c.auc = next("roc_auc", out.n);
    c.average_precision = next("average_precision", out.n);
    share(c.precision, tallies[k].true_positives);
    share(c.recall, tallies[k].true_positives);
    area(c.auc, k);
    out.classes.push_back(std::move(c));
  }
  return out;
}

}  // namespace qrs::metrics
