// The emulator: what a kernel may do works as on a device, and what it may not do is found. Each detector is shown a
// kernel with the fault planted, and the same kernel without it.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "../../kernels/cuda/launch.hpp"
#include "../../kernels/cuda/mma.hpp"
#include "../../kernels/cuda/reduce.hpp"

using namespace qrs;
using namespace qrs::kernels;

namespace {

/// An array of emulated device memory, zeroed.
template <class T>
struct Array {
  explicit Array(std::int64_t count) : count(count) {
    data = static_cast<T*>(simt::device_memory().allocate(static_cast<std::size_t>(count) * sizeof(T)));
    std::fill_n(data, count, T{});
  }
  ~Array() { simt::device_memory().release(data); }
  Array(const Array&) = delete;
  Array& operator=(const Array&) = delete;
  Global<T> view() const { return {data, count}; }
  Global<const T> const_view() const { return {data, count}; }
  T* data = nullptr;
  std::int64_t count;
};

/// The text of the error that a launch ends with; empty where it ends well.
template <class Launch>
std::string report_of(const Launch& run) {
  try {
    run();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::int64_t global_thread() { return std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x; }

void number_kernel(Global<std::int64_t> out) { out[global_thread()] = global_thread(); }

void coordinates_kernel(Global<int> out) {
  const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  out[block * 64 + thread] = static_cast<int>(block * 1000 + thread);
}

/// Each block reverses its 64 values through shared memory.
void reverse_kernel(Global<int> values, bool with_barrier) {
  SharedMemory shared;
  const Shared<int> tile = shared.take<int>(64);
  const int t = static_cast<int>(threadIdx.x);
  tile[t] = values[global_thread()];
  if (with_barrier) __syncthreads();
  values[global_thread()] = tile[63 - t];
}

template <class T>
void shuffles_kernel(Global<T> out) {
  const auto lane = static_cast<int>(threadIdx.x);
  const T mine = static_cast<T>(lane);
  out[lane] = __shfl_sync(full_warp, mine, 5);
  out[32 + lane] = __shfl_up_sync(full_warp, mine, 3);
  out[64 + lane] = __shfl_down_sync(full_warp, mine, 3);
  out[96 + lane] = __shfl_xor_sync(full_warp, mine, 9);
  out[128 + lane] = __shfl_down_sync(full_warp, mine, 2, 8);
  out[160 + lane] = warp_sum(mine);
}

void votes_kernel(Global<std::uint32_t> out) {
  const unsigned odd = __ballot_sync(full_warp, threadIdx.x % 2 == 1);
  const bool all = __all_sync(full_warp, threadIdx.x < 32);
  const bool any = __any_sync(full_warp, threadIdx.x > 31);
  if (threadIdx.x == 7) {
    out[0] = odd;
    out[1] = all;
    out[2] = any;
  }
}

void block_sum_kernel(Global<double> out) {
  SharedMemory shared;
  const Shared<double> partials = shared.take<double>(blockDim.x / 32);
  const double once = block_sum(static_cast<double>(threadIdx.x), partials);
  const double twice = block_sum(once, partials);
  out[threadIdx.x] = twice;
}

void tensor_core_kernel(Global<const float> a, Global<const float> b, Global<float> d) {
  const unsigned g = threadIdx.x / 4;
  const unsigned t = threadIdx.x % 4;
  const float left[4] = {a[g * 8 + t], a[(g + 8) * 8 + t], a[g * 8 + t + 4], a[(g + 8) * 8 + t + 4]};
  const float right[2] = {b[t * 8 + g], b[(t + 4) * 8 + g]};
  float sums[4] = {100, 100, 100, 100};
  mma_16x8x8(sums, left, right);
  for (unsigned i = 0; i < 4; ++i) d[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = sums[i];
}

}  // namespace

TEST_CASE("simt: every thread of every block runs once, with its own coordinates") {
  const Array<std::int64_t> out(5 * 96);
  launch({.name = "number", .grid = 5, .block = 96}, number_kernel, out.view());
  for (std::int64_t i = 0; i < out.count; ++i) CHECK(out.data[i] == i);

  const Array<int> places(2 * 3 * 2 * 64);
  launch({.name = "coordinates", .grid = {2, 3, 2}, .block = {4, 8, 2}}, coordinates_kernel, places.view());
  for (std::int64_t i = 0; i < places.count; ++i) CHECK(places.data[i] == i / 64 * 1000 + i % 64);
}

TEST_CASE("simt: shared memory and __syncthreads carry values between threads") {
  const Array<int> values(3 * 64);
  for (int i = 0; i < 192; ++i) values.data[i] = i;
  launch({.name = "reverse", .grid = 3, .block = 64, .shared_bytes = 256}, reverse_kernel, values.view(), true);
  for (int i = 0; i < 192; ++i) CHECK(values.data[i] == i / 64 * 64 + 63 - i % 64);
}

TEST_CASE_TEMPLATE("simt: shuffles move values between lanes as CUDA defines", T, float, double, int, std::int64_t) {
  const Array<T> out(192);
  launch({.name = "shuffles", .grid = 1, .block = 32}, shuffles_kernel<T>, out.view());
  for (int lane = 0; lane < 32; ++lane) {
    CHECK(out.data[lane] == T(5));
    CHECK(out.data[32 + lane] == T(lane < 3 ? lane : lane - 3));  // out of range: the lane's own value
    CHECK(out.data[64 + lane] == T(lane > 28 ? lane : lane + 3));
    CHECK(out.data[96 + lane] == T(lane ^ 9));
    CHECK(out.data[128 + lane] == T(lane % 8 > 5 ? lane : lane + 2));
    CHECK(out.data[160 + lane] == T(31 * 16));
  }
}

TEST_CASE("simt: votes see every lane") {
  const Array<std::uint32_t> out(3);
  launch({.name = "votes", .grid = 1, .block = 32}, votes_kernel, out.view());
  CHECK(out.data[0] == 0xaaaaaaaau);
  CHECK(out.data[1] == 1);
  CHECK(out.data[2] == 0);
}

TEST_CASE("simt: block_sum gives every thread the sum, twice in a row through the same memory") {
  const Array<double> out(256);
  launch({.name = "block_sum", .grid = 1, .block = 256, .shared_bytes = 64}, block_sum_kernel, out.view());
  for (int i = 0; i < 256; ++i) CHECK(out.data[i] == 256.0 * (255 * 128));
}

TEST_CASE("simt: the matrix instruction multiplies 16x8 by 8x8, with inputs cut to tf32") {
  const Array<float> a(128);
  const Array<float> b(64);
  const Array<float> d(128);
  for (int i = 0; i < 128; ++i) a.data[i] = static_cast<float>((i * 7) % 11 - 5);
  for (int i = 0; i < 64; ++i) b.data[i] = static_cast<float>((i * 5) % 13 - 6);
  const auto run = [&] {
    launch({.name = "tensor_core", .grid = 1, .block = 32}, tensor_core_kernel, a.const_view(), b.const_view(),
           d.view());
  };
  run();
  for (int row = 0; row < 16; ++row) {
    for (int column = 0; column < 8; ++column) {
      float sum = 100;
      for (int k = 0; k < 8; ++k) sum += a.data[row * 8 + k] * b.data[k * 8 + column];
      CHECK(d.data[row * 8 + column] == sum);
    }
  }
  std::fill_n(a.data, 128, 0.0f);
  std::fill_n(b.data, 64, 0.0f);
  a.data[0] = 1.0f + 0x1p-11f;  // tf32 has 10 fraction bits
  b.data[0] = 1.0f;
  run();
  CHECK(d.data[0] == 101.0f);
  CHECK(round_to_tf32(1.0f + 0x1p-11f) == 1.0f + 0x1p-10f);
  CHECK(round_to_tf32(-1.0f - 0x1p-12f) == -1.0f);
}

// ---- planted faults --------------------------------------------------------------------------------------------------

TEST_CASE("simt finds a missing barrier between a write and a read of shared memory") {
  const Array<int> values(64);
  const std::string report = report_of([&] {
    launch({.name = "reverse", .grid = 1, .block = 64, .shared_bytes = 256}, reverse_kernel, values.view(), false);
  });
  INFO(report);
  // Threads run in order here, so thread 0 is the first to read what nobody has written yet.
  CHECK(holds(report, "[reverse] expected index 63 of a shared array of 64 values to be written before it is read"));
  CHECK(holds(report, "block (0, 0, 0), thread (0, 0, 0)"));
}

namespace {

/// Neighbours take turns: each thread writes its word, then reads the one before it.
void neighbour_kernel(Global<int> out, int ordered_by) {
  SharedMemory shared;
  const Shared<int> tile = shared.take<int>(64);
  const int t = static_cast<int>(threadIdx.x);
  tile[t] = t;
  if (ordered_by == 1) __syncwarp();
  if (ordered_by == 2) __syncthreads();
  if (ordered_by == 3) __ballot_sync(full_warp, true);
  if (t == 32 || t == 0) return;  // the first of each warp reads nothing here
  out[t] = tile[t - 1];
}

/// The first lane of the second warp reads what the first warp wrote.
void across_warps_kernel(Global<int> out, bool whole_block) {
  SharedMemory shared;
  const Shared<int> tile = shared.take<int>(64);
  const int t = static_cast<int>(threadIdx.x);
  tile[t] = t;
  if (whole_block) {
    __syncthreads();
  } else {
    __syncwarp();
  }
  if (t == 32) out[0] = tile[31];
}

/// A read, then a write by another thread, with or without a barrier between them.
void overwrite_kernel(bool with_barrier) {
  SharedMemory shared;
  const Shared<float> tile = shared.take<float>(32);
  const int t = static_cast<int>(threadIdx.x);
  tile[t] = 1;
  __syncthreads();
  const float sum = tile[t] + tile[(t + 2) % 32];
  if (with_barrier) __syncthreads();
  tile[t] = sum;
}

void blocks_write_one_kernel(Global<float> out) {
  if (threadIdx.x == blockIdx.x) out[0] = 1;
}

void blocks_read_kernel(Global<float> values) {
  if (threadIdx.x != 3) return;
  if (blockIdx.x == 0) {
    const float first = values[2];
    values[0] = first;
  }
  if (blockIdx.x == 1) values[2] = 1;
}

void bytes_kernel(Global<std::uint8_t> out, int shift) { out[threadIdx.x >> shift] = 1; }

}  // namespace

TEST_CASE("simt: __syncwarp orders the lanes of a warp, votes do not") {
  const Array<int> out(64);
  const auto run = [&](int ordered_by) {
    return report_of([&] {
      launch({.name = "neighbour", .grid = 1, .block = 64, .shared_bytes = 256}, neighbour_kernel, out.view(),
             ordered_by);
    });
  };
  CHECK(run(1) == "");
  CHECK(run(2) == "");
  const std::string report = run(3);
  INFO(report);
  CHECK(holds(report, "[neighbour] expected a barrier between two uses of index "));
  CHECK(holds(report, " of a shared array of 64 values, got a write in block (0, 0, 0), thread ("));
  CHECK(holds(report, " and a read in block (0, 0, 0), thread ("));
}

TEST_CASE("simt finds that __syncwarp does not order two warps") {
  const Array<int> out(1);
  const auto run = [&](bool whole_block) {
    return report_of([&] {
      launch({.name = "across", .grid = 1, .block = 64, .shared_bytes = 256}, across_warps_kernel, out.view(),
             whole_block);
    });
  };
  CHECK(run(true) == "");
  CHECK(holds(run(false),
              "index 31 of a shared array of 64 values, got a write in block (0, 0, 0), thread (31, 0, 0) and "
              "a read in block (0, 0, 0), thread (32, 0, 0)"));
}

TEST_CASE("simt finds a word overwritten while others still read it") {
  const auto run = [](bool with_barrier) {
    return report_of([&] {
      launch({.name = "overwrite", .grid = 2, .block = 32, .shared_bytes = 128}, overwrite_kernel, with_barrier);
    });
  };
  CHECK(run(true) == "");
  CHECK(holds(run(false), "[overwrite] expected a barrier between two uses of index "));
}

TEST_CASE("simt finds races between blocks, which nothing orders") {
  const Array<float> out(4);
  const std::string writes =
      report_of([&] { launch({.name = "writes", .grid = 2, .block = 32}, blocks_write_one_kernel, out.view()); });
  CHECK(holds(writes,
              "index 0 of a global array of 4 values, got a write in block (0, 0, 0), thread (0, 0, 0) and a "
              "write in block (1, 0, 0), thread (1, 0, 0)"));
  const std::string reads =
      report_of([&] { launch({.name = "reads", .grid = 2, .block = 32}, blocks_read_kernel, out.view()); });
  CHECK(holds(reads,
              "index 2 of a global array of 4 values, got a read in block (0, 0, 0), thread (3, 0, 0) and a "
              "write in block (1, 0, 0), thread (3, 0, 0)"));
  // Two launches are ordered.
  for (int i = 0; i < 2; ++i) launch({.name = "once", .grid = 1, .block = 32}, blocks_write_one_kernel, out.view());
}

TEST_CASE("simt: neighbouring bytes are no race, one byte is") {
  const Array<std::uint8_t> out(32);
  launch({.name = "bytes", .grid = 1, .block = 32}, bytes_kernel, out.view(), 0);
  CHECK(holds(report_of([&] { launch({.name = "bytes", .grid = 1, .block = 32}, bytes_kernel, out.view(), 1); }),
              "index 0 of a global array of 32 values"));
}

namespace {

void past_the_end_kernel(Global<const float> x, Global<float> y, std::int64_t shift) {
  const std::int64_t i = global_thread();
  y[i] = x[i + shift];
}

void past_shared_kernel() {
  SharedMemory shared;
  const Shared<float> tile = shared.take<float>(32);
  tile[static_cast<int>(threadIdx.x) + 1] = 0;
}

void too_much_shared_kernel() {
  SharedMemory shared;
  const Shared<float> first = shared.take<float>(32);
  const Shared<float> second = shared.take<float>(1);
  first[threadIdx.x] = 0;
  if (threadIdx.x == 0) second[0] = 0;
}

void misaligned_kernel(Global<const float> x, Global<float> y, std::int64_t shift) {
  if (threadIdx.x == 0) y.store(4, x.load<4>(shift));
}

}  // namespace

TEST_CASE("simt finds accesses outside an array") {
  const Array<float> x(64);
  const Array<float> y(64);
  const auto run = [&](unsigned blocks, std::int64_t shift) {
    return report_of([&] {
      launch({.name = "shifted", .grid = blocks, .block = 32}, past_the_end_kernel, x.const_view(), y.view(), shift);
    });
  };
  CHECK(run(2, 0) == "");
  CHECK(run(2, 1) ==
        "[shifted] expected an index inside a global array of 64 values, got a read of index 64 in block "
        "(1, 0, 0), thread (31, 0, 0)");
  CHECK(run(2, -1) ==
        "[shifted] expected an index inside a global array of 64 values, got a read of index -1 in block "
        "(0, 0, 0), thread (0, 0, 0)");
  const Array<float> shorter(40);
  CHECK(
      holds(report_of([&] {
              launch({.name = "write", .grid = 2, .block = 32}, past_the_end_kernel, x.const_view(), shorter.view(), 0);
            }),
            "[write] expected an index inside a global array of 40 values, got a write of index 40 in block (1, 0, 0), "
            "thread (8, 0, 0)"));
  CHECK(holds(
      report_of([&] { launch({.name = "tile", .grid = 1, .block = 32, .shared_bytes = 256}, past_shared_kernel); }),
      "[tile] expected an index inside a shared array of 32 values, got a write of index 32"));
  CHECK(holds(report_of([&] {
                launch({.name = "greedy", .grid = 1, .block = 32, .shared_bytes = 128}, too_much_shared_kernel);
              }),
              "[greedy] expected at most 128 bytes of shared memory, as launched, got 144"));
}

TEST_CASE("simt finds 16-byte accesses at addresses that are no multiple of 16") {
  const Array<float> x(64);
  const Array<float> y(64);
  const auto run = [&](std::int64_t shift) {
    return report_of(
        [&] { launch({.name = "packs", .grid = 1, .block = 32}, misaligned_kernel, x.const_view(), y.view(), shift); });
  };
  CHECK(run(8) == "");
  CHECK(holds(run(6), "[packs] expected an address that is a multiple of 16 for 4 values at once, got index 6"));
}

TEST_CASE("simt finds host memory handed to a kernel, and views longer than their memory") {
  std::vector<float> host(64);
  const Array<float> device(64);
  CHECK(holds(report_of([&] { Global<float>(host.data(), 64); }), "got host memory or an end past the allocation"));
  CHECK(holds(report_of([&] { Global<float>(device.data + 1, 64); }), "got host memory or an end past the allocation"));
  CHECK(report_of([&] { Global<float>(device.data + 1, 63); }) == "");
}

namespace {

void unwritten_kernel(Global<float> out, bool in_every_block) {
  SharedMemory shared;
  const Shared<float> tile = shared.take<float>(32);
  if (in_every_block || blockIdx.x == 0) tile[threadIdx.x] = 1;
  out[global_thread()] = tile[threadIdx.x];
}

/// 0: all together; 1: half of the threads skip the barrier; 2: two barriers; 3: one thread leaves before a shuffle;
/// 4: a warp operation against the block's barrier.
void diverging_kernel(int fault) {
  const bool odd = threadIdx.x % 2 == 1;
  if (fault == 0) __syncthreads();
  if (fault == 1 && odd) __syncthreads();
  if (fault == 2) {
    if (odd) {
      __syncthreads();
    } else {
      __syncthreads();
    }
  }
  if (fault == 3) {
    if (threadIdx.x == 33) return;
    warp_sum(1.0f);
  }
  if (fault == 4) {
    if (threadIdx.x < 40) {
      __syncthreads();
    } else {
      __syncwarp();
    }
  }
}

void half_a_mask_kernel() {
  if (threadIdx.x < 16) __shfl_sync(0xffffu, 1, 0);
}

}  // namespace

TEST_CASE("simt finds shared memory that is read before it is written, also where the block before had written it") {
  const Array<float> out(64);
  const auto run = [&](bool in_every_block) {
    return report_of([&] {
      launch({.name = "unwritten", .grid = 2, .block = 32, .shared_bytes = 128}, unwritten_kernel, out.view(),
             in_every_block);
    });
  };
  CHECK(run(true) == "");
  CHECK(run(false) ==
        "[unwritten] expected index 0 of a shared array of 32 values to be written before it is read, got "
        "a read first in block (1, 0, 0), thread (0, 0, 0)");
}

TEST_CASE("simt finds threads that wait at different barriers or leave while others wait") {
  const auto run = [](int fault) {
    return report_of([&] { launch({.name = "diverging", .grid = 1, .block = 64}, diverging_kernel, fault); });
  };
  CHECK(run(0) == "");
  CHECK(holds(run(1),
              "[diverging] expected all threads of the block at one barrier, got in block (0, 0, 0) thread (1, "
              "0, 0) at __syncthreads in line "));
  CHECK(holds(run(1), "and thread (0, 0, 0) past the end of the kernel"));
  const std::string two = run(2);
  CHECK(holds(two, "thread (0, 0, 0) at __syncthreads in line "));
  CHECK(holds(two, "and thread (1, 0, 0) at __syncthreads in line "));
  CHECK(holds(run(3),
              "expected all threads of the warp at one barrier, got in block (0, 0, 0) thread (32, 0, 0) at "
              "__shfl_xor_sync in line "));
  CHECK(holds(run(4), "and thread (40, 0, 0) at __syncwarp in line "));
  CHECK(holds(report_of([&] { launch({.name = "mask", .grid = 1, .block = 32}, half_a_mask_kernel); }),
              "[mask] expected all 32 lanes in the mask of __shfl_sync, got 65535"));
  CHECK(run(0) == "");  // a failed launch leaves nothing behind
}

TEST_CASE("launch refuses shapes that no device takes, and runs nothing for an empty grid") {
  const Array<std::int64_t> out(64);
  const auto run = [&](const LaunchShape& shape) {
    return report_of([&] { launch(shape, number_kernel, out.view()); });
  };
  CHECK(run({.name = "odd", .grid = 1, .block = 33}) ==
        "[odd] expected a block of 32 to 1024 threads, a multiple of 32, got 33");
  CHECK(holds(run({.name = "big", .grid = 1, .block = 2048}), "got 2048"));
  CHECK(holds(run({.name = "tall", .grid = {1, 70000}, .block = 32}), "got 1 x 70000 x 1"));
  CHECK(holds(run({.name = "shared", .grid = 1, .block = 32, .shared_bytes = 1 << 20}), "got 1048576"));
  CHECK(run({.name = "none", .grid = 0, .block = 32}) == "");
}
