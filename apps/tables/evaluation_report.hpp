// An evaluation as JSON and as tables: what `qrs evaluate` and `qrs test` print.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "qrs/metrics/evaluate.hpp"

namespace qrs::tables {

/// One object; what the data do not define is null.
nlohmann::ordered_json evaluation_json(const metrics::Evaluation& result, const metrics::EvaluateOptions& options);

/// Writes scores, scores of each class and the confusion matrix to standard output; class_names[label] for a label where given.
void print_evaluation(const metrics::Evaluation& result, const metrics::EvaluateOptions& options,
                      const std::vector<std::string>& class_names = {});

}  // namespace qrs::tables
