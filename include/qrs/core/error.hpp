// The one exception type of the library, and the check that throws it.
//
// A message reads `[operation] expected ..., got ...` and holds both values; messages about files also hold the path
// and the byte offset. The library never prints, aborts or exits: what an Error means is the caller's business.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>

namespace qrs {

/// Everything the library throws: a wrong argument, a broken file, a device that is not there.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Text of one part of a message. Numbers print as in C's %g whatever the locale of the process, lists as (2, 3, 4). Without
/// streams, which are slow to compile and would enter every translation unit.
inline void append_text(std::string& out, std::string_view text) { out += text; }
inline void append_text(std::string& out, const char* text) { out += text; }
inline void append_text(std::string& out, bool value) { out += value ? "true" : "false"; }
inline void append_text(std::string& out, char value) { out += value; }

template <std::integral I>
void append_text(std::string& out, I value) {
  out += std::to_string(value);
}

template <std::floating_point F>
void append_text(std::string& out, F value) {
  char text[40];
  out.append(text,
             std::to_chars(text, text + sizeof text, static_cast<double>(value), std::chars_format::general, 9).ptr);
}

template <class T>
void append_text(std::string& out, std::span<T> list) {
  out += '(';
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) out += ", ";
    append_text(out, list[i]);
  }
  out += ')';
}

template <class T>
requires requires(const T& value) { value.text(); }
void append_text(std::string& out, const T& value) { out += value.text(); }

/// Joins the parts of a message: text("[relu] expected ", 3, " rows").
template <class... Parts>
std::string text(const Parts&... parts) {
  std::string out;
  (append_text(out, parts), ...);
  return out;
}

/// Throws Error(text(parts...)). A function of its own, so that the checks stay small.
template <class... Parts>
[[noreturn]] void fail(const Parts&... parts) {
  throw Error(text(parts...));
}

}  // namespace qrs

/// Throws qrs::Error with the joined message parts unless the condition holds. The parts are evaluated only then.
#define QRS_CHECK(condition, ...)               \
  do {                                          \
    if (!(condition)) ::qrs::fail(__VA_ARGS__); \
  } while (false)
