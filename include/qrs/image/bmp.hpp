// BMP files: what they say, and their pixels with the values that Pillow gives.
//
// Rows stand from the lowest to the uppermost unless the height is negative, each filled up to four bytes; colours are blue,
// green, red. A palette's end is followed by black.
// Source: Microsoft, Bitmap storage (BITMAPFILEHEADER, BITMAPCOREHEADER, BITMAPINFOHEADER and later).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "file_error.hpp"
#include "image.hpp"

namespace qrs::image {

struct BmpFile {
  PictureHeader header;
  std::uint32_t bits = 0;  // of a pixel
  std::uint64_t row_bytes = 0;
  bool upper_first = false;
  std::array<std::uint8_t, 3 * 256> palette{};  // RGB
  std::array<int, 3> shifts = {16, 8, 0};       // of red, green, blue in a pixel of 32 bits
};

namespace detail {

/// The palette's colours of `size` bytes each; as many as the file holds.
inline void read_bmp_palette(BmpFile& bmp, FileBytes file, std::size_t at, std::uint32_t colours, std::size_t size) {
  for (std::size_t i = 0; i < std::min<std::size_t>(colours, 256) && at + size * (i + 1) <= file.size(); ++i) {
    for (std::size_t c = 0; c < 3; ++c) {
      bmp.palette[3 * i + c] = std::to_integer<std::uint8_t>(file[at + size * i + 2 - c]);
    }
  }
}

/// Where each colour stands in 32 bits, by masks; each has eight neighbouring bits at least, of which the upper eight count.
inline void read_bmp_masks(BmpFile& bmp, FileBytes file, std::string_view path) {
  constexpr std::size_t masks = 54;
  if (file.size() < masks + 12) fail_in_file(path, file.size(), "expected the masks of a BMP, got its end");
  for (std::size_t c = 0; c < 3; ++c) {
    const std::uint32_t mask = number_at(file, masks + 4 * c, 4, ByteOrder::little);
    const int low = std::countr_zero(mask);
    const int width = std::popcount(mask);
    if (width < 8 || std::countl_zero(mask) + width + low != 32) {
      fail_in_file(path, masks + 4 * c, "expected a mask of at least 8 neighbouring bits a colour in a BMP, got ",
                   mask);
    }
    bmp.shifts[c] = low + width - 8;
  }
}

}  // namespace detail

/// What a BMP file says. Throws where it is cut short, compressed, or of other than 1, 4, 8, 24 or 32 bits a pixel.
inline BmpFile bmp_file(FileBytes file, std::string_view path, std::int64_t limit) {
  constexpr std::size_t file_header = 14;
  if (file.size() < file_header + 12) {
    fail_in_file(path, file.size(), "expected a BMP header of 26 bytes at least, got ", file.size(),
                 ": the file is cut short");
  }
  const auto number = [&](std::size_t at, std::size_t count) { return number_at(file, at, count, ByteOrder::little); };
  const std::uint32_t info = number(file_header, 4);
  BmpFile bmp;
  PictureHeader& header = bmp.header;
  header.first_row = number(10, 4);
  header.channels = 3;
  std::uint32_t colours = 0;
  std::uint32_t compression = 0;
  if (info == 12) {
    header.width = number(18, 2);
    header.height = number(20, 2);
    bmp.bits = number(24, 2);
  } else {
    if (info < 40 || info > file.size() - file_header) {
      fail_in_file(path, file_header, "expected a BMP header of 12 or at least 40 bytes, got ", info);
    }
    header.width = static_cast<std::int32_t>(number(18, 4));
    const std::int64_t height = static_cast<std::int32_t>(number(22, 4));
    bmp.upper_first = height < 0;
    header.height = height < 0 ? -height : height;
    bmp.bits = number(28, 2);
    compression = number(30, 4);
    colours = number(46, 4);
    if (compression != 0 && !(compression == 3 && bmp.bits == 32)) {
      fail_in_file(path, 30, "expected a BMP without compression, got method ", compression);
    }
  }
  check_picture_size(header, path, 18, limit);
  if (bmp.bits != 1 && bmp.bits != 4 && bmp.bits != 8 && bmp.bits != 24 && bmp.bits != 32) {
    fail_in_file(path, 28, "expected 1, 4, 8, 24 or 32 bits a pixel in a BMP, got ", bmp.bits);
  }
  bmp.row_bytes = (static_cast<std::uint64_t>(header.width) * bmp.bits + 31) / 32 * 4;
  const std::uint64_t wanted = header.first_row + bmp.row_bytes * static_cast<std::uint64_t>(header.height);
  if (file.size() < wanted) {
    fail_in_file(path, file.size(), "expected ", wanted, " bytes in a BMP of this size, got ", file.size(),
                 ": the file is cut short");
  }
  if (compression == 3) detail::read_bmp_masks(bmp, file, path);
  if (bmp.bits <= 8) {
    detail::read_bmp_palette(bmp, file, file_header + info, colours != 0 ? colours : 1u << bmp.bits,
                             info == 12 ? 3 : 4);
  }
  return bmp;
}

/// The pixels of a file whose header is known.
inline Image bmp_pixels(FileBytes file, const BmpFile& bmp) {
  const PictureHeader& header = bmp.header;
  Image out = Image::uninitialised(header.height, header.width, 3);
  for (std::int64_t y = 0; y < header.height; ++y) {
    const auto stored = static_cast<std::uint64_t>(bmp.upper_first ? y : header.height - 1 - y);
    const auto* row = reinterpret_cast<const std::uint8_t*>(file.data()) + header.first_row + stored * bmp.row_bytes;
    std::uint8_t* to = out.row(y);
    for (std::int64_t x = 0; x < header.width; ++x, to += 3) {
      if (bmp.bits <= 8) {
        const auto bit = static_cast<std::uint64_t>(x) * bmp.bits;
        const unsigned index = static_cast<unsigned>(row[bit / 8]) >> (8 - bmp.bits - bit % 8) & ((1u << bmp.bits) - 1);
        std::copy_n(bmp.palette.data() + std::size_t{3} * index, 3, to);
      } else if (bmp.bits == 24) {
        for (int c = 0; c < 3; ++c) to[c] = row[3 * x + 2 - c];
      } else {
        const std::uint8_t* p = row + 4 * x;
        const std::uint32_t pixel = p[0] | static_cast<std::uint32_t>(p[1]) << 8 |
                                    static_cast<std::uint32_t>(p[2]) << 16 | static_cast<std::uint32_t>(p[3]) << 24;
        for (std::size_t c = 0; c < 3; ++c) to[c] = static_cast<std::uint8_t>(pixel >> bmp.shifts[c]);
      }
    }
  }
  return out;
}

}  // namespace qrs::image
