// Curves over all thresholds and the areas under them: ROC, AUC for two or more classes, precision-recall, average
// precision.
//
//   roc_auc(y, {scores, 4}, {.multi_class = MultiClass::ovr, .average = Average::weighted})
//
// ovr: each class against all others (Provost and Domingos, 2000). ovo: the mean over pairs of classes of
// (A(a|b) + A(b|a)) / 2, A(a|b) from the samples of a and b and the scores of a (Hand and Till, Machine Learning 45, 2001).
//
// Names, defaults and averages are scikit-learn's, with these differences: a class without samples, or with nothing but
// samples, is one Error (it warns and gives NaN); areas come from counts of pairs, not from trapezoids, so they differ from
// its by roundings; of two columns and two classes the second column is taken.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <vector>

#include "ranking.hpp"

namespace qrs::metrics {

struct RocCurveOptions {
  std::int64_t pos_label = 1;
  bool drop_intermediate = true;  // leave out points on a straight line between others
};

struct PrecisionRecallCurveOptions {
  std::int64_t pos_label = 1;
  bool drop_intermediate = false;  // keep only the first and the last point of each recall
};

/// Points from (0, 0) to (1, 1), thresholds descending: a sample is positive where score >= threshold. The first threshold
/// is infinite: no sample is positive.
struct RocCurve {
  std::vector<double> fpr;
  std::vector<double> tpr;
  std::vector<double> thresholds;
};

/// Points by ascending threshold, recall descending; at the end the point (precision 1, recall 0), which has no threshold.
struct PrecisionRecallCurve {
  std::vector<double> precision;
  std::vector<double> recall;
  std::vector<double> thresholds;  // one fewer
};

namespace detail {

/// False and true positives at each distinct score, scores descending.
struct ThresholdCounts {
  std::vector<double> false_positives;
  std::vector<double> true_positives;
  std::vector<double> thresholds;

