// Sums over rows on the device, and the broadcast back.
//
// A block sums a chunk of rows; the chunks' sums are again rows, and are summed the same way until one is left. Sums are kept
// in double: the passes are bound by memory, and the result then does not depend on how the rows were cut. No atomics: the
// order of every addition follows from the shape alone.
#include <algorithm>

#include "../cuda/divider.hpp"
#include "../cuda/launch.hpp"
#include "../cuda/reduce.hpp"
#include "../cuda/rows.hpp"
#include "reduce.hpp"

namespace qrs::kernels {

namespace {

// ---- kernels ---------------------------------------------------------------------------------------------------------

constexpr int column_lanes = 32;  // threads along the columns: a warp reads 32 neighbouring values of a row
constexpr int row_lanes = 8;      // threads along the rows
constexpr std::int64_t rows_per_chunk = 512;
constexpr std::int64_t values_per_chunk = 4096;  // of reduce_total

/// Where one chunk of rows lies, and where its sums go.
struct Chunks {
  std::int64_t rows;  // of each outer
  std::int64_t cols;
  std::int64_t chunks;  // of each outer
  std::int64_t col_tiles;
};

/// out[outer, chunk, c] (+)= scale * sum over the rows r of the chunk of x[outer, r, c].
template <class In, class Out>
__global__ void sum_rows_kernel(Chunks s, Rows<const In> x, Global<Out> out, double scale, bool accumulate) {
  SharedMemory shared;
  const Shared<double> sums = shared.take<double>(row_lanes * column_lanes);

  const std::int64_t col_tile = blockIdx.x % s.col_tiles;
  const std::int64_t outer_chunk = blockIdx.x / s.col_tiles;  // outer * chunks + chunk
  const std::int64_t outer = outer_chunk / s.chunks;
  const std::int64_t begin = (outer_chunk - outer * s.chunks) * rows_per_chunk;
  const std::int64_t end = min(begin + rows_per_chunk, s.rows);
  const std::int64_t col = col_tile * column_lanes + threadIdx.x;
  const int slot = static_cast<int>(threadIdx.y * column_lanes + threadIdx.x);

  double sum = 0.0;
  if (col < s.cols) {
    for (std::int64_t r = begin + threadIdx.y; r < end; r += row_lanes) {
      sum += static_cast<double>(x.data[(outer * s.rows + r) * x.pitch + col]);
    }
  }
  sums[slot] = sum;
  __syncthreads();
  if (threadIdx.y != 0 || col >= s.cols) return;
  for (int lane = 1; lane < row_lanes; ++lane) sum += sums[lane * column_lanes + static_cast<int>(threadIdx.x)];
  const std::int64_t to = outer_chunk * s.cols + col;
  const Out value = static_cast<Out>(scale * sum);
  out[to] = accumulate ? static_cast<Out>(out[to]) + value : value;
}

/// out[block] (+)= scale * sum of the block's chunk of values.
template <class In, class Out>
__global__ void sum_all_kernel(std::uint32_t count, Divider cols, Rows<const In> x, Global<Out> out, double scale,
                               bool accumulate) {
  SharedMemory shared;
  const Shared<double> partials = shared.take<double>(static_cast<int>(blockDim.x) / warp_size);

  const std::uint32_t begin = blockIdx.x * static_cast<std::uint32_t>(values_per_chunk);
  const std::uint32_t end = min(begin + static_cast<std::uint32_t>(values_per_chunk), count);
  double sum = 0.0;
  for (std::uint32_t i = begin + threadIdx.x; i < end; i += blockDim.x) {
    const std::uint32_t row = cols.quotient(i);
    sum += static_cast<double>(x.data[row * x.pitch + cols.remainder(i, row)]);
  }
  sum = block_sum(sum, partials);
  if (threadIdx.x != 0) return;
  const Out value = static_cast<Out>(scale * sum);
  out[blockIdx.x] = accumulate ? static_cast<Out>(out[blockIdx.x]) + value : value;
}

/// x[outer, r, c] (+)= scale * y[outer, c].
template <class T>
__global__ void broadcast_kernel(std::uint32_t count, Divider rows, Divider cols, Global<const T> y, Rows<T> x, T scale,
                                 bool accumulate) {
  const std::uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= count) return;
  const std::uint32_t row = cols.quotient(i);  // of all outers
  const std::uint32_t col = cols.remainder(i, row);
  const std::uint32_t outer = rows.quotient(row);
  const T value = scale * y[std::int64_t{outer} * cols.divisor() + col];
  const std::int64_t to = row * x.pitch + col;
  x.data[to] = accumulate ? static_cast<T>(x.data[to]) + value : value;
}

// ---- launching them --------------------------------------------------------------------------------------------------

template <class In, class Out>
void launch_sum_rows(std::int64_t outer, const Chunks& s, const In* x, std::int64_t pitch, Out* out, double scale,
                     bool accumulate) {
  launch({.name = "reduce_rows",
          .grid = blocks_for(outer * s.chunks * s.col_tiles, 1),
          .block = {column_lanes, row_lanes},
          .shared_bytes = shared_bytes_for<double>(row_lanes * column_lanes)},
         sum_rows_kernel<In, Out>, s, rows_of(x, outer * s.rows, s.cols, pitch),
         Global<Out>(out, outer * s.chunks * s.cols), scale, accumulate);
}

/// In: the type of this level's values; the first level reads T, the others the sums of the level before.
template <class In, class T>
void sum_rows(std::int64_t outer, std::int64_t rows, std::int64_t cols, const In* x, std::int64_t pitch, T* y,
              double scale, bool accumulate) {
  const Chunks s{.rows = rows,
                 .cols = cols,
                 .chunks = std::max<std::int64_t>(1, (rows + rows_per_chunk - 1) / rows_per_chunk),
                 .col_tiles = (cols + column_lanes - 1) / column_lanes};
  if (s.chunks == 1) {
    launch_sum_rows(outer, s, x, pitch, y, scale, accumulate);
    return;
  }
  const DeviceScratch<double> sums(outer * s.chunks * cols);
  launch_sum_rows(outer, s, x, pitch, sums.data(), 1.0, false);
  sum_rows<double>(outer, s.chunks, cols, sums.data(), cols, y, scale, accumulate);
}

template <class In, class T>
void sum_all(std::int64_t rows, std::int64_t cols, const In* x, std::int64_t pitch, T* y, double scale,
             bool accumulate) {
  const std::int64_t count = rows * cols;
  QRS_CHECK(count <= Divider::limit, "[reduce_total] expected at most ", Divider::limit, " values, got ", count);
  const std::int64_t chunks = std::max<std::int64_t>(1, (count + values_per_chunk - 1) / values_per_chunk);
  const auto launch_level = [&](auto* out, double level_scale, bool level_accumulate) {
    using Out = std::remove_pointer_t<decltype(out)>;
    launch({.name = "reduce_total",
            .grid = blocks_for(chunks, 1),
            .block = 256,
            .shared_bytes = shared_bytes_for<double>(256 / warp_size)},
           sum_all_kernel<In, Out>, count, Divider(std::max<std::int64_t>(1, cols)), rows_of(x, rows, cols, pitch),
           Global<Out>(out, chunks), level_scale, level_accumulate);
  };
  if (chunks == 1) {
    launch_level(y, scale, accumulate);
    return;
  }
  const DeviceScratch<double> sums(chunks);
  launch_level(sums.data(), 1.0, false);
  sum_all<double>(1, chunks, sums.data(), chunks, y, scale, accumulate);
}

}  // namespace

