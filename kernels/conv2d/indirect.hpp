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

/// Everything behind the sums of a tile's first `count` targets, channels [column, column + width).
template <class T>
void finish_tile(const Pass<T>& pass, const Positions<tile::rows>& positions, std::int64_t count, std::int64_t column,
                 std::int64_t width, tile::Sums<T>& sums) {
  constexpr std::int64_t lanes = simd::lanes<T>;
  const Epilogue<T> e = pass.epilogue;
  const std::int64_t registers = (width + lanes - 1) / lanes;
  for (std::int64_t r = 0; r < count; ++r) {
    for (std::int64_t v = 0; v < registers; ++v) {
      const ReadPart read{simd::lanes_at<T>(v * lanes, width)};
      sums.at[r][v] = apply_epilogue<RegisterMath<T>>(e, LinearFormula<T>{}, sums.at[r][v], positions.target[r],
                                                      column + v * lanes, read);
    }
    if (registers < 2) activate_registers<T>(e.activation, sums.at[r], registers);
  }
  if (registers == 2) activate_registers<T>(e.activation, sums.at[0], 2 * count);
  for (std::int64_t r = 0; r < count; ++r) {
    T* to = pass.target + positions.target[r] * pass.target_pitch + column;
    for (std::int64_t v = 0; v < registers; ++v) {
      simd::store_part(to + v * lanes, sums.at[r][v], simd::lanes_at<T>(v * lanes, width));
    }
  }
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
        finish_tile(pass, positions[t], std::min<std::int64_t>(tile::rows, rows - (first_tile + t) * tile::rows),
                    column, width, sums);
      }
    }
  });
}

}  // namespace qrs::kernels::conv
