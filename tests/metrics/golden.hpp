// The values that tests/golden/units/make_metrics.py stored, and how near ours have to be.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "../error_message.hpp"
#include "qrs/core/compare.hpp"
#include "qrs/io/safetensors.hpp"
#include "qrs/metrics/labels.hpp"

namespace golden {

inline const qrs::io::StateDict& file() {
  static const qrs::io::StateDict values = qrs::io::read_safetensors("tests/golden/units/metrics.safetensors");
  return values;
}

template <class T>
std::vector<T> stored(const std::string& name) {
  const auto tensor = file().at(name).to<T>();
  return std::vector<T>(tensor.data(), tensor.data() + tensor.size());
}
inline std::vector<double> values(const std::string& name) { return stored<double>(name); }
inline std::vector<std::int64_t> integers(const std::string& name) { return stored<std::int64_t>(name); }

/// Four classes with labels -7, 2, 5, 40, the last never predicted.
struct Four {
  std::vector<std::int64_t> y = integers("four/y");
  std::vector<std::int64_t> predicted = integers("four/predicted");
  std::vector<double> values = golden::values("four/scores");
  qrs::metrics::Scores scores{values, 4};
};

/// The same without the samples of label 40, which keep their column of scores.
struct FourWithoutLast {
  std::vector<std::int64_t> y;
  std::vector<double> values;
  qrs::metrics::Scores scores;

  FourWithoutLast() {
    const Four four;
    for (std::size_t i = 0; i < four.y.size(); ++i) {
      if (four.y[i] == 40) continue;
      y.push_back(four.y[i]);
      for (const double p : four.scores.row(static_cast<std::int64_t>(i))) values.push_back(p);
    }
    scores = {values, 4};
  }
};

/// Labels -1 and 1, one column of scores with ties, and a second one.
struct Two {
  std::vector<std::int64_t> y = integers("two/y");
  std::vector<double> scores = values("two/scores");
  std::vector<double> others = values("two/others");
};

/// Every value within `tolerance` of the stored one, relative to the greater of it and 1; NaN where NaN is stored.
inline void check_near(std::span<const double> got, std::span<const double> expected, double tolerance = 1e-12) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    CAPTURE(i);
    CAPTURE(got[i]);
    CAPTURE(expected[i]);
    CHECK(qrs::element_error(got[i], expected[i]) / std::max(1.0, std::abs(expected[i])) <= tolerance);
  }
}
inline void check_near(std::span<const double> got, const std::string& name, double tolerance = 1e-12) {
  CAPTURE(name);
  check_near(got, values(name), tolerance);
}
inline void check_near(double got, const std::string& name, double tolerance = 1e-12) {
  check_near(std::span<const double>(&got, 1), name, tolerance);
}

using qrs::tests::error_message;

inline bool says(const std::string& message, const std::string& words) {
  return message.find(words) != std::string::npos;
}

}  // namespace golden
