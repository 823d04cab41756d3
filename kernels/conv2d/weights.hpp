// The weight pass: dw[tap, ci, co] (+)= sum over output pixels of x[pixel through tap, ci] * dy[pixel, co].
//
// The sum runs over pixels, so the roles turn: a register tile holds up to 14 input channels x one panel of output channels
// of one tap, and each pixel adds the outer product of a few x values (broadcast) and two registers of dy.
// Pixels are cut into segments whose number depends on the problem alone; each segment has its own partial dw and they are
// added in order, so the bits do not depend on the number of threads.
#pragma once

#include <algorithm>
#include <utility>

#include "walk.hpp"

namespace qrs::kernels::conv {

/// dw tile of Count channels x one panel, over `rows` pixels. x holds a pointer per pixel, dy is packed [pixel][tile::cols].
template <int Count, class T>
inline void outer_products(const T* const* x, std::int64_t offset, std::int64_t rows, const T* dy, std::int64_t width,
                           T* dw, std::int64_t pitch, bool accumulate) {
  constexpr int lanes = simd::lanes<T>;
  simd::Vec<T> sum[Count][2] = {};
  for (std::int64_t r = 0; r < rows; ++r) {
    const T* values = x[r] + offset;
    simd::prefetch_next_line(values);
    const simd::Vec<T> b0 = simd::load(dy);
    const simd::Vec<T> b1 = simd::load(dy + lanes);
    dy += tile::cols<T>;
#pragma GCC unroll 16
    for (int c = 0; c < Count; ++c) {
      const simd::Vec<T> value = simd::broadcast(values[c]);
      sum[c][0] += value * b0;
      sum[c][1] += value * b1;
    }
  }
  for (int c = 0; c < Count; ++c) {
    for (int v = 0; v < 2 && v * lanes < width; ++v) {
      T* to = dw + c * pitch + v * lanes;
      const std::int64_t n = std::min<std::int64_t>(lanes, width - v * lanes);
      if (accumulate) sum[c][v] += simd::load_part(to, n);
      simd::store_part(to, sum[c][v], n);
    }
  }
}

/// outer_products<count>, count in 1 .. tile::rows.
template <class T, class... Args>
inline void outer_products_of(std::int64_t count, const Args&... args) {
  [&]<int... Counts>(std::integer_sequence<int, Counts...>) {
    (void)((count == Counts + 1 && (outer_products<Counts + 1, T>(args...), true)) || ...);
  }
  (std::make_integer_sequence<int, tile::rows>{});
}

/// One grouped slice of the weight pass.
template <class T>
struct WeightPass {
  const T* x = nullptr;   // through the walk
  const T* dy = nullptr;  // a row per target of the walk
  std::int64_t dy_pitch = 0;
  T* dw = nullptr;  // dw[(tap * depth + ci) * dw_pitch + co]
  std::int64_t dw_pitch = 0;
  std::int64_t depth = 0;  // input channels per tap
  std::int64_t cols = 0;   // output channels
  bool accumulate = false;
};

namespace detail {

/// Pixels whose products are added up in registers before they go to memory.
inline constexpr std::int64_t pixel_block = 16 * 14;

/// The pixels [begin, end) of a pass into dw, for the (panel, tap) pairs [pair_begin, pair_end).
template <class T>
void weight_segment(const Walk& walk, const WeightPass<T>& pass, std::int64_t begin, std::int64_t end,
                    std::int64_t pair_begin, std::int64_t pair_end, const T* zeros, T* dw, bool accumulate) {
  constexpr std::int64_t chunk = 16;
  const auto taps = static_cast<std::int64_t>(walk.taps.size());
  const std::int64_t tiles = (pass.depth + tile::rows - 1) / tile::rows;
  Scratch<const T*> pointers(pixel_block * taps);
  Scratch<T> packed(pixel_block * tile::cols<T>);
  for (std::int64_t first = begin; first < end; first += pixel_block) {
    const std::int64_t rows = std::min(pixel_block, end - first);
    for (std::int64_t r = 0; r < rows; r += chunk) {
      Positions<chunk> at;
      locate(walk, first + r, at);
      for (std::int64_t pair = pair_begin; pair < std::min(pair_end, pair_begin + taps); ++pair) {
        const std::int64_t t = pair % taps;
        point(walk, walk.taps[static_cast<std::size_t>(t)], at, pass.x, zeros, pointers.data() + t * pixel_block + r);
      }
    }
    std::int64_t packed_panel = -1;
    for (std::int64_t pair = pair_begin; pair < pair_end; ++pair) {
      const std::int64_t column = pair / taps * tile::cols<T>;
      const std::int64_t width = std::min<std::int64_t>(tile::cols<T>, pass.cols - column);
      if (packed_panel != pair / taps) {
        packed_panel = pair / taps;
        const T* from = pass.dy + first * pass.dy_pitch + column;
        for (std::int64_t r = 0; r < rows; ++r, from += pass.dy_pitch) {
          T* to = packed.data() + r * tile::cols<T>;
          simd::prefetch_next_line(from);
          for (std::int64_t c = 0; c < width; ++c) to[c] = from[c];
          for (std::int64_t c = width; c < tile::cols<T>; ++c) to[c] = T(0);
        }
      }
      const std::int64_t tap = pair % taps;
      for (std::int64_t i = 0; i < tiles; ++i) {  // channels split evenly, so that no tile is much smaller than others
        const std::int64_t channel = i * pass.depth / tiles;
        const std::int64_t count = (i + 1) * pass.depth / tiles - channel;
        outer_products_of<T>(
            count, pointers.data() + tap * pixel_block, channel, rows, packed.data(), width,
            dw + (walk.taps[static_cast<std::size_t>(tap)].index * pass.depth + channel) * pass.dw_pitch + column,
            pass.dw_pitch, accumulate || first > begin);
      }
    }
  }
}

}  // namespace detail

template <class T>
void run(const Walk& walk, const WeightPass<T>& pass) {
  const auto taps = static_cast<std::int64_t>(walk.taps.size());
  const std::int64_t rows = walk.rows();
  const std::int64_t size = taps * pass.depth * pass.dw_pitch;
  const std::int64_t pairs = taps * tile::panels<T>(pass.cols);
  // Small weights: more segments of pixels. Large ones: more runs of (panel, tap) pairs. About 16 tasks either way.
  const std::int64_t segments =
      std::clamp<std::int64_t>(std::min(rows / 2048, 524288 / std::max<std::int64_t>(1, size)), 1, 16);
  const std::int64_t runs = std::clamp<std::int64_t>(16 / segments, 1, pairs);
  Scratch<T> zeros(pass.depth + tile::rows);
  std::fill_n(zeros.data(), pass.depth + tile::rows, T(0));
  Scratch<T> partial(segments > 1 ? segments * size : 1);
  parallel_for(segments * runs, [&](std::int64_t task) {
    const std::int64_t segment = task / runs;
    const std::int64_t run_index = task % runs;
    detail::weight_segment(walk, pass, segment * rows / segments, (segment + 1) * rows / segments,
                           run_index * pairs / runs, (run_index + 1) * pairs / runs, zeros.data(),
                           segments > 1 ? partial.data() + segment * size : pass.dw, segments == 1 && pass.accumulate);
  });
  if (segments == 1) return;
  parallel_chunks(taps * pass.depth, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      T* to = pass.dw + row * pass.dw_pitch;
      if (!pass.accumulate) std::fill_n(to, pass.cols, T(0));
      for (std::int64_t s = 0; s < segments; ++s) {
        const T* from = partial.data() + s * size + row * pass.dw_pitch;
        for (std::int64_t c = 0; c < pass.cols; ++c) to[c] += from[c];
      }
    }
  });
}

}  // namespace qrs::kernels::conv
