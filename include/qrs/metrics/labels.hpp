// What every metric is given: labels, which are any integers, and scores, which are rows of numbers.
//
//   qrs::metrics::roc_auc(y, {scores, 4})            four columns a row; column j belongs to the j-th class
//
// Classes are the distinct labels in ascending order, unless the caller lists them: then column j (and row j of a
// confusion matrix) belongs to the j-th of the list, in the order of the list. Scores of one column are those of the
// greater of two labels, as scikit-learn reads a one-dimensional y_score.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/argmax.hpp"
#include "../core/error.hpp"

namespace qrs::metrics {

/// One label a sample, or a list of classes.
using Labels = std::span<const std::int64_t>;

/// Row-major scores: (samples, columns).
struct Scores {
  std::span<const double> values;
  std::int64_t columns = 1;

  std::int64_t rows() const { return columns > 0 ? static_cast<std::int64_t>(values.size()) / columns : 0; }
  std::span<const double> row(std::int64_t i) const {
    return values.subspan(static_cast<std::size_t>(i * columns), static_cast<std::size_t>(columns));
  }
  double at(std::int64_t i, std::int64_t column) const {
    return values[static_cast<std::size_t>(i * columns + column)];
  }
};

/// How scores of classes become one: the mean, the mean weighted by the classes' true counts, or all decisions pooled.
enum class Average { macro, weighted, micro };

/// The value of a score that has none for these data.
inline constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

/// Positions of labels in a list of distinct ones.
class ClassList {
 public:
  /// The list as given. `op` stands in messages. Throws where it is empty or a label stands twice.
  ClassList(std::string_view op, std::vector<std::int64_t> labels) : labels_(std::move(labels)) {
    QRS_CHECK(!labels_.empty(), "[", op, "] expected at least one class, got none");
    order_.resize(labels_.size());
    std::iota(order_.begin(), order_.end(), std::size_t{0});
    std::sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) { return labels_[a] < labels_[b]; });
    for (std::size_t i = 1; i < order_.size(); ++i) {
      QRS_CHECK(labels_[order_[i]] != labels_[order_[i - 1]], "[", op, "] expected distinct classes, got ",
                labels_[order_[i]], " twice");
    }
  }

  /// The listed classes, or where none are listed the distinct labels of y and z, ascending.
  static ClassList of(std::string_view op, Labels listed, Labels y, Labels z = {}) {
    if (!listed.empty()) return ClassList(op, std::vector<std::int64_t>(listed.begin(), listed.end()));
    std::vector<std::int64_t> all(y.begin(), y.end());
    all.insert(all.end(), z.begin(), z.end());
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return ClassList(op, std::move(all));
  }

  std::int64_t size() const { return static_cast<std::int64_t>(labels_.size()); }
  const std::vector<std::int64_t>& labels() const { return labels_; }
  /// Position of a label, or -1.
  std::int64_t code(std::int64_t label) const {
    const auto found = std::lower_bound(order_.begin(), order_.end(), label,
                                        [&](std::size_t at, std::int64_t wanted) { return labels_[at] < wanted; });
    return found == order_.end() || labels_[*found] != label ? -1 : static_cast<std::int64_t>(*found);
  }
  /// Position of each label. Throws where one is not in the list.
  std::vector<std::int32_t> codes(std::string_view op, Labels y) const {
    std::vector<std::int32_t> out;
    out.reserve(y.size());
    for (std::size_t i = 0; i < y.size(); ++i) {
      const std::int64_t position = code(y[i]);
      QRS_CHECK(position >= 0, "[", op, "] expected labels among the classes ", std::span(labels_), ", got ", y[i],
                " at sample ", i);
      out.push_back(static_cast<std::int32_t>(position));
    }
    return out;
  }

 private:
  std::vector<std::int64_t> labels_;
  std::vector<std::size_t> order_;  // positions by ascending label
};

