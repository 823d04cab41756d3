// A text cut at a character: "a,b,,c" at ',' is a, b, nothing, c.
#pragma once

#include <string_view>
#include <vector>

namespace qrs {

/// The pieces between the separators, in order; views into `text`. A text without a separator is one piece.
inline std::vector<std::string_view> split_text(std::string_view text, char separator) {
  std::vector<std::string_view> out;
  while (true) {
    const std::size_t end = text.find(separator);
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

}  // namespace qrs
