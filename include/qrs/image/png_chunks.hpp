// What a PNG file says: its size and kind of pixels, its palette, and where its compressed pixels stand, with every chunk's
// length and checksum verified before anything is decompressed.
//
// A file is a signature and chunks: length (4 bytes, big-endian), type (4 letters), data, CRC-32 of type and data.
// Source: W3C, Portable Network Graphics (second edition), sections 5, 10, 11.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "../core/crc32.hpp"
#include "exif.hpp"
#include "file_error.hpp"

namespace qrs::image {

inline constexpr std::string_view png_signature = "\x89PNG\r\n\x1a\n";

/// The kinds of pixels that a PNG may have, by their numbers in the file.
enum class PngColour : unsigned { grey = 0, rgb = 2, palette = 3, grey_alpha = 4, rgb_alpha = 6 };

struct PngFile {
  PictureHeader header;
  PngColour colour = PngColour::grey;
  unsigned depth = 8;                           // bits of a channel
  unsigned samples = 1;                         // channels in the file, alpha among them
  bool interlaced = false;                      // in seven passes
  std::array<std::uint8_t, 3 * 256> palette{};  // black behind its end, as in Pillow
  std::vector<FileBytes> pieces;                // of the compressed pixels
};

namespace detail {

/// Takes in the header's 13 bytes, which stand at `at` + 8.
inline void read_png_header(PngFile& png, FileBytes data, std::string_view path, std::size_t at, std::int64_t limit) {
  PictureHeader& header = png.header;
  header.width = number_at(data, 0, 4, ByteOrder::big);
  header.height = number_at(data, 4, 4, ByteOrder::big);
  png.depth = std::to_integer<unsigned>(data[8]);
  const auto colour = std::to_integer<unsigned>(data[9]);
  if (colour != 0 && colour != 2 && colour != 3 && colour != 4 && colour != 6) {
    fail_in_file(path, at + 17, "expected a PNG colour type of 0, 2, 3, 4 or 6, got ", colour);
  }
  png.colour = static_cast<PngColour>(colour);
  const bool shallow = png.depth == 1 || png.depth == 2 || png.depth == 4;
  if (!(png.depth == 8 || (png.depth == 16 && png.colour != PngColour::palette) ||
        (shallow && (png.colour == PngColour::grey || png.colour == PngColour::palette)))) {
    fail_in_file(path, at + 16, "expected bits a channel as PNG has them for colour type ", colour, ", got ",
                 png.depth);
  }
  const bool grey = png.colour == PngColour::grey || png.colour == PngColour::grey_alpha;
  header.channels = grey ? 1 : 3;
  png.samples = colour == 2 ? 3 : colour == 4 ? 2 : colour == 6 ? 4 : 1;
  const auto interlace = std::to_integer<unsigned>(data[12]);
  if (data[10] != std::byte{0} || data[11] != std::byte{0} || interlace > 1) {
    fail_in_file(path, at + 18, "expected PNG compression 0, filter method 0 and interlace 0 or 1, got ",
                 std::to_integer<unsigned>(data[10]), ", ", std::to_integer<unsigned>(data[11]), " and ", interlace);
  }
  png.interlaced = interlace == 1;
  check_picture_size(header, path, at + 8, limit);
}

inline void read_png_palette(PngFile& png, FileBytes data, std::string_view path, std::size_t at) {
  if (data.size() % 3 != 0 || data.size() > png.palette.size()) {
    fail_in_file(path, at + 8, "expected a PNG palette of at most 256 colours of 3 bytes, got ", data.size(), " bytes");
  }
  std::transform(data.begin(), data.end(), png.palette.begin(),
                 [](std::byte b) { return std::to_integer<std::uint8_t>(b); });
}

/// Throws where the compressed bytes are too few for the size claimed: deflate makes at most 1032 bytes of one.
inline void check_png_compressed(const PngFile& png, std::string_view path, std::size_t at) {
  std::uint64_t compressed = 0;
  for (const FileBytes& piece : png.pieces) compressed += piece.size();
  const std::uint64_t least = static_cast<std::uint64_t>(png.header.height) *
                              static_cast<std::uint64_t>(png.header.width) * png.depth * png.samples / 8 / 1032;
  if (compressed < least) {
    fail_in_file(path, at, "expected at least ", least, " bytes of compressed pixels for ", png.header.height, " x ",
                 png.header.width, ", got ", compressed);
  }
}

}  // namespace detail

/// What a PNG file says. Throws where a chunk is cut short or damaged, for a kind of pixels that PNG does not have, and where the
/// compressed data are too few for the size claimed.
inline PngFile png_file(FileBytes file, std::string_view path, std::int64_t limit) {
  constexpr std::size_t chunk_frame = 12;  // length, type, checksum
  PngFile png;
  bool first = true;
  bool palette = false;
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
      detail::read_png_header(png, data, path, at, limit);
      first = false;
    }
    if (begins_with(type, "PLTE")) {
      detail::read_png_palette(png, data, path, at);
      palette = true;
    }
    if (begins_with(type, "IDAT") && size > 0) png.pieces.push_back(data);
    if (begins_with(type, "eXIf")) png.header.orientation = exif_orientation(data);
    ended = begins_with(type, "IEND");
    at += chunk_frame + size;
  }
  if (png.colour == PngColour::palette && !palette) fail_in_file(path, at, "expected a palette in a PNG, got none");
  detail::check_png_compressed(png, path, at);
  return png;
}

}  // namespace qrs::image
