// Seeded data of the tests of SVC.
#pragma once

#include <cstdint>
#include <vector>

#include "qrs/core/rng.hpp"
#include "qrs/ml/matrix.hpp"

namespace qrs::test {

/// Rows around one centre a class; the classes overlap.
template <class T>
struct Blobs {
  ml::Matrix<T> x;
  std::vector<std::int64_t> y;

  Blobs(std::int64_t rows, std::int64_t features, std::int64_t classes, std::uint32_t seed, double apart = 1.0)
      : x(rows, features) {
    Mt19937 random(seed);
    std::vector<double> centre;
    for (std::int64_t i = 0; i < classes * features; ++i) centre.push_back(apart * random.gauss());
    for (std::int64_t i = 0; i < rows; ++i) {
      const std::int64_t c = random.randint(0, classes);
      y.push_back(c);
      for (std::int64_t j = 0; j < features; ++j) {
        x(i, j) = static_cast<T>(centre[static_cast<std::size_t>(c * features + j)] + random.gauss());
      }
    }
  }
};

}  // namespace qrs::test
