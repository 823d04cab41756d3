// The tile product of tile_cuda.hpp on the tensor cores, for float.
//
// Tensor cores multiply tf32, which keeps 10 of float's 23 fraction bits. A float is the sum of two tf32 numbers to 21 bits
// and its sign, x = big + small, so three of their products stand for one:
//
//   a b  =  a_small b_big + a_big b_small + a_big b_big          (a_small b_small is below float's last bit)
//
// An infinite input gives NaN, for infinity has no small part. The sums are kept in float by the hardware, which may cut bits where float arithmetic rounds. Source: Ootomo and Yokota 2022,
// "Recovering single precision accuracy from Tensor Cores while surpassing the FP32 theoretical peak performance".
//
// The 128 x 64 tile is cut into a 64 x 32 part for each of the block's 4 warps; a warp computes its part as 4 x 4 instructions of
// 16 x 8 sums for every 8 steps in d.
#pragma once

#include "../cuda/mma.hpp"
#include "tile_cuda.hpp"

namespace qrs::kernels::tile_cuda {

/// 8 values more than a line needs: the lanes of a fragment (4 lines, 8 neighbours) then touch 32 different banks.
inline constexpr int tensor_gap = 8;

/// A warp's sums, as the instruction spreads them over its lanes (mma.hpp).
struct TensorSums {
  float at[4][4][4];  // 16 rows, 8 columns, the lane's four of them

  __device__ static int warp_row() { return static_cast<int>(threadIdx.x) / 32 % 2 * 64; }
  __device__ static int warp_col() { return static_cast<int>(threadIdx.x) / 64 * 32; }
  __device__ static int lane() { return static_cast<int>(threadIdx.x) % 32; }
};

/// A fragment of N floats as two of tf32.
template <int N>
struct Split {
  float big[N];
  float small[N];

  __device__ void set(int i, float x) {
    big[i] = round_to_tf32(x);
    small[i] = round_to_tf32(x - big[i]);
  }
};

template <class A, class B>
__device__ void multiply(const A& a, const B& b, std::uint32_t row_begin, std::uint32_t col_begin,
                         std::uint32_t depth_begin, std::uint32_t depth_end, TensorSums& sums) {
  for (int r = 0; r < 4; ++r) {
    for (int c = 0; c < 4; ++c) {
      for (int i = 0; i < 4; ++i) sums.at[r][c][i] = 0.0f;
    }
  }
  const int group = TensorSums::lane() / 4;  // the fragments' g and t
  const int turn = TensorSums::lane() % 4;
  const auto multiply_slice = [&](const Shared<float>& a_slices, int a_begin, const Shared<float>& b_slices,
                                  int b_begin) {
    unrolled<depth<float> / 8>([&](int step) {
      Split<4> left[4];
      Split<2> right[4];
      unrolled<4>([&](int r) {
        unrolled<4>([&](int i) {  // (g, t), (g + 8, t), (g, t + 4), (g + 8, t + 4)
          const int d = step * 8 + turn + i / 2 * 4;
          const int row = TensorSums::warp_row() + r * 16 + group + i % 2 * 8;
          left[r].set(i, a_slices[a_begin + d * (rows + tensor_gap) + row]);
        });
      });
      unrolled<4>([&](int c) {
        unrolled<2>([&](int i) {  // (t, g), (t + 4, g)
          const int d = step * 8 + turn + i * 4;
          const int col = TensorSums::warp_col() + c * 8 + group;
          right[c].set(i, b_slices[b_begin + d * (cols + tensor_gap) + col]);
        });
      });
      unrolled<4>([&](int r) {
        unrolled<4>([&](int c) {
          mma_16x8x8(sums.at[r][c], left[r].small, right[c].big);
          mma_16x8x8(sums.at[r][c], left[r].big, right[c].small);
          mma_16x8x8(sums.at[r][c], left[r].big, right[c].big);
        });
      });
    });
  };
  for_each_slice<float, tensor_gap>(a, b, row_begin, col_begin, depth_begin, depth_end, multiply_slice);
}

/// Calls store(row, col, values) for the lane's sums, 2 columns at a time.
template <class Store>
__device__ void for_each_run(const TensorSums& sums, std::uint32_t row_begin, std::uint32_t col_begin,
                             const Store& store) {
  const int group = TensorSums::lane() / 4;
  const int turn = TensorSums::lane() % 4;
  unrolled<4>([&](int r) {
    unrolled<4>([&](int c) {
      unrolled<2>([&](int half) {
        const int row = TensorSums::warp_row() + r * 16 + group + half * 8;
        const int col = TensorSums::warp_col() + c * 8 + 2 * turn;
        store(row_begin + static_cast<std::uint32_t>(row), col_begin + static_cast<std::uint32_t>(col),
              Pack<float, 2>{{sums.at[r][c][2 * half], sums.at[r][c][2 * half + 1]}});
      });
    });
  });
}

}  // namespace qrs::kernels::tile_cuda
