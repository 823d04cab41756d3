// The argument MODEL, which several verbs share: one of the names of the registry.
#pragma once

#include <string>
#include <vector>

#include "../models/instances.hpp"
#include "commands.hpp"

namespace qrs::commands {

inline std::vector<std::string> model_names() {
  const std::vector<std::string_view> names = models::names();
  return {names.begin(), names.end()};
}

inline CLI::Option* add_model_argument(CLI::App& verb, std::string& model) {
  return verb.add_option("MODEL", model, "The network")->required()->check(CLI::IsMember(model_names()));
}

}  // namespace qrs::commands
