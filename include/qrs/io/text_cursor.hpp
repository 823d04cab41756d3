// Reads numbers and words of a text file, and says line and column where one is not what it should be.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>

#include "../core/error.hpp"

namespace qrs::io {

/// Reads the value that begins the text, a plus sign allowed: where it ends, or null where there is none.
template <class V>
const char* parse_number(std::string_view text, V& value) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const auto done = std::from_chars(text.data(), text.data() + text.size(), value);
  return done.ec == std::errc() ? done.ptr : nullptr;
}

/// A place in a text. Lines and columns count from 1, columns in bytes. A line ends at \n or \r\n.
class TextCursor {
 public:
  /// `op` and `path` stand in messages; none of the three is copied.
  TextCursor(std::string_view op, std::string_view path, std::string_view text) : op_(op), path_(path), text_(text) {}

  bool at_end() const { return at_ >= text_.size(); }
  bool at_line_end() const { return at_end() || text_[at_] == '\n' || text_.substr(at_, 2) == "\r\n"; }
  char peek() const { return at_end() ? '\0' : text_[at_]; }
  std::int64_t line() const { return line_; }

  void skip_blanks() {
    while (!at_end() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }
  /// To the first byte of the next line.
  void next_line() {
    while (!at_end() && text_[at_] != '\n') ++at_;
    if (at_end()) return;
    ++at_;
    ++line_;
    line_begin_ = at_;
  }
  /// Everything up to a blank or the end of the line.
  std::string_view word() {
    const std::size_t begin = at_;
    while (!at_line_end() && text_[at_] != ' ' && text_[at_] != '\t') ++at_;
    return text_.substr(begin, at_ - begin);
  }
  /// Skips one character, or throws.
  void expect(char wanted, std::string_view what) {
    if (at_end() || text_[at_] != wanted) refuse(what);
    ++at_;
  }

  /// A finite number. `what` completes "expected".
  double number(std::string_view what) {
    double value = 0.0;
    const char* end = parse(value);
    if (end == nullptr || !std::isfinite(value)) refuse(what);
    at_ = static_cast<std::size_t>(end - text_.data());
    return value;
  }
  /// An integer in [low, high].
  std::int64_t integer(std::string_view what, std::int64_t low, std::int64_t high) {
    std::int64_t value = 0;
    const char* end = parse(value);
    if (end == nullptr || value < low || value > high) refuse(what);
    at_ = static_cast<std::size_t>(end - text_.data());
    return value;
  }

  /// Throws: expected `what`, got what stands here.
  [[noreturn]] void refuse(std::string_view what) const {
    const std::size_t begin = at_;
    std::size_t end = begin;
    while (end < text_.size() && text_[end] != ' ' && text_[end] != '\t' && text_[end] != '\n' && text_[end] != '\r' &&
           end - begin < 40) {
      ++end;
    }
    std::string got = begin >= text_.size() ? "the end of the file"
                      : end == begin        ? "the end of the line"
                                            : text("'", printable(text_.substr(begin, end - begin)), "'");
    fail("[", op_, "] ", path_, ", line ", line_, ", column ", at_ - line_begin_ + 1, " (byte ", at_, "): expected ",
         what, ", got ", got);
  }

 private:
  template <class V>
  const char* parse(V& value) const {
    return parse_number(text_.substr(at_), value);
  }
  static std::string printable(std::string_view bytes) {
    std::string out(bytes);
    for (char& c : out) c = c >= ' ' && c <= '~' ? c : '?';
    return out;
  }

  std::string_view op_;
  std::string_view path_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_begin_ = 0;
  std::int64_t line_ = 1;
};

/// Adds a number in the fewest digits that read back as the same value.
template <class V>
void append_number(std::string& out, V value) {
  char digits[40];
  const auto done = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, done.ptr);
}

}  // namespace qrs::io
