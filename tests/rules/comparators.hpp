// A line that measures how far two results are apart by itself.
//
// std::max(worst, error), std::fmax and `if (error > worst)` keep `worst` where the error is NaN, so a result that is not a
// number compares well. qrs::Difference and qrs::mismatch (include/qrs/core/compare.hpp) see it, and tests, benchmarks and
// programs compare with nothing else.
#pragma once

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>
#include <vector>

namespace rules {

/// Whether a name is one that errors go by: worst, out.max_error, largest_difference.
inline bool names_an_error(std::string_view name) {
  static const std::vector<std::string_view> words = {"worst", "largest", "furthest", "error", "diff", "distance"};
  return std::any_of(words.begin(), words.end(), [&](auto word) { return name.find(word) != std::string_view::npos; });
}

/// The name that begins at a place of a line, with its dots: "out.worst"; empty where none does.
inline std::string_view name_at(std::string_view line, std::size_t at) {
  std::size_t end = at;
  while (end < line.size() &&
         (std::isalnum(static_cast<unsigned char>(line[end])) || line[end] == '_' || line[end] == '.')) {
    ++end;
  }
  return line.substr(at, end - at);
}

/// The text between `begin` and the end of the line, from every place where `begin` stands.
inline std::vector<std::string_view> after_each(std::string_view line, std::string_view begin) {
  std::vector<std::string_view> out;
  for (std::size_t at = line.find(begin); at != std::string_view::npos; at = line.find(begin, at + 1)) {
    out.push_back(line.substr(at + begin.size()));
  }
  return out;
}

/// `worst = std::max(worst, ...)` in any of its forms, of a name that errors go by or of an absolute value.
inline bool keeps_a_maximum(std::string_view line) {
  for (std::string_view rest : after_each(line, "std::max")) {
    if (rest.starts_with('<')) rest.remove_prefix(std::min(rest.size(), rest.find('>') + 1));
    if (!rest.starts_with('(')) continue;
    rest.remove_prefix(rest.starts_with("({") ? 2 : 1);
    const std::string_view name = name_at(rest, 0);
    if (name.empty() || !rest.substr(name.size()).starts_with(',')) continue;
    const bool again = line.find(std::string(name) + " = std::max") != std::string_view::npos;
    if (names_an_error(name) || (again && rest.find("abs(") != std::string_view::npos)) return true;
  }
  return false;
}

/// `if (error > worst)`, `error <= worst ? worst : error`.
inline bool chooses_the_larger(std::string_view line) {
  for (const std::string_view rest : after_each(line, "if (")) {
    const std::string_view name = name_at(rest, 0);
    const std::string_view then = rest.substr(name.size());
    if (!names_an_error(name) || !(then.starts_with(" > ") || then.starts_with(" >= "))) continue;
    if (names_an_error(name_at(then, then.find_first_not_of("> ")))) return true;
  }
  for (const std::string_view rest : after_each(line, " ? ")) {
    const std::string_view name = name_at(rest, 0);
    const std::string_view then = rest.substr(name.size());
    if (then.starts_with(" : ") && names_an_error(name) && names_an_error(name_at(then, 3))) return true;
  }
  return false;
}

/// Whether a line is part of a comparator of its own. What stands behind // does not count.
inline bool compares_by_itself(std::string_view line) {
  line = line.substr(0, line.find("//"));
  return line.find("fmax(") != std::string_view::npos || keeps_a_maximum(line) || chooses_the_larger(line);
}

}  // namespace rules
