// The names of the learners, for programs that list them without compiling them.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "../core/error.hpp"

namespace qrs::ml {

inline constexpr std::array<std::string_view, 4> classifier_names = {"svc", "forest", "boost", "tree"};
inline constexpr std::array<std::string_view, 2> transformer_names = {"scaler", "pca"};

inline constexpr std::array<std::string_view, 1> regressor_names = {"boost_regressor"};

inline bool is_regressor(std::string_view name) { return name == regressor_names[0]; }
inline bool is_classifier(std::string_view name) {
  return std::find(classifier_names.begin(), classifier_names.end(), name) != classifier_names.end();
}
inline bool is_transformer(std::string_view name) {
  return std::find(transformer_names.begin(), transformer_names.end(), name) != transformer_names.end();
}

/// "svc, forest, boost, tree"
template <std::size_t N>
std::string names_text(const std::array<std::string_view, N>& names) {
  std::string out;
  for (const std::string_view name : names) out += text(out.empty() ? "" : ", ", name);
  return out;
}

}  // namespace qrs::ml
