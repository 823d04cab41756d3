// Predictions of pictures as a table: what `qrs test` and `qrs predict-image` write.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace qrs::tables {

/// What became of one picture.
struct Prediction {
  std::string file;
  std::int64_t label = -1;                // the true class; -1: not known
  std::int64_t predicted = -1;            // -1: the picture could not be read
  std::span<const double> probabilities;  // one a class; empty where it could not be read
  std::string error;
};

/// file,label,predicted,right, a column of probabilities a class by its name, error. What is not known is empty; right is 1 or 0.
std::string predictions_csv(const std::vector<std::string>& class_names, const std::vector<Prediction>& predictions);

}  // namespace qrs::tables
