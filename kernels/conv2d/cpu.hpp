// Convolution on the CPU: packs the weights, lays out the walk, and runs the engines of indirect.hpp and weights.hpp.
//
// An image of very few channels (the first layer) is copied once into a padded one; then the KW x C_in values under one row
// of the kernel are neighbours in memory and count as one tap, so the inner loop is 7 or 21 long and not 1 or 3.
#pragma once

#include <algorithm>
#include <cstring>

#include "conv2d.hpp"
#include "depthwise.hpp"
#include "indirect.hpp"
#include "weights.hpp"

namespace qrs::kernels {

namespace conv {

/// A depthwise convolution: one input channel a group, one output channel each. It has its own kernels.
inline bool is_depthwise(const Conv2dParams& p) { return p.groups > 1 && p.groups == p.ci && p.groups == p.co; }

/// True where the taps of a kernel row merge (see the head of this file).
inline bool merges_taps(const Conv2dParams& p) { return p.groups == 1 && p.dilation_w == 1 && p.kw > 1 && p.ci < 8; }

/// The problem on the padded copy: no padding, one tap per kernel row, KW * C_in values deep.
struct Merged {
  Conv2dParams p;
  Walk walk;
};
inline Merged merge_taps(Conv2dParams p) {
  p.h += 2 * p.padding_h;
  p.w += 2 * p.padding_w;
  p.padding_h = 0;
  p.padding_w = 0;
  p.x_pitch = p.ci;
  Walk walk = forward_walk(p);
  std::vector<Tap> rows;
  for (const Tap& tap : walk.taps) {
    if (tap.index % p.kw == 0) rows.push_back({.y = tap.y, .x = tap.x, .index = tap.index / p.kw});
  }
  walk.taps = std::move(rows);
  return {p, std::move(walk)};
}

/// Copies x into the middle of an image of zeros.
template <class T>
void pad_image(const Conv2dParams& p, const T* x, T* to) {
  const std::int64_t width = (p.w + 2 * p.padding_w) * p.ci;
  parallel_for(p.n * (p.h + 2 * p.padding_h), [&](std::int64_t row) {
    const std::int64_t y = row % (p.h + 2 * p.padding_h) - p.padding_h;
    T* out = to + row * width;
    std::fill_n(out, width, T(0));
    if (y < 0 || y >= p.h) return;
    const T* from = x + (row / (p.h + 2 * p.padding_h) * p.h + y) * p.w * p.x_pitch;
    for (std::int64_t i = 0; i < p.w; ++i) {
      std::copy_n(from + i * p.x_pitch, p.ci, out + (p.padding_w + i) * p.ci);
    }
  });
}

}  // namespace conv

template <class T>
void conv2d_forward_cpu(const Conv2dParams& p, const T* x, const T* w, const Epilogue<T>& e, T* y) {
  if (conv::is_depthwise(p)) return depthwise_conv2d_forward_cpu(p, x, w, e, y);
  const std::int64_t taps = p.kh * p.kw;
  if (conv::merges_taps(p)) {
    const conv::Merged merged = conv::merge_taps(p);
    const std::int64_t depth = p.kw * p.ci;
    Scratch<T> padded(merged.p.n * merged.p.h * merged.p.w * p.ci);
    conv::pad_image(p, x, padded.data());
    Scratch<T> packed(tile::packed_size<T>(p.kh, depth, p.co));
    tile::pack(p.kh, depth, p.co, w, depth * p.co, p.co, packed.data());
    conv::run<T>(merged.walk, {.source = padded.data(),
                               .packed = packed.data(),
                               .target = y,
                               .target_pitch = p.y_pitch,
                               .depth = depth,
                               .cols = p.co,
                               .epilogue = e});
    return;
  }
  const conv::Walk walk = conv::forward_walk(p);
  const std::int64_t depth = p.ci_per_group();
  const std::int64_t cols = p.co_per_group();
  Scratch<T> packed(tile::packed_size<T>(taps, depth, cols));
  for (std::int64_t g = 0; g < p.groups; ++g) {
    tile::pack(taps, depth, cols, w + g * cols, depth * p.co, p.co, packed.data());
    Epilogue<T> part = e;
    if (part.scale != nullptr) part.scale += g * cols;
    if (part.shift != nullptr) part.shift += g * cols;
    if (part.residual != nullptr) part.residual += g * cols;
    conv::run<T>(walk, {.source = x + g * depth,
                        .packed = packed.data(),
                        .target = y + g * cols,
                        .target_pitch = p.y_pitch,
                        .depth = depth,
                        .cols = cols,
                        .epilogue = part});
  }
}

template <class T>
void conv2d_backward_data_cpu(const Conv2dParams& p, const T* dy, const T* w, T* dx, bool accumulate) {
  if (conv::is_depthwise(p)) return depthwise_conv2d_backward_data_cpu(p, dy, w, dx, accumulate);
  const std::int64_t depth = p.co_per_group();
  const std::int64_t cols = p.ci_per_group();
  Scratch<T> packed(tile::packed_size<T>(p.kh * p.kw, depth, cols));
  const std::int64_t tap_size = depth * tile::cols<T>;
  for (std::int64_t g = 0; g < p.groups; ++g) {
    for (std::int64_t class_y = 0; class_y < std::min(p.stride_h, p.h); ++class_y) {
      for (std::int64_t class_x = 0; class_x < std::min(p.stride_w, p.w); ++class_x) {
        const conv::Walk walk = conv::data_walk(p, class_y, class_x);
        const auto taps = static_cast<std::int64_t>(walk.taps.size());
        // The transposed weights of this class's taps, panel by panel: [panel][tap][co][ci].
        parallel_for(tile::panels<T>(cols) * taps, [&](std::int64_t task) {
          const std::int64_t index = walk.taps[static_cast<std::size_t>(task % taps)].index;
          const std::int64_t column = task / taps * tile::cols<T>;
          tile::transpose_panel(depth, std::min<std::int64_t>(tile::cols<T>, cols - column),
                                w + (index * cols + column) * p.co + g * depth, p.co, packed.data() + task * tap_size);
        });
        conv::run<T>(walk,
                     {.source = dy + g * depth,
                      .packed = packed.data(),
                      .target = dx + g * cols,
                      .target_pitch = p.x_pitch,
                      .depth = depth,
                      .cols = cols,
                      .epilogue = {.residual = accumulate ? dx + g * cols : nullptr, .residual_pitch = p.x_pitch}});
      }
    }
  }
}

template <class T>
void conv2d_backward_weights_cpu(const Conv2dParams& p, const T* x, const T* dy, T* dw, bool accumulate) {
  if (conv::is_depthwise(p)) return depthwise_conv2d_backward_weights_cpu(p, x, dy, dw, accumulate);
  if (conv::merges_taps(p)) {
    const conv::Merged merged = conv::merge_taps(p);
    Scratch<T> padded(merged.p.n * merged.p.h * merged.p.w * p.ci);
    conv::pad_image(p, x, padded.data());
    conv::run<T>(merged.walk, conv::WeightPass<T>{.x = padded.data(),
                                                  .dy = dy,
                                                  .dy_pitch = p.y_pitch,
                                                  .dw = dw,
                                                  .dw_pitch = p.co,
                                                  .depth = p.kw * p.ci,
                                                  .cols = p.co,
                                                  .accumulate = accumulate});
    return;
  }
  const conv::Walk walk = conv::forward_walk(p);
  const std::int64_t depth = p.ci_per_group();
  const std::int64_t cols = p.co_per_group();
  for (std::int64_t g = 0; g < p.groups; ++g) {
    conv::run<T>(walk, conv::WeightPass<T>{.x = x + g * depth,
                                           .dy = dy + g * cols,
                                           .dy_pitch = p.y_pitch,
                                           .dw = dw + g * cols,
                                           .dw_pitch = p.co,
                                           .depth = depth,
                                           .cols = cols,
                                           .accumulate = accumulate});
  }
}

}  // namespace qrs::kernels