/// Throws unless there is one prediction a true label, and at least one.
inline void check_pairs(std::string_view op, Labels y_true, Labels y_pred) {
  QRS_CHECK(y_true.size() == y_pred.size(), "[", op, "] expected one prediction a label, got ", y_true.size(),
            " labels and ", y_pred.size(), " predictions");
  QRS_CHECK(!y_true.empty(), "[", op, "] expected at least one sample, got none");
}

/// Throws unless there is one row of finite scores a label, and at least one.
inline void check_scores(std::string_view op, Labels y, Scores scores) {
  QRS_CHECK(scores.columns >= 1, "[", op, "] expected at least one column of scores, got ", scores.columns);
  QRS_CHECK(static_cast<std::int64_t>(scores.values.size()) == scores.rows() * scores.columns &&
                scores.rows() == static_cast<std::int64_t>(y.size()),
            "[", op, "] expected ", scores.columns, " scores for each of ", y.size(), " labels, got ",
            scores.values.size(), " scores");
  QRS_CHECK(!y.empty(), "[", op, "] expected at least one sample, got none");
  for (std::size_t i = 0; i < scores.values.size(); ++i) {
    QRS_CHECK(std::isfinite(scores.values[i]), "[", op, "] expected finite scores, got ", scores.values[i],
              " at sample ", i / static_cast<std::size_t>(scores.columns), ", column ",
              i % static_cast<std::size_t>(scores.columns));
  }
}

/// The classes that the columns belong to: the listed ones or those in y. One column belongs to two classes. Throws
/// where the numbers differ.
inline ClassList classes_of_columns(std::string_view op, Labels y, Scores scores, Labels listed) {
  ClassList classes = ClassList::of(op, listed, y);
  const std::int64_t wanted = std::max<std::int64_t>(scores.columns, 2);
  QRS_CHECK(classes.size() == wanted, "[", op, "] expected ", wanted, " classes for ", scores.columns,
            " columns of scores, got ", classes.size(), " ", std::span(classes.labels()),
            listed.empty() ? "; where a class has no sample, list the classes" : "");
  return classes;
}

/// How far a row of probabilities may be from summing to one: NumPy's allclose, as scikit-learn demands for the AUC of
/// several classes. Wide enough for probabilities that were computed in float32.
inline constexpr double sum_tolerance = 1e-5;

/// The first row that is not probabilities (each in [0, 1], summing to one; of one column: in [0, 1]), or -1.
inline std::int64_t first_row_not_probabilities(Scores scores) {
  for (std::int64_t i = 0; i < scores.rows(); ++i) {
    double sum = 0.0;
    bool inside = true;
    for (const double p : scores.row(i)) {
      sum += p;
      inside = inside && p >= 0.0 && p <= 1.0;
    }
    if (!inside || (scores.columns > 1 && !(std::abs(sum - 1.0) <= 1e-8 + sum_tolerance * std::abs(sum)))) return i;
  }
  return -1;
}

/// Throws unless every row is probabilities. scikit-learn warns where log_loss meets rows that do not sum to one; a
/// library that never prints has to refuse them.
inline void check_probabilities(std::string_view op, Scores scores) {
  const std::int64_t row = first_row_not_probabilities(scores);
  QRS_CHECK(row<0, "[", op, "] expected probabilities: ", scores.columns> 1 ? "rows in [0, 1] that sum to one"
                                                                            : "values in [0, 1]",
            ", got ", scores.row(std::max<std::int64_t>(row, 0)), " at sample ", row);
}

/// The label of each row's greatest score, the first of equals. One column: the greater label above `threshold`.
inline std::vector<std::int64_t> predicted_labels(Scores scores, const ClassList& classes, double threshold = 0.5) {
  std::vector<std::int64_t> out;
  out.reserve(static_cast<std::size_t>(scores.rows()));
  for (std::int64_t i = 0; i < scores.rows(); ++i) {
    const std::span<const double> row = scores.row(i);
    const std::int64_t best = row.size() == 1 ? std::int64_t{row[0] > threshold} : argmax(row);
    out.push_back(classes.labels()[static_cast<std::size_t>(best)]);
  }
  return out;
}

}  // namespace qrs::metrics
