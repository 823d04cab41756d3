// The pixels of a PNG file, row by row: decompressed, unfiltered and spread out, with the values that Pillow gives.
//
// Alpha is dropped. Of 16 bits a channel the upper eight are kept, but grey of 16 bits without alpha is clipped at 255, which is
// what Pillow's convert("L") makes of it. Two rows stand in memory beside the image.
// Source: W3C, Portable Network Graphics (second edition), sections 7 to 9.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "image.hpp"
#include "inflate.hpp"
#include "png_chunks.hpp"
#include "png_filters.hpp"

namespace qrs::image {

namespace detail {

/// Where the pixels of a pass of an interlaced picture lie: from x, y on, every dx-th and dy-th.
struct PngPass {
  std::int64_t x;
  std::int64_t y;
  std::int64_t dx;
  std::int64_t dy;
};

inline std::span<const PngPass> png_passes(bool interlaced) {
  static constexpr std::array<PngPass, 1> whole = {{{0, 0, 1, 1}}};
  static constexpr std::array<PngPass, 7> adam7 = {
      {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}};
  return interlaced ? std::span<const PngPass>(adam7) : std::span<const PngPass>(whole);
}

/// Turns a filtered row into its bytes, in place; `above` is the row before it, zeros for the first. `step`: bytes to the
/// pixel on the left.
template <int filter>
void unfilter(std::span<std::uint8_t> row, std::span<const std::uint8_t> above, std::size_t step) {
  const std::size_t begin = std::min(step, row.size());
  for (std::size_t i = 0; i < begin; ++i)
    row[i] = static_cast<std::uint8_t>(row[i] + predicted<filter>(0, above[i], 0));
  for (std::size_t i = begin; i < row.size(); ++i) {
    row[i] = static_cast<std::uint8_t>(row[i] + predicted<filter>(row[i - step], above[i], above[i - step]));
  }
}

inline void unfilter(unsigned filter, std::span<std::uint8_t> row, std::span<const std::uint8_t> above,
                     std::size_t step) {
  if (filter == 1) unfilter<1>(row, above, step);
  if (filter == 2) unfilter<2>(row, above, step);
  if (filter == 3) unfilter<3>(row, above, step);
  if (filter == 4) unfilter<4>(row, above, step);
}

/// Spreads the pixels of a row out to every `step`-th pixel from `out` on.
inline void spread_png_row(const PngFile& png, std::span<const std::uint8_t> row, std::int64_t width, std::uint8_t* out,
                           std::int64_t step) {
  const std::int64_t channels = png.header.channels;
  const std::uint8_t* in = row.data();
  if (png.depth < 8) {
    const unsigned largest = (1u << png.depth) - 1;
    for (std::int64_t x = 0; x < width; ++x, out += step * channels) {
      const auto bit = static_cast<unsigned>(x) * png.depth;
      const unsigned value = static_cast<unsigned>(in[bit / 8]) >> (8 - png.depth - bit % 8) & largest;
      if (png.colour == PngColour::palette) {
        std::copy_n(png.palette.data() + 3 * value, 3, out);
      } else {
        *out = static_cast<std::uint8_t>(value * (255 / largest));
      }
    }
    return;
  }
  if (png.depth == 8 && step == 1 && png.colour != PngColour::palette && png.samples == channels) {
    std::copy_n(in, width * channels, out);
    return;
  }
  const std::int64_t sample = png.depth / 8;  // bytes of one
  const std::int64_t pixel = sample * png.samples;
  const bool clipped = png.depth == 16 && png.colour == PngColour::grey;
  for (std::int64_t x = 0; x < width; ++x, in += pixel, out += step * channels) {
    if (png.colour == PngColour::palette) {
      std::copy_n(png.palette.data() + 3 * static_cast<std::size_t>(*in), 3, out);
    } else if (clipped) {
      *out = in[0] != 0 ? 255 : in[1];
    } else {
      for (std::int64_t c = 0; c < channels; ++c) out[c] = in[c * sample];
    }
  }
}

}  // namespace detail

/// The pixels of a file whose chunks are known. Throws where they are damaged or too few; what stands behind the last row is not
/// read.
inline Image png_pixels(FileBytes file, std::string_view path, const PngFile& png) {
  const PictureHeader& header = png.header;
  Image out(header.height, header.width, header.channels);
  Inflate stream(file, path, png.pieces);
  const std::uint64_t bits = png.depth * png.samples;
  const auto step = static_cast<std::size_t>(std::max<std::uint64_t>(1, bits / 8));
  for (const detail::PngPass& pass : detail::png_passes(png.interlaced)) {
    const std::int64_t width = (header.width - pass.x + pass.dx - 1) / pass.dx;
    const std::int64_t height = (header.height - pass.y + pass.dy - 1) / pass.dy;
    if (width <= 0 || height <= 0) continue;
    const auto bytes = static_cast<std::size_t>((static_cast<std::uint64_t>(width) * bits + 7) / 8);
    std::vector<std::uint8_t> row(1 + bytes);  // its filter before it
    std::vector<std::uint8_t> above(1 + bytes);
    for (std::int64_t y = 0; y < height; ++y) {
      const std::size_t got = stream.read(row);
      if (got < row.size() || row[0] > 4) {
        fail_in_file(path, file.size(), "expected ", row.size(), " bytes of row ", y, " and a filter of 0 to 4, got ",
                     got, got == 0 ? std::string() : text(" and filter ", row[0] + 0), ": the file is damaged");
      }
      const std::span<std::uint8_t> values = std::span(row).subspan(1);
      detail::unfilter(row[0], values, std::span(above).subspan(1), step);
      detail::spread_png_row(png, values, width, out.row(pass.y + y * pass.dy) + pass.x * header.channels, pass.dx);
      std::swap(row, above);
    }
  }
  return out;
}

}  // namespace qrs::image
