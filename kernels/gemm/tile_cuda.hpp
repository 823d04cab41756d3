// The tile product behind gemm and conv2d on the device: one block of 128 threads computes 128 x 64 sums.
//
//   sums[row, col] = sum_d A(row, d) * B(col, d)        d from depth_begin to depth_end
//
// Step by step along d, the block copies a slice of A and of B into shared memory, where every value is used by many
// threads, and each thread keeps 8 x 8 sums in registers: per step in d it reads 8 + 8 values and makes 64 multiply-adds.
// There are two slices of each: while the block multiplies one, the next is on its way from global memory in registers,
// so that one barrier a step is enough. Source of the scheme: NVIDIA, "CUTLASS: Fast Linear Algebra in CUDA C++" (2017).
//
// What A and B are is up to an operand, which is how a convolution needs no copy of its patches:
//   static constexpr int pack            values fetched together (one 16-byte access, or 1)
//   static constexpr bool along_depth    whether these are neighbours in d, or in row (col)
//   Pack<T, pack> at(outer, d) const     the values from there on; zeros outside the matrix
#pragma once

#include <cstdint>

#include "../cuda/views.hpp"
#include "../simt/simt.hpp"

namespace qrs::kernels::tile_cuda {

inline constexpr int threads = 128;
inline constexpr int rows = 128;
inline constexpr int cols = 64;
/// Steps in d per slice: two slices of A and B fill about 26 KB of shared memory.
template <class T>
inline constexpr int depth = 64 / static_cast<int>(sizeof(T));

/// Neighbours in d stand `extent + gap` values apart in shared memory. The gap spreads what a warp touches at once over the
/// memory banks; which one does depends on how the slices are read.
inline constexpr int gap = 4;

template <class T, int Gap = gap>
constexpr std::size_t shared_bytes() {
  return shared_bytes_for<T>(2 * depth<T> * (rows + Gap)) + shared_bytes_for<T>(2 * depth<T> * (cols + Gap));
}

/// One operand's way from global to shared memory; `extent` is rows or cols.
template <class T, class Operand, int extent, int pitch>
class Slice {
  static constexpr int pack = Operand::pack;
  static constexpr bool along_depth = Operand::along_depth;
  static constexpr int packs_in_line = (along_depth ? depth<T> : extent) / pack;
  static constexpr int packs = extent * depth<T> / pack / threads;  // of each thread
  static_assert(threads % packs_in_line == 0 && packs >= 1);

 public:
  /// Starts the loads of this thread's part of a slice.
  __device__ void fetch(const Operand& operand, std::uint32_t outer_begin, std::uint32_t depth_begin) {
    for (int i = 0; i < packs; ++i) {
      held_[i] = operand.at(outer_begin + static_cast<std::uint32_t>(outer(i)),
                            depth_begin + static_cast<std::uint32_t>(step(i)));
    }
  }
  /// Writes it to shared memory: value (outer, d) at begin + d * pitch + outer.
  __device__ void put(const Shared<T>& slice, int begin) const {
    for (int i = 0; i < packs; ++i) {
      const int at = begin + step(i) * pitch + outer(i);
      if constexpr (along_depth) {
        for (int n = 0; n < pack; ++n) slice[at + n * pitch] = held_[i][n];
      } else {
        slice.template store<pack>(at, held_[i]);
      }
    }
  }

 private:
  /// Neighbouring threads take neighbouring packs, so that a warp's loads are whole memory sectors.
  __device__ static int in_line() { return static_cast<int>(threadIdx.x) % packs_in_line * pack; }
  __device__ static int line(int i) {
    return static_cast<int>(threadIdx.x) / packs_in_line + i * (threads / packs_in_line);
  }
  __device__ static int outer(int i) { return along_depth ? line(i) : in_line(); }
  __device__ static int step(int i) { return along_depth ? in_line() : line(i); }

  Pack<T, pack> held_[packs];
};

/// Calls multiply(a_slices, a_begin, b_slices, b_begin) for each slice of the depth, by all threads of the block. Value
/// (row, d) of the slice of A stands at a_begin + d * (rows + Gap) + row; B likewise.
template <class T, int Gap, class A, class B, class Multiply>
__device__ void for_each_slice(const A& a, const B& b, std::uint32_t row_begin, std::uint32_t col_begin,
                               std::uint32_t depth_begin, std::uint32_t depth_end, const Multiply& multiply) {
  constexpr int a_slice = depth<T> * (rows + Gap);
  constexpr int b_slice = depth<T> * (cols + Gap);
  SharedMemory shared;
  const Shared<T> a_slices = shared.take<T>(2 * a_slice);
  const Shared<T> b_slices = shared.take<T>(2 * b_slice);
  Slice<T, A, rows, rows + Gap> a_next;
  Slice<T, B, cols, cols + Gap> b_next;
  a_next.fetch(a, row_begin, depth_begin);
  b_next.fetch(b, col_begin, depth_begin);
  int now = 0;  // which of the two slices is multiplied
  for (std::uint32_t d = depth_begin; d < depth_end; d += depth<T>, now ^= 1) {
    a_next.put(a_slices, now * a_slice);
    b_next.put(b_slices, now * b_slice);
    __syncthreads();  // the slice is whole; and nobody reads the other one any more, which the next step overwrites
    if (d + depth<T> < depth_end) {
      a_next.fetch(a, row_begin, d + depth<T>);
      b_next.fetch(b, col_begin, d + depth<T>);
    }
    multiply(a_slices, now * a_slice, b_slices, now * b_slice);
  }
}

/// A thread's 8 x 8 sums: rows and columns in two runs of 4, so that the threads of a warp read neighbouring packs.
template <class T>
struct Sums {
  T at[8][8];

