// The engine of the forward and the data pass: targets = epilogue(sources through taps x packed weights).
//
// A task is a block of grid rows times a run of weight panels. It points once at the source pixels of its rows, for every
// tap, then lets each panel pass over all of them: the sources of a block and one panel stay in the second-level cache.
#pragma once

#include <algorithm>

#include "../elementwise/simd.hpp"
#include "walk.hpp"

namespace qrs::kernels::conv {

/// One grouped slice of a pass: `depth` source channels per tap, `cols` target channels.
template <class T>
struct Pass {
  const T* source = nullptr;
  const T* packed = nullptr;  // [panel][tap of the walk][depth][tile::cols]
  T* target = nullptr;
  std::int64_t target_pitch = 0;
  std::int64_t depth = 0;
  std::int64_t cols = 0;
  Epilogue<T> epilogue;
};

/// Tiles of a row block: as many as keep their source pixels within about a third of the second-level cache.
template <class T>
std::int64_t tiles_per_block(std::int64_t depth) {
  constexpr std::int64_t budget = 384 * 1024;
  const std::int64_t bytes = tile::rows * std::max<std::int64_t>(depth, 1) * static_cast<std::int64_t>(sizeof(T));
  return std::clamp<std::int64_t>(budget / bytes, 4, 32);
}

template <class T>
void run(const Walk& walk, const Pass<T>& pass) {
  const std::int64_t rows = walk.rows();
  if (rows == 0 || pass.cols == 0) return;
  const auto taps = static_cast<std::int64_t>(walk.taps.size());
  const std::int64_t panel_size = taps * pass.depth * tile::cols<T>;
  const std::int64_t tiles = (rows + tile::rows - 1) / tile::rows;
  const std::int64_t block = tiles_per_block<T>(pass.depth);
  const std::int64_t blocks = (tiles + block - 1) / block;
  const std::int64_t all_panels = tile::panels<T>(pass.cols);
  const std::int64_t run_length = blocks >= 16 ? all_panels : std::min<std::int64_t>(all_panels, 4);
  const std::int64_t runs = (all_panels + run_length - 1) / run_length;
  Scratch<T> zeros(pass.depth);
  std::fill_n(zeros.data(), pass.depth, T(0));
  parallel_for(blocks * runs, [&](std::int64_t task) {
    const std::int64_t first_tile = task / runs * block;
    const std::int64_t tile_count = std::min(block, tiles - first_tile);
    Scratch<const T*> pointers(tile_count * taps * tile::rows + 1);
    Scratch<Positions<tile::rows>> positions(tile_count);
    for (std::int64_t t = 0; t < tile_count; ++t) {
      locate(walk, (first_tile + t) * tile::rows, positions[t]);
      for (std::int64_t k = 0; k < taps; ++k) {
        point(walk, walk.taps[static_cast<std::size_t>(k)], positions[t], pass.source, zeros.data(),
              pointers.data() + (t * taps + k) * tile::rows);
      }
    }
    const std::int64_t panel_begin = task % runs * run_length;
    const std::int64_t panel_end = std::min(all_panels, panel_begin + run_length);
    for (std::int64_t panel = panel_begin; panel < panel_end; ++panel) {
      const std::int64_t column = panel * tile::cols<T>;
      const std::int64_t width = std::min<std::int64_t>(tile::cols<T>, pass.cols - column);
      for (std::int64_t t = 0; t < tile_count; ++t) {
        tile::Sums<T> sums;
        tile::multiply(sums, pointers.data() + t * taps * tile::rows, taps, pass.depth,
                       pass.packed + panel * panel_size, width);
        const std::int64_t count = std::min<std::int64_t>(tile::rows, rows - (first_tile + t) * tile::rows);
        with_activation_vec<T>(pass.epilogue.activation, [&](const auto& f) {
          const Epilogue<T> e = pass.epilogue;  // no address: the stores below cannot change it
          for (std::int64_t r = 0; r < count; ++r) {
            const std::int64_t pixel = positions[t].target[r];
            for (std::int64_t v = 0; v * simd::lanes<T> < width; ++v) {
              const std::int64_t channel = column + v * simd::lanes<T>;
              const std::int64_t part = std::min<std::int64_t>(simd::lanes<T>, pass.cols - channel);
              simd::store_part(pass.target + pixel * pass.target_pitch + channel,
                               apply_epilogue<RegisterMath<T>>(e, f, sums.at[r][v], pixel, channel, ReadPart{part}),
                               part);
            }
          }
        });
      }
    }
  });
}

}  // namespace qrs::kernels::conv
