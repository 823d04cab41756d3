// The history of a training run: one record an epoch, and its file of JSON lines.
//
//   {"epoch":3,"learning_rate":0.001,"train_loss":0.41,"train_accuracy":0.86,"validation_loss":0.52,
//    "validation_accuracy":0.83,"seconds":27.4}
//
// Numbers have every digit they need to read back as the same value.
#pragma once

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "../core/error.hpp"

namespace qrs::train {

/// One epoch. The training loss and accuracy are running ones, as the loops of Keras and PyTorch print them: the mean over
/// the images as they came, in training mode, under weights that moved on; the validation's are of the weights at its end.
struct Epoch {
  std::int64_t epoch = 0;  // from 1
  double learning_rate = 0.0;
  double train_loss = 0.0;
  double train_accuracy = 0.0;
  double validation_loss = 0.0;
  double validation_accuracy = 0.0;
  double seconds = 0.0;  // by the clock: the one field in which two equal runs differ

  /// Everything but the seconds.
  bool same_numbers(const Epoch& other) const {
    return epoch == other.epoch && learning_rate == other.learning_rate && train_loss == other.train_loss &&
           train_accuracy == other.train_accuracy && validation_loss == other.validation_loss &&
           validation_accuracy == other.validation_accuracy;
  }
};

using History = std::vector<Epoch>;

inline nlohmann::ordered_json to_json(const Epoch& e) {
  return {{"epoch", e.epoch},
          {"learning_rate", e.learning_rate},
          {"train_loss", e.train_loss},
          {"train_accuracy", e.train_accuracy},
          {"validation_loss", e.validation_loss},
          {"validation_accuracy", e.validation_accuracy},
          {"seconds", e.seconds}};
}

/// The history as JSON lines.
inline std::string json_lines(const History& history) {
  std::string out;
  for (const Epoch& e : history) out += to_json(e).dump() + "\n";
  return out;
}

/// Reads JSON lines back; `file` is their name in messages. Throws unless the epochs count 1, 2, ... and every field is there.
inline History parse_history(std::string_view lines, std::string_view file) {
  History out;
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    const std::string_view line = lines.substr(0, end);
    lines = end == std::string_view::npos ? std::string_view() : lines.substr(end + 1);
    const auto expected = static_cast<std::int64_t>(out.size()) + 1;
    const auto json = nlohmann::json::parse(line, nullptr, false);
    QRS_CHECK(json.is_object() && json.contains("epoch") && json["epoch"] == expected, "[history] ", file, ", line ",
              expected, ": expected the record of epoch ", expected, ", got '", line.substr(0, 80), "'");
    const auto number = [&](const char* name) {
      const auto field = json.find(name);
      QRS_CHECK(field != json.end() && field->is_number(), "[history] ", file, ", line ", expected,
                ": expected a number '", name, "', got ", field == json.end() ? "none" : "something else");
      return field->template get<double>();
    };
    out.push_back({.epoch = expected,
                   .learning_rate = number("learning_rate"),
                   .train_loss = number("train_loss"),
                   .train_accuracy = number("train_accuracy"),
                   .validation_loss = number("validation_loss"),
                   .validation_accuracy = number("validation_accuracy"),
                   .seconds = number("seconds")});
  }
  return out;
}

}  // namespace qrs::train
