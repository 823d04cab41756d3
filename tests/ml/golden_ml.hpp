// The arrays of tests/golden/units/pca.safetensors.
#pragma once

#include <qrs/io/safetensors.hpp>
#include <qrs/ml/matrix.hpp>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

inline const qrs::io::StateDict& golden_pca() {
  static const qrs::io::StateDict file = qrs::io::read_safetensors("tests/golden/units/pca.safetensors");
  return file;
}

inline std::vector<double> golden_values(const std::string& name) {
  const qrs::Tensor<double> tensor = golden_pca().at(name).to<double>();
  return {tensor.data(), tensor.data() + tensor.size()};
}

inline qrs::ml::Matrix<double> golden_matrix(const std::string& name) {
  const qrs::io::Entry& entry = golden_pca().at(name);
  return {entry.shape.at(0), entry.shape.at(1), golden_values(name)};
}

/// max |got - expected| / max |expected|, NaN equal to NaN; infinite where the sizes differ.
template <class T>
double largest_error(std::span<const T> got, std::span<const double> expected) {
  if (got.size() != expected.size()) return INFINITY;
  double worst = 0.0;
  double largest = 0.0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(got[i]) && std::isnan(expected[i])) continue;
    const double error = std::abs(static_cast<double>(got[i]) - expected[i]);
    worst = error <= worst ? worst : error;  // NaN stays
    largest = std::max(largest, std::isnan(expected[i]) ? 0.0 : std::abs(expected[i]));
  }
  return largest > 0.0 ? worst / largest : worst;
}
template <class T>
double largest_error(const std::vector<T>& got, const std::vector<double>& expected) {
  return largest_error(std::span<const T>(got), std::span<const double>(expected));
}
