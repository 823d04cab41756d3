// Where data lives.
#pragma once

#include <string_view>

namespace qrs {

enum class Device { cpu, cuda };

/// "cpu" or "cuda", as the command line and the messages write it.
constexpr std::string_view name(Device device) { return device == Device::cpu ? "cpu" : "cuda"; }

}  // namespace qrs
