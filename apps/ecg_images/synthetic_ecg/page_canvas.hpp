// A page as layers of ink: how much of each pixel an ink covers, by the shapes drawn with it.
//
//   InkLayer black(1572, 2213);   black.stroke({10, 10}, {60, 12}, 3.0);   Image page = printed(layers, ...)
//
// Coordinates in pixels, (0, 0) the upper left corner of the first pixel. Edges are smooth: coverage of a stroke falls
// linearly over one pixel around its edge, that of a box is the area inside the pixel. Where shapes of one ink meet, the
// greater coverage holds, so that a trace made of many strokes has no seams.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "../page_layout.hpp"
#include "qrs/image/image.hpp"
#include "qrs/image/stroke_font.hpp"

namespace qrs::ecg_images::synthetic_ecg {

using Point = image::PenPoint;

using Colour = std::array<std::uint8_t, 3>;  // red, green, blue

class InkLayer {
 public:
  InkLayer(std::int64_t height, std::int64_t width)
      : height_(height), width_(width), coverage_(static_cast<std::size_t>(height * width), 0) {}

  std::int64_t height() const { return height_; }
  std::int64_t width() const { return width_; }
  /// The coverages of row y, 0 to 255.
  const std::uint8_t* row(std::int64_t y) const { return coverage_.data() + y * width_; }

  /// A straight stroke with round ends. Below one pixel of thickness it grows fainter instead of thinner.
  void stroke(Point from, Point to, double thickness, double strength = 1.0) {
    const double radius = 0.5 * std::max(1.0, thickness);
    const double darkest = strength * std::min(1.0, thickness);
    const double reach = radius + 0.5;
    const double dx = to.x - from.x;
    const double dy = to.y - from.y;
    const double square = dx * dx + dy * dy;
    const double scale = square > 0.0 ? 1.0 / square : 0.0;
    const Range rows = covered(std::min(from.y, to.y) - reach, std::max(from.y, to.y) + reach, height_);
    const Range columns = covered(std::min(from.x, to.x) - reach, std::max(from.x, to.x) + reach, width_);
    for (std::int64_t y = rows.first; y < rows.last; ++y) {
      const double py = static_cast<double>(y) + 0.5 - from.y;
      std::uint8_t* out = coverage_.data() + y * width_;
      for (std::int64_t x = columns.first; x < columns.last; ++x) {
        const double px = static_cast<double>(x) + 0.5 - from.x;
        const double along = std::clamp((px * dx + py * dy) * scale, 0.0, 1.0);  // 0 at the begin, 1 at the end
        const double ox = px - along * dx;
        const double oy = py - along * dy;
        const double off = ox * ox + oy * oy;
        if (off >= reach * reach) continue;
        cover(out[x], darkest * std::min(1.0, reach - std::sqrt(off)));
      }
    }
  }

  /// A filled box.
  void box(const PageBox& box, double strength = 1.0) {
    const Range rows = covered(box.top, box.bottom, height_);
    const Range columns = covered(box.left, box.right, width_);
    for (std::int64_t y = rows.first; y < rows.last; ++y) {
      const double high = strength * inside(y, box.top, box.bottom);
      for (std::int64_t x = columns.first; x < columns.last; ++x) {
        cover(coverage_[static_cast<std::size_t>(y * width_ + x)], high * inside(x, box.left, box.right));
      }
    }
  }

 private:
  struct Range {
    std::int64_t first;
    std::int64_t last;
  };
  /// The pixels that [low, high) touches.
  static Range covered(double low, double high, std::int64_t size) {
    const auto limit = static_cast<double>(size);
    return {static_cast<std::int64_t>(std::clamp(std::floor(low), 0.0, limit)),
            static_cast<std::int64_t>(std::clamp(std::ceil(high), 0.0, limit))};
  }
  /// How much of pixel `at` lies in [low, high).
  static double inside(std::int64_t at, double low, double high) {
    const auto begin = static_cast<double>(at);
    return std::max(0.0, std::min(high, begin + 1.0) - std::max(low, begin));
  }
  static void cover(std::uint8_t& pixel, double coverage) {
    pixel = std::max(pixel, static_cast<std::uint8_t>(255.0 * coverage + 0.5));
  }

  std::int64_t height_;
  std::int64_t width_;
  std::vector<std::uint8_t> coverage_;
};

/// The page: paper, on it the grid's ink, on that the black ink. Grey is the luma of the same page (ITU-R BT.601).
inline image::Image printed(const InkLayer& grid, const InkLayer& black, const Colour& paper, const Colour& grid_ink,
                            bool grey) {
  const auto mixed = [](int under, int over, int coverage) {
    return static_cast<std::uint8_t>((under * (255 - coverage) + over * coverage + 127) / 255);
  };
  const auto blackened = [&](std::uint8_t under, int coverage) {
    return coverage == 0 ? under : mixed(under, 0, coverage);
  };
  image::Image page(black.height(), black.width(), grey ? 1 : 3);
  std::array<Colour, 256> grid_colours;  // by coverage
  std::array<std::uint8_t, 256> grid_greys;
  for (int coverage = 0; coverage < 256; ++coverage) {
    Colour& colour = grid_colours[static_cast<std::size_t>(coverage)];
    for (std::size_t c = 0; c < 3; ++c) colour[c] = mixed(paper[c], grid_ink[c], coverage);
    grid_greys[static_cast<std::size_t>(coverage)] =
        static_cast<std::uint8_t>((299 * colour[0] + 587 * colour[1] + 114 * colour[2] + 500) / 1000);
  }
  for (std::int64_t y = 0; y < page.height(); ++y) {
    const std::uint8_t* below = grid.row(y);
    const std::uint8_t* above = black.row(y);
    std::uint8_t* out = page.row(y);
    for (std::int64_t x = 0; x < page.width(); ++x) {
      if (grey) {
        out[x] = blackened(grid_greys[below[x]], above[x]);
        continue;
      }
      const Colour& colour = grid_colours[below[x]];
      for (std::size_t c = 0; c < 3; ++c) *out++ = blackened(colour[c], above[x]);
    }
  }
  return page;
}

}  // namespace qrs::ecg_images::synthetic_ecg
