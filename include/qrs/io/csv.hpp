// Tables of numbers as text: a row a line, values between commas, semicolons, tabs or blanks, with or without names.
//
//   CsvTable table = read_csv("features.csv");        table.rows, table.cols, table.values, table.names
//
// UTF-8, or UTF-16 with its mark. Records and separators are csv_records.hpp's, numbers and the words for missing values
// (NaN here) csv_numbers.hpp's. The first record is names where
//
//   * none of its fields is a number, or most are not and the others are whole numbers;
//   * it counts 0, 1, 2, ... and the rows below hold decimals: what pandas writes for columns without names.
//
// A first column without a name (pandas' index, R's row names) is left out where it counts or names the rows. A row of
// another length and a field that is not a number are Errors that name line and column, both counted from 1.
#pragma once

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <unordered_set>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "byte_reader.hpp"
#include "csv_numbers.hpp"
#include "csv_records.hpp"
#include "file.hpp"

namespace qrs::io {

/// Whether the first record of a table is names.
enum class CsvNames { detect, yes, no };

struct CsvTable {
  std::vector<std::string> names;  // of the columns; empty where the file has none
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::vector<double> values;      // row-major
  bool without_index = false;      // a first column that numbers or names the rows was left out
  bool first_may_be_name = false;  // one column that begins with 0, which pandas writes for a column without a name
  std::vector<std::pair<std::size_t, std::int64_t>> large;  // whole numbers from 2^53 on: place in values, exact value
};

namespace detail {

/// Reads a table record by record.
class CsvTableReader {
 public:
  CsvTableReader(std::string_view file, char separator, CsvNames names)
      : file_(file), numbers_(separator), wanted_(names) {}

  void record(std::int64_t line, const CsvFields& fields) {
    last_ = line;
    if (width_ == 0) {
      begin(line, fields);
      return;
    }
    if (table_.rows == 0 && named_ && fields.size() == width_ + 1) {  // R's write.table: no name above the row names
      ++width_;
      index_ = true;
    }
    QRS_CHECK(fields.size() == width_, "[csv] ", file_, ", line ", line, ": expected ", width_,
              " fields as in the first line, got ", fields.size());
    row(line, fields);
  }

  CsvTable take() {
    if (counting_) settle_counting();
    QRS_CHECK(table_.rows > 0, "[csv] ", file_, ", line ", last_, ": expected at least one row of numbers, got ",
              named_ ? "names alone" : "an empty file");
    drop_empty_column();
    return std::move(table_);
  }

 private:
  /// A separator at the end of each line makes a last column without a name and without a value.
  void drop_empty_column() {
    if (table_.cols < 2 || table_.names.empty() || !table_.names.back().empty()) return;
    const auto cols = static_cast<std::size_t>(table_.cols);
    for (std::size_t at = cols - 1; at < table_.values.size(); at += cols) {
      if (!std::isnan(table_.values[at])) return;
    }
    std::vector<double> kept;
    for (std::size_t at = 0; at < table_.values.size(); ++at) {
      if (at % cols != cols - 1) kept.push_back(table_.values[at]);
    }
    for (auto& [place, value] : table_.large) place -= place / cols;
    table_.values = std::move(kept);
    table_.names.pop_back();
    --table_.cols;
  }

  /// The first record: names, a row, or, where it counts from 0, one of the two: take() says which.
  void begin(std::int64_t line, const CsvFields& fields) {
    width_ = fields.size();
    first_line_ = line;
    first_.assign(fields.begin(), fields.end());
    std::size_t count[4] = {};
    double value = 0.0;
    for (const std::string_view field : fields) ++count[static_cast<std::size_t>(numbers_.read(field, value))];
    const std::size_t whole = count[static_cast<std::size_t>(CsvKind::whole)];
    const std::size_t texts = count[static_cast<std::size_t>(CsvKind::text)];
    const bool words = texts > whole && count[static_cast<std::size_t>(CsvKind::decimal)] == 0;
    const bool counts = wanted_ == CsvNames::detect && counts_from_zero(fields);
    counting_ = counts && !fields[0].empty();
    if (counting_) return;
    if (wanted_ == CsvNames::yes || (wanted_ == CsvNames::detect && (words || counts))) {
      take_names();
      return;
    }
    row(line, fields);
  }

  void take_names() {
    named_ = true;
    table_.names = first_;
    const bool unnamed = first_[0].empty() || first_[0] == "Unnamed: 0";
    index_ = unnamed && first_.size() > 1;
  }

  /// 0, 1, 2, ...; the first field may be empty, above an index.
  static bool counts_from_zero(const CsvFields& fields) {
    const std::size_t begin = fields[0].empty() ? 1 : 0;
    for (std::size_t j = begin; j < fields.size(); ++j) {
      if (fields[j] != std::to_string(j - begin)) return false;
    }
    return fields.size() > begin;
  }

  void row(std::int64_t line, const CsvFields& fields) {
    const std::size_t begin = index_ ? 1 : 0;
    if (index_) index_value(line, fields[0]);
    for (std::size_t j = begin; j < fields.size(); ++j) {
      double value = 0.0;
      const CsvKind kind = numbers_.read(fields[j], value);
      if (kind == CsvKind::text) refuse(line, j, fields[j]);
      if (kind == CsvKind::decimal) ++decimals_;
      if (kind == CsvKind::whole && !(std::abs(value) < 0x1p53)) keep_exact(fields[j]);
      table_.values.push_back(value);
    }
    QRS_CHECK(!numbers_.mixed_marks(), "[csv] ", file_, ", line ", line,
              ": expected one decimal mark in a table, got decimal commas and decimal points");
    ++table_.rows;
    table_.cols = static_cast<std::int64_t>(fields.size() - begin);
    if (table_.rows == 1 && index_ && table_.names.size() == fields.size()) table_.names.erase(table_.names.begin());
    table_.without_index = index_;
  }

