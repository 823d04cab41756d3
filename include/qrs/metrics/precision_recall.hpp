// Precision, recall and F: of each class, and as averages.
//
//   precision = tp / predicted      recall = tp / support      F_beta = (1 + beta^2) tp / (beta^2 support + predicted)
//
// A quotient without a denominator takes the value `zero_division`: 0 unless asked otherwise, as in scikit-learn (which
// also warns); NaN leaves the class out of the averages. A class that is listed but does not occur has support 0.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "confusion.hpp"

namespace qrs::metrics {

struct PrecisionRecallOptions {
  Labels labels = {};          // which classes, in which order; none: all that occur
  double beta = 1.0;           // weight of recall in F, >= 0; infinity gives recall
  double zero_division = 0.0;  // 0, 1 or NaN
};

/// What the scores of a class are computed from.
struct ClassCounts {
  std::int64_t label = 0;
  std::int64_t true_positives = 0;
  std::int64_t predicted = 0;  // samples given this class
  std::int64_t support = 0;    // samples of this class
};

struct PrecisionRecall {
  double precision = 0.0;
  double recall = 0.0;
  double f_score = 0.0;
};

struct ClassScores : PrecisionRecall {
  std::int64_t label = 0;
  std::int64_t support = 0;
};

/// Counts of the listed classes. Unlike a confusion matrix of these classes, a sample of a listed class that was given
/// one that is not listed counts.
inline std::vector<ClassCounts> class_counts(Labels y_true, Labels y_pred, Labels labels = {}) {
  constexpr std::string_view op = "precision_recall";
  check_pairs(op, y_true, y_pred);
  const ClassList classes = ClassList::of(op, labels, y_true, y_pred);
  std::vector<ClassCounts> out(static_cast<std::size_t>(classes.size()));
  for (std::size_t k = 0; k < out.size(); ++k) out[k].label = classes.labels()[k];
  for (std::size_t i = 0; i < y_true.size(); ++i) {
    const std::int64_t truth = classes.code(y_true[i]);
    const std::int64_t predicted = classes.code(y_pred[i]);
    if (truth >= 0) ++out[static_cast<std::size_t>(truth)].support;
    if (predicted >= 0) ++out[static_cast<std::size_t>(predicted)].predicted;
    if (truth >= 0 && truth == predicted) ++out[static_cast<std::size_t>(truth)].true_positives;
  }
  return out;
}
inline std::vector<ClassCounts> class_counts(const ConfusionMatrix& matrix) {
  std::vector<ClassCounts> out;
  for (std::int64_t k = 0; k < matrix.size(); ++k) {
    out.push_back({.label = matrix.labels[static_cast<std::size_t>(k)],
                   .true_positives = matrix.at(k, k),
                   .predicted = matrix.predicted_count(k),
                   .support = matrix.true_count(k)});
  }
  return out;
}

/// The three scores of one set of counts.
inline PrecisionRecall precision_recall(const ClassCounts& counts, double beta = 1.0, double zero_division = 0.0) {
  QRS_CHECK(beta >= 0.0, "[precision_recall] expected beta >= 0, got ", beta);
  QRS_CHECK(zero_division == 0.0 || zero_division == 1.0 || std::isnan(zero_division),
            "[precision_recall] expected zero_division 0, 1 or NaN, got ", zero_division);
  const auto quotient = [&](double numerator, double denominator) {
    return denominator == 0.0 ? zero_division : numerator / denominator;
  };
  const double tp = static_cast<double>(counts.true_positives);
  const double predicted = static_cast<double>(counts.predicted);
  const double support = static_cast<double>(counts.support);
  PrecisionRecall out{.precision = quotient(tp, predicted), .recall = quotient(tp, support)};
  if (std::isinf(beta)) {
    out.f_score = out.recall;
  } else if (beta == 0.0) {
    out.f_score = out.precision;
  } else {
    out.f_score = quotient((1.0 + beta * beta) * tp, beta * beta * support + predicted);
  }
  return out;
}

/// An average over classes. Classes whose score is NaN are left out of it, per score.
inline PrecisionRecall precision_recall(std::span<const ClassCounts> classes, Average average, double beta = 1.0,
                                        double zero_division = 0.0) {
  QRS_CHECK(!classes.empty(), "[precision_recall] expected at least one class, got none");
  if (average == Average::micro) {
    ClassCounts pooled;
    for (const ClassCounts& counts : classes) {
      pooled.true_positives += counts.true_positives;
      pooled.predicted += counts.predicted;
      pooled.support += counts.support;
    }
    return precision_recall(pooled, beta, zero_division);
  }
  const auto mean = [&](double PrecisionRecall::*score) {
    double sum = 0.0, weights = 0.0, plain = 0.0, defined = 0.0;
    for (const ClassCounts& counts : classes) {
      const double value = precision_recall(counts, beta, zero_division).*score;
      if (std::isnan(value)) continue;
      const double weight = average == Average::weighted ? static_cast<double>(counts.support) : 1.0;
      sum += weight * value, weights += weight, plain += value, defined += 1.0;
    }
    return weights > 0.0 ? sum / weights : plain / defined;  // no class with a weight: the plain mean; none at all: NaN
  };
  return {mean(&PrecisionRecall::precision), mean(&PrecisionRecall::recall), mean(&PrecisionRecall::f_score)};
}

/// The scores of each class.
inline std::vector<ClassScores> precision_recall(std::span<const ClassCounts> classes,
                                                 const PrecisionRecallOptions& options) {
  std::vector<ClassScores> out;
  for (const ClassCounts& counts : classes) {
    out.push_back({precision_recall(counts, options.beta, options.zero_division), counts.label, counts.support});
  }
  return out;
}
inline std::vector<ClassScores> precision_recall(Labels y_true, Labels y_pred,
                                                 const PrecisionRecallOptions& options = {}) {
  return precision_recall(class_counts(y_true, y_pred, options.labels), options);
}

/// Their average.
inline PrecisionRecall precision_recall(Labels y_true, Labels y_pred, Average average,
                                        const PrecisionRecallOptions& options = {}) {
  return precision_recall(class_counts(y_true, y_pred, options.labels), average, options.beta, options.zero_division);
}

/// The scores of the positive class where there are two. Throws where there are more, or two without the positive one.
inline ClassScores binary_precision_recall(Labels y_true, Labels y_pred, std::int64_t pos_label = 1,
                                           const PrecisionRecallOptions& options = {}) {
  constexpr std::string_view op = "binary_precision_recall";
  check_pairs(op, y_true, y_pred);
  const ClassList classes = ClassList::of(op, {}, y_true, y_pred);
  QRS_CHECK(classes.size() <= 2, "[", op, "] expected at most two classes, got ", std::span(classes.labels()));
  QRS_CHECK(classes.size() < 2 || classes.code(pos_label) >= 0, "[", op, "] expected the positive label among ",
            std::span(classes.labels()), ", got ", pos_label);
  const ClassCounts counts = class_counts(y_true, y_pred, Labels(&pos_label, 1)).front();
  return {precision_recall(counts, options.beta, options.zero_division), counts.label, counts.support};
}

}  // namespace qrs::metrics
