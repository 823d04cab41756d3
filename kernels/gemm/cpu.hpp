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
  Scratch<T> packed(tile::packed_size<T>(1, p.k, p.n) + 1);
  if (p.transpose_b) {
    tile::pack_transposed(p.k, p.n, b, p.ldb, packed.data());
  } else {
    tile::pack(1, p.k, p.n, b, 0, p.ldb, packed.data());
  }
  // A task is a block of rows times a run of panels.
  constexpr std::int64_t block = 8 * tile::rows;
  constexpr std::int64_t run = 4;
  const std::int64_t row_blocks = (p.m + block - 1) / block;
  const std::int64_t all_panels = tile::panels<T>(p.n);
  const std::int64_t runs = (all_panels + run - 1) / run;
  parallel_for(row_blocks * runs, [&](std::int64_t task) {
    const std::int64_t row_end = std::min(p.m, (task / runs + 1) * block);
    const std::int64_t panel_end = std::min(all_panels, (task % runs + 1) * run);
    for (std::int64_t panel = task % runs * run; panel < panel_end; ++panel) {
      const std::int64_t column = panel * tile::cols<T>;
      const std::int64_t width = std::min<std::int64_t>(tile::cols<T>, p.n - column);
      for (std::int64_t row = task / runs * block; row < row_end; row += tile::rows) {
        const std::int64_t count = std::min<std::int64_t>(tile::rows, row_end - row);
        std::array<const T*, tile::rows> pointers;
        for (std::int64_t r = 0; r < tile::rows; ++r) {
          pointers[static_cast<std::size_t>(r)] = a + (row + std::min(r, count - 1)) * lda;  // past the end: repeat
        }
        tile::Sums<T> sums;
        tile::multiply(sums, pointers.data(), 1, p.k, packed.data() + panel * p.k * tile::cols<T>, width);
        detail::store_tile(sums, count, width, c + row * p.ldc + column, p.ldc, p.accumulate);
      }
    }
  });
}

}  // namespace qrs::kernels
