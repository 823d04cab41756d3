// NumPy's .npy: one array, a Python literal as its header.
//
//   "\x93NUMPY" | version 1.0 or 2.0 | header length (u16 or u32) | {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } | data
//
// Source: numpy/lib/format.py. Little-endian f2, f4, f8, the integers of DType and bool; Fortran order is turned into
// row-major. Big-endian, structured and object arrays are errors. The header is read as the literal it is, never evaluated.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "byte_reader.hpp"
#include "dtype.hpp"
#include "file.hpp"
#include "file_kind.hpp"
#include "state_dict.hpp"
#include "strided_view.hpp"

namespace qrs::io {

inline constexpr std::string_view npy_magic = "\x93NUMPY";

namespace detail {

/// Reads the dict of the header: three keys in any order, each once.
class NpyHeader {
 public:
  std::string_view descr;
  std::optional<bool> fortran_order;
  std::optional<std::vector<std::int64_t>> shape;

  NpyHeader(std::string_view text, std::string_view file, std::uint64_t base) : text_(text), file_(file), base_(base) {
    expect('{');
    while (!accept('}')) {
      const std::string_view key = quoted();
      expect(':');
      if (key == "descr" && descr.empty()) {
        descr = quoted();
      } else if (key == "fortran_order" && !fortran_order) {
        fortran_order = boolean();
      } else if (key == "shape" && !shape) {
        shape = tuple();
      } else {
        error("expected descr, fortran_order and shape once each, got '", shown(key), "'");
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    if (text_.find_first_not_of(" \n", at_) != std::string_view::npos)
      error("expected blanks to the end of the header");
    if (descr.empty() || !fortran_order || !shape) error("expected descr, fortran_order and shape, got fewer");
  }

  template <class... Parts>
  [[noreturn]] void error(const Parts&... parts) const {
    fail_at("npy", file_, base_ + at_, parts...);
  }

 private:
  void blanks() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool accept(char c) {
    blanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) error("expected '", c, "', got '", shown(text_.substr(std::min(at_, text_.size()), 20)), "'");
  }
  std::string_view quoted() {
    blanks();
    const char quote = at_ < text_.size() ? text_[at_] : ' ';
    const std::size_t end = quote == '\'' || quote == '"' ? text_.find(quote, at_ + 1) : std::string_view::npos;
    if (end == std::string_view::npos) error("expected a quoted text, got '", shown(text_.substr(at_, 20)), "'");
    const std::string_view out = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return out;
  }
  bool boolean() {
    blanks();
    for (const bool value : {false, true}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return value;
      }
    }
    error("expected True or False, got '", shown(text_.substr(at_, 20)), "'");
  }
  std::vector<std::int64_t> tuple() {
    std::vector<std::int64_t> out;
    expect('(');
    while (!accept(')')) {
      blanks();
      std::int64_t value = 0;
      const char* begin = text_.data() + at_;
      const auto [end, code] = std::from_chars(begin, text_.data() + text_.size(), value);
      if (code != std::errc() || value < 0)
        error("expected an extent of 0 to 2^63, got '", shown(text_.substr(at_, 24)), "'");
      at_ += static_cast<std::size_t>(end - begin);
      accept('L');  // Python 2 wrote long numbers so
      out.push_back(value);
      if (out.size() > max_file_rank) error("expected at most ", max_file_rank, " axes, got more");
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return out;
  }

  std::string_view text_;
  std::string_view file_;
  std::uint64_t base_;
  std::size_t at_ = 0;
};

}  // namespace detail

/// Reads the bytes of a file; `file` is its name in messages. Bytes after the array are tolerated.
inline Entry parse_npy(Bytes bytes, std::string_view file) {
  ByteReader in(bytes, file, "npy");
  if (!in.follows(npy_magic)) in.error("expected the six bytes \\x93NUMPY, got ", kind_and_advice(bytes));
  in.take(npy_magic.size(), "magic");
  const int major = in.number<std::uint8_t>("version");
  in.number<std::uint8_t>("version");
  if (major < 1 || major > 3) in.error("expected version 1, 2 or 3, got ", major);
  const std::uint64_t length =
      major == 1 ? in.number<std::uint16_t>("header length") : in.number<std::uint32_t>("header length");
  const std::uint64_t base = in.offset();
  const detail::NpyHeader header(as_text(in.take(length, "header")), file, base);
  const auto dtype = find_dtype(&DTypeInfo::numpy, header.descr);
  if (!dtype)
    header.error("expected '<f2', '<f4', '<f8', '|b1' or an integer type ('<i8', '<u4' and so on), got '",
                 shown(header.descr), "'; save it with numpy.save(NAME, array.astype('<f8'))");
  const std::int64_t size = byte_count(*dtype, *header.shape);
  if (size < 0 || static_cast<std::uint64_t>(size) > in.left()) {
    in.error("expected ", size < 0 ? std::string("fewer than 2^63") : text(size), " bytes for shape ",
             std::span(*header.shape), " ", header.descr, ", got ", in.left());
  }
  StridedView view{.dtype = *dtype,
                   .storage = in.take(static_cast<std::uint64_t>(size), "array"),
                   .offset = 0,
                   .shape = *header.shape,
                   .stride = std::vector<std::int64_t>(header.shape->size(), 1),
                   .where = base};
  const std::size_t rank = view.shape.size();
  for (std::size_t i = 1; i < rank; ++i) {  // Fortran order: the first axis is the fastest
    const std::size_t axis = *header.fortran_order ? i : rank - 1 - i;
    const std::size_t faster = *header.fortran_order ? i - 1 : rank - i;
    view.stride[axis] = view.stride[faster] * std::max<std::int64_t>(view.shape[faster], 1);
  }
  TensorBudget budget(bytes.size());
  return materialise(view, "array", budget, file, "npy");
}

inline Entry read_npy(const std::string& path) { return parse_npy(read_file(path), path); }

/// Writes version 1.0 in C order; bfloat16 and the 8-bit floats have no name in the format and are an Error.
inline void write_npy(const std::string& path, const Entry& entry) {
  const std::string_view descr = info(entry.dtype).numpy;
  QRS_CHECK(!descr.empty(), "[npy] expected a type that .npy has, got ", name(entry.dtype), " for ", path);
  std::string header = text("{'descr': '", descr, "', 'fortran_order': False, 'shape': (");
  for (const std::int64_t extent : entry.shape) header += text(extent, ", ");
  if (entry.shape.size() > 1) header.resize(header.size() - 2);
  if (entry.shape.size() == 1) header.pop_back();
  header += "), }";
  while ((10 + header.size() + 1) % 64 != 0) header += ' ';
  header += '\n';
  const auto length = static_cast<std::uint16_t>(header.size());
  std::string start = std::string(npy_magic) + std::string("\x01\x00\0\0", 4);
  std::memcpy(start.data() + 8, &length, 2);
  AtomicFile file(path);
  file.write(start + header);
  file.write(entry.bytes);
  file.commit();
}

}  // namespace qrs::io
