// What a BMP file says: size, bits a pixel, and that its rows are all there, before a decoder sees the file.
//
// Source: Microsoft, Bitmap storage (BITMAPFILEHEADER, BITMAPCOREHEADER, BITMAPINFOHEADER and later).
#pragma once

#include <cstdint>

#include "file_error.hpp"

namespace qrs::image {

/// The header of a BMP file. Throws where it is cut short, compressed, or of other than 1, 4, 8, 24 or 32 bits a pixel.
inline PictureHeader bmp_header(FileBytes file, std::string_view path, std::int64_t limit) {
  constexpr std::size_t file_header = 14;
  if (file.size() < file_header + 12) {
    fail_in_file(path, file.size(), "expected a BMP header of 26 bytes at least, got ", file.size(),
                 ": the file is cut short");
  }
  const auto number = [&](std::size_t at, std::size_t count) { return number_at(file, at, count, ByteOrder::little); };
  const std::uint32_t info = number(file_header, 4);
  PictureHeader header;
  header.first_row = number(10, 4);
  header.channels = 3;
  std::uint32_t bits = 0;
  if (info == 12) {
    header.width = number(18, 2);
    header.height = number(20, 2);
    bits = number(24, 2);
  } else {
    if (info < 40 || info > file.size() - file_header) {
      fail_in_file(path, file_header, "expected a BMP header of 12 or at least 40 bytes, got ", info);
    }
    header.width = static_cast<std::int32_t>(number(18, 4));
    const std::int64_t height = static_cast<std::int32_t>(number(22, 4));
    header.height = height < 0 ? -height : height;  // a negative height: the upper row comes first
    bits = number(28, 2);
    const std::uint32_t compression = number(30, 4);
    if (compression != 0 && !(compression == 3 && bits == 32)) {
      fail_in_file(path, 30, "expected a BMP without compression, got method ", compression);
    }
  }
  check_picture_size(header, path, 18, limit);
  if (bits != 1 && bits != 4 && bits != 8 && bits != 24 && bits != 32) {
    fail_in_file(path, 28, "expected 1, 4, 8, 24 or 32 bits a pixel in a BMP, got ", bits);
  }
  const std::uint64_t row = (static_cast<std::uint64_t>(header.width) * bits + 31) / 32 * 4;
  const std::uint64_t wanted = header.first_row + row * static_cast<std::uint64_t>(header.height);
  if (file.size() < wanted) {
    fail_in_file(path, file.size(), "expected ", wanted, " bytes in a BMP of this size, got ", file.size(),
                 ": the file is cut short");
  }
  return header;
}

}  // namespace qrs::image
