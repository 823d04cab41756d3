// What the verbs about learners have in common on the command line.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "qrs/core/error.hpp"
#include "qrs/ml/names.hpp"

namespace qrs::estimators {

/// "name=value" taken apart. Throws where there is no equals sign or no name.
inline std::pair<std::string, std::string> parse_assignment(std::string_view text) {
  const std::size_t equals = text.find('=');
  QRS_CHECK(equals != std::string_view::npos && equals > 0, "[param] expected name=value, got '", text, "'");
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

/// The kinds that `fit` and `search` take.
inline std::vector<std::string> classifier_kinds() {
  std::vector<std::string> out(ml::classifier_names.begin(), ml::classifier_names.end());
  out.emplace_back("pipeline");
  return out;
}
inline std::vector<std::string> all_kinds() {
  std::vector<std::string> out = classifier_kinds();
  out.insert(out.end(), ml::transformer_names.begin(), ml::transformer_names.end());
  return out;
}

}  // namespace qrs::estimators
