// What a JPEG file of a given quality makes of a grey image, without the file.
//
//   F = C (f - 128) C^T             C[u][x] = a(u) cos((2x + 1) u pi / 16), a(0) = sqrt(1/8), else sqrt(2/8)
//   f' = 128 + C^T (Q round(F / Q)) C, rounded and clipped to 0 ... 255
//
// on blocks of 8 x 8; at the right and lower edge the last pixels are repeated. Q is the luminance table scaled to the quality;
// entropy coding loses nothing and is left out. The sums run in double: libjpeg's integer transforms may differ by a level.
// Source: ITU-T T.81 (JPEG), sections A.3.3, A.3.4 and table K.1; the scale of qualities 1 to 100, which the standard leaves
// open, is that of the Independent JPEG Group's library: 5000 / q below 50, else 200 - 2 q, in per cent.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "image.hpp"

namespace qrs::image {

using JpegTable = std::array<std::int64_t, 64>;

/// Table K.1, row by row: the steps that luminance is rounded to at quality 50.
inline constexpr JpegTable jpeg_luminance = {16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
                                             14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
                                             18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
                                             49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99};

/// The table of a quality from 1 to 100.
inline JpegTable jpeg_luminance_table(std::int64_t quality) {
  QRS_CHECK(quality >= 1 && quality <= 100, "[jpeg_quality] expected a quality from 1 to 100, got ", quality);
  const std::int64_t percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
  JpegTable out;
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = std::clamp<std::int64_t>((jpeg_luminance[i] * percent + 50) / 100, 1, 255);
  }
  return out;
}

namespace detail {

using Block = std::array<double, 64>;

/// The transform's matrix C.
inline const Block& dct_matrix() {
  static const Block matrix = [] {
    Block c;
    for (std::size_t u = 0; u < 8; ++u) {
      for (std::size_t x = 0; x < 8; ++x) {
        const double angle = static_cast<double>((2 * x + 1) * u) * std::numbers::pi / 16.0;
        c[8 * u + x] = std::sqrt((u == 0 ? 1.0 : 2.0) / 8.0) * std::cos(angle);
      }
    }
    return c;
  }();
  return matrix;
}

/// C b C^T, or with `inverse` C^T b C: C is orthogonal.
inline Block dct(const Block& b, bool inverse) {
  const Block& c = dct_matrix();
  const auto at = [&](std::size_t u, std::size_t x) { return inverse ? c[8 * x + u] : c[8 * u + x]; };
  Block rows{};  // C b
  for (std::size_t u = 0; u < 8; ++u) {
    for (std::size_t k = 0; k < 8; ++k) {
      for (std::size_t x = 0; x < 8; ++x) rows[8 * u + x] += at(u, k) * b[8 * k + x];
    }
  }
  Block out{};
  for (std::size_t u = 0; u < 8; ++u) {
    for (std::size_t v = 0; v < 8; ++v) {
      for (std::size_t k = 0; k < 8; ++k) out[8 * u + v] += rows[8 * u + k] * at(v, k);
    }
  }
  return out;
}

}  // namespace detail

/// The image as a JPEG file of this quality would give it back.
inline Image at_jpeg_quality(const Image& in, std::int64_t quality) {
  QRS_CHECK(!in.empty() && in.grey(), "[jpeg_quality] expected a grey image, got ", in.size_text());
  const JpegTable table = jpeg_luminance_table(quality);
  Image out(in.height(), in.width(), 1);
  detail::Block block;
  for (std::int64_t top = 0; top < in.height(); top += 8) {
    for (std::int64_t left = 0; left < in.width(); left += 8) {
      for (std::int64_t y = 0; y < 8; ++y) {
        const std::uint8_t* row = in.row(std::min(top + y, in.height() - 1));
        for (std::int64_t x = 0; x < 8; ++x) {
          block[static_cast<std::size_t>(8 * y + x)] = row[std::min(left + x, in.width() - 1)] - 128.0;
        }
      }
      block = detail::dct(block, false);
      for (std::size_t i = 0; i < block.size(); ++i) {
        const auto step = static_cast<double>(table[i]);
        block[i] = step * std::round(block[i] / step);
      }
      block = detail::dct(block, true);
      for (std::int64_t y = 0; y < 8 && top + y < in.height(); ++y) {
        for (std::int64_t x = 0; x < 8 && left + x < in.width(); ++x) {
          const double value = std::round(block[static_cast<std::size_t>(8 * y + x)] + 128.0);
          out.row(top + y)[left + x] = static_cast<std::uint8_t>(std::clamp(value, 0.0, 255.0));
        }
      }
    }
  }
  return out;
}

}  // namespace qrs::image
