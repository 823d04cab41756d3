// Which rows a tree of a forest sees, and what they weigh: drawn with replacement, index for index as scikit-learn 1.9 draws them.
//
// Without weights: RandomState(seed).randint(0, rows, draws). With sample weights (class weights multiplied in):
// RandomState(seed).choice(rows, draws, p=weights / sum), so a row of weight 2 is drawn as two rows would be; a tree then
// counts draws. (Before 1.8 scikit-learn drew without regard to weights and multiplied them in afterwards.)
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "../../core/array.hpp"
#include "../../core/error.hpp"
#include "../../core/rng.hpp"
#include "../labels.hpp"
#include "../parameters.hpp"

namespace qrs::ml::detail {

/// How often each row is drawn, as weights. `cumulative` is empty or the cumulative shares of the rows' weights.
inline std::vector<double> draw_counts(std::uint32_t seed, std::int64_t rows, std::int64_t draws,
                                       std::span<const double> cumulative) {
  Mt19937 random(seed);
  std::vector<double> out(rows, 0.0);
  for (std::int64_t i = 0; i < draws; ++i) {
    if (cumulative.empty()) {
      out[random.randint(0, rows)] += 1.0;
    } else {
      const auto above = std::upper_bound(cumulative.begin(), cumulative.end(), random.random_sample());
      out[std::min<std::int64_t>(above - cumulative.begin(), rows - 1)] += 1.0;
    }
  }
  return out;
}

/// max_samples as draws a tree: none (as many as rows), a count, or a share of the rows (of the weight, where there are
/// weights).
inline std::int64_t draws_of(const ParamValue& max_samples, bool bootstrap, std::int64_t rows,
                             std::span<const double> weights) {
  if (max_samples.is_none()) return rows;
  QRS_CHECK(bootstrap, "[forest] expected bootstrap = true where max_samples is given, got false");
  if (max_samples.is_integer() && max_samples.as_integer() >= 1) return max_samples.as_integer();
  const bool share = !max_samples.is_integer() && max_samples.is_number() && max_samples.as_number() > 0.0 &&
                     std::isfinite(max_samples.as_number());
  QRS_CHECK(share, "[forest] expected max_samples to be none, an integer >= 1 or a share > 0, got ",
            max_samples.text());
  double whole = static_cast<double>(rows);
  if (!weights.empty()) whole = std::accumulate(weights.begin(), weights.end(), 0.0);
  const double count = max_samples.as_number() * whole;
  QRS_CHECK(count < 0x1p31, "[forest] expected fewer than 2^31 draws a tree, got ", count);
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(count));
}

/// Sample weights times class weights; empty where all are 1.
inline std::vector<double> row_weights(ClassWeight class_weight, bool bootstrap, const ClassIndex& classes,
                                       std::span<const double> sample_weight) {
  std::vector<double> out(sample_weight.begin(), sample_weight.end());
  if (class_weight.balanced_subsample) {
    if (bootstrap) return out;  // each tree balances its own draw
    class_weight.balanced = true;
  }
  if (class_weight == ClassWeight{}) return out;
  std::vector<double> of_class = class_weight.of("forest", classes);
  const std::vector<std::int32_t>& codes = classes.codes();
  if (class_weight.balanced && !out.empty()) {  // balanced over the weights, not the rows
    Array<double> weight(classes.size(), 0.0);
    double total = 0.0;
    for (std::int64_t i = 0; i < std::ssize(out); ++i) {
      weight[codes[i]] += out[i];
      total += out[i];
    }
    for (std::int64_t c = 0; c < weight.size(); ++c) {
      of_class[c] = weight[c] > 0.0 ? total / (static_cast<double>(weight.size()) * weight[c]) : 0.0;
    }
  }
  if (out.empty()) out.assign(codes.size(), 1.0);
  for (std::int64_t i = 0; i < std::ssize(out); ++i) out[i] *= of_class[codes[i]];
  return out;
}

/// Cumulative shares of weights: p = w / sum(w), running sums, divided by the last. (choice's arithmetic.)
inline std::vector<double> cumulative_shares(std::span<const double> weights) {
  double total = 0.0;
  for (const double weight : weights) total += weight;
  std::vector<double> out(weights.size());
  double sum = 0.0;
  for (std::size_t i = 0; i < weights.size(); ++i) out[i] = sum += weights[i] / total;
  for (double& share : out) share /= sum;
  return out;
}

/// balanced_subsample: multiplies each row's draws by what makes the classes among the draws weigh the same.
inline void balance(std::vector<double>& counts, const ClassIndex& classes) {
  std::vector<double> drawn(classes.size(), 0.0);
  double total = 0.0;
  for (std::int64_t i = 0; i < std::ssize(counts); ++i) {
    drawn[classes.codes()[i]] += counts[i];
    total += counts[i];
  }
  const auto present =
      static_cast<double>(std::count_if(drawn.begin(), drawn.end(), [](double weight) { return weight > 0.0; }));
  for (std::int64_t i = 0; i < std::ssize(counts); ++i) {
    const double of_class = drawn[classes.codes()[i]];
    if (of_class > 0.0) counts[i] *= total / (present * of_class);
  }
}

}  // namespace qrs::ml::detail
