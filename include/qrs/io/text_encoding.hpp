// Text as programs save it, made UTF-8: with or without a mark, or UTF-16 as spreadsheets and shells of Windows write it.
//
//   const Utf8Text text(bytes, "t.csv", "csv");      text.view()
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "byte_reader.hpp"
#include "file_kind.hpp"

namespace qrs::io {

namespace detail {

/// Appends a code point.
inline void append_utf8(std::string& out, std::uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
    out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    out += static_cast<char>(0x80 | (code & 0x3F));
  }
}

/// UTF-16 without its mark as UTF-8. Half a pair of surrogates becomes U+FFFD; a last odd byte is left out.
inline std::string utf8_of_utf16(std::string_view units, bool little_endian) {
  std::string out;
  out.reserve(units.size() / 2);
  const auto unit = [&](std::size_t at) {
    const auto low = static_cast<unsigned char>(units[at + (little_endian ? 0 : 1)]);
    const auto high = static_cast<unsigned char>(units[at + (little_endian ? 1 : 0)]);
    return static_cast<std::uint32_t>(low | (high << 8));
  };
  for (std::size_t at = 0; at + 1 < units.size(); at += 2) {
    std::uint32_t code = unit(at);
    if (code >= 0xD800 && code < 0xE000) {
      const std::uint32_t second = code < 0xDC00 && at + 3 < units.size() ? unit(at + 2) : 0;
      if (second >= 0xDC00 && second < 0xE000) {
        code = 0x10000 + ((code - 0xD800) << 10) + (second - 0xDC00);
        at += 2;
      } else {
        code = 0xFFFD;
      }
    }
    append_utf8(out, code);
  }
  return out;
}

}  // namespace detail

/// The text of a file without its byte order mark. Bytes that are UTF-8 already are not copied.
class Utf8Text {
 public:
  /// Throws where the first bytes hold a zero byte, as UTF-16 without a mark and files that are no text do, and for a web page
  /// or a Git LFS pointer in the table's place. `file` and `format` stand in the message.
  Utf8Text(Bytes bytes, std::string_view file, std::string_view format) : view_(as_text(bytes)) {
    const bool little_endian = view_.starts_with("\xFF\xFE");
    if (little_endian || view_.starts_with("\xFE\xFF")) {
      decoded_ = detail::utf8_of_utf16(view_.substr(2), little_endian);
      view_ = decoded_;
      return;
    }
    if (view_.starts_with("\xEF\xBB\xBF")) view_.remove_prefix(3);
    const std::string_view kind = file_kind(bytes);
    if (kind == "an HTML page" || kind == "a Git LFS pointer") {
      fail_at(format, file, 0, "expected a table, got ", kind_and_advice(bytes));
    }
    const std::size_t zero = view_.substr(0, 4096).find('\0');
    if (zero == std::string_view::npos) return;
    if (kind != unknown_kind) fail_at(format, file, 0, "expected a table as text, got ", kind);
    fail_at(format, file, zero,
            "expected text, got a zero byte: UTF-16 without its mark, or no text; save the table as UTF-8");
  }
  Utf8Text(const Utf8Text&) = delete;
  Utf8Text& operator=(const Utf8Text&) = delete;

  std::string_view view() const { return view_; }

 private:
  std::string decoded_;
  std::string_view view_;
};

}  // namespace qrs::io
