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

/// The rows of A where A is stored by columns.
template <class T>
void copy_transposed(const GemmParams& p, const T* a, T* rows) {
  parallel_chunks(p.m, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t l = 0; l < p.k; ++l) {
      for (std::int64_t i = begin; i < end; ++i) rows[i * p.k + l] = a[l * p.lda + i];
    }
  });
}

// A task is a block of rows times a run of panels.
inline constexpr std::int64_t gemm_tiles = 8;
inline constexpr std::int64_t gemm_rows = gemm_tiles * tile::rows;
inline constexpr std::int64_t gemm_run = 4;

/// One task. `panels`: those of its run, packed. A piece of the panels that fits the caches serves all tiles of the block before
/// the next piece comes; sums run piece by piece as in tile::multiply, so the bits are the same.
template <class T>
void multiply_block(const GemmParams& p, const T* a, std::int64_t lda, const T* panels, std::int64_t row_block,
                    std::int64_t run_of_panels, T* c) {
  constexpr std::int64_t width = tile::cols<T>;
  const std::int64_t row_begin = row_block * gemm_rows;
  const std::int64_t row_end = std::min(p.m, row_begin + gemm_rows);
  const std::int64_t column = run_of_panels * gemm_run * width;
  const std::int64_t count = std::min(gemm_run, tile::panels<T>(p.n) - run_of_panels * gemm_run);
  std::array<std::array<tile::Sums<T>, gemm_tiles>, gemm_run> sums;
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
      store_tile(sums_of(panel, row), std::min<std::int64_t>(tile::rows, row_end - row), width_of(panel),
                 c + row * p.ldc + column + panel * width, p.ldc, p.accumulate);
    }
  }
}

}  // namespace detail

template <class T>
void gemm_cpu(const GemmParams& p, const T* a, const T* b, T* c) {
  using detail::gemm_run;
  if (p.m == 0 || p.n == 0) return;
  Scratch<T> a_rows(p.transpose_a ? p.m * p.k : 1);
  std::int64_t lda = p.lda;
  if (p.transpose_a) {
    detail::copy_transposed(p, a, a_rows.data());
    a = a_rows.data();
    lda = p.k;
  }
  constexpr std::int64_t width = tile::cols<T>;
  const std::int64_t row_blocks = (p.m + detail::gemm_rows - 1) / detail::gemm_rows;
  const std::int64_t all_panels = tile::panels<T>(p.n);
  const std::int64_t runs = (all_panels + gemm_run - 1) / gemm_run;
  constexpr std::int64_t few = 4;  // blocks of rows for which packing B whole would cost about as much as the product
  if (row_blocks <= few && runs >= 2 * few && !p.transpose_b) {
    parallel_for(runs, [&](std::int64_t task) {
      Scratch<T> packed(gemm_run * p.k * width + 1);
      for (std::int64_t panel = task * gemm_run; panel < std::min(all_panels, (task + 1) * gemm_run); ++panel) {
        tile::pack_panel(p.k, std::min(width, p.n - panel * width), b + panel * width, p.ldb,
                         packed.data() + (panel - task * gemm_run) * p.k * width);
      }
      for (std::int64_t block = 0; block < row_blocks; ++block) {
        detail::multiply_block(p, a, lda, packed.data(), block, task, c);
      }
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
    const T* panels = packed.data() + task % runs * gemm_run * p.k * width;
    detail::multiply_block(p, a, lda, panels, task / runs, task % runs, c);
  });
}

}  // namespace qrs::kernels
