// Text on an image: letters of straight strokes with round ends, smooth at any size.
//
//   draw_text(image, "cat 12 %", {.x = 20, .y = 30, .height = 12});       (x, y): the top left of the first capital
//
// The letters are those of stroke_font.hpp. A pixel takes the colour by how much of it lies within half the pen's width of a stroke, estimated from
// the distance of its centre. A character without a glyph becomes a box.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "image.hpp"
#include "stroke_font.hpp"

namespace qrs::image {

/// Red, green, blue. Grey images take the red.
using Colour = std::array<std::uint8_t, 3>;

struct TextStyle {
  double x = 0.0;  // left of the first letter, in pixels
  double y = 0.0;  // top of a capital
  double height = 12.0;
  double pen = 1.7;  // width of a stroke, in pixels
  Colour colour = {30, 30, 30};
};

namespace detail {

/// A character's strokes; a box for one without a glyph.
inline std::string_view drawn_glyph(char c) { return find_glyph(c).value_or("0d0m4m4d0d"); }

inline double distance_to_segment(double x, double y, double ax, double ay, double bx, double by) {
  const double dx = bx - ax;
  const double dy = by - ay;
  const double length = dx * dx + dy * dy;
  const double along = length > 0.0 ? std::clamp(((x - ax) * dx + (y - ay) * dy) / length, 0.0, 1.0) : 0.0;
  return std::hypot(x - ax - along * dx, y - ay - along * dy);
}

}  // namespace detail

/// Mixes a colour into the pixel (x, y) with weight `share` in [0, 1]; a pixel outside the image is none.
inline void mix_pixel(Image& image, std::int64_t x, std::int64_t y, const Colour& colour, double share) {
  if (x < 0 || y < 0 || x >= image.width() || y >= image.height()) return;
  std::uint8_t* pixel = image.row(y) + x * image.channels();
  for (std::int64_t c = 0; c < image.channels(); ++c) {
    const double mixed = pixel[c] + share * (colour[static_cast<std::size_t>(c)] - pixel[c]);
    pixel[c] = static_cast<std::uint8_t>(mixed + 0.5);
  }
}

/// How many pixels a text of this height is wide.
inline double text_width(std::string_view text, double height) {
  double units = 0.0;
  for (const char c : text) units += detail::glyph_width(detail::drawn_glyph(c)) + detail::glyph_gap;
  return units * height / detail::capital_units;
}

/// Draws one line of text; what falls outside the image is cut off.
inline void draw_text(Image& image, std::string_view text, const TextStyle& style) {
  QRS_CHECK(style.height > 0.0 && style.pen > 0.0, "[draw_text] expected a height and a pen above 0, got ",
            style.height, " and ", style.pen);
  const double reach = 0.5 * style.pen + 0.5;
  double left = style.x;
  for (const char c : text) {
    struct Segment {
      PenPoint from;
      PenPoint to;
    };
    std::vector<Segment> segments;
    Segment around{{1e9, 1e9}, {-1e9, -1e9}};  // the box that holds them: least, greatest
    const double right =
        write_glyph({left, style.y + style.height}, style.height, detail::drawn_glyph(c), [&](PenPoint a, PenPoint b) {
          a.y = std::max(a.y, style.y);  // a line of text stays below its top: signs are cut to the height of capitals
          b.y = std::max(b.y, style.y);
          segments.push_back({a, b});
          around.from = {std::min({around.from.x, a.x, b.x}), std::min({around.from.y, a.y, b.y})};
          around.to = {std::max({around.to.x, a.x, b.x}), std::max({around.to.y, a.y, b.y})};
        });
    left = right;
    if (segments.empty()) continue;
    const auto pixel = [](double at, std::int64_t size) {
      return static_cast<std::int64_t>(std::clamp(std::floor(at), -1.0, static_cast<double>(size)));
    };
    const std::int64_t last_y = pixel(around.to.y + reach, image.height());
    const std::int64_t last_x = pixel(around.to.x + reach, image.width());
    for (std::int64_t y = pixel(around.from.y - reach, image.height()); y <= last_y; ++y) {
      for (std::int64_t x = pixel(around.from.x - reach, image.width()); x <= last_x; ++x) {
        double distance = reach;
        for (const Segment& s : segments) {
          distance =
              std::min(distance, detail::distance_to_segment(static_cast<double>(x) + 0.5, static_cast<double>(y) + 0.5,
                                                             s.from.x, s.from.y, s.to.x, s.to.y));
        }
        const double share = std::clamp(reach - distance, 0.0, 1.0);
        if (share > 0.0) mix_pixel(image, x, y, style.colour, share);
      }
    }
  }
}

}  // namespace qrs::image
