// The arrays of tests/golden/units/pca.safetensors.
#pragma once

#include <qrs/core/compare.hpp>
#include <qrs/io/safetensors.hpp>
#include <qrs/ml/matrix.hpp>

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
