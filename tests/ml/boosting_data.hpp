// Data of the tests of boosting: a rule of two features' product with noise, and a model trained on it.
#pragma once

#include <qrs/core/rng.hpp>
#include <qrs/ml/boosting/gradient_boosting.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

struct BoostingData {
  qrs::ml::Matrix<float> x;
  std::vector<std::int64_t> labels;
  std::vector<double> values;
};

/// `holes` is the share of missing values; values have `steps` levels a unit, 0 for all different.
inline BoostingData boosting_data(std::int64_t rows, std::int64_t features, std::int64_t classes, std::uint32_t seed,
                                  double holes = 0.0, double steps = 0.0) {
  qrs::Mt19937 rng(seed);
  BoostingData out;
  out.x = qrs::ml::Matrix<float>(rows, features);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < features; ++j) {
      const double value = rng.gauss();
      out.x(i, j) = static_cast<float>(steps > 0.0 ? std::round(value * steps) / steps : value);
    }
    const double score =
        static_cast<double>(out.x(i, 0) * out.x(i, 1) + std::sin(2.0f * out.x(i, 2 % features))) + 0.3 * rng.gauss();
    out.values.push_back(score);
    const double share = 1.0 / (1.0 + std::exp(-score));
    out.labels.push_back(std::min(classes - 1, static_cast<std::int64_t>(share * static_cast<double>(classes))));
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < features; ++j) {
      if (rng.random_sample() < holes) out.x(i, j) = std::numeric_limits<float>::quiet_NaN();
    }
  }
  return out;
}
