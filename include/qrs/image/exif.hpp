// EXIF orientation: where a camera says which way up it was, and turning the picture upright.
//
//   1 as it is   2 mirrored   3 turned by 180   4 upside down   5 transposed   6 turn by 90 clockwise to see it upright
//   7 transposed over the other diagonal        8 turn by 90 counter-clockwise
//
// Source: CIPA DC-008 (Exif 2.32), section 4.6.4, tag 274 in the first directory of a TIFF block.
#pragma once

#include <algorithm>
#include <cstdint>

#include "file_error.hpp"
#include "image.hpp"

namespace qrs::image {

/// The orientation in a TIFF block ("II*\0..." or "MM\0*..."); 1 where the block is broken or says nothing, since a picture
/// is not refused for what stands beside its pixels.
inline int exif_orientation(FileBytes tiff) {
  constexpr std::uint32_t orientation_tag = 0x0112;
  constexpr std::uint32_t short_type = 3;
  if (tiff.size() < 8) return 1;
  const bool little = begins_with(tiff, "II");
  if (!little && !begins_with(tiff, "MM")) return 1;
  const ByteOrder order = little ? ByteOrder::little : ByteOrder::big;
  if (number_at(tiff, 2, 2, order) != 42) return 1;
  const std::uint64_t directory = number_at(tiff, 4, 4, order);
  if (directory + 2 > tiff.size()) return 1;
  const std::uint64_t entries = number_at(tiff, static_cast<std::size_t>(directory), 2, order);
  for (std::uint64_t i = 0; i < entries; ++i) {
    const std::uint64_t at = directory + 2 + 12 * i;  // an entry: tag, type, count, value
    if (at + 12 > tiff.size()) return 1;
    const auto entry = static_cast<std::size_t>(at);
    if (number_at(tiff, entry, 2, order) != orientation_tag) continue;
    const std::uint32_t value = number_at(tiff, entry + 8, 2, order);
    return number_at(tiff, entry + 2, 2, order) == short_type && value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

/// ImageOps.exif_transpose: the image upright. (H, W, C) -> (W, H, C) for 5 to 8. Throws unless 1 <= orientation <= 8.
inline Image upright(const Image& in, int orientation) {
  QRS_CHECK(orientation >= 1 && orientation <= 8, "[upright] expected an orientation of 1 to 8, got ", orientation);
  QRS_CHECK(!in.empty(), "[upright] expected an image, got an empty one");
  if (orientation == 1) return in;
  const bool swap = orientation >= 5;
  // Where the stored row and column run backwards, seen from the upright picture.
  const bool rows_back = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  const bool columns_back = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const std::int64_t channels = in.channels();
  Image out(swap ? in.width() : in.height(), swap ? in.height() : in.width(), channels);
  for (std::int64_t y = 0; y < out.height(); ++y) {
    std::uint8_t* target = out.row(y);
    for (std::int64_t x = 0; x < out.width(); ++x) {
      const std::int64_t row = swap ? x : y;
      const std::int64_t column = swap ? y : x;
      const std::uint8_t* source = in.row(rows_back ? in.height() - 1 - row : row) +
                                   channels * (columns_back ? in.width() - 1 - column : column);
      std::copy_n(source, channels, target + x * channels);
    }
  }
  return out;
}

}  // namespace qrs::image
