// The register tile under gemm and conv2d: `rows` rows of A times a packed panel of B, sums kept in registers.
//
//   acc[r][c] = sum_t sum_k  a(t, r)[k] * panel[t][k][c]          r < tile_rows, c < panel_cols
//
// A is reached through one pointer per row and tap, so a matrix, a strided image and zero padding look alike: a padded
// pixel points to a row of zeros. B is packed into panels of `panel_cols` columns, [panel][tap][k][panel_cols], so that a
// step of the inner loop reads two neighbouring registers of it, broadcasts one value per row, and does 2 * tile_rows
// multiply-adds on values that never leave the registers. Every sum runs over k in the same order whatever the tile,
// block or thread: the bits do not depend on them.
// Source: Goto and van de Geijn 2008; the indirection, Dukhan 2019 (The Indirect Convolution Algorithm).
#pragma once

#include <algorithm>
#include <cstdint>

#include "../../include/qrs/core/memory.hpp"
#include "../../include/qrs/core/parallel.hpp"
#include "../simd/simd.hpp"

namespace qrs::kernels::tile {

/// Rows of a tile: with two registers of columns each, what the register file holds beside two of B and one of A.
inline constexpr int rows = simd::registers == 32 ? 14 : 6;

/// Columns of a panel.
template <class T>
inline constexpr int cols = 2 * simd::lanes<T>;

/// Panels needed for n columns.
template <class T>
constexpr std::int64_t panels(std::int64_t n) {
  return (n + cols<T> - 1) / cols<T>;
}

/// One tile's sums.
template <class T>
struct Sums {
  simd::Vec<T> at[rows][2];
};

/// Products that one register adds up before its sum goes to the total: rounding grows with the length of a chain, so a
/// sum of 4608 is as exact as one of a few hundred.
inline constexpr std::int64_t chain = 256;

/// acc = the product over `taps` taps of `depth` values each, or acc += it with `accumulate`. a holds taps x rows pointers.
/// Where Width is 1 only the first register of the panel is computed (a last panel of at most half its columns).
template <class T, int Width>
inline void multiply(Sums<T>& acc, const T* const* a, std::int64_t taps, std::int64_t depth, const T* panel,
                     bool accumulate) {
  constexpr int lanes = simd::lanes<T>;
  simd::Vec<T> sum[rows][Width] = {};
  std::int64_t length = 0;
  bool first = !accumulate;
  const auto flush = [&] {
    for (int r = 0; r < rows; ++r) {
      for (int v = 0; v < Width; ++v) {
        acc.at[r][v] = first ? sum[r][v] : acc.at[r][v] + sum[r][v];
        sum[r][v] = simd::Vec<T>{};
      }
    }
    first = false;
    length = 0;
  };
  for (std::int64_t t = 0; t < taps; ++t) {
    const T* row[rows];
    for (int r = 0; r < rows; ++r) row[r] = a[t * rows + r];
    for (std::int64_t begin = 0; begin < depth; begin += chain) {
      const std::int64_t end = std::min(depth, begin + chain);
      if (length + end - begin > chain) flush();
      length += end - begin;
      for (std::int64_t k = begin; k < end; ++k) {
        simd::Vec<T> b[Width];
        for (int v = 0; v < Width; ++v) b[v] = simd::load(panel + v * lanes);
        panel += cols<T>;
#pragma GCC unroll 16
        for (int r = 0; r < rows; ++r) {
          const simd::Vec<T> value = simd::broadcast(row[r][k]);
          for (int v = 0; v < Width; ++v) sum[r][v] += value * b[v];
        }
      }
    }
  }
  flush();
}

/// The tile of a panel that has `width` columns left.
template <class T>
inline void multiply(Sums<T>& acc, const T* const* a, std::int64_t taps, std::int64_t depth, const T* panel,
                     std::int64_t width, bool accumulate = false) {
  if (width > simd::lanes<T>) {
    multiply<T, 2>(acc, a, taps, depth, panel, accumulate);
  } else {
    multiply<T, 1>(acc, a, taps, depth, panel, accumulate);
  }
}

/// One panel of a matrix: B[l, j] at b[l * row_step + j], for k rows and `count` columns; zero past them.
template <class T>
inline void pack_panel(std::int64_t k, std::int64_t count, const T* b, std::int64_t row_step, T* to) {
  constexpr std::int64_t lanes = simd::lanes<T>;
  const std::int64_t first = std::min(lanes, count);
  for (std::int64_t l = 0; l < k; ++l) {
    simd::store(to, simd::load_part(b, first));
    simd::store(to + lanes, count > lanes ? simd::load_part(b + lanes, count - lanes) : simd::Vec<T>{});
    b += row_step;
    to += cols<T>;
  }
}

/// Packs a (k x n) matrix, B[l, j] at b[l * row_step + j], into panels: to[panel][l][c], zero past n. `blocks` such
/// matrices (taps) stand block_step apart and are interleaved as [panel][block][l][c].
template <class T>
void pack(std::int64_t blocks, std::int64_t k, std::int64_t n, const T* b, std::int64_t block_step,
          std::int64_t row_step, T* to) {
  constexpr std::int64_t width = cols<T>;
  parallel_for(panels<T>(n) * blocks, [=](std::int64_t task) {
    const std::int64_t column = task / blocks * width;
    pack_panel(k, std::min(width, n - column), b + task % blocks * block_step + column, row_step,
               to + task * k * width);
  });
}

/// One panel of a matrix stored the other way round: B[l, j] at b[j * col_step + l], for k rows and `count` columns.
template <class T>
inline void transpose_panel(std::int64_t k, std::int64_t count, const T* b, std::int64_t col_step, T* to) {
  constexpr std::int64_t width = cols<T>;
  constexpr std::int64_t depth = 16;  // values of each column per block: one cache line of floats
  for (std::int64_t begin = 0; begin < k; begin += depth) {
    const std::int64_t end = std::min(k, begin + depth);
    for (std::int64_t c = 0; c < count; ++c) {
      for (std::int64_t l = begin; l < end; ++l) to[l * width + c] = b[c * col_step + l];
    }
    for (std::int64_t l = begin; l < end; ++l) {
      for (std::int64_t c = count; c < width; ++c) to[l * width + c] = T(0);
    }
  }
}

/// pack for a transposed matrix.
template <class T>
void pack_transposed(std::int64_t k, std::int64_t n, const T* b, std::int64_t col_step, T* to) {
  constexpr std::int64_t width = cols<T>;
  parallel_for(panels<T>(n), [=](std::int64_t panel) {
    transpose_panel(k, std::min(width, n - panel * width), b + panel * width * col_step, col_step,
                    to + panel * k * width);
  });
}

/// Room for the panels of `blocks` (k x n) matrices.
template <class T>
constexpr std::int64_t packed_size(std::int64_t blocks, std::int64_t k, std::int64_t n) {
  return panels<T>(n) * blocks * k * cols<T>;
}

}  // namespace qrs::kernels::tile
