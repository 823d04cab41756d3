// Augmentation: a training image as another scan of the same page might have looked.
//
//   rotation, shift   out(p) = in(R(angle) (p - c - t) + c), c the centre, bilinear; beyond the edge its pixel is repeated
//   grid fade         v + s w(v) (255 - v): the printed grid fades to white, the dark trace stays; w is 0 up to 64, 1 from 128
//   brightness        f v, at most 255
//   JPEG quality      what a JPEG file of that quality gives back (image/jpeg_quality.hpp)
//
// in this order: the page on the glass, its print, the exposure, the file. Each strength is drawn anew for every image and
// epoch, by Philox at (seed, epoch, row of the image): the same on any number of threads and in a run that goes on. Off by
// default. Validation and test images are never changed.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "../core/philox.hpp"
#include "../image/image.hpp"
#include "../image/jpeg_quality.hpp"
#include "streams.hpp"

namespace qrs::train {

/// The largest strengths; zeros: nothing is changed.
struct AugmentOptions {
  double rotation = 0.0;          // degrees: the angle is uniform in +-rotation
  double shift = 0.0;             // share of height and width: uniform in +-shift for each
  double brightness = 0.0;        // the factor is uniform in 1 +- brightness
  double grid_fade = 0.0;         // in [0, 1]: s is uniform in [0, grid_fade)
  std::int64_t jpeg_quality = 0;  // 1 to 100: the quality is uniform from it to 100; 0: no JPEG

  bool off() const {
    return rotation == 0.0 && shift == 0.0 && brightness == 0.0 && grid_fade == 0.0 && jpeg_quality == 0;
  }
};

inline void check_augment_options(const AugmentOptions& o) {
  const auto check = [](const char* name, double value, double most) {
    QRS_CHECK(value >= 0.0 && value <= most, "[augment] expected ", name, " in [0, ", most, "], got ", value);
  };
  check("rotation", o.rotation, 180.0);
  check("shift", o.shift, 1.0);
  check("brightness", o.brightness, 1.0);
  check("grid_fade", o.grid_fade, 1.0);
  QRS_CHECK(o.jpeg_quality >= 0 && o.jpeg_quality <= 100,
            "[augment] expected jpeg_quality 1 to 100, or 0 for none, got ", o.jpeg_quality);
}

/// Turned by `degrees` (as the eye sees it: counterclockwise) and moved right by `dx` and down by `dy` pixels.
inline image::Image turned(const image::Image& in, double degrees, double dx, double dy) {
  QRS_CHECK(!in.empty() && in.grey(), "[augment] expected a grey image, got ", in.size_text());
  const double angle = degrees * std::numbers::pi / 180.0;
  const double cosine = std::cos(angle);
  const double sine = std::sin(angle);
  const double cx = 0.5 * static_cast<double>(in.width() - 1);
  const double cy = 0.5 * static_cast<double>(in.height() - 1);
  image::Image out(in.height(), in.width(), 1);
  for (std::int64_t y = 0; y < out.height(); ++y) {
    for (std::int64_t x = 0; x < out.width(); ++x) {
      const double px = static_cast<double>(x) - cx - dx;
      const double py = static_cast<double>(y) - cy - dy;
      const double sx = std::clamp(cosine * px - sine * py + cx, 0.0, static_cast<double>(in.width() - 1));
      const double sy = std::clamp(sine * px + cosine * py + cy, 0.0, static_cast<double>(in.height() - 1));
      const auto x0 = static_cast<std::int64_t>(sx);
      const auto y0 = static_cast<std::int64_t>(sy);
      const std::int64_t x1 = std::min(x0 + 1, in.width() - 1);
      const std::int64_t y1 = std::min(y0 + 1, in.height() - 1);
      const double fx = sx - static_cast<double>(x0);
      const double fy = sy - static_cast<double>(y0);
      const double upper = (1.0 - fx) * in.row(y0)[x0] + fx * in.row(y0)[x1];
      const double lower = (1.0 - fx) * in.row(y1)[x0] + fx * in.row(y1)[x1];
      out.row(y)[x] = static_cast<std::uint8_t>(std::lround((1.0 - fy) * upper + fy * lower));
    }
  }
  return out;
}

/// Every pixel through one function of its value, rounded and clipped.
template <class Curve>
image::Image mapped(image::Image in, const Curve& curve) {
  std::array<std::uint8_t, 256> table;
  for (std::size_t v = 0; v < table.size(); ++v) {
    table[v] = static_cast<std::uint8_t>(std::lround(std::clamp(curve(static_cast<double>(v)), 0.0, 255.0)));
  }
  for (std::uint8_t& pixel : in.pixels()) pixel = table[pixel];
  return in;
}

/// Mid-greys moved towards white: fully from 128 on, not at all up to 64.
inline image::Image grid_faded(image::Image in, double strength) {
  return mapped(std::move(in), [strength](double v) {
    const double share = std::clamp((v - 64.0) / 64.0, 0.0, 1.0);
    return v + strength * share * (255.0 - v);
  });
}

/// The image of this row of the data set as `epoch` (from 1) sees it.
inline image::Image augmented(image::Image in, const AugmentOptions& o, std::uint64_t seed, std::int64_t epoch,
                              std::int64_t row) {
  if (o.off()) return in;
  enum Draw : std::uint64_t { angle, right, down, factor, fade, quality, draws = 8 };
  const auto unit = [&](Draw draw) {
    return static_cast<double>(philox_uniform(seed, stream_of(epoch, StreamUse::augmentation),
                                              static_cast<std::uint64_t>(row) * draws + draw));
  };
  const auto both_ways = [&](Draw draw, double most) { return most * (2.0 * unit(draw) - 1.0); };
  if (o.rotation != 0.0 || o.shift != 0.0) {
    in = turned(in, both_ways(angle, o.rotation), both_ways(right, o.shift) * static_cast<double>(in.width()),
                both_ways(down, o.shift) * static_cast<double>(in.height()));
  }
  if (o.grid_fade != 0.0) in = grid_faded(std::move(in), o.grid_fade * unit(fade));
  if (o.brightness != 0.0) {
    const double by = 1.0 + both_ways(factor, o.brightness);
    in = mapped(std::move(in), [by](double v) { return by * v; });
  }
  if (o.jpeg_quality != 0) {
    const auto steps = static_cast<double>(101 - o.jpeg_quality);
    in = image::at_jpeg_quality(in, o.jpeg_quality + static_cast<std::int64_t>(steps * unit(quality)));
  }
  return in;
}

}  // namespace qrs::train