  /// Keeps the points for which keep(i) says so.
  template <class Keep>
  void filter(const Keep& keep) {
    ThresholdCounts out;
    for (std::size_t i = 0; i < thresholds.size(); ++i) {
      if (!keep(i)) continue;
      out.false_positives.push_back(false_positives[i]);
      out.true_positives.push_back(true_positives[i]);
      out.thresholds.push_back(thresholds[i]);
    }
    *this = std::move(out);
  }
};

inline ThresholdCounts threshold_counts(std::string_view op, Labels y, std::span<const double> scores,
                                        std::int64_t pos_label) {
  check_scores(op, y, {scores, 1});
  const Ranking ranked = ranking({scores, 1});
  ThresholdCounts out;
  std::int64_t positives = 0;
  for (std::size_t i = 0; i < ranked.order.size(); ++i) {
    const auto sample = static_cast<std::size_t>(ranked.order[i]);
    positives += y[sample] == pos_label ? 1 : 0;
    if (ranked.closes[i] == 0) continue;
    out.true_positives.push_back(static_cast<double>(positives));
    out.false_positives.push_back(static_cast<double>(static_cast<std::int64_t>(i) + 1 - positives));
    out.thresholds.push_back(scores[sample]);
  }
  QRS_CHECK(positives > 0, "[", op, "] expected samples of the positive label ", pos_label, ", got none of ", y.size());
  return out;
}

}  // namespace detail

/// The ROC curve of one column of scores.
inline RocCurve roc_curve(Labels y, std::span<const double> scores, const RocCurveOptions& options = {}) {
  constexpr std::string_view op = "roc_curve";
  detail::ThresholdCounts counts = detail::threshold_counts(op, y, scores, options.pos_label);
  QRS_CHECK(counts.false_positives.back() > 0.0, "[", op, "] expected samples of a label other than ",
            options.pos_label, ", got none of ", y.size());
  if (options.drop_intermediate) {
    const auto bends = [](const std::vector<double>& v, std::size_t i) { return v[i + 1] - v[i] != v[i] - v[i - 1]; };
    counts.filter([&, last = counts.thresholds.size() - 1](std::size_t i) {
      return i == 0 || i == last || bends(counts.false_positives, i) || bends(counts.true_positives, i);
    });
  }
  RocCurve out{{0.0}, {0.0}, {std::numeric_limits<double>::infinity()}};
  for (std::size_t i = 0; i < counts.thresholds.size(); ++i) {
    out.fpr.push_back(counts.false_positives[i] / counts.false_positives.back());
    out.tpr.push_back(counts.true_positives[i] / counts.true_positives.back());
    out.thresholds.push_back(counts.thresholds[i]);
  }
  return out;
}

/// The precision-recall curve of one column of scores.
inline PrecisionRecallCurve precision_recall_curve(Labels y, std::span<const double> scores,
                                                   const PrecisionRecallCurveOptions& options = {}) {
  detail::ThresholdCounts counts = detail::threshold_counts("precision_recall_curve", y, scores, options.pos_label);
  if (options.drop_intermediate) {
    const std::vector<double>& tp = counts.true_positives;
    counts.filter([&, last = counts.thresholds.size() - 1](std::size_t i) {
      return i == 0 || i == last || tp[i] != tp[i - 1] || tp[i + 1] != tp[i];
    });
  }
  PrecisionRecallCurve out;
  for (std::size_t i = counts.thresholds.size(); i-- > 0;) {
    const double tp = counts.true_positives[i];
    out.precision.push_back(tp / (tp + counts.false_positives[i]));
    out.recall.push_back(tp / counts.true_positives.back());
    out.thresholds.push_back(counts.thresholds[i]);
  }
  out.precision.push_back(1.0);
  out.recall.push_back(0.0);
  return out;
}

/// The area under points with ascending or descending x, by trapezoids.
inline double auc(std::span<const double> x, std::span<const double> y) {
  QRS_CHECK(x.size() == y.size() && x.size() >= 2, "[auc] expected two points or more, one y an x, got ", x.size(),
            " x and ", y.size(), " y");
  const bool ascending = std::is_sorted(x.begin(), x.end());
  QRS_CHECK(ascending || std::is_sorted(x.rbegin(), x.rend()),
            "[auc] expected x in ascending or descending order, got ", x);
  double area = 0.0;
  for (std::size_t i = 1; i < x.size(); ++i) area += (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2.0;
  return ascending ? area : -area;
}

// ---- areas of all classes ------------------------------------------------------------------------------------------------

/// How the AUC is read for more than two classes; scikit-learn too has no default.
enum class MultiClass { raise, ovr, ovo };

struct RocAucOptions {
  MultiClass multi_class = MultiClass::raise;
  Average average = Average::macro;  // micro: ovr alone
  Labels labels = {};                // the classes of the columns; none: those in y, ascending
};

/// The macro or weighted average of a score a class, of which class k has totals[k] samples.
inline double mean_over_classes(std::span<const double> each, std::span<const std::int64_t> totals, Average average) {
  double sum = 0.0;
  double weights = 0.0;
  for (std::size_t k = 0; k < each.size(); ++k) {
    const double weight = average == Average::weighted ? static_cast<double>(totals[k]) : 1.0;
    sum += weight * each[k];
    weights += weight;
  }
  return sum / weights;
}

/// Every area at once: one-vs-rest of each class, one-vs-one of each ordered pair. NaN where a class has no sample.
struct ClassAreas {
  std::vector<std::int64_t> totals;  // samples of each class
  std::vector<double> one_vs_rest;   // k
  std::vector<double> one_vs_one;    // (k, k): A(a|b); the diagonal is NaN

  std::int64_t size() const { return static_cast<std::int64_t>(totals.size()); }
  double samples() const { return static_cast<double>(std::accumulate(totals.begin(), totals.end(), std::int64_t{0})); }

  double ovr(Average average) const { return mean_over_classes(one_vs_rest, totals, average); }
  double ovo(Average average) const {
    double sum = 0.0;
    double weights = 0.0;
    for (std::size_t a = 0; a < totals.size(); ++a) {
      for (std::size_t b = a + 1; b < totals.size(); ++b) {
        const double share = static_cast<double>(totals[a] + totals[b]) / samples();
        const double weight = average == Average::weighted ? share : 1.0;
        sum += weight * 0.5 * (one_vs_one[a * totals.size() + b] + one_vs_one[b * totals.size() + a]);
        weights += weight;
      }
    }
    return sum / weights;
  }
};

/// The areas from one ranking a class (of column j for class j).
inline ClassAreas class_areas(std::span<const Ranking> rankings, std::span<const std::int32_t> codes,
                              Multiplicity counts = {}) {
  const auto k = static_cast<std::int64_t>(rankings.size());
  ClassAreas out{class_totals(codes, k, counts), {}, {}};
  const std::int64_t all = std::accumulate(out.totals.begin(), out.totals.end(), std::int64_t{0});
  for (std::int64_t a = 0; a < k; ++a) {
    const std::int64_t own = out.totals[static_cast<std::size_t>(a)];
    const std::vector<std::uint64_t> wins =
        doubled_wins(rankings[static_cast<std::size_t>(a)], codes, k, static_cast<std::int32_t>(a), counts);
    out.one_vs_rest.push_back(
        area_of_wins(std::accumulate(wins.begin(), wins.end(), std::uint64_t{0}), own, all - own));
    for (std::int64_t b = 0; b < k; ++b) {
      out.one_vs_one.push_back(
          a == b ? undefined
                 : area_of_wins(wins[static_cast<std::size_t>(b)], own, out.totals[static_cast<std::size_t>(b)]));
    }
  }
  return out;
}

/// One ranking a column.
inline std::vector<Ranking> rankings(Scores scores) {
  std::vector<Ranking> out;
  for (std::int64_t c = 0; c < scores.columns; ++c) out.push_back(ranking(scores, c));
  return out;
}

namespace detail {

/// Codes of labels that scores of all classes can be judged by: every class has samples.
inline std::vector<std::int32_t> codes_with_all_classes(std::string_view op, Labels y, const ClassList& classes) {
  std::vector<std::int32_t> codes = classes.codes(op, y);
  const std::vector<std::int64_t> totals = class_totals(codes, classes.size());
  for (std::size_t k = 0; k < totals.size(); ++k) {
    QRS_CHECK(totals[k] > 0, "[", op, "] expected samples of every class, got none of class ", classes.labels()[k],
              " among ", y.size());
  }
  return codes;
}

/// The (samples x classes) decisions "is it class j", pooled: one column of scores with codes 0 and 1.
inline std::vector<std::int32_t> pooled_codes(std::span<const std::int32_t> codes, std::int64_t k) {
  std::vector<std::int32_t> out;
  out.reserve(codes.size() * static_cast<std::size_t>(k));
  for (const std::int32_t code : codes) {
    for (std::int32_t j = 0; j < k; ++j) out.push_back(j == code ? 1 : 0);
  }
  return out;
}

/// The scores of the positive one of two classes.
inline std::vector<double> positive_column(Scores scores) {
  std::vector<double> out;
  for (std::int64_t i = 0; i < scores.rows(); ++i) out.push_back(scores.row(i).back());
  return out;
}

/// The average precision of each column against the codes.
inline std::vector<double> average_precisions(Scores scores, std::span<const std::int32_t> codes) {
  std::vector<double> out;
  for (std::int64_t c = 0; c < scores.columns; ++c) {
    out.push_back(average_precision_of(ranking(scores, c), codes, static_cast<std::int32_t>(c)));
  }
  return out;
}

/// The area for codes 0 and 1.
inline double binary_area(Scores column, std::span<const std::int32_t> codes) {
  const std::vector<std::int64_t> totals = class_totals(codes, 2);
  return area_of_wins(doubled_wins(ranking(column), codes, 2, 1)[0], totals[1], totals[0]);
}

}  // namespace detail

/// The AUC of each class against the others, of scores with a column a class.
inline std::vector<double> roc_auc_each(Labels y, Scores scores, Labels labels = {}) {
  constexpr std::string_view op = "roc_auc";
  check_scores(op, y, scores);
  QRS_CHECK(scores.columns >= 2, "[", op, "] expected a column a class, got ", scores.columns);
  const ClassList classes = classes_of_columns(op, y, scores, labels);
  return class_areas(rankings(scores), detail::codes_with_all_classes(op, y, classes)).one_vs_rest;
}

/// The AUC. Two classes: that of the second (the greater label). More: as the options say, which must choose ovr or ovo;
/// the rows then have to be probabilities.
inline double roc_auc(Labels y, Scores scores, const RocAucOptions& options = {}) {
  constexpr std::string_view op = "roc_auc";
  check_scores(op, y, scores);
  const ClassList classes = classes_of_columns(op, y, scores, options.labels);
  const std::vector<std::int32_t> codes = detail::codes_with_all_classes(op, y, classes);
  if (classes.size() == 2) return detail::binary_area({detail::positive_column(scores), 1}, codes);
  QRS_CHECK(options.multi_class != MultiClass::raise, "[", op, "] expected multi_class ovr or ovo for ", classes.size(),
            " classes, got neither");
  check_probabilities(op, scores);
  if (options.average == Average::micro) {
    QRS_CHECK(options.multi_class == MultiClass::ovr, "[", op,
              "] expected average macro or weighted for ovo, got micro");
    return detail::binary_area({scores.values, 1}, detail::pooled_codes(codes, classes.size()));
  }
  const ClassAreas areas = class_areas(rankings(scores), codes);
  return options.multi_class == MultiClass::ovr ? areas.ovr(options.average) : areas.ovo(options.average);
}

/// The average precision of each class, of scores with a column a class.
inline std::vector<double> average_precision_each(Labels y, Scores scores, Labels labels = {}) {
  constexpr std::string_view op = "average_precision";
  check_scores(op, y, scores);
  QRS_CHECK(scores.columns >= 2, "[", op, "] expected a column a class, got ", scores.columns);
  const ClassList classes = classes_of_columns(op, y, scores, labels);
  return detail::average_precisions(scores, detail::codes_with_all_classes(op, y, classes));
}

/// The average precision. Two classes: that of the second. More: an average over the classes.
inline double average_precision(Labels y, Scores scores, Average average = Average::macro, Labels labels = {}) {
  constexpr std::string_view op = "average_precision";
  check_scores(op, y, scores);
  const ClassList classes = classes_of_columns(op, y, scores, labels);
  const std::vector<std::int32_t> codes = detail::codes_with_all_classes(op, y, classes);
  if (classes.size() == 2) {
    return average_precision_of(ranking({detail::positive_column(scores), 1}), codes, 1);
  }
  if (average == Average::micro) {
    return average_precision_of(ranking({scores.values, 1}), detail::pooled_codes(codes, classes.size()), 1);
  }
  return mean_over_classes(detail::average_precisions(scores, codes), class_totals(codes, classes.size()), average);
}

}  // namespace qrs::metrics
