// Scores of a model on the test images, as the record keeps them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../../training/class_labels.hpp"
#include "../report/results.hpp"
#include "qrs/audit/leak_split.hpp"
#include "qrs/core/argmax.hpp"
#include "qrs/metrics/evaluate.hpp"

namespace qrs::reproduce {

/// The test images of a repeat.
struct TestSet {
  std::vector<std::int64_t> labels;
  std::vector<bool> leaked;            // whether the content stands in training too
  std::vector<std::int64_t> contents;  // equal where the contents are
  std::int64_t classes = 0;
};

inline metrics::Estimate accuracy_of(std::span<const std::int64_t> predicted, std::span<const std::int64_t> labels) {
  std::int64_t right = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) right += predicted[i] == labels[i] ? 1 : 0;
  return metrics::share_estimate("accuracy", right, static_cast<std::int64_t>(labels.size()));
}

/// Fills what the record says of the test images: every score of these probabilities (n, classes) and predicted labels.
inline void score_test(ecg_images::ModelRecord& model, std::vector<double> probabilities,
                       std::vector<std::int64_t> predicted, const TestSet& test) {
  const std::vector<std::int64_t> labels = training::class_labels(test.classes);
  model.test =
      metrics::evaluate(test.labels, {probabilities, test.classes}, {.labels = labels, .predicted = predicted});
  model.accuracy = audit::leak_split(test.labels, predicted, test.leaked, test.contents);
  model.test_scores = std::move(probabilities);
  model.test_predicted = std::move(predicted);
}

/// The class of the greatest score of each row, the first of equals.
inline std::vector<std::int64_t> greatest(std::span<const double> scores, std::int64_t classes) {
  std::vector<std::int64_t> out;
  for (std::int64_t row = 0; row < std::ssize(scores); row += classes) {
    out.push_back(argmax(scores.data() + row, classes));
  }
  return out;
}

}  // namespace qrs::reproduce
