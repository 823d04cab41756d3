// An 8-bit image: height x width x channels, row-major, one channel (grey, Pillow's mode L) or three (RGB).
//
//   qrs::image::Image page(224, 224, 3);
//   page.row(10)[3 * 7 + 1] = 255;                                  // green of pixel (y 10, x 7)
//
// An image owns its pixels and copies like a vector.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/uninitialised.hpp"

namespace qrs::image {

/// The most pixels of an image: 2^28, a square of 16,384. What claims more is refused before memory is asked for.
inline constexpr std::int64_t max_pixels = std::int64_t{1} << 28;

class Image {
 public:
  /// No image: height, width and channels are 0.
  Image() = default;

  /// A black image. Throws unless the sizes are positive, at most max_pixels, and channels 1 or 3.
  Image(std::int64_t height, std::int64_t width, std::int64_t channels)
      : Image(uninitialised(height, width, channels)) {
    std::fill(pixels_.begin(), pixels_.end(), std::uint8_t{0});
  }

  /// An image whose every pixel the caller writes; until then they are anything. Throws as the constructor does.
  static Image uninitialised(std::int64_t height, std::int64_t width, std::int64_t channels) {
    QRS_CHECK(channels == 1 || channels == 3, "[image] expected 1 or 3 channels, got ", channels);
    QRS_CHECK(height >= 1 && width >= 1 && height <= max_pixels / width, "[image] expected 1 to ", max_pixels,
              " pixels, got height ", height, " and width ", width);
    Image out;
    out.height_ = height;
    out.width_ = width;
    out.channels_ = channels;
    out.pixels_.resize(static_cast<std::size_t>(height * width * channels));
    return out;
  }

  /// An image of given pixels. Throws where their number is not height * width * channels.
  Image(std::int64_t height, std::int64_t width, std::int64_t channels, std::span<const std::uint8_t> pixels)
      : Image(height, width, channels) {
    QRS_CHECK(pixels.size() == pixels_.size(), "[image] expected ", pixels_.size(), " bytes for ", size_text(),
              ", got ", pixels.size());
    pixels_.assign(pixels.begin(), pixels.end());
  }

  std::int64_t height() const { return height_; }
  std::int64_t width() const { return width_; }
  std::int64_t channels() const { return channels_; }
  bool empty() const { return pixels_.empty(); }
  bool grey() const { return channels_ == 1; }

  std::uint8_t* data() { return pixels_.data(); }
  const std::uint8_t* data() const { return pixels_.data(); }
  std::span<std::uint8_t> pixels() { return pixels_; }
  std::span<const std::uint8_t> pixels() const { return pixels_; }
  /// The width * channels bytes of row y.
  std::uint8_t* row(std::int64_t y) { return data() + y * width_ * channels_; }
  const std::uint8_t* row(std::int64_t y) const { return data() + y * width_ * channels_; }

  /// "1572 x 2213 x 3": height, width, channels.
  std::string size_text() const { return text(height_, " x ", width_, " x ", channels_); }

  bool operator==(const Image&) const = default;

 private:
  std::int64_t height_ = 0;
  std::int64_t width_ = 0;
  std::int64_t channels_ = 0;
  std::vector<std::uint8_t, Uninitialised<std::uint8_t>> pixels_;
};

/// How many rows a task of a parallel loop takes: about 64 Ki bytes of them.
inline std::int64_t rows_per_task(std::int64_t row_bytes) {
  return row_bytes >= 65536 ? 1 : 65536 / (row_bytes < 1 ? 1 : row_bytes);
}

}  // namespace qrs::image
