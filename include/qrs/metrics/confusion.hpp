// The confusion matrix: which true class was given which predicted one.
//
//   const auto matrix = qrs::metrics::confusion_matrix(y_true, y_pred);      matrix.at(0, 2)  // true 0, predicted 2
//   normalized(matrix, Normalize::by_true)                                   // rows sum to one: recall on the diagonal
//
// Meaning and defaults are scikit-learn's; a class listed twice, which it lets pass, is an error here.
#pragma once

#include <cstdint>
#include <numeric>
#include <string_view>
#include <vector>

#include "labels.hpp"

namespace qrs::metrics {

/// What each entry is divided by: nothing, its row's sum, its column's sum, the sum of all.
enum class Normalize { none, by_true, by_pred, by_all };

/// Counts by true class (row) and predicted class (column), both in the order of `labels`.
struct ConfusionMatrix {
  std::vector<std::int64_t> labels;
  std::vector<std::int64_t> counts;  // (k, k), row-major

  std::int64_t size() const { return static_cast<std::int64_t>(labels.size()); }
  std::int64_t at(std::int64_t truth, std::int64_t predicted) const {
    return counts[static_cast<std::size_t>(truth * size() + predicted)];
  }
  /// Samples whose true class is this one.
  std::int64_t true_count(std::int64_t k) const {
    std::int64_t sum = 0;
    for (std::int64_t j = 0; j < size(); ++j) sum += at(k, j);
    return sum;
  }
  /// Samples that were given this class.
  std::int64_t predicted_count(std::int64_t k) const {
    std::int64_t sum = 0;
    for (std::int64_t i = 0; i < size(); ++i) sum += at(i, k);
    return sum;
  }
  std::int64_t correct() const {
    std::int64_t sum = 0;
    for (std::int64_t k = 0; k < size(); ++k) sum += at(k, k);
    return sum;
  }
  std::int64_t total() const { return std::accumulate(counts.begin(), counts.end(), std::int64_t{0}); }
};

/// The matrix of the listed classes, or of all that occur in either list. A sample whose true or predicted label is not
/// listed is left out. Throws where no true label is a listed one.
inline ConfusionMatrix confusion_matrix(Labels y_true, Labels y_pred, Labels labels = {}) {
  constexpr std::string_view op = "confusion_matrix";
  check_pairs(op, y_true, y_pred);
  const ClassList classes = ClassList::of(op, labels, y_true, y_pred);
  const std::int64_t k = classes.size();
  ConfusionMatrix out{classes.labels(), std::vector<std::int64_t>(static_cast<std::size_t>(k * k))};
  bool listed = false;
  for (std::size_t i = 0; i < y_true.size(); ++i) {
    const std::int64_t truth = classes.code(y_true[i]);
    const std::int64_t predicted = classes.code(y_pred[i]);
    listed = listed || truth >= 0;
    if (truth >= 0 && predicted >= 0) ++out.counts[static_cast<std::size_t>(truth * k + predicted)];
  }
  QRS_CHECK(listed, "[", op, "] expected at least one of the classes ", labels, " among the true labels, got none");
  return out;
}

/// (k, k): each count as a share; 0 where there is nothing to divide by.
inline std::vector<double> normalized(const ConfusionMatrix& matrix, Normalize normalize) {
  const std::int64_t k = matrix.size();
  std::vector<double> out(matrix.counts.begin(), matrix.counts.end());
  if (normalize == Normalize::none) return out;
  std::vector<std::int64_t> rows;
  std::vector<std::int64_t> columns;
  for (std::int64_t c = 0; c < k; ++c) {
    rows.push_back(matrix.true_count(c));
    columns.push_back(matrix.predicted_count(c));
  }
  const std::int64_t all = matrix.total();
  for (std::int64_t i = 0; i < k; ++i) {
    for (std::int64_t j = 0; j < k; ++j) {
      const std::int64_t sum = normalize == Normalize::by_true   ? rows[static_cast<std::size_t>(i)]
                               : normalize == Normalize::by_pred ? columns[static_cast<std::size_t>(j)]
                                                                 : all;
      double& value = out[static_cast<std::size_t>(i * k + j)];
      value = sum > 0 ? value / static_cast<double>(sum) : 0.0;
    }
  }
  return out;
}

}  // namespace qrs::metrics
