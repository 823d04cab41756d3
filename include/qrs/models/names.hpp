// The names of the backbones, as torchvision writes them.
#pragma once

#include <array>
#include <string_view>

namespace qrs::models {

inline constexpr std::array<std::string_view, 4> names = {"resnet18", "resnet34", "densenet121", "efficientnet_b0"};

/// True where create knows the name.
constexpr bool known(std::string_view name) {
  for (const std::string_view other : names) {
    if (other == name) return true;
  }
  return false;
}

}  // namespace qrs::models
