// Markup that cannot be broken by the text in it: the one way HTML and SVG are written here.
//
//   element("td", {{"class", "file"}}, {name})            <td class="file">a &amp; b.png</td>
//
// Text becomes Markup by being escaped, so a file's name may hold anything; elements close themselves, so tags balance.
// Bytes that are no UTF-8, and control characters, which HTML forbids, become U+FFFD.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "number_text.hpp"

namespace qrs::report {

namespace detail {

/// Bytes of the UTF-8 character that begins here and may stand in HTML; 0 where none does.
inline std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return first >= 0x20 ? (first == 0x7F ? 0 : 1) : (first == '\n' || first == '\t' ? 1 : 0);
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  std::uint32_t code = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
    code = code << 6 | (byte(i) & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> smallest = {0, 0, 0xA0, 0x800, 0x10000};  // 0x80 to 0x9F are controls
  const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
  const bool character = (code & 0xFFFEU) != 0xFFFE && !(code >= 0xFDD0 && code <= 0xFDEF);
  return code >= smallest[length] && code <= 0x10FFFF && !surrogate && character ? length : 0;
}

inline void append_escaped(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    switch (text[0]) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += length > 0 ? text.substr(0, length) : std::string_view("\xEF\xBF\xBD");
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
}

/// Elements that have no end tag in HTML, and those that here end a line of the file.
inline bool is_void(std::string_view tag) {
  constexpr std::array<std::string_view, 4> tags = {"br", "col", "img", "meta"};
  return std::find(tags.begin(), tags.end(), tag) != tags.end();
}
inline bool ends_line(std::string_view tag) {
  constexpr std::array<std::string_view, 25> tags = {
      "caption", "dd", "details", "div",  "dl",  "dt", "figcaption", "figure",  "footer",  "h1",  "h2", "h3", "h4",
      "header",  "li", "main",    "meta", "nav", "ol", "p",          "section", "summary", "svg", "tr", "ul"};
  return std::find(tags.begin(), tags.end(), tag) != tags.end();
}

}  // namespace detail

class Markup {
 public:
  Markup() = default;
  Markup(std::string_view text) { detail::append_escaped(markup_, text); }
  Markup(const char* text) : Markup(std::string_view(text)) {}
  Markup(const std::string& text) : Markup(std::string_view(text)) {}

  /// Markup as it is. Only for constants and for what elements made.
  static Markup trusted(std::string markup) {
    Markup out;
    out.markup_ = std::move(markup);
    return out;
  }

  Markup& operator+=(const Markup& other) {
    markup_ += other.markup_;
    return *this;
  }
  friend Markup operator+(Markup a, const Markup& b) { return std::move(a += b); }

  const std::string& str() const { return markup_; }
  bool empty() const { return markup_.empty(); }

 private:
  std::string markup_;
};

/// A name and its value; numbers are coordinates of drawings, to a tenth.
struct Attribute {
  Attribute(std::string_view attribute, std::string_view text) : name(attribute), value(text) {}
  Attribute(std::string_view attribute, const char* text) : name(attribute), value(text) {}
  Attribute(std::string_view attribute, double coordinate) : name(attribute), value(coordinate_text(coordinate)) {}
  Attribute(std::string_view attribute, std::int64_t number) : name(attribute), value(std::to_string(number)) {}
  Attribute(std::string_view attribute, int number) : name(attribute), value(std::to_string(number)) {}

  std::string_view name;
  std::string value;
};
using Attributes = std::initializer_list<Attribute>;

/// One element with what is in it. An attribute without a value is written as its name alone.
inline Markup element(std::string_view tag, Attributes attributes, std::initializer_list<Markup> children = {}) {
  std::string out = "<";
  out += tag;
  for (const Attribute& attribute : attributes) {
    out += ' ';
    out += attribute.name;
    if (attribute.value.empty()) continue;
    out += "=\"";
    detail::append_escaped(out, attribute.value);
    out += '"';
  }
  out += '>';
  if (!detail::is_void(tag)) {
    for (const Markup& child : children) out += child.str();
    out += "</";
    out += tag;
    out += '>';
  }
  if (detail::ends_line(tag)) out += '\n';
  return Markup::trusted(std::move(out));
}

inline Markup element(std::string_view tag, std::initializer_list<Markup> children) {
  return element(tag, Attributes(), children);
}

inline Markup line_break() { return element("br", Attributes()); }

}  // namespace qrs::report