  /// A value of a column without a name above it: it has to tell the rows apart.
  void index_value(std::int64_t line, std::string_view field) {
    double value = 0.0;
    const CsvKind kind = numbers_.read(field, value);
    const bool apart = kind == CsvKind::text || (kind == CsvKind::whole && seen_.insert(std::string(field)).second);
    QRS_CHECK(apart, "[csv] ", file_, ", line ", line,
              ", column 1: expected row numbers or row names below a heading that is empty, got '",
              shown(field.substr(0, 40)), "'; name the column, or leave it out");
  }

  /// The first record counted from 0: above decimals it is names; above whole numbers it may be a row as well. One 0 is a
  /// name where all below it is decimals, else a row: who knows how many rows there are may see that it is not.
  void settle_counting() {
    if (width_ > 1 ? decimals_ > 0 : decimals_ > 0 && decimals_ == table_.values.size()) {
      table_.names = first_;
      return;
    }
    QRS_CHECK(
        width_ < 3 || table_.rows == 0, "[csv] ", file_, ", line ", first_line_,
        ": expected names of columns or a row of numbers, got 0, 1, 2, ... above whole numbers, which may be either; "
        "say which (--header or --no-header), or give the columns names");
    add_first_row();
    table_.first_may_be_name = width_ == 1;
  }

  void add_first_row() {
    std::vector<double> values;
    for (const std::string& field : first_) {
      double value = 0.0;
      numbers_.read(field, value);
      values.push_back(value);
    }
    table_.cols = static_cast<std::int64_t>(values.size());
    table_.values.insert(table_.values.begin(), values.begin(), values.end());
    for (auto& [place, value] : table_.large) place += values.size();
    ++table_.rows;
  }

  void keep_exact(std::string_view field) {
    if (field.starts_with('+')) field.remove_prefix(1);
    std::int64_t exact = 0;
    const auto done = std::from_chars(field.data(), field.data() + field.size(), exact);
    if (done.ec == std::errc()) table_.large.emplace_back(table_.values.size(), exact);
  }

  [[noreturn]] void refuse(std::int64_t line, std::size_t j, std::string_view field) const {
    const bool letter = !field.empty() && std::isalpha(static_cast<unsigned char>(field[0])) != 0;
    const bool in_names = letter && line == first_line_ && wanted_ == CsvNames::detect && width_ > 1;
    fail("[csv] ", file_, ", line ", line, ", column ", j + 1, ": expected a number, got '", shown(field.substr(0, 40)),
         "'", csv_advice(field),
         in_names ? "; where the line holds the names of columns, numbers among them, say so (--header)" : "");
  }

  std::string_view file_;
  CsvNumbers numbers_;
  CsvNames wanted_;
  CsvTable table_;
  std::vector<std::string> first_;
  std::int64_t first_line_ = 0;
  std::int64_t last_ = 0;
  std::size_t width_ = 0;  // fields of a record
  std::size_t decimals_ = 0;
  bool named_ = false;
  bool index_ = false;
  bool counting_ = false;  // the first record counts 0, 1, 2, ... and waits
  std::unordered_set<std::string> seen_;
};

/// Whether fields could be a row of a table of numbers: all are, the first may be the row's name.
inline bool is_plausible_row(const CsvFields& fields, char separator) {
  CsvNumbers numbers(separator);
  double value = 0.0;
  for (std::size_t j = 0; j < fields.size(); ++j) {
    const bool may_be_text = j == 0 && fields.size() > 2;
    if (numbers.read(fields[j], value) == CsvKind::text && !may_be_text) return false;
  }
  return fields.size() > 1 && !numbers.mixed_marks();
}

/// The separator under which the second record (or the only one) is numbers, else that of a table of texts.
inline char number_separator(std::string_view first, std::string_view second) {
  CsvSplitter splitter;
  for (const char candidate : {',', ';', '\t', ' '}) {
    const std::size_t count = splitter.split(first, candidate).size();
    const CsvFields& row = splitter.split(second.empty() ? first : second, candidate);
    const bool fits = row.size() == count || (row.size() == count + 1 && count > 1);
    if (fits && is_plausible_row(row, candidate)) return candidate;
  }
  return text_separator(first, second);
}

}  // namespace detail

/// Reads the text of a file; `file` is its name in messages.
inline CsvTable parse_csv(Bytes bytes, std::string_view file, CsvNames names = CsvNames::detect) {
  const Utf8Text text(bytes, file, "csv");
  const auto [first, second] = detail::first_records(text.view(), file);
  const char separator = detail::number_separator(first, second);
  detail::CsvTableReader reader(file, separator, names);
  detail::visit_records(text.view(), file, separator,
                        [&](std::int64_t line, const CsvFields& fields) { reader.record(line, fields); });
  return reader.take();
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

inline CsvTable read_csv(const std::string& path, CsvNames names = CsvNames::detect) {
  return parse_csv(read_file(path), path, names);
}

}  // namespace qrs::io
