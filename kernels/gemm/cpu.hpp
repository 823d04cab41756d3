// The matrix product on the CPU: B packed into panels, A through row pointers, a register tile inside.
#pragma once

#include <algorithm>
#include <array>

#include "gemm.hpp"
#include "tile.hpp"

namespace qrs::kernels {

namespace detail {

/// Stores the first `width` columns of a tile's first `count` rows, adding to what is there where asked.
template <class T>
void store_tile(const tile::Sums<T>& sums, std::int64_t count, std::int64_t width, T* c, std::int64_t ldc,
                bool accumulate) {
  constexpr int lanes = simd::lanes<T>;
  for (std::int64_t r = 0; r < count; ++r) {
    for (int v = 0; v < 2 && v * lanes < width; ++v) {
      T* to = c + r * ldc + v * lanes;
      const std::int64_t n = std::min<std::int64_t>(lanes, width - v * lanes);
      simd::Vec<T> value = sums.at[r][v];
      if (accumulate) value += simd::load_part(to, n);
      simd::store_part(to, value, n);
    }
  }
}

}  // namespace detail

template <class T>
void gemm_cpu(const GemmParams& p, const T* a, const T* b, T* c) {
  if (p.m == 0 || p.n == 0) return;
  // A by rows: a transposed one is copied once.
  Scratch<T> a_rows(p.transpose_a ? p.m * p.k : 1);
  std::int64_t lda = p.lda;
  if (p.transpose_a) {
    parallel_chunks(p.m, 16, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t l = 0; l < p.k; ++l) {
        for (std::int64_t i = begin; i < end; ++i) a_rows[i * p.k + l] = a[l * p.lda + i];
      }
    });
    a = a_rows.data();
    lda = p.k;
  }
  // A task is a block of rows times a run of panels. Inside, a piece of the panels that fits the caches serves all tiles of
  // the block before the next piece comes; sums run piece by piece as in tile::multiply, so the bits are the same.
  constexpr std::int64_t tiles = 8;
  constexpr std::int64_t block = tiles * tile::rows;
  constexpr std::int64_t run = 4;
  constexpr std::int64_t width = tile::cols<T>;
  const std::int64_t row_blocks = (p.m + block - 1) / block;
  const std::int64_t all_panels = tile::panels<T>(p.n);
  const std::int64_t runs = (all_panels + run - 1) / run;
  // panels: those of this run, packed.
  const auto multiply = [&](std::int64_t row_block, std::int64_t run_of_panels, const T* panels) {
    const std::int64_t row_begin = row_block * block;
    const std::int64_t row_end = std::min(p.m, row_begin + block);
    const std::int64_t column = run_of_panels * run * width;
    const std::int64_t count = std::min(run, all_panels - run_of_panels * run);
    std::array<std::array<tile::Sums<T>, tiles>, run> sums;
    const auto sums_of = [&](std::int64_t panel, std::int64_t row) -> tile::Sums<T>& {
      return sums[static_cast<std::size_t>(panel)][static_cast<std::size_t>((row - row_begin) / tile::rows)];
    };
    const auto width_of = [&](std::int64_t panel) { return std::min(width, p.n - column - panel * width); };
    for (std::int64_t piece = 0; piece == 0 || piece < p.k; piece += tile::chain) {
      const std::int64_t depth = std::min(tile::chain, p.k - piece);
      for (std::int64_t panel = 0; panel < count; ++panel) {
        for (std::int64_t row = row_begin; row < row_end; row += tile::rows) {
          std::array<const T*, tile::rows> pointers;
          for (std::int64_t r = 0; r < tile::rows; ++r) {  // past the end: repeat
            pointers[static_cast<std::size_t>(r)] = a + std::min(row + r, row_end - 1) * lda + piece;
          }
          tile::multiply(sums_of(panel, row), pointers.data(), 1, depth, panels + (panel * p.k + piece) * width,
                         width_of(panel), piece > 0);
        }
      }
    }
    for (std::int64_t row = row_begin; row < row_end; row += tile::rows) {
      for (std::int64_t panel = 0; panel < count; ++panel) {
        detail::store_tile(sums_of(panel, row), std::min<std::int64_t>(tile::rows, row_end - row), width_of(panel),
                           c + row * p.ldc + column + panel * width, p.ldc, p.accumulate);
      }
    }
  };
  constexpr std::int64_t few = 4;  // blocks of rows for which packing B whole would cost about as much as the product
  if (row_blocks <= few && runs >= 2 * few && !p.transpose_b) {
    parallel_for(runs, [&](std::int64_t task) {
      Scratch<T> packed(run * p.k * width + 1);
      for (std::int64_t panel = task * run; panel < std::min(all_panels, (task + 1) * run); ++panel) {
        tile::pack_panel(p.k, std::min(width, p.n - panel * width), b + panel * width, p.ldb,
                         packed.data() + (panel - task * run) * p.k * width);
      }
      for (std::int64_t row_block = 0; row_block < row_blocks; ++row_block) multiply(row_block, task, packed.data());
    });
    return;
  }
  Scratch<T> packed(tile::packed_size<T>(1, p.k, p.n) + 1);
  if (p.transpose_b) {
    tile::pack_transposed(p.k, p.n, b, p.ldb, packed.data());
  } else {
    tile::pack(1, p.k, p.n, b, 0, p.ldb, packed.data());
  }
  parallel_for(row_blocks * runs, [&](std::int64_t task) {
    multiply(task / runs, task % runs, packed.data() + task % runs * run * p.k * width);
  });
}

}  // namespace qrs::kernels
