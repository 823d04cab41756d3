// The Error of a picture file that cannot be read: `[image] page.jpg, byte 12: expected ..., got ...`; and numbers in files.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "../core/error.hpp"

namespace qrs::image {

/// A whole picture file in memory.
using FileBytes = std::span<const std::byte>;

/// Throws; the parts read "expected ..., got ...".
template <class... Parts>
[[noreturn]] void fail_in_file(std::string_view path, std::uint64_t offset, const Parts&... parts) {
  fail("[image] ", path, ", byte ", offset, ": ", parts...);
}

enum class ByteOrder { little, big };

/// The unsigned number of `count` <= 4 bytes at `at`. The caller has checked that they are there.
inline std::uint32_t number_at(FileBytes bytes, std::size_t at, std::size_t count, ByteOrder order) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t from = order == ByteOrder::big ? at + i : at + count - 1 - i;
    value = value << 8 | std::to_integer<std::uint32_t>(bytes[from]);
  }
  return value;
}

inline bool begins_with(FileBytes bytes, std::string_view text) {
  if (bytes.size() < text.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (bytes[i] != static_cast<std::byte>(text[i])) return false;
  }
  return true;
}

/// What a file says about its picture before anything is decoded.
struct PictureHeader {
  std::int64_t height = 0;
  std::int64_t width = 0;
  std::int64_t channels = 0;  // of the image it becomes: 1 or 3
  int orientation = 1;        // EXIF's, 1 to 8
  bool plain_cmyk = false;    // a JPEG of four channels that does not say how they are to be read
  std::uint64_t coefficients =
      0;                      // bytes that a decoder of JPEG holds beside the pixels, of a picture in several scans
  std::size_t first_row = 0;  // where the pixels start, of a format without compression
};

/// Throws unless the size is one that an image may have.
inline void check_picture_size(const PictureHeader& header, std::string_view path, std::uint64_t offset,
                               std::int64_t limit) {
  if (header.height < 1 || header.width < 1 || header.height > limit / header.width) {
    fail_in_file(path, offset, "expected a picture of 1 to ", limit, " pixels, got height ", header.height,
                 " and width ", header.width);
  }
}

/// The most memory that reading one picture takes unless more is asked for: 160 MiB, 55 million pixels in colour.
inline constexpr std::uint64_t picture_memory = std::uint64_t{160} << 20;

/// Throws where a picture takes more than `most` bytes while it is read: its pixels, again where it is turned upright, `copies`
/// of them in its decoder, and a JPEG's coefficients.
inline void check_picture_memory(const PictureHeader& header, std::string_view path, std::uint64_t copies,
                                 std::uint64_t most) {
  constexpr std::uint64_t mib = std::uint64_t{1} << 20;
  const auto pixels = static_cast<std::uint64_t>(header.height * header.width * header.channels);
  const std::uint64_t wanted =
      pixels * (1 + std::max<std::uint64_t>(copies, header.orientation != 1 ? 1 : 0)) + header.coefficients;
  if (wanted > most) {
    fail_in_file(path, 0, "expected a picture that is read within ", most / mib, " MiB of memory, got height ",
                 header.height, " and width ", header.width, ", which take ", wanted / mib + 1,
                 ": make it smaller, or raise the limit (--picture-memory)");
  }
}

}  // namespace qrs::image
