// The splits of tests/golden/units/splits.safetensors.
#pragma once

#include <qrs/data/split.hpp>
#include <qrs/io/safetensors.hpp>

#include <cstdint>
#include <string>
#include <vector>

inline const qrs::io::StateDict& golden_splits() {
  static const qrs::io::StateDict file = qrs::io::read_safetensors("tests/golden/units/splits.safetensors");
  return file;
}

inline std::vector<std::int64_t> golden_list(const std::string& name) {
  const qrs::Tensor<std::int64_t> tensor = golden_splits().at(name).to<std::int64_t>();
  return {tensor.data(), tensor.data() + tensor.size()};
}

/// All splits of a case.
inline std::vector<qrs::data::Split> golden_case(const std::string& name) {
  std::vector<qrs::data::Split> out;
  for (int i = 0; golden_splits().contains(qrs::text(name, "/", i, "/train")); ++i) {
    out.push_back({golden_list(qrs::text(name, "/", i, "/train")), golden_list(qrs::text(name, "/", i, "/test"))});
  }
  return out;
}
