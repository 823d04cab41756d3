// One number for a prediction: accuracy, balanced accuracy, Cohen's kappa, Matthews' coefficient, top-k accuracy.
//
// With n_ij the confusion matrix, t_i its row sums, p_j its column sums, n its total and c its diagonal's sum:
//
//   accuracy           c / n
//   balanced accuracy  mean over the classes with samples of n_ii / t_i
//   kappa              1 - sum w_ij n_ij / (sum w_ij t_i p_j / n)        w_ij = [i != j], |i - j| or (i - j)^2
//   Matthews           (c n - sum t_k p_k) / sqrt((n^2 - sum p_k^2)(n^2 - sum t_k^2))
//
// Names and meanings are scikit-learn's. Sources: Cohen, Educational and Psychological Measurement 20(1), 1960 and
// Psychological Bulletin 70(4), 1968 (weights); Gorodkin, Computational Biology and Chemistry 28, 2004 (k categories).
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "confusion.hpp"

namespace qrs::metrics {

/// The share of predictions that are right.
inline double accuracy(const ConfusionMatrix& matrix) {
  return static_cast<double>(matrix.correct()) / static_cast<double>(matrix.total());
}
inline double accuracy(Labels y_true, Labels y_pred) {
  check_pairs("accuracy", y_true, y_pred);
  std::int64_t correct = 0;
  for (std::size_t i = 0; i < y_true.size(); ++i) correct += y_true[i] == y_pred[i] ? 1 : 0;
  return static_cast<double>(correct) / static_cast<double>(y_true.size());
}

/// The mean recall of the classes that have samples. `adjusted` moves chance to 0 and keeps 1 (undefined where there is
/// one class).
inline double balanced_accuracy(const ConfusionMatrix& matrix, bool adjusted = false) {
  double sum = 0.0;
  std::int64_t present = 0;
  for (std::int64_t k = 0; k < matrix.size(); ++k) {
    const std::int64_t support = matrix.true_count(k);
    if (support == 0) continue;
    sum += static_cast<double>(matrix.at(k, k)) / static_cast<double>(support);
    ++present;
  }
  const double mean = sum / static_cast<double>(present);
  const double chance = 1.0 / static_cast<double>(present);
  return adjusted ? (mean - chance) / (1.0 - chance) : mean;
}
inline double balanced_accuracy(Labels y_true, Labels y_pred, bool adjusted = false) {
  return balanced_accuracy(confusion_matrix(y_true, y_pred), adjusted);
}

/// What a disagreement costs in kappa: 1, the distance of the classes' positions, or its square.
enum class KappaWeights { none, linear, quadratic };

/// Agreement beyond chance. `undefined` (NaN) where chance leaves no disagreement: one class on both sides.
inline double cohen_kappa(const ConfusionMatrix& matrix, KappaWeights weights = KappaWeights::none) {
  double observed = 0.0;
  double expected = 0.0;
  const double total = static_cast<double>(matrix.total());
  for (std::int64_t i = 0; i < matrix.size(); ++i) {
    const double row = static_cast<double>(matrix.true_count(i));
    for (std::int64_t j = 0; j < matrix.size(); ++j) {
      const double distance = static_cast<double>(std::abs(i - j));
      const double weight = weights == KappaWeights::none     ? (i == j ? 0.0 : 1.0)
                            : weights == KappaWeights::linear ? distance
                                                              : distance * distance;
      observed += weight * static_cast<double>(matrix.at(i, j));
      expected += weight * row * static_cast<double>(matrix.predicted_count(j)) / total;
    }
  }
  return expected > 0.0 ? 1.0 - observed / expected : undefined;
}
inline double cohen_kappa(Labels y_true, Labels y_pred, KappaWeights weights = KappaWeights::none, Labels labels = {}) {
  return cohen_kappa(confusion_matrix(y_true, y_pred, labels), weights);
}

/// The correlation of truth and prediction in [-1, 1]; 0 where one of them is a single class.
inline double matthews(const ConfusionMatrix& matrix) {
  const double n = static_cast<double>(matrix.total());
  double cross = static_cast<double>(matrix.correct()) * n;
  double predicted = n * n;
  double truth = n * n;
  for (std::int64_t k = 0; k < matrix.size(); ++k) {
    const double t = static_cast<double>(matrix.true_count(k));
    const double p = static_cast<double>(matrix.predicted_count(k));
    cross -= t * p;
    predicted -= p * p;
    truth -= t * t;
  }
  return predicted * truth > 0.0 ? cross / std::sqrt(predicted * truth) : 0.0;
}
inline double matthews(Labels y_true, Labels y_pred) { return matthews(confusion_matrix(y_true, y_pred)); }

/// Whether the class at `truth` is among the k greatest of a row. Of equal scores the later column counts as greater,
/// which is what scikit-learn's reversed stable sort does.
inline bool in_top(std::span<const double> row, std::int32_t truth, std::int64_t k) {
  const double own = row[static_cast<std::size_t>(truth)];
  std::int64_t ahead = 0;
  for (std::size_t j = 0; j < row.size(); ++j) {
    if (row[j] > own || (row[j] == own && static_cast<std::int32_t>(j) > truth)) ++ahead;
  }
  return ahead < k;
}

/// The share of samples whose class is among the k greatest scores. One column: the greater label is predicted above
/// 0.5, or above 0 where a score is not in [0, 1]. k of all classes or more gives 1.
inline double top_k_accuracy(Labels y, Scores scores, std::int64_t k = 2, Labels labels = {}) {
  constexpr std::string_view op = "top_k_accuracy";
  QRS_CHECK(k >= 1, "[", op, "] expected k >= 1, got ", k);
  check_scores(op, y, scores);
  const ClassList classes = classes_of_columns(op, y, scores, labels);
  const std::vector<std::int32_t> codes = classes.codes(op, y);
  if (scores.columns == 1) {
    if (k > 1) return 1.0;
    const bool unit =
        std::all_of(scores.values.begin(), scores.values.end(), [](double s) { return s >= 0 && s <= 1; });
    return accuracy(y, predicted_labels(scores, classes, unit ? 0.5 : 0.0));
  }
  std::int64_t hits = 0;
  for (std::int64_t i = 0; i < scores.rows(); ++i) {
    hits += in_top(scores.row(i), codes[static_cast<std::size_t>(i)], k) ? 1 : 0;
  }
  return static_cast<double>(hits) / static_cast<double>(scores.rows());
}

}  // namespace qrs::metrics
