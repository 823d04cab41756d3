// The records of a table as text, and what stands between their fields.
//
// A record ends at a line break (\n, \r\n or \r) outside double quotes; a quote counts where it begins a field, and two
// inside it stand for one (RFC 4180). The separator is the first of comma, semicolon and tab, or, in tables of numbers, a run
// of blanks, that the first two records agree on. Lines of blanks are skipped. A line that begins with # is a remark; but
// between records, one of as many fields as they is a record, and so is one whose first field is a spreadsheet's error (#N/A).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "../core/error.hpp"
#include "byte_reader.hpp"
#include "text_encoding.hpp"

namespace qrs::io {

/// The fields of a record; they stand in the text or beside it, until the next record is split.
using CsvFields = std::vector<std::string_view>;

namespace detail {

inline std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

/// Error values that spreadsheets write into a field.
inline constexpr std::array<std::string_view, 9> spreadsheet_errors{"#N/A",  "#DIV/0!", "#VALUE!", "#REF!", "#NAME?",
                                                                    "#NUM!", "#NULL!",  "#SPILL!", "#NA"};

inline bool is_spreadsheet_error(std::string_view field) {
  return std::find(spreadsheet_errors.begin(), spreadsheet_errors.end(), field) != spreadsheet_errors.end();
}

/// One record after the other.
class CsvRecords {
 public:
  CsvRecords(std::string_view text, std::string_view file) : rest_(text), file_(file) {}

  /// To the next record that holds more than blanks; false where there is none.
  bool next() {
    while (!rest_.empty()) {
      line_ = next_line_;
      record_ = take();
      if (!trimmed(record_).empty()) return true;
    }
    return false;
  }
  std::string_view record() const { return record_; }
  /// Of the record's first byte, counted from 1.
  std::int64_t line() const { return line_; }

 private:
  /// Up to a line break outside quotes.
  std::string_view take() {
    bool quoted = false;
    bool begins = true;       // a field begins here
    std::size_t reopens = 0;  // one past a quote that closed: there another one opens again
    std::size_t at = 0;
    for (; at < rest_.size(); ++at) {
      const char c = rest_[at];
      if (c == '"') {
        if (quoted) reopens = at + 1;
        quoted = !quoted && (begins || reopens == at);
      }
      const bool line_break = c == '\n' || c == '\r';
      if (line_break && !quoted) break;
      begins = c == ',' || c == ';' || c == '\t' || (begins && c == ' ');
      if (c == '\n') ++next_line_;
    }
    QRS_CHECK(!quoted, "[csv] ", file_, ", line ", line_,
              ": expected a closing quote of a field that a quote opens, got the end of the file");
    const std::string_view out = rest_.substr(0, at);
    if (at < rest_.size()) {
      at += rest_.substr(at).starts_with("\r\n") ? 2 : 1;
      ++next_line_;
    }
    rest_.remove_prefix(at);
    return out;
  }

  std::string_view rest_;
  std::string_view file_;
  std::string_view record_;
  std::int64_t line_ = 0;
  std::int64_t next_line_ = 1;
};

/// Takes a record apart.
class CsvSplitter {
 public:
  /// The fields, trimmed and without quotes; a blank as separator stands for a run of blanks and tabs.
  const CsvFields& split(std::string_view record, char separator) {
    fields_.clear();
    plain_.clear();
    plain_.reserve(record.size());  // views of it must not move
    const bool blanks = separator == ' ';
    if (blanks) record = trimmed(record);
    const auto separates = [&](char c) { return c == separator || (blanks && c == '\t'); };
    std::size_t at = 0;
    while (true) {
      const std::size_t begin = std::min(record.find_first_not_of(blanks ? " \t" : " ", at), record.size());
      std::size_t end = begin;
      if (begin < record.size() && record[begin] == '"') end = past_quotes(record, begin);
      while (end < record.size() && !separates(record[end])) ++end;
      fields_.push_back(content(trimmed(record.substr(std::min(at, end), end - std::min(at, end)))));
      if (end >= record.size()) return fields_;
      at = end + 1;
    }
  }

