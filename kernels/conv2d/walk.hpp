// How a convolution pass walks its pixels: a grid of targets, and for each tap the source pixel it reads.
//
// The forward pass, the data pass (one walk per residue class of the stride) and the weight pass differ only in these
// numbers: target (gy, gx) of the grid reads source pixel (gy * step + offset of the tap), and a source outside the image
// is the row of zeros. Padding, stride and dilation live here and nowhere else in the fast path.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "../gemm/tile.hpp"
#include "conv2d.hpp"

namespace qrs::kernels::conv {

/// Where a tap reads, relative to the scaled grid position, and which weight it is.
struct Tap {
  std::int64_t y = 0;
  std::int64_t x = 0;
  std::int64_t index = 0;  // ky * KW + kx
};

struct Walk {
  std::int64_t n = 0;
  std::int64_t gy = 0;  // grid height and width: targets per image
  std::int64_t gx = 0;
  std::int64_t source_h = 0;
  std::int64_t source_w = 0;
  std::int64_t source_pitch = 0;
  std::int64_t step_y = 1;
  std::int64_t step_x = 1;
  std::int64_t target_h = 0;  // the image the grid is laid over
  std::int64_t target_w = 0;
  std::int64_t target_step_y = 1;
  std::int64_t target_step_x = 1;
  std::int64_t target_y = 0;
  std::int64_t target_x = 0;
  std::vector<Tap> taps;

  std::int64_t rows() const { return n * gy * gx; }
};

/// A 1x1 convolution that reads every pixel once: the batch is one long row of pixels.
inline bool is_pointwise(const Conv2dParams& p) {
  return p.kh == 1 && p.kw == 1 && p.stride_h == 1 && p.stride_w == 1 && p.padding_h == 0 && p.padding_w == 0;
}

/// The walk of a pointwise convolution, in either direction.
inline Walk pointwise_walk(const Conv2dParams& p, std::int64_t source_pitch) {
  const std::int64_t pixels = p.n * p.h * p.w;
  return {.n = 1,
          .gy = 1,
          .gx = pixels,
          .source_h = 1,
          .source_w = pixels,
          .source_pitch = source_pitch,
          .target_h = 1,
          .target_w = pixels,
          .taps = {Tap{}}};
}

/// The walk of the forward pass, which the weight pass shares.
inline Walk forward_walk(const Conv2dParams& p) {
  if (is_pointwise(p)) return pointwise_walk(p, p.x_pitch);
  Walk walk{.n = p.n,
            .gy = p.oh(),
            .gx = p.ow(),
            .source_h = p.h,
            .source_w = p.w,
            .source_pitch = p.x_pitch,
            .step_y = p.stride_h,
            .step_x = p.stride_w,
            .target_h = p.oh(),
            .target_w = p.ow(),
            .taps = {}};
  for (std::int64_t ky = 0; ky < p.kh; ++ky) {
    for (std::int64_t kx = 0; kx < p.kw; ++kx) {
      walk.taps.push_back(
          {.y = ky * p.dilation_h - p.padding_h, .x = kx * p.dilation_w - p.padding_w, .index = ky * p.kw + kx});
    }
  }
  return walk;
}

/// The walk of the data pass over the input pixels with iy % stride_h == class_y and ix % stride_w == class_x: they all
/// read dy through the same taps, those for which iy + ph - ky dh is a multiple of the stride.
inline Walk data_walk(const Conv2dParams& p, std::int64_t class_y, std::int64_t class_x) {
  if (is_pointwise(p)) return pointwise_walk(p, p.y_pitch);
  Walk walk{.n = p.n,
            .gy = (p.h - class_y + p.stride_h - 1) / p.stride_h,
            .gx = (p.w - class_x + p.stride_w - 1) / p.stride_w,
            .source_h = p.oh(),
            .source_w = p.ow(),
            .source_pitch = p.y_pitch,
            .target_h = p.h,
            .target_w = p.w,
            .target_step_y = p.stride_h,
            .target_step_x = p.stride_w,
            .target_y = class_y,
            .target_x = class_x,
            .taps = {}};
  for (std::int64_t ky = 0; ky < p.kh; ++ky) {
    const std::int64_t y = class_y + p.padding_h - ky * p.dilation_h;
    if (y % p.stride_h != 0) continue;
    for (std::int64_t kx = 0; kx < p.kw; ++kx) {
      const std::int64_t x = class_x + p.padding_w - kx * p.dilation_w;
      if (x % p.stride_w != 0) continue;
      walk.taps.push_back({.y = y / p.stride_h, .x = x / p.stride_w, .index = ky * p.kw + kx});
    }
  }
  return walk;
}

/// Positions of up to `Capacity` consecutive rows of a walk.
template <int Capacity>
struct Positions {
  std::int64_t image[Capacity];  // first pixel of the row's source image
  std::int64_t y[Capacity];      // scaled grid position: a tap adds its offset
  std::int64_t x[Capacity];
  std::int64_t target[Capacity];  // pixel index in the target image batch
};

/// Fills positions of rows [first, first + Capacity), the last row repeated past the end.
template <int Capacity>
inline void locate(const Walk& walk, std::int64_t first, Positions<Capacity>& at) {
  std::int64_t n = first / (walk.gy * walk.gx);
  std::int64_t y = first / walk.gx % walk.gy;
  std::int64_t x = first % walk.gx;
  const std::int64_t last = walk.rows() - 1 - first;
  for (int r = 0; r < Capacity;) {
    // A stretch of one grid row at a time: along it only x changes.
    const std::int64_t image = n * walk.source_h * walk.source_w;
    const std::int64_t line =
        (n * walk.target_h + y * walk.target_step_y + walk.target_y) * walk.target_w + walk.target_x;
    const int stretch = static_cast<int>(std::min<std::int64_t>(Capacity - r, walk.gx - x));
    for (int i = 0; i < stretch; ++i) {
      at.image[r + i] = image;
      at.y[r + i] = y * walk.step_y;
      at.x[r + i] = (x + i) * walk.step_x;
      at.target[r + i] = line + (x + i) * walk.target_step_x;
    }
    r += stretch;
    x = 0;
    if (++y == walk.gy) {
      y = 0;
      ++n;
    }
  }
  for (int r = static_cast<int>(std::min<std::int64_t>(last, Capacity - 1)) + 1; r < Capacity; ++r) {
    at.image[r] = at.image[last];
    at.y[r] = at.y[last];
    at.x[r] = at.x[last];
    at.target[r] = at.target[last];
  }
}

/// Pointers to the source pixels of `Capacity` rows through one tap; `zeros` where the tap falls outside the image.
template <int Capacity, class T>
inline void point(const Walk& walk, const Tap& tap, const Positions<Capacity>& at, const T* source, const T* zeros,
                  const T** to) {
  for (int r = 0; r < Capacity; ++r) {
    const std::int64_t y = at.y[r] + tap.y;
    const std::int64_t x = at.x[r] + tap.x;
    const bool inside = y >= 0 && y < walk.source_h && x >= 0 && x < walk.source_w;
    const T* pixel = source + (at.image[r] + y * walk.source_w + x) * walk.source_pitch;
    to[r] = inside ? pixel : zeros;
  }
}

}  // namespace qrs::kernels::conv