  __device__ static int row(int r) { return r / 4 * (rows / 2) + static_cast<int>(threadIdx.x) / 8 * 4 + r % 4; }
  __device__ static int col(int c) { return c / 4 * (cols / 2) + static_cast<int>(threadIdx.x) % 8 * 4 + c % 4; }
};

/// The sums of the tile whose first row and column are given. To be called by all threads of the block.
template <class T, class A, class B>
__device__ void multiply(const A& a, const B& b, std::uint32_t row_begin, std::uint32_t col_begin,
                         std::uint32_t depth_begin, std::uint32_t depth_end, Sums<T>& sums) {
  for (int r = 0; r < 8; ++r) {
    for (int c = 0; c < 8; ++c) sums.at[r][c] = T(0);
  }
  const auto multiply_slice = [&](const Shared<T>& a_slices, int a_begin, const Shared<T>& b_slices, int b_begin) {
    unrolled<depth<T>>([&](int k) {
      const int a_line = a_begin + k * (rows + gap);
      const int b_line = b_begin + k * (cols + gap);
      const Pack<T, 4> left[2] = {a_slices.template load<4>(a_line + Sums<T>::row(0)),
                                  a_slices.template load<4>(a_line + Sums<T>::row(4))};
      const Pack<T, 4> right[2] = {b_slices.template load<4>(b_line + Sums<T>::col(0)),
                                   b_slices.template load<4>(b_line + Sums<T>::col(4))};
      unrolled<8>(
          [&](int r) { unrolled<8>([&](int c) { sums.at[r][c] += left[r / 4][r % 4] * right[c / 4][c % 4]; }); });
    });
  };
  for_each_slice<T, gap>(a, b, row_begin, col_begin, depth_begin, depth_end, multiply_slice);
}

/// Calls store(row, col, values) for the thread's sums, a run of 4 columns at a time. Rows and columns count from those of the
/// matrix and may lie outside of it.
template <class T, class Store>
__device__ void for_each_run(const Sums<T>& sums, std::uint32_t row_begin, std::uint32_t col_begin,
                             const Store& store) {
  for (int r = 0; r < 8; ++r) {
    for (int c = 0; c < 8; c += 4) {
      store(row_begin + static_cast<std::uint32_t>(Sums<T>::row(r)),
            col_begin + static_cast<std::uint32_t>(Sums<T>::col(c)),
            Pack<T, 4>{{sums.at[r][c], sums.at[r][c + 1], sums.at[r][c + 2], sums.at[r][c + 3]}});
    }
  }
}

/// A plain matrix as an operand: (outer, d) at data[outer * pitch + d], or at data[d * pitch + outer] where its packs go
/// along the outer index.
template <class T, int Pack_, bool AlongDepth>
struct Matrix {
  static constexpr int pack = Pack_;
  static constexpr bool along_depth = AlongDepth;

  Global<const T> data;
  std::int64_t pitch;
  std::uint32_t outer_extent;
  std::uint32_t depth_extent;
  std::int64_t begin = 0;

  __device__ Pack<T, pack> at(std::uint32_t outer, std::uint32_t d) const {
    if (outer >= outer_extent || d >= depth_extent) return {};
    const std::int64_t lines = AlongDepth ? outer : d;
    return data.template load<pack>(begin + lines * pitch + (AlongDepth ? d : outer));
  }
};

/// Writes N (4 or 2) values of one row, or those that lie inside the matrix; adds them to what is there where asked.
template <class T>
struct Target {
  Global<T> data;
  std::int64_t pitch;
  std::uint32_t row_extent;
  std::uint32_t col_extent;
  bool packs;  // whether 4 columns may be written together: pitch, extent and address allow it
  bool accumulate;
  std::int64_t begin = 0;

  template <int N>
  __device__ void store(std::uint32_t row, std::uint32_t col, Pack<T, N> values) const {
    if (row >= row_extent || col >= col_extent) return;
    const std::int64_t at = begin + row * pitch + col;
    if (packs) {
      if (accumulate) {
        const Pack<T, N> before = data.template load<N>(at);
        for (int n = 0; n < N; ++n) values[n] += before[n];
      }
      data.template store<N>(at, values);
      return;
    }
    for (std::uint32_t n = 0; n < N && col + n < col_extent; ++n) {
      data[at + n] = accumulate ? static_cast<T>(data[at + n]) + values[n] : values[n];
    }
  }
};

}  // namespace qrs::kernels::tile_cuda
