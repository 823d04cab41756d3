// Tables of numbers as text: a row a line, values between commas, semicolons or tabs, with or without a line of names.
//
//   CsvTable table = read_csv("features.csv");        table.rows, table.cols, table.values, table.names
//
// The separator is the first of comma, semicolon and tab that the first line holds. The first line is names where none of its
// fields is a number. Fields may stand in double quotes and between blanks; an empty field, "nan" and "NA" are NaN.
// Lines of blanks and lines that begin with # are skipped. A row of another length and a field that is not a number are
// Errors that name line and column, both counted from 1.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "byte_reader.hpp"
#include "file.hpp"
#include "text_cursor.hpp"

namespace qrs::io {

struct CsvTable {
  std::vector<std::string> names;  // of the columns; empty where the file has none
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::vector<double> values;  // row-major
};

namespace detail {

inline std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

/// The fields of a line; a separator inside double quotes is part of its field.
inline void split_csv_line(std::string_view line, char separator, std::vector<std::string_view>& fields) {
  fields.clear();
  std::size_t begin = 0;
  bool quoted = false;
  for (std::size_t i = 0; i <= line.size(); ++i) {
    if (i < line.size() && line[i] == '"') quoted = !quoted;
    if (i < line.size() && (quoted || line[i] != separator)) continue;
    std::string_view field = trimmed(line.substr(begin, i - begin));
    if (field.size() >= 2 && field.front() == '"' && field.back() == '"') field = field.substr(1, field.size() - 2);
    fields.push_back(field);
    begin = i + 1;
  }
}

inline bool parse_csv_number(std::string_view field, double& value) {
  if (field.empty() || field == "nan" || field == "NaN" || field == "NA") {
    value = std::numeric_limits<double>::quiet_NaN();
    return true;
  }
  return parse_number(field, value) == field.data() + field.size();
}

inline bool are_names(const std::vector<std::string_view>& fields) {
  double value = 0.0;
  for (const std::string_view field : fields) {
    if (parse_csv_number(field, value)) return false;
  }
  return true;
}

}  // namespace detail

/// The rows of a table of texts, each of as many fields as the first: visit(line number, fields), fields trimmed and without
/// their quotes.
template <class Visit>
void for_each_csv_row(Bytes bytes, std::string_view file, const Visit& visit) {
  std::string_view rest = as_text(bytes);
  if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);  // the mark some spreadsheets write first
  std::vector<std::string_view> fields;
  std::size_t cols = 0;
  char separator = 0;
  std::int64_t number = 0;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    ++number;
    const std::string_view content = detail::trimmed(line);
    if (content.empty() || content.front() == '#') continue;
    const bool first = separator == 0;
    if (first) separator = line.find(',') != line.npos ? ',' : line.find(';') != line.npos ? ';' : '\t';
    detail::split_csv_line(line, separator, fields);
    if (first) cols = fields.size();
    QRS_CHECK(fields.size() == cols, "[csv] ", file, ", line ", number, ": expected ", cols,
              " fields as in the first line, got ", fields.size());
    visit(number, fields);
  }
}

/// Reads the text of a file; `file` is its name in messages.
inline CsvTable parse_csv(Bytes bytes, std::string_view file) {
  CsvTable table;
  std::int64_t last = 0;
  for_each_csv_row(bytes, file, [&](std::int64_t number, const std::vector<std::string_view>& fields) {
    const bool first = table.cols == 0;
    last = number;
    table.cols = static_cast<std::int64_t>(fields.size());
    if (first && detail::are_names(fields)) {
      table.names.assign(fields.begin(), fields.end());
      return;
    }
    for (std::size_t j = 0; j < fields.size(); ++j) {
      double value = 0.0;
      QRS_CHECK(detail::parse_csv_number(fields[j], value), "[csv] ", file, ", line ", number, ", column ", j + 1,
                ": expected a number, got '", shown(fields[j].substr(0, 40)), "'");
      table.values.push_back(value);
    }
    ++table.rows;
  });
  QRS_CHECK(table.rows > 0, "[csv] ", file, ", line ", last, ": expected at least one row of numbers, got ",
            table.names.empty() ? "an empty file" : "names alone");
  return table;
}

/// Appends a field as RFC 4180 has it: in double quotes where it holds a comma, a quote or a line break.
inline void append_csv_field(std::string& out, std::string_view field) {
  if (field.find_first_of(",\"\r\n") == std::string_view::npos) {
    out += field;
    return;
  }
  out += '"';
  for (const char c : field) out.append(c == '"' ? 2 : 1, c);
  out += '"';
}

inline CsvTable read_csv(const std::string& path) { return parse_csv(read_file(path), path); }

}  // namespace qrs::io
