// Resizing with the bits of Pillow's Image.resize.
//
// An output pixel is a weighted mean of the input pixels in reach of a filter that is as wide as a step of the output, so
// shrinking does not alias. Along one axis of n input and m output pixels, with s = n / m and f = max(s, 1):
//
//   centre(i) = (i + 1/2) s          taps(i) = pixels x with |x + 1/2 - centre| within support * f
//   w(i, x)   = filter((x + 1/2 - centre) / f), divided by their sum
//   out(i)    = clip((2^21 + sum_x W(i, x) in(x)) >> 22, 0, 255)         W = w * 2^22, rounded half away from zero
//
// First along the rows, then along the columns, the image between them in 8 bits; Pillow 13 takes the other order where
// the height loses more than twice what the width loses (PassOrder). Sums of integers have no order: the bits are the same
// for any number of threads and any instruction set. The weights are computed in double without fused multiply-adds, which
// could move a pixel into or out of a filter's reach.
// Source: the definition of the filters in Pillow's documentation (Concepts, Filters); Keys, Cubic convolution
// interpolation, 1981 (a = -1/2); Turkowski, Filters for common resampling tasks, 1990 (Lanczos, 3 lobes).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <numbers>
#include <string_view>
#include <vector>

#include "../core/parallel.hpp"
#include "../core/rounded.hpp"
#include "image.hpp"

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

/// Eight sums of products; the compiler splits them where the machine's vectors are shorter.
using Sums = std::int32_t __attribute__((vector_size(32)));

/// How many bytes of a row are multiplied at once: a multiple of the vector's width and of the channels.
inline constexpr std::int64_t lanes = 24;

/// sums += weight * source, over eight values.
inline void multiply_add(Sums& sums, const std::int32_t* weight, const std::int32_t* source) {
  Sums w;
  Sums p;
  std::memcpy(&w, weight, sizeof w);
  std::memcpy(&p, source, sizeof p);
  sums += w * p;
}

/// One output pixel: the products of `count` weights and bytes, added for each channel. Lane l belongs to channel
/// l mod channels.
template <int channels>
void weigh(const std::int32_t* weight, const std::int32_t* source, std::int64_t count, std::uint8_t* pixel) {
  Sums a = {};
  Sums b = {};
  Sums c = {};
  for (std::int64_t t = 0; t < count; t += lanes) {
    multiply_add(a, weight + t, source + t);
    multiply_add(b, weight + t + 8, source + t + 8);
    multiply_add(c, weight + t + 16, source + t + 16);
  }
  if constexpr (channels == 1) {
    const Sums all = a + b + c;
    pixel[0] = clip_sum(all[0] + all[1] + all[2] + all[3] + all[4] + all[5] + all[6] + all[7]);
  } else {
    pixel[0] = clip_sum(a[0] + a[3] + a[6] + b[1] + b[4] + b[7] + c[2] + c[5]);
    pixel[1] = clip_sum(a[1] + a[4] + a[7] + b[2] + b[5] + c[0] + c[3] + c[6]);
    pixel[2] = clip_sum(a[2] + a[5] + b[0] + b[3] + b[6] + c[1] + c[4] + c[7]);
  }
}

/// Bytes to integers. Inner loops of a fixed length become vector instructions at every optimisation level.
inline void widen(const std::uint8_t* __restrict source, std::int64_t count, std::int32_t* __restrict target) {
  std::int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (int l = 0; l < 16; ++l) target[i + l] = source[i + l];
  }
  for (; i < count; ++i) target[i] = source[i];
}

/// Along the rows: (H, n, C) -> (H, m, C).
template <int channels>
Image resize_rows(const Image& in, std::int64_t out_width, Filter filter) {
  const AxisWeights axis = axis_weights(filter, in.width(), out_width);
  // Each weight once a channel, the rows of weights padded with zeros to whole steps.
  const std::int64_t stride = (axis.stride * channels + lanes - 1) / lanes * lanes;
  std::vector<std::int32_t> weights(static_cast<std::size_t>(stride * out_width));
  for (std::int64_t i = 0; i < out_width; ++i) {
    for (std::int64_t t = 0; t < axis.count[static_cast<std::size_t>(i)] * channels; ++t) {
      weights[static_cast<std::size_t>(i * stride + t)] =
          axis.weights[static_cast<std::size_t>(i * axis.stride + t / channels)];
    }
  }
  Image out(in.height(), out_width, channels);
  const std::int64_t row_bytes = in.width() * channels;
  parallel_chunks(in.height(), rows_per_task(row_bytes), [&](std::int64_t begin, std::int64_t end) {
    // The row in the sums' type, widened once; a step may read past it, with weights of zero.
    std::vector<std::int32_t> wide(static_cast<std::size_t>(row_bytes + stride));
    for (std::int64_t y = begin; y < end; ++y) {
      widen(in.row(y), row_bytes, wide.data());
      std::uint8_t* target = out.row(y);
      for (std::int64_t i = 0; i < out_width; ++i) {
        const std::int32_t* source = wide.data() + axis.first[static_cast<std::size_t>(i)] * channels;
        const std::int32_t* weight = weights.data() + i * stride;
        weigh<channels>(weight, source, axis.count[static_cast<std::size_t>(i)] * channels, target + i * channels);
      }
    }
  });
  return out;
}

