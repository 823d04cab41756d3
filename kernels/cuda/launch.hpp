// The one way to start a kernel.
//
//   launch({.name = "relu", .grid = blocks_for(count, 256), .block = 256}, relu_kernel<T>, x, y, count);
//
// Under nvcc the kernel is queued on current_stream() and a launch that the device refuses becomes a qrs::Error; what fails
// later surfaces at device_synchronize() or at the next copy. Under the emulator the kernel runs, checked, and is done when
// launch() returns. A grid of no blocks is nothing to do, not an error.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include "../../include/qrs/core/error.hpp"
#include "../../include/qrs/core/memory.hpp"
#include "../simt/simt.hpp"
#include "memory.hpp"
#include "views.hpp"

namespace qrs::kernels {

/// How many blocks of `per_block` items cover `count` items.
constexpr unsigned blocks_for(std::int64_t count, std::int64_t per_block) {
  return static_cast<unsigned>((count + per_block - 1) / per_block);
}

// The emulator's launch has a namespace of its own: a program may hold both, one for each compiler.
#if !defined(__CUDACC__)
inline namespace emulated {
#endif

struct LaunchShape {
  const char* name = "";  // for messages: the operation
  dim3 grid{};
  dim3 block{};
  std::size_t shared_bytes = 0;  // what the kernel takes from SharedMemory
};

/// The bounds every device of compute capability 7 and later has (CUDA C++ Programming Guide, table of technical
/// specifications); a block is a number of whole warps here, because warp operations need all 32 lanes.
inline void check_launch(const LaunchShape& s) {
  const std::uint64_t threads = std::uint64_t{s.block.x} * s.block.y * s.block.z;
  QRS_CHECK(threads > 0 && threads <= 1024 && threads % 32 == 0, "[", s.name,
            "] expected a block of 32 to 1024 threads, a multiple of 32, got ", threads);
  QRS_CHECK(s.grid.x <= 2147483647u && s.grid.y <= 65535u && s.grid.z <= 65535u, "[", s.name,
            "] expected a grid of at most 2147483647 x 65535 x 65535 blocks, got ", s.grid.x, " x ", s.grid.y, " x ",
            s.grid.z);
  constexpr std::size_t most_shared = 96 * 1024;
  QRS_CHECK(s.shared_bytes <= most_shared, "[", s.name, "] expected at most ", most_shared,
            " bytes of shared memory, got ", s.shared_bytes);
}

inline bool nothing_to_do(const LaunchShape& s) { return s.grid.x == 0 || s.grid.y == 0 || s.grid.z == 0; }

#if defined(__CUDACC__)

/// The stream of every kernel and copy of this process (memory.cu).
cudaStream_t current_stream();

template <class... Params, class... Args>
void launch(const LaunchShape& s, void (*kernel)(Params...), const Args&... args) {
  if (nothing_to_do(s)) return;
  check_launch(s);
  constexpr std::size_t without_asking = 48 * 1024;
  if (s.shared_bytes > without_asking) {
    cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize, static_cast<int>(s.shared_bytes));
  }
  kernel<<<s.grid, s.block, s.shared_bytes, current_stream()>>>(static_cast<Params>(args)...);
  const cudaError_t status = cudaGetLastError();
  QRS_CHECK(status == cudaSuccess, "[", s.name,
            "] expected the device to accept the kernel, got: ", cudaGetErrorString(status));
}

#else

template <class... Params, class... Args>
void launch(const LaunchShape& s, void (*kernel)(Params...), const Args&... args) {
  if (nothing_to_do(s)) return;
  check_launch(s);
  auto thread = [&] { kernel(static_cast<Params>(args)...); };
  simt::machine().run(
      s.name, s.grid, s.block, s.shared_bytes, [](void* body) { (*static_cast<decltype(thread)*>(body))(); }, &thread);
}

}  // namespace emulated

#endif

/// Uninitialised device memory for the kernels a launcher starts, given back to the device's cache at the end of the
/// scope: everything runs in stream order, so a later user of the block comes after the kernels that were started.
template <class T>
class DeviceScratch {
 public:
  explicit DeviceScratch(std::int64_t count) : count_(count) {
    const auto [block, capacity] = device_cache().take(static_cast<std::size_t>(count) * sizeof(T));
    data_ = static_cast<T*>(block);
    capacity_ = capacity;
  }
  ~DeviceScratch() { device_cache().give(data_, capacity_); }
  DeviceScratch(const DeviceScratch&) = delete;
  DeviceScratch& operator=(const DeviceScratch&) = delete;

  T* data() const { return data_; }
  Global<T> view() const { return {data_, count_}; }
  Global<const T> const_view() const { return {data_, count_}; }

 private:
  T* data_ = nullptr;
  std::size_t capacity_ = 0;
  std::int64_t count_;
};

}  // namespace qrs::kernels
