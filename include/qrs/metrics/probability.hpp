// How good probabilities are as probabilities: log loss, Brier score, calibration.
//
//   log loss   - mean of log p(true class), p clipped to [2^-52, 1 - 2^-52]
//   Brier      mean of sum_j ([j is the true class] - p_j)^2, halved for two classes
//   ECE        sum over bins of n_b / n |share right - mean confidence|, confidence being the greatest probability
//
// Scores of one column are the probabilities of the greater of two labels. Names and defaults are scikit-learn's (which has
// no ECE: Guo, Pleiss, Sun and Weinberger, ICML 2017, equal widths, 15 bins). Rows that do not sum to one are an error.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "../core/argmax.hpp"
#include "labels.hpp"

namespace qrs::metrics {

namespace detail {

/// Probabilities with the position of each sample's class, checked.
struct CheckedProbabilities {
  CheckedProbabilities(std::string_view op, Labels y, Scores given, Labels labels) : scores(given) {
    check_scores(op, y, scores);
    check_probabilities(op, scores);
    codes = classes_of_columns(op, y, scores, labels).codes(op, y);
  }
  /// p of class j for sample i.
  double at(std::int64_t i, std::int64_t j) const {
    if (scores.columns > 1) return scores.at(i, j);
    return j == 1 ? scores.at(i, 0) : 1.0 - scores.at(i, 0);
  }
  std::int64_t classes() const { return std::max<std::int64_t>(scores.columns, 2); }
  std::int32_t code(std::int64_t i) const { return codes[static_cast<std::size_t>(i)]; }

  Scores scores;
  std::vector<std::int32_t> codes;
};

}  // namespace detail

/// What one sample adds to the log loss, from the probability of its class.
inline double log_loss_of(double probability) {
  constexpr double eps = std::numeric_limits<double>::epsilon();
  return -std::log(std::clamp(probability, eps, 1.0 - eps));
}

/// The mean of -log p(true class).
inline double log_loss(Labels y, Scores probabilities, Labels labels = {}) {
  const detail::CheckedProbabilities p("log_loss", y, probabilities, labels);
  double sum = 0.0;
  for (std::int64_t i = 0; i < p.scores.rows(); ++i) sum += log_loss_of(p.at(i, p.code(i)));
  return sum / static_cast<double>(p.scores.rows());
}

/// What one sample adds to the Brier score before it is halved: (1 - p_true)^2 + the squares of the others.
template <class Probability>
double squared_distance(const Probability& p, std::int64_t classes, std::int32_t truth) {
  double sum = 0.0;
  for (std::int64_t j = 0; j < classes; ++j) {
    const double difference = p(j) - (j == truth ? 1.0 : 0.0);
    sum += difference * difference;
  }
  return sum;
}

/// The mean squared distance to the truth. Halved, so that it lies in [0, 1], as asked; by default for two classes.
inline double brier_score(Labels y, Scores probabilities, std::optional<bool> scale_by_half = {}, Labels labels = {}) {
  const detail::CheckedProbabilities p("brier_score", y, probabilities, labels);
  double sum = 0.0;
  for (std::int64_t i = 0; i < p.scores.rows(); ++i) {
    sum += squared_distance([&](std::int64_t j) { return p.at(i, j); }, p.classes(), p.code(i));
  }
  const double mean = sum / static_cast<double>(p.scores.rows());
  return scale_by_half.value_or(p.classes() == 2) ? 0.5 * mean : mean;
}

// ---- calibration ---------------------------------------------------------------------------------------------------------

/// Predictions of like probability: how probable they were held on average, and what share came true.
struct ReliabilityBin {
  double low = 0.0;  // probabilities in (low, high], of the first bin [low, high]
  double high = 0.0;
  std::int64_t count = 0;
  double mean_probability = undefined;  // NaN in an empty bin, like the next
  double share_true = undefined;
};

/// The bin of a probability among `bins` of equal width, each closed on its right.
inline std::int64_t bin_of(double probability, std::int64_t bins) {
  const double width = static_cast<double>(bins);
  auto bin = std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(probability * width)) - 1, 0, bins - 1);
  while (bin > 0 && probability <= static_cast<double>(bin) / width) --bin;  // the product may round over an edge
  while (bin + 1 < bins && probability > static_cast<double>(bin + 1) / width) ++bin;
  return bin;
}

/// Bins of predictions that were held probable to `probabilities` and came true or not (1 or 0).
inline std::vector<ReliabilityBin> reliability_bins(std::span<const std::uint8_t> came_true,
                                                    std::span<const double> probabilities, std::int64_t bins = 15) {
  constexpr std::string_view op = "reliability_bins";
  QRS_CHECK(bins >= 1, "[", op, "] expected at least one bin, got ", bins);
  QRS_CHECK(came_true.size() == probabilities.size() && !came_true.empty(), "[", op,
            "] expected one outcome a probability and at least one, got ", came_true.size(), " and ",
            probabilities.size());
  check_probabilities(op, {probabilities, 1});
  std::vector<ReliabilityBin> out(static_cast<std::size_t>(bins));
  std::vector<double> held(out.size());
  std::vector<std::int64_t> right(out.size());
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    const auto bin = static_cast<std::size_t>(bin_of(probabilities[i], bins));
    ++out[bin].count;
    held[bin] += probabilities[i];
    right[bin] += came_true[i] != 0 ? 1 : 0;
  }
  for (std::size_t b = 0; b < out.size(); ++b) {
    out[b].low = static_cast<double>(b) / static_cast<double>(bins);
    out[b].high = static_cast<double>(b + 1) / static_cast<double>(bins);
    if (out[b].count == 0) continue;
    out[b].mean_probability = held[b] / static_cast<double>(out[b].count);
    out[b].share_true = static_cast<double>(right[b]) / static_cast<double>(out[b].count);
  }
  return out;
}

/// The bins of the predicted classes: their probability is the row's greatest (of equals the first).
inline std::vector<ReliabilityBin> confidence_bins(Labels y, Scores probabilities, std::int64_t bins = 15,
                                                   Labels labels = {}) {
  const detail::CheckedProbabilities p("confidence_bins", y, probabilities, labels);
  std::vector<double> confidence;
  std::vector<std::uint8_t> right;
  std::vector<double> row(static_cast<std::size_t>(p.classes()));
  for (std::int64_t i = 0; i < p.scores.rows(); ++i) {
    for (std::int64_t j = 0; j < p.classes(); ++j) row[static_cast<std::size_t>(j)] = p.at(i, j);
    const std::int64_t best = argmax(row);
    confidence.push_back(p.at(i, best));
    right.push_back(best == p.code(i) ? 1 : 0);
  }
  return reliability_bins(right, confidence, bins);
}

/// The mean gap between confidence and share right over the bins, weighted by their counts.
inline double calibration_error(std::span<const ReliabilityBin> bins) {
  double sum = 0.0;
  double count = 0.0;
  for (const ReliabilityBin& bin : bins) {
    if (bin.count == 0) continue;
    sum += static_cast<double>(bin.count) * std::abs(bin.share_true - bin.mean_probability);
    count += static_cast<double>(bin.count);
  }
  return sum / count;
}

/// Expected calibration error of the predicted classes.
inline double expected_calibration_error(Labels y, Scores probabilities, std::int64_t bins = 15, Labels labels = {}) {
  return calibration_error(confidence_bins(y, probabilities, bins, labels));
}

}  // namespace qrs::metrics
