// What an evaluation says: scores with their intervals, of all samples and of each class.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "intervals.hpp"
#include "probability.hpp"
#include "scores.hpp"

namespace qrs::metrics {

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
  std::int64_t groups = 0;            // as many as samples where none were given
  bool probabilities = false;         // false: log loss, Brier score and calibration are not among the scores
  std::int64_t not_probability = -1;  // the first row that is not one, -1 for none
  double threshold = undefined;  // that told the classes of one column apart; of several columns, or labels given: none
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

}  // namespace qrs::metrics