 private:
  /// One past the quote that closes the one at `open`.
  static std::size_t past_quotes(std::string_view record, std::size_t open) {
    for (std::size_t at = open + 1; at < record.size(); ++at) {
      if (record[at] != '"') continue;
      if (at + 1 == record.size() || record[at + 1] != '"') return at + 1;
      ++at;
    }
    return record.size();
  }

  /// A field without its quotes, two quotes inside made one.
  std::string_view content(std::string_view field) {
    if (field.size() < 2 || field.front() != '"' || field.back() != '"') return field;
    field = field.substr(1, field.size() - 2);
    if (field.find("\"\"") == std::string_view::npos) return field;
    const std::size_t begin = plain_.size();
    for (std::size_t at = 0; at < field.size(); ++at) {
      plain_ += field[at];
      if (field.substr(at).starts_with("\"\"")) ++at;
    }
    return std::string_view(plain_).substr(begin);
  }

  CsvFields fields_;
  std::string plain_;  // fields whose quotes were doubled
};

/// Whether a line that begins with # is a remark. `cols`: fields of the records so far, 0 before the first.
inline bool is_remark(std::string_view record, char separator, std::size_t cols, CsvSplitter& splitter) {
  const std::string_view content = trimmed(record);
  if (!content.starts_with('#')) return false;
  const std::string_view first = trimmed(content.substr(0, content.find_first_of(",;\t ")));
  if (is_spreadsheet_error(first)) return false;
  return cols < 2 || splitter.split(record, separator).size() != cols;
}

/// The first two records of a text, for the choice of a separator; empty where there are fewer.
inline std::array<std::string_view, 2> first_records(std::string_view text, std::string_view file) {
  std::array<std::string_view, 2> out;
  CsvRecords records(text, file);
  CsvSplitter splitter;
  for (std::size_t found = 0; found < 2 && records.next();) {
    if (!is_remark(records.record(), ',', 0, splitter)) out[found++] = records.record();
  }
  return out;
}

/// The first of comma, semicolon and tab that both records have equally often, else the first that the first one has.
inline char text_separator(std::string_view first, std::string_view second) {
  CsvSplitter splitter;
  char in_first = 0;
  for (const char candidate : {',', ';', '\t'}) {
    const std::size_t count = splitter.split(first, candidate).size();
    if (count < 2) continue;
    if (second.empty() || splitter.split(second, candidate).size() == count) return candidate;
    if (in_first == 0) in_first = candidate;
  }
  return in_first != 0 ? in_first : ',';
}

/// The records of a text by this separator: visit(line number, fields).
template <class Visit>
void visit_records(std::string_view text, std::string_view file, char separator, const Visit& visit) {
  CsvRecords records(text, file);
  CsvSplitter splitter;
  std::size_t cols = 0;
  while (records.next()) {
    if (is_remark(records.record(), separator, cols, splitter)) continue;
    const CsvFields& fields = splitter.split(records.record(), separator);
    cols = fields.size();
    visit(records.line(), fields);
  }
}

}  // namespace detail

/// The rows of a table of texts, each of as many fields as the first: visit(line number, fields), fields trimmed and without
/// their quotes. Line numbers count from 1.
template <class Visit>
void for_each_csv_row(Bytes bytes, std::string_view file, const Visit& visit) {
  const Utf8Text text(bytes, file, "csv");
  const auto [first, second] = detail::first_records(text.view(), file);
  std::size_t cols = 0;
  detail::visit_records(text.view(), file, detail::text_separator(first, second),
                        [&](std::int64_t line, const CsvFields& fields) {
                          if (cols == 0) cols = fields.size();
                          QRS_CHECK(fields.size() == cols, "[csv] ", file, ", line ", line, ": expected ", cols,
                                    " fields as in the first line, got ", fields.size());
                          visit(line, fields);
                        });
}

}  // namespace qrs::io
