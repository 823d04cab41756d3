// The reference of schedules, clipping and averages: tests/golden/optim/schedules.json.
#pragma once

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "qrs/autograd/tape.hpp"
#include "qrs/io/file.hpp"

namespace qrs::tests {

inline const nlohmann::json& schedules_json() {
  static const nlohmann::json whole =
      nlohmann::json::parse(io::as_text(io::read_file("tests/golden/optim/schedules.json")));
  return whole;
}

/// A number, or "inf", "-inf", "nan", which JSON has no numbers for.
inline double golden_number(const nlohmann::json& value) {
  if (value.is_number()) return value.get<double>();
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const std::string text = value.get<std::string>();
  return text == "inf" ? infinity : text == "-inf" ? -infinity : std::numeric_limits<double>::quiet_NaN();
}

/// A list of numbers as a tensor of rank 1.
template <class T = double>
Tensor<T> golden_row(const nlohmann::json& values) {
  Tensor<T> out({static_cast<std::int64_t>(values.size())});
  for (std::size_t i = 0; i < values.size(); ++i) out.data()[i] = static_cast<T>(golden_number(values[i]));
  return out;
}

}  // namespace qrs::tests
