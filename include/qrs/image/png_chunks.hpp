// What a PNG file says: its size and kind of pixels, with every chunk's length and checksum verified before a decoder sees
// the file.
//
// A file is a signature and chunks: length (4 bytes, big-endian), type (4 letters), data, CRC-32 of type and data.
// Source: W3C, Portable Network Graphics (second edition), sections 5, 10, 11.
#pragma once

#include <cstdint>

#include "../core/crc32.hpp"
#include "exif.hpp"
#include "file_error.hpp"

namespace qrs::image {

inline constexpr std::string_view png_signature = "\x89PNG\r\n\x1a\n";

/// The header of a PNG file. Throws where a chunk is cut short or damaged, where the pixels have 16 bits a channel, and
/// where the compressed data are too few for the size claimed.
inline PictureHeader png_header(FileBytes file, std::string_view path, std::int64_t limit) {
  constexpr std::size_t chunk_frame = 12;  // length, type, checksum
  PictureHeader header;
  std::uint64_t compressed = 0;
  std::uint64_t bits = 0;  // of a pixel
  bool first = true;
  bool ended = false;
  std::size_t at = png_signature.size();
  while (!ended) {
    if (file.size() - at < chunk_frame) {
      fail_in_file(path, at, "expected a PNG chunk, got ", file.size() - at,
                   " bytes before the end: the file is cut short");
    }
    const std::uint64_t length = number_at(file, at, 4, ByteOrder::big);
    if (length > file.size() - at - chunk_frame) {
      fail_in_file(path, at, "expected ", length, " bytes in a PNG chunk, got ", file.size() - at - chunk_frame,
                   ": the file is cut short");
    }
    const auto size = static_cast<std::size_t>(length);
    const FileBytes type = file.subspan(at + 4, 4);
    const FileBytes data = file.subspan(at + 8, size);
    const std::uint32_t stored = number_at(file, at + 8 + size, 4, ByteOrder::big);
    const std::uint32_t computed = crc32(file.subspan(at + 4, 4 + size));
    if (stored != computed) {
      fail_in_file(path, at, "expected the checksum ", computed, " of a PNG chunk, got ", stored,
                   ": the file is damaged");
    }
    if (first) {
      if (!begins_with(type, "IHDR") || size != 13)
        fail_in_file(path, at, "expected the PNG header first, got another");
      header.width = number_at(data, 0, 4, ByteOrder::big);
      header.height = number_at(data, 4, 4, ByteOrder::big);
      const auto depth = std::to_integer<unsigned>(data[8]);
      const auto colour = std::to_integer<unsigned>(data[9]);
      if (depth == 16)
        fail_in_file(path, at + 16, "expected at most 8 bits a channel, got 16: convert the PNG to 8 bits");
      const bool grey = colour == 0 || colour == 4;
      if (!grey && colour != 2 && colour != 3 && colour != 6) {
        fail_in_file(path, at + 17, "expected a PNG colour type of 0, 2, 3, 4 or 6, got ", colour);
      }
      header.channels = grey ? 1 : 3;
      bits = depth * (colour == 2 ? 3u : colour == 4 ? 2u : colour == 6 ? 4u : 1u);
      check_picture_size(header, path, at + 8, limit);
      first = false;
    }
    if (begins_with(type, "IDAT")) compressed += length;
    if (begins_with(type, "eXIf")) header.orientation = exif_orientation(data);
    ended = begins_with(type, "IEND");
    at += chunk_frame + size;
  }
  // Deflate makes at most 1032 bytes of one.
  const std::uint64_t least =
      static_cast<std::uint64_t>(header.height) * static_cast<std::uint64_t>(header.width) * bits / 8 / 1032;
  if (compressed < least) {
    fail_in_file(path, at, "expected at least ", least, " bytes of compressed pixels for ", header.height, " x ",
                 header.width, ", got ", compressed);
  }
  return header;
}

}  // namespace qrs::image
