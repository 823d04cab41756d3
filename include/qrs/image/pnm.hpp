// The binary PGM and PPM formats: P5 (grey) or P6 (RGB), width, height, the largest value, one white space, the pixels.
//
// Source: the netpbm manual pages pgm(5) and ppm(5). Only 255 is accepted as the largest value.
#pragma once

#include <cstdint>

#include "file_error.hpp"
#include "image.hpp"

namespace qrs::image {

namespace detail {

/// The next number of a PNM header; moves `at` past it. White space and comments (# to the line's end) come before it.
inline std::int64_t pnm_number(FileBytes file, std::string_view path, std::size_t& at) {
  const auto byte = [&] { return static_cast<char>(file[at]); };
  bool comment = false;
  while (at < file.size()) {
    const char c = byte();
    if (comment) {
      comment = c != '\n';
    } else if (c == '#') {
      comment = true;
    } else if (c != ' ' && c != '\t' && c != '\n' && c != '\r') {
      break;
    }
    ++at;
  }
  const std::size_t begin = at;
  std::int64_t value = 0;
  while (at < file.size() && byte() >= '0' && byte() <= '9' && at - begin < 10) {
    value = value * 10 + (byte() - '0');
    ++at;
  }
  if (at == begin) fail_in_file(path, at, "expected a number in the header of a PGM or PPM file, got none");
  return value;
}

}  // namespace detail

/// The header of a P5 or P6 file. Throws where it is cut short or the pixels are not 8 bits up to 255.
inline PictureHeader pnm_header(FileBytes file, std::string_view path, std::int64_t limit) {
  PictureHeader header;
  std::size_t at = 2;
  header.width = detail::pnm_number(file, path, at);
  header.height = detail::pnm_number(file, path, at);
  header.channels = begins_with(file, "P5") ? 1 : 3;
  check_picture_size(header, path, 2, limit);
  const std::int64_t largest = detail::pnm_number(file, path, at);
  if (largest != 255) fail_in_file(path, at, "expected 255 as the largest value of a PGM or PPM file, got ", largest);
  header.first_row = at + 1;
  const auto wanted = static_cast<std::uint64_t>(header.height * header.width * header.channels);
  const std::uint64_t left = file.size() > header.first_row ? file.size() - header.first_row : 0;
  if (left < wanted) {
    fail_in_file(path, file.size(), "expected ", wanted, " bytes of pixels, got ", left, ": the file is cut short");
  }
  return header;
}

/// The pixels of a file whose header is known.
inline Image pnm_pixels(FileBytes file, const PictureHeader& header) {
  const auto* first = reinterpret_cast<const std::uint8_t*>(file.data()) + header.first_row;
  const auto count = static_cast<std::size_t>(header.height * header.width * header.channels);
  return Image(header.height, header.width, header.channels, std::span(first, count));
}

}  // namespace qrs::image