template <class T>
void reduce_rows_cuda(const ReduceParams& p, const T* x, T* y) {
  sum_rows<T>(p.outer, p.rows, p.cols, x, p.x_pitch, y, p.scale, p.accumulate);
}

template <class T>
void reduce_total_cuda(const ReduceParams& p, const T* x, T* y) {
  sum_all<T>(p.outer * p.rows, p.cols, x, p.x_pitch, y, p.scale, p.accumulate);
}

template <class T>
void broadcast_rows_cuda(const ReduceParams& p, const T* y, T* x) {
  const std::int64_t rows = p.outer * p.rows;
  const std::int64_t count = rows * p.cols;
  if (count == 0) return;
  QRS_CHECK(count <= Divider::limit, "[broadcast_rows] expected at most ", Divider::limit, " values, got ", count);
  launch({.name = "broadcast_rows", .grid = blocks_for(count, 256), .block = 256}, broadcast_kernel<T>, count,
         Divider(p.rows), Divider(p.cols), Global<const T>(y, p.outer * p.cols), rows_of(x, rows, p.cols, p.x_pitch),
         p.scale, p.accumulate);
}

template void reduce_rows_cuda<float>(const ReduceParams&, const float*, float*);
template void reduce_rows_cuda<double>(const ReduceParams&, const double*, double*);
template void reduce_total_cuda<float>(const ReduceParams&, const float*, float*);
template void reduce_total_cuda<double>(const ReduceParams&, const double*, double*);
template void broadcast_rows_cuda<float>(const ReduceParams&, const float*, float*);
template void broadcast_rows_cuda<double>(const ReduceParams&, const double*, double*);

}  // namespace qrs::kernels
