// Which rows a tree of a forest sees: drawn with replacement, index for index as scikit-learn 1.9 draws them.
//
// Without weights: RandomState(seed).randint(0, rows, draws). With sample weights (class weights multiplied in):
// RandomState(seed).choice(rows, draws, p=weights / sum), so a row of weight 2 is drawn as two rows would be; a tree then
// counts draws. (Before 1.8 scikit-learn drew without regard to weights and multiplied them in afterwards.)
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "../../core/rng.hpp"
#include "../labels.hpp"

namespace qrs::ml::detail {

/// How often each row is drawn, as weights. `cumulative` is empty or the cumulative shares of the rows' weights.
inline std::vector<double> draw_counts(std::uint32_t seed, std::int64_t rows, std::int64_t draws,
                                       std::span<const double> cumulative) {
  Mt19937 random(seed);
  std::vector<double> out(static_cast<std::size_t>(rows), 0.0);
  for (std::int64_t i = 0; i < draws; ++i) {
    if (cumulative.empty()) {
      out[static_cast<std::size_t>(random.randint(0, rows))] += 1.0;
    } else {
      const auto above = std::upper_bound(cumulative.begin(), cumulative.end(), random.random_sample());
      out[std::min(static_cast<std::size_t>(above - cumulative.begin()), out.size() - 1)] += 1.0;
    }
  }
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
  std::vector<double> drawn(static_cast<std::size_t>(classes.size()), 0.0);
  double total = 0.0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    drawn[static_cast<std::size_t>(classes.codes()[i])] += counts[i];
    total += counts[i];
  }
  const auto present =
      static_cast<double>(std::count_if(drawn.begin(), drawn.end(), [](double weight) { return weight > 0.0; }));
  for (std::size_t i = 0; i < counts.size(); ++i) {
    const double of_class = drawn[static_cast<std::size_t>(classes.codes()[i])];
    if (of_class > 0.0) counts[i] *= total / (present * of_class);
  }
}

}  // namespace qrs::ml::detail
