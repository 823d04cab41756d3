// Resizing with the bits of Pillow's Image.resize.
//
// An output pixel is a weighted mean of the input pixels in reach of a filter that is as wide as a step of the output, so
// shrinking does not alias. Along one axis, with integer weights W of 22 bits behind the point:
//
//   out(i) = clip((2^21 + sum_x W(i, x) in(x)) >> 22, 0, 255)
//
// First along the rows, then along the columns, the image between them in 8 bits; Pillow 13 takes the other order where
// the height loses more than twice what the width loses (PassOrder). Sums of integers have no order: the bits are the same
// for any number of threads and any instruction set. resize_weights.hpp has the filters and their sources.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "../core/parallel.hpp"
#include "../core/rounded.hpp"
#include "image.hpp"
#include "resize_rows.hpp"
#include "resize_weights.hpp"

namespace qrs::image {

namespace detail {

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
  Image out = Image::uninitialised(out_height, in.width(), in.channels());
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
  rows_first,  // Pillow up to 12
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
