// The matrix product on the device: a block for each 128 x 64 tile of C. tile_cuda.hpp has the loop in float or double
// arithmetic, tensor_tile_cuda.hpp the one on tensor cores.
#include "../cuda/divider.hpp"
#include "../cuda/launch.hpp"
#include "../cuda/rows.hpp"
#include "gemm.hpp"
#include "tensor_tile_cuda.hpp"
#include "tile_cuda.hpp"

namespace qrs::kernels {

namespace {

namespace tile = tile_cuda;

/// Sums: tile::Sums<T>, or tile::TensorSums for the tensor cores.
template <class Sums, class T, class A, class B>
__global__ void __launch_bounds__(tile::threads)
    gemm_kernel(A a, B b, tile::Target<T> c, std::uint32_t depth, std::uint32_t col_tiles) {
  const std::uint32_t row_begin = blockIdx.x / col_tiles * tile::rows;
  const std::uint32_t col_begin = blockIdx.x % col_tiles * tile::cols;
  Sums sums;
  tile::multiply(a, b, row_begin, col_begin, 0, depth, sums);
  tile::for_each_run(sums, row_begin, col_begin,
                     [&](std::uint32_t row, std::uint32_t col, const auto& values) { c.store(row, col, values); });
}

/// The operand of one side; AlongDepth where neighbours in d are neighbours in memory.
template <class T, int N, bool AlongDepth>
tile::Matrix<T, N, AlongDepth> operand(const T* data, std::int64_t outer, std::int64_t depth, std::int64_t pitch) {
  const std::int64_t lines = AlongDepth ? outer : depth;
  const std::int64_t length = AlongDepth ? depth : outer;
  const std::int64_t count = lines == 0 || length == 0 ? 0 : (lines - 1) * pitch + length;
  return {{data, count}, pitch, static_cast<std::uint32_t>(outer), static_cast<std::uint32_t>(depth)};
}

template <class T, int N, bool TransposeA, bool TransposeB>
void launch_gemm(const GemmParams& p, const T* a, const T* b, T* c) {
  using A = tile::Matrix<T, N, !TransposeA>;
  using B = tile::Matrix<T, N, TransposeB>;
  const bool packs = reinterpret_cast<std::uintptr_t>(c) % 16 == 0 && p.ldc % 4 == 0 && p.n % 4 == 0;
  const tile::Target<T> target{{c, (p.m - 1) * p.ldc + p.n},    p.ldc, static_cast<std::uint32_t>(p.m),
                               static_cast<std::uint32_t>(p.n), packs, p.accumulate};
  const std::int64_t col_tiles = blocks_for(p.n, tile::cols);
  const auto start = [&](auto kernel, std::size_t shared_bytes) {
    launch({.name = "gemm",
            .grid = blocks_for(p.m, tile::rows) * static_cast<unsigned>(col_tiles),
            .block = tile::threads,
            .shared_bytes = shared_bytes},
           kernel, operand<T, N, !TransposeA>(a, p.m, p.k, p.lda), operand<T, N, TransposeB>(b, p.n, p.k, p.ldb),
           target, p.k, col_tiles);
  };
  if constexpr (std::is_same_v<T, float>) {
    if (p.tensor_cores) {
      start(gemm_kernel<tile::TensorSums, T, A, B>, tile::shared_bytes<T, tile::tensor_gap>());
      return;
    }
  }
  start(gemm_kernel<tile::Sums<T>, T, A, B>, tile::shared_bytes<T>());
}

template <class T, int N>
void choose_transposes(const GemmParams& p, const T* a, const T* b, T* c) {
  if (p.transpose_a) {
    p.transpose_b ? launch_gemm<T, N, true, true>(p, a, b, c) : launch_gemm<T, N, true, false>(p, a, b, c);
  } else {
    p.transpose_b ? launch_gemm<T, N, false, true>(p, a, b, c) : launch_gemm<T, N, false, false>(p, a, b, c);
  }
}

}  // namespace

template <class T>
void gemm_cuda(const GemmParams& p, const T* a, const T* b, T* c) {
  if (p.m == 0 || p.n == 0) return;
  for (const std::int64_t extent : {p.m, p.n, p.k}) {
    QRS_CHECK(extent >= 0 && extent < Divider::limit - tile::rows, "[gemm] expected sizes below 2^31, got ", extent);
  }
  // Packs lie along the contiguous direction, which must then be a whole number of them.
  constexpr int pack = pack_size<T>;
  const bool packs = packs_align(a, p.lda) && packs_align(b, p.ldb) && (p.transpose_a ? p.m : p.k) % pack == 0 &&
                     (p.transpose_b ? p.k : p.n) % pack == 0;
  packs ? choose_transposes<T, pack>(p, a, b, c) : choose_transposes<T, 1>(p, a, b, c);
}

template void gemm_cuda<float>(const GemmParams&, const float*, const float*, float*);
template void gemm_cuda<double>(const GemmParams&, const double*, const double*, double*);

}  // namespace qrs::kernels
