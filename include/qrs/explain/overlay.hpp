// An explanation as a picture: the grey page tinted by the map, the regions with their shares, and a scale.
//
//   io::write_file("why.png", image::encode_png(overlay(page, map, {.title = "cat 87 %"})));
//
// The map is enlarged to the page by bilinear interpolation between the centres of its cells. A value v becomes t = v / max |v|
// and t a colour of even steps to the eye: in OKLab the lightness falls in proportion to |t|, the hue runs from yellow over
// orange to purple where the value speaks for the class, and from green to blue where it speaks against. The colour multiplies
// the grey, so the traces stay black on it, and where t is 0 the page is as it was.
// Source of OKLab: Ottosson, A perceptual color space for image processing, 2020.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string>
#include <vector>

#include "../core/fixed_text.hpp"
#include "../image/draw_text.hpp"
#include "../image/resize.hpp"
#include "../image/transform.hpp"
#include "regions.hpp"

namespace qrs::explain {

struct OverlayOptions {
  std::int64_t longest = 1100;         // pixels of the page's longer side in the picture
  std::string title = {};              // a line above the page
  std::vector<RegionShare> regions{};  // drawn as boxes with their shares; empty: none
  double region_width = 0.0;           // of the page whose pixels the boxes count; 0: the page's own
  double region_height = 0.0;
  std::string scale = "attribution";  // what the colours mean
};

/// The colour of t in [-1, 1]; white at 0.
inline image::Colour heat_colour(double t) {
  t = std::clamp(t, -1.0, 1.0);
  const double strength = std::abs(t);
  const double lightness = 1.0 - 0.52 * strength;
  const double chroma = (t >= 0.0 ? 0.2 : 0.13) * std::min(1.0, 2.0 * strength);
  const double degrees = t >= 0.0 ? 105.0 - 100.0 * strength : 165.0 + 100.0 * strength;
  const double a = chroma * std::cos(degrees * std::numbers::pi / 180.0);
  const double b = chroma * std::sin(degrees * std::numbers::pi / 180.0);
  const auto cubed = [](double v) { return v * v * v; };
  const double l = cubed(lightness + 0.3963377774 * a + 0.2158037573 * b);
  const double m = cubed(lightness - 0.1055613458 * a - 0.0638541728 * b);
  const double s = cubed(lightness - 0.0894841775 * a - 1.2914855480 * b);
  const auto encoded = [](double linear) {  // sRGB's curve
    linear = std::clamp(linear, 0.0, 1.0);
    const double v = linear <= 0.0031308 ? 12.92 * linear : 1.055 * std::pow(linear, 1.0 / 2.4) - 0.055;
    return static_cast<std::uint8_t>(255.0 * v + 0.5);
  };
  return {encoded(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
          encoded(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
          encoded(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s)};
}

namespace detail {

/// The map (h, w) at the centre of pixel (x, y) of a picture of height x width: bilinear, held at the edge.
template <class T>
double value_at(const Tensor<T>& map, std::int64_t y, std::int64_t x, std::int64_t height, std::int64_t width) {
  const auto place = [](std::int64_t at, std::int64_t out, std::int64_t in) {
    const double centre = (static_cast<double>(at) + 0.5) * static_cast<double>(in) / static_cast<double>(out) - 0.5;
    return std::clamp(centre, 0.0, static_cast<double>(in - 1));
  };
  const double v = place(y, height, map.dim(0));
  const double u = place(x, width, map.dim(1));
  const auto top = static_cast<std::int64_t>(v);
  const auto left = static_cast<std::int64_t>(u);
  const std::int64_t bottom = std::min(top + 1, map.dim(0) - 1);
  const std::int64_t right = std::min(left + 1, map.dim(1) - 1);
  const auto cell = [&](std::int64_t row, std::int64_t column) {
    return static_cast<double>(map.data()[row * map.pitch() + column]);
  };
  const double fy = v - static_cast<double>(top);
  const double fx = u - static_cast<double>(left);
  return (1.0 - fy) * ((1.0 - fx) * cell(top, left) + fx * cell(top, right)) +
         fy * ((1.0 - fx) * cell(bottom, left) + fx * cell(bottom, right));
}

/// "12 %", "0.3 %": two digits say enough.
inline std::string percent_text(double share) {
  return fixed(100.0 * share, 100.0 * share >= 9.95 || share <= 0.0 ? 0 : 1) + " %";
}

inline constexpr image::Colour ink{40, 40, 48};
inline constexpr image::Colour pale_ink{110, 110, 122};
inline constexpr image::Colour paper{255, 255, 255};

/// Mixes a colour into the pixels [left, right) x [top, bottom).
inline void mix_box(image::Image& out, std::int64_t left, std::int64_t top, std::int64_t right, std::int64_t bottom,
                    const image::Colour& colour, double share) {
  for (std::int64_t y = top; y < bottom; ++y) {
    for (std::int64_t x = left; x < right; ++x) image::mix_pixel(out, x, y, colour, share);
  }
}

// Where the page stands on the picture: below the title and above the scale.
inline constexpr std::int64_t page_left = 20;
inline constexpr std::int64_t page_top = 48;
inline constexpr std::int64_t scale_height = 56;

struct MapRange {
  double largest = 0.0;  // absolute value
  bool negative = false;
};

template <class T>
MapRange range_of(const Tensor<T>& map) {
  MapRange out;
  for (std::int64_t y = 0; y < map.dim(0); ++y) {
    for (std::int64_t x = 0; x < map.dim(1); ++x) {
      const auto value = static_cast<double>(map.data()[y * map.pitch() + x]);
      QRS_CHECK(std::isfinite(value), "[overlay] expected finite values, got ", value, " at row ", y, ", column ", x);
      out.largest = std::max(out.largest, std::abs(value));
      out.negative = out.negative || value < 0.0;
    }
  }
  return out;
}

/// Draws the grey page in the colours of the map.
template <class T>
void draw_tinted(image::Image& out, const image::Image& grey, const Tensor<T>& map, double largest) {
  const auto tint = [&](double value) { return heat_colour(largest > 0.0 ? value / largest : 0.0); };
  parallel_chunks(grey.height(), 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y) {
      std::uint8_t* pixel = out.row(page_top + y) + 3 * page_left;
      for (std::int64_t x = 0; x < grey.width(); ++x, pixel += 3) {
        const image::Colour colour = tint(value_at(map, y, x, grey.height(), grey.width()));
        for (std::size_t c = 0; c < 3; ++c) {
          pixel[c] = static_cast<std::uint8_t>((grey.row(y)[x] * colour[c] + 127) / 255);
        }
      }
    }
  });
}

inline void draw_small(image::Image& out, const std::string& words, double x, double y) {
  image::draw_text(out, words, {.x = x, .y = y, .height = 10.0, .pen = 1.5, .colour = ink});
}

/// Draws the frame of a region, and its name and share into the corner.
inline void draw_region(image::Image& out, const RegionShare& region, const image::Box& box) {
  const std::int64_t left = page_left + std::llround(box.left);
  const std::int64_t top = page_top + std::llround(box.top);
  const std::int64_t right = page_left + std::llround(box.right);
  const std::int64_t bottom = page_top + std::llround(box.bottom);
  mix_box(out, left, top, right, top + 1, pale_ink, 0.55);
  mix_box(out, left, bottom - 1, right, bottom, pale_ink, 0.55);
  mix_box(out, left, top + 1, left + 1, bottom - 1, pale_ink, 0.55);
  mix_box(out, right - 1, top + 1, right, bottom - 1, pale_ink, 0.55);
  const std::string label = region.name + " " + percent_text(region.attribution);
  const std::int64_t text = std::llround(image::text_width(label, 10.0));
  mix_box(out, left + 1, top + 1, left + 9 + text, top + 19, paper, 0.78);
  draw_small(out, label, static_cast<double>(left) + 6.0, static_cast<double>(top) + 5.0);
}

/// Draws the colours from the least t to 1, and what they mean.
inline void draw_scale(image::Image& out, std::int64_t top, bool negative, const std::string& meaning) {
  constexpr std::int64_t bar = 240;
  for (std::int64_t x = 0; x < bar; ++x) {
    const double share = static_cast<double>(x) / static_cast<double>(bar - 1);
    mix_box(out, page_left + x, top, page_left + x + 1, top + 14, heat_colour(negative ? 2.0 * share - 1.0 : share),
            1.0);
  }
  const std::string ends = negative ? "against to for: " : "none to most: ";
  draw_small(out, ends + meaning, static_cast<double>(page_left + bar + 12), static_cast<double>(top) + 2.0);
}

}  // namespace detail

/// The picture. `page` is the image as it came from its file, grey or RGB; map (h, w), finite, lies over the whole of it.
/// Throws where one of them is empty or the map has a value that is not finite.
template <class T>
image::Image overlay(const image::Image& page, const Tensor<T>& map, const OverlayOptions& options = {}) {
  QRS_CHECK(map.rank() == 2 && map.size() > 0, "[overlay] expected a map (h, w), got ", map.shape());
  QRS_CHECK(options.longest >= 64 && options.longest <= 8192, "[overlay] expected a longer side of 64 to 8192, got ",
            options.longest);
  const detail::MapRange range = detail::range_of(map);
  const double scale =
      static_cast<double>(options.longest) / static_cast<double>(std::max(page.height(), page.width()));
  const auto scaled = [&](std::int64_t size) {
    return std::max<std::int64_t>(1, std::llround(static_cast<double>(size) * scale));
  };
  const std::int64_t height = scaled(page.height());
  const std::int64_t width = scaled(page.width());
  const image::Image grey = image::resize(image::to_grey(page), height, width);

  image::Image out(height + detail::page_top + detail::scale_height,
                   std::max<std::int64_t>(width, 480) + 2 * detail::page_left, 3);
  std::fill(out.pixels().begin(), out.pixels().end(), std::uint8_t{255});
  detail::draw_tinted(out, grey, map, range.largest);
  image::draw_text(out, options.title,
                   {.x = detail::page_left + 1.0, .y = 18.0, .height = 14.0, .pen = 2.0, .colour = detail::ink});
  const auto extent = [](double given, std::int64_t own) { return given > 0.0 ? given : static_cast<double>(own); };
  const double sx = static_cast<double>(width) / extent(options.region_width, page.width());
  const double sy = static_cast<double>(height) / extent(options.region_height, page.height());
  for (const RegionShare& region : options.regions) {
    if (region.box.width() <= 0.0) continue;
    detail::draw_region(out, region, region.box.scaled(sx, sy));
  }
  detail::draw_scale(out, detail::page_top + height + 16, range.negative, options.scale);
  return out;
}

}  // namespace qrs::explain
