// Names of a file's entries under other names, by a table of two columns: the old name and the new one.
//
//   conv1.weight,stem.weight        a comma or a tab between them
//   fc.bias,                        no new name: the entry is left out
//
// Blank lines and lines that begin with # are skipped, and a first line "old,new". Entries without a line keep their names.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "../core/error.hpp"
#include "byte_reader.hpp"
#include "state_dict.hpp"

namespace qrs::io {

namespace detail {

/// Without blanks and quotes around it.
inline std::string_view bare_name(std::string_view part) {
  constexpr std::string_view blanks = " \t\r\"";
  const std::size_t first = part.find_first_not_of(blanks);
  return first == std::string_view::npos ? std::string_view{}
                                         : part.substr(first, part.find_last_not_of(blanks) - first + 1);
}

}  // namespace detail

/// The entries of `dict` under the names of a table; `file` is its name in messages. Throws where a line has not two
/// columns, an old name comes twice or is not in `dict`, or two entries get one name.
inline StateDict rename_by(const StateDict& dict, std::string_view table, std::string_view file) {
  std::unordered_map<std::string, std::string> names;
  std::size_t line_number = 0;
  while (!table.empty()) {
    ++line_number;
    const std::size_t end = table.find('\n');
    const std::string_view line = detail::bare_name(table.substr(0, end));
    table.remove_prefix(end == std::string_view::npos ? table.size() : end + 1);
    const std::string_view raw = line;
    if (raw.empty() || raw.starts_with('#')) continue;
    const std::size_t mark = raw.find_first_of(",\t");
    QRS_CHECK(mark != std::string_view::npos, "[names] ", file, ", line ", line_number,
              ": expected an old and a new name with a comma or tab between them, got '", shown(raw), "'");
    const std::string old_name(detail::bare_name(raw.substr(0, mark)));
    const std::string new_name(detail::bare_name(raw.substr(mark + 1)));
    if (names.empty() && old_name == "old" && new_name == "new") continue;
    const Entry* known = dict.find(old_name);
    QRS_CHECK(known != nullptr, "[names] ", file, ", line ", line_number, ": expected a name of the weight file, got '",
              shown(old_name), "'");
    QRS_CHECK(names.emplace(old_name, new_name).second, "[names] ", file, ", line ", line_number,
              ": expected each old name once, got '", shown(old_name), "' again");
  }
  StateDict out;
  out.metadata = dict.metadata;
  for (const auto& [name, entry] : dict) {
    const auto found = names.find(name);
    const std::string& now = found == names.end() ? name : found->second;
    if (now.empty()) continue;
    QRS_CHECK(!out.contains(now), "[names] ", file, ": expected new names that differ, got '", shown(now), "' twice");
    out.add(now, entry);
  }
  return out;
}

}  // namespace qrs::io
