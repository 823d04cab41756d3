// A field of a table as a number: decimal points or decimal commas, and the words for a value that is missing.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>

#include "../core/error.hpp"
#include "byte_reader.hpp"
#include "text_cursor.hpp"

namespace qrs::io {

/// What a field is. A whole number is written without a decimal mark and without an exponent.
enum class CsvKind { missing, whole, decimal, text };

namespace detail {

/// What pandas, R, SQL and spreadsheets write where there is no value; an empty field is one too.
inline constexpr std::array<std::string_view, 20> missing_words{
    "nan", "NaN",  "NAN",  "-nan", "-NaN", "NA",   "N/A",     "n/a",      "#N/A",    "#N/A N/A",
    "#NA", "<NA>", "NULL", "null", "None", "none", "1.#QNAN", "-1.#QNAN", "-1.#IND", "?"};

inline bool is_missing(std::string_view field) {
  return field.empty() || std::find(missing_words.begin(), missing_words.end(), field) != missing_words.end();
}

inline bool is_whole(std::string_view field) {
  if (field.starts_with('+') || field.starts_with('-')) field.remove_prefix(1);
  return !field.empty() && std::all_of(field.begin(), field.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Whether a number that does not fit double is too small, not too large: then it is 0.
inline bool underflows(std::string_view field) {
  const std::size_t exponent = field.find_first_of("eE");
  if (exponent != std::string_view::npos) return field.substr(exponent + 1).starts_with('-');
  if (field.starts_with('+') || field.starts_with('-')) field.remove_prefix(1);
  return field.starts_with("0.") || field.starts_with('.');
}

}  // namespace detail

/// Reads the fields of one table, which has one decimal mark.
class CsvNumbers {
 public:
  /// A decimal comma is read where commas do not stand between fields.
  explicit CsvNumbers(char separator) : comma_allowed_(separator != ',') {}

  /// What a field is, and its value: NaN where it is missing or text.
  CsvKind read(std::string_view field, double& value) {
    value = std::numeric_limits<double>::quiet_NaN();
    if (detail::is_missing(field)) return CsvKind::missing;
    const std::size_t comma = field.find(',');
    if (comma != std::string_view::npos) {
      if (!comma_allowed_ || field.find('.') != std::string_view::npos) return CsvKind::text;
      with_point_.assign(field);
      with_point_[comma] = '.';
      if (!parse(with_point_, value)) return CsvKind::text;
      saw_comma_ = true;
      return CsvKind::decimal;
    }
    if (!parse(field, value)) return CsvKind::text;
    saw_point_ = saw_point_ || field.find('.') != std::string_view::npos;
    return detail::is_whole(field) ? CsvKind::whole : CsvKind::decimal;
  }
  /// Whether numbers with a decimal comma and with a decimal point were read.
  bool mixed_marks() const { return saw_comma_ && saw_point_; }

 private:
  static bool parse(std::string_view field, double& value) {
    if (field.size() > 1 && field[0] == '+' && field[1] != '-') field.remove_prefix(1);
    const char* const end = field.data() + field.size();
    double parsed = 0.0;
    const auto done = std::from_chars(field.data(), end, parsed);
    const bool fits = done.ec == std::errc();
    if (done.ptr != end || (!fits && !(done.ec == std::errc::result_out_of_range && detail::underflows(field)))) {
      return false;
    }
    value = fits ? parsed : 0.0;
    return true;
  }

  bool comma_allowed_;
  bool saw_comma_ = false;
  bool saw_point_ = false;
  std::string with_point_;
};

/// What to do about a field that is no number, to be put after the message; empty where nothing is known.
inline std::string_view csv_advice(std::string_view field) {
  const auto is = [&](std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), field) != words.end();
  };
  if (field.starts_with('#')) {
    return "; a spreadsheet's error or a remark between rows: leave the field empty where the value is missing";
  }
  if (is({"TRUE", "FALSE", "True", "False", "true", "false", "yes", "no"})) return "; write 1 and 0";
  if (field.find(',') != field.npos && field.find_first_not_of("+-0123456789.,") == field.npos) {
    return "; decimal commas are read in columns apart by semicolons, tabs or blanks, marks of thousands are not";
  }
  const std::size_t end = field.find_first_not_of("+-0123456789.eE");
  if (end > 0 && end != std::string_view::npos &&
      std::string_view(" \t|:/").find(field[end]) != std::string_view::npos) {
    return "; columns are separated by commas, semicolons, tabs or blanks";
  }
  return {};
}

}  // namespace qrs::io