inline Image resize_rows(const Image& in, std::int64_t out_width, Filter filter) {
  return in.grey() ? resize_rows<1>(in, out_width, filter) : resize_rows<3>(in, out_width, filter);
}

/// sums += weight * source.
inline void add_scaled(const std::uint8_t* __restrict source, std::int64_t count, std::int32_t weight,
                       std::int32_t* __restrict sums) {
  std::int64_t i = 0;
  for (; i + 16 <= count; i += 16) {
    for (int l = 0; l < 16; ++l) sums[i + l] += weight * source[i + l];
  }
  for (; i < count; ++i) sums[i] += weight * source[i];
}

/// Along the columns: (n, W, C) -> (m, W, C).
inline Image resize_columns(const Image& in, std::int64_t out_height, Filter filter) {
  const AxisWeights axis = axis_weights(filter, in.height(), out_height);
  Image out(out_height, in.width(), in.channels());
  const std::int64_t row_bytes = in.width() * in.channels();
  parallel_chunks(out_height, rows_per_task(row_bytes * axis.stride), [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::int32_t> sums(static_cast<std::size_t>(row_bytes));
    for (std::int64_t y = begin; y < end; ++y) {
      std::fill(sums.begin(), sums.end(), 0);
      for (std::int64_t t = 0; t < axis.count[static_cast<std::size_t>(y)]; ++t) {
        const std::uint8_t* source = in.row(axis.first[static_cast<std::size_t>(y)] + t);
        const std::int32_t weight = axis.weights[static_cast<std::size_t>(y * axis.stride + t)];
        add_scaled(source, row_bytes, weight, sums.data());
      }
      std::uint8_t* target = out.row(y);
      for (std::int64_t b = 0; b < row_bytes; ++b) target[b] = clip_sum(sums[static_cast<std::size_t>(b)]);
    }
  });
  return out;
}

/// The input pixel of each output pixel; -1 for none. The positions are added up one by one, as Pillow does it: the sum
/// of m steps may differ from the product in the last bit, and with it the pixel.
inline std::vector<std::int64_t> nearest_pixels(std::int64_t in, std::int64_t out) {
  const double step = static_cast<double>(in) / static_cast<double>(out);
  std::vector<std::int64_t> pixels(static_cast<std::size_t>(out));
  double at = rounded(step * 0.5);
  for (std::int64_t& pixel : pixels) {
    pixel = at < static_cast<double>(in) ? static_cast<std::int64_t>(at) : -1;
    at += step;
  }
  return pixels;
}

inline Image resize_nearest(const Image& in, std::int64_t out_height, std::int64_t out_width) {
  const std::vector<std::int64_t> rows = nearest_pixels(in.height(), out_height);
  const std::vector<std::int64_t> columns = nearest_pixels(in.width(), out_width);
  const std::int64_t channels = in.channels();
  Image out(out_height, out_width, channels);
  parallel_chunks(out_height, rows_per_task(out_width * channels), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t y = begin; y < end; ++y) {
      if (rows[static_cast<std::size_t>(y)] < 0) continue;
      const std::uint8_t* source = in.row(rows[static_cast<std::size_t>(y)]);
      std::uint8_t* target = out.row(y);
      for (std::int64_t x = 0; x < out_width; ++x) {
        const std::int64_t column = columns[static_cast<std::size_t>(x)];
        if (column >= 0) std::copy_n(source + column * channels, channels, target + x * channels);
      }
    }
  });
  return out;
}

}  // namespace detail

/// Which axis comes first where both change. The image between the passes is rounded, so the bits depend on it.
enum class PassOrder {
  rows_first,  // Pillow up to 12, with which the paper's images were made
  pillow_13,   // columns first where in height - out height > 2 (in width - out width) and the height shrinks
};

struct ResizeOptions {
  Filter filter = Filter::bicubic;  // Pillow's default too
  PassOrder order = PassOrder::rows_first;
};

/// The image at another size. An axis whose size does not change is left alone. Throws where a size is below 1 or the
/// result has more than max_pixels.
inline Image resize(const Image& in, std::int64_t out_height, std::int64_t out_width,
                    const ResizeOptions& options = {}) {
  QRS_CHECK(!in.empty(), "[resize] expected an image, got an empty one");
  QRS_CHECK(out_height >= 1 && out_width >= 1 && out_height <= max_pixels / out_width, "[resize] expected 1 to ",
            max_pixels, " pixels, got height ", out_height, " and width ", out_width);
  const bool rows = out_width != in.width();
  const bool columns = out_height != in.height();
  if (!rows && !columns) return in;
  if (options.filter == Filter::nearest) return detail::resize_nearest(in, out_height, out_width);
  if (!columns) return detail::resize_rows(in, out_width, options.filter);
  if (!rows) return detail::resize_columns(in, out_height, options.filter);
  const std::int64_t lost_height = in.height() - out_height;
  const bool columns_first =
      options.order == PassOrder::pillow_13 && lost_height > 0 && 2 * (in.width() - out_width) < lost_height;
  if (columns_first) {
    return detail::resize_rows(detail::resize_columns(in, out_height, options.filter), out_width, options.filter);
  }
  return detail::resize_columns(detail::resize_rows(in, out_width, options.filter), out_height, options.filter);
}

}  // namespace qrs::image
