// The filters of a resize and the weights they give each input pixel.
//
//   centre(i) = (i + 1/2) s          taps(i) = pixels x with |x + 1/2 - centre| within support * f
//   w(i, x)   = filter((x + 1/2 - centre) / f), divided by their sum
//
// for n input and m output pixels of an axis, with s = n / m and f = max(s, 1). Computed in double without fused
// multiply-adds, which could move a pixel into or out of a filter's reach, and rounded to W = w * 2^22, half away from zero.
// Source: the definition of the filters in Pillow's documentation (Concepts, Filters); Keys, Cubic convolution
// interpolation, 1981 (a = -1/2); Turkowski, Filters for common resampling tasks, 1990 (Lanczos, 3 lobes).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <string_view>
#include <vector>

#include "../core/error.hpp"
#include "../core/rounded.hpp"

namespace qrs::image {

enum class Filter { nearest, box, bilinear, hamming, bicubic, lanczos };

inline constexpr std::array<std::string_view, 6> filter_names = {"nearest", "box",     "bilinear",
                                                                 "hamming", "bicubic", "lanczos"};

inline std::string_view name(Filter filter) { return filter_names[static_cast<std::size_t>(filter)]; }

/// The filter of a name in lower case; throws where there is none.
inline Filter filter_named(std::string_view wanted) {
  for (std::size_t i = 0; i < filter_names.size(); ++i) {
    if (filter_names[i] == wanted) return static_cast<Filter>(i);
  }
  fail("[resize] expected nearest, box, bilinear, hamming, bicubic or lanczos, got '", wanted, "'");
}

namespace detail {

inline double sinc(double x) {
  if (x == 0.0) return 1.0;
  x *= std::numbers::pi;
  return std::sin(x) / x;
}

/// How far the filter reaches to either side, in output pixels.
inline double filter_support(Filter filter) {
  constexpr std::array<double, 6> supports = {0.0, 0.5, 1.0, 1.0, 2.0, 3.0};
  return supports[static_cast<std::size_t>(filter)];
}

/// The filter at x output pixels from its centre.
inline double filter_value(Filter filter, double x) {
  switch (filter) {
    case Filter::box:
      return x > -0.5 && x <= 0.5 ? 1.0 : 0.0;
    case Filter::bilinear:
      return std::max(0.0, 1.0 - std::abs(x));
    case Filter::hamming: {
      x = std::abs(x);
      if (x == 0.0) return 1.0;
      if (x >= 1.0) return 0.0;
      x *= std::numbers::pi;
      return std::sin(x) / x * (0.54 + rounded(0.46 * std::cos(x)));
    }
    case Filter::bicubic: {
      constexpr double a = -0.5;
      x = std::abs(x);
      if (x < 1.0) return rounded(rounded(rounded(rounded((a + 2.0) * x) - (a + 3.0)) * x) * x) + 1.0;
      if (x < 2.0) return (rounded((rounded((x - 5.0) * x) + 8.0) * x) - 4.0) * a;
      return 0.0;
    }
    case Filter::lanczos:
      return -3.0 <= x && x < 3.0 ? sinc(x) * sinc(x / 3.0) : 0.0;
    case Filter::nearest:
      break;
  }
  return 0.0;
}

inline constexpr int weight_bits = 22;

/// The weights of one axis: output i takes `count[i]` inputs from `first[i]` on, with weights[i * stride + t].
struct AxisWeights {
  std::vector<std::int64_t> first;
  std::vector<std::int64_t> count;
  std::vector<std::int32_t> weights;
  std::int64_t stride = 0;
};

inline AxisWeights axis_weights(Filter filter, std::int64_t in, std::int64_t out) {
  const double scale = static_cast<double>(in) / static_cast<double>(out);
  const double width = std::max(scale, 1.0);
  const double support = rounded(filter_support(filter) * width);
  AxisWeights axis;
  // No output takes more inputs than there are, however wide the filter.
  axis.stride = std::min<std::int64_t>(2 * static_cast<std::int64_t>(std::ceil(support)) + 1, in);
  axis.weights.resize(static_cast<std::size_t>(axis.stride * out));
  std::vector<double> row(static_cast<std::size_t>(axis.stride));
  for (std::int64_t i = 0; i < out; ++i) {
    const double centre = rounded((static_cast<double>(i) + 0.5) * scale);
    const auto begin = std::max<std::int64_t>(0, static_cast<std::int64_t>(centre - support + 0.5));
    const auto end = std::min<std::int64_t>(in, static_cast<std::int64_t>(centre + support + 0.5));
    double sum = 0.0;
    for (std::int64_t x = begin; x < end; ++x) {
      const double w = filter_value(filter, (static_cast<double>(x) - centre + 0.5) * (1.0 / width));
      row[static_cast<std::size_t>(x - begin)] = w;
      sum += rounded(w);
    }
    for (std::int64_t x = begin; x < end; ++x) {
      double w = row[static_cast<std::size_t>(x - begin)];
      if (sum != 0.0) w /= sum;
      const double scaled = w * static_cast<double>(1 << weight_bits);  // exact
      axis.weights[static_cast<std::size_t>(i * axis.stride + x - begin)] =
          static_cast<std::int32_t>(w < 0.0 ? scaled - 0.5 : scaled + 0.5);
    }
    axis.first.push_back(begin);
    axis.count.push_back(end - begin);
  }
  return axis;
}

inline std::uint8_t clip_sum(std::int32_t sum) {
  return static_cast<std::uint8_t>(std::clamp((sum + (1 << (weight_bits - 1))) >> weight_bits, 0, 255));
}

}  // namespace detail

}  // namespace qrs::image
