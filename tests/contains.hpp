// Whether a text holds another, for tests of messages and files.
#pragma once

#include <string_view>

namespace qrs::tests {

inline bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

}  // namespace qrs::tests
