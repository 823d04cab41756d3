// A cursor over the bytes of a file that never leaves them: the ground of every reader in io/.
//
//   ByteReader in(bytes, "weights.npy", "npy");
//   const std::uint16_t length = in.number<std::uint16_t>("header length");      // little-endian
//
// Every failure reads `[npy] weights.npy, byte 8: expected ..., got ...`, so that a reader checks a field once and the
// message says where it stands. Lengths are compared with what is left before anything is done with them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "../core/error.hpp"

namespace qrs::io {

using Bytes = std::span<const std::byte>;

inline std::string_view as_text(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
inline Bytes as_bytes(std::string_view text) { return {reinterpret_cast<const std::byte*>(text.data()), text.size()}; }

/// Throws the Error of a reader: format and file, byte offset, cause.
template <class... Parts>
[[noreturn]] void fail_at(std::string_view format, std::string_view file, std::uint64_t offset, const Parts&... parts) {
  fail("[", format, "] ", file, ", byte ", offset, ": ", parts...);
}

/// Text from a file, made fit for a message: printable ASCII, at most 80 characters.
inline std::string shown(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 80)) out += c >= ' ' && c <= '~' ? c : '?';
  if (text.size() > 80) out += "...";
  return out;
}

class ByteReader {
 public:
  /// `base` is the offset of bytes[0] in the file, for readers of a part of it.
  ByteReader(Bytes bytes, std::string_view file, std::string_view format, std::uint64_t base = 0)
      : bytes_(bytes), file_(file), format_(format), base_(base) {}

  std::size_t position() const { return at_; }
  std::size_t left() const { return bytes_.size() - at_; }
  std::size_t size() const { return bytes_.size(); }
  /// Offset in the file of the next byte.
  std::uint64_t offset() const { return base_ + at_; }
  std::string_view file() const { return file_; }
  std::string_view format() const { return format_; }

  /// Moves to a position; `what` names the field that gave it.
  void seek(std::uint64_t position, std::string_view what) {
    if (position > bytes_.size()) error("expected ", what, " inside ", bytes_.size(), " bytes, got ", position);
    at_ = static_cast<std::size_t>(position);
  }
  /// The next `count` bytes.
  Bytes take(std::uint64_t count, std::string_view what) {
    if (count > left()) error("expected ", count, " bytes of ", what, ", got ", left(), " before the end");
    const Bytes out = bytes_.subspan(at_, static_cast<std::size_t>(count));
    at_ += out.size();
    return out;
  }
  /// The next little-endian number.
  template <class T>
  T number(std::string_view what) {
    static_assert(std::is_trivially_copyable_v<T>);
    T value;
    std::memcpy(&value, take(sizeof(T), what).data(), sizeof(T));
    return value;
  }
  /// Text up to and without the next line feed, which is consumed.
  std::string_view line(std::string_view what) {
    const std::string_view rest = as_text(bytes_.subspan(at_));
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos) error("expected a line end after ", what, ", got the end of the data");
    at_ += end + 1;
    return rest.substr(0, end);
  }
  /// Whether the next bytes are these; does not move.
  bool follows(std::string_view text) const { return as_text(bytes_.subspan(at_)).starts_with(text); }

  template <class... Parts>
  [[noreturn]] void error(const Parts&... parts) const {
    fail_at(format_, file_, offset(), parts...);
  }

 private:
  Bytes bytes_;
  std::string_view file_;
  std::string_view format_;
  std::uint64_t base_;
  std::size_t at_ = 0;
};

}  // namespace qrs::io
