// Memory and stream of the device: what memory.hpp declares, twice. The second half is the emulated device.
#include "memory.hpp"

#include <cstring>

#include "../../include/qrs/core/error.hpp"
#include "launch.hpp"

namespace qrs::kernels {

BlockCache& device_cache() {
  static BlockCache* cache = new BlockCache(device_allocate, device_release);
  return *cache;
}

#if defined(__CUDACC__)

namespace {

/// Throws with CUDA's own text unless the call went well.
void check(const char* what, cudaError_t status) {
  QRS_CHECK(status == cudaSuccess, "[device] expected ", what, " to succeed, got: ", cudaGetErrorString(status));
}

}  // namespace

/// One stream orders all kernels and copies of the process, whichever thread starts them, which is what lets the caches
/// hand a block on without waiting. Not the default stream: that one cannot be captured into a graph.
cudaStream_t current_stream() {
  static const cudaStream_t stream = [] {
    cudaStream_t made = nullptr;
    check("cudaStreamCreateWithFlags", cudaStreamCreateWithFlags(&made, cudaStreamNonBlocking));
    return made;
  }();
  return stream;
}

bool device_available() {
  static const bool found = [] {
    int count = 0;
    return cudaGetDeviceCount(&count) == cudaSuccess && count > 0;
  }();
  return found;
}

void* device_allocate(std::size_t bytes) {
  void* block = nullptr;
  if (cudaMalloc(&block, bytes) == cudaSuccess) return block;
  cudaGetLastError();  // no memory is an answer, not a failure of the next call
  return nullptr;
}

void device_release(void* block) {
  cudaStreamSynchronize(current_stream());  // a kernel may still be using it
  cudaFree(block);
}

void device_synchronize() {
  check("the kernels before cudaStreamSynchronize", cudaStreamSynchronize(current_stream()));
}

void device_copy(const CopyParams& p, void* target, Device, const void* source, Device) {
  if (p.rows == 0 || p.row_bytes == 0) return;
  const auto bytes = [](std::int64_t n) { return static_cast<std::size_t>(n); };
  if (p.source_pitch == p.row_bytes && p.target_pitch == p.row_bytes) {
    check("cudaMemcpyAsync",
          cudaMemcpyAsync(target, source, bytes(p.rows * p.row_bytes), cudaMemcpyDefault, current_stream()));
  } else {
    check("cudaMemcpy2DAsync",
          cudaMemcpy2DAsync(target, bytes(p.target_pitch), source, bytes(p.source_pitch), bytes(p.row_bytes),
                            bytes(p.rows), cudaMemcpyDefault, current_stream()));
  }
  check("a copy", cudaStreamSynchronize(current_stream()));
}

#else

bool device_available() { return true; }

void* device_allocate(std::size_t bytes) { return simt::device_memory().allocate(bytes); }

void device_release(void* block) { simt::device_memory().release(block); }

void device_synchronize() {}  // a launch is done when it returns

void device_copy(const CopyParams& p, void* target, Device target_device, const void* source, Device source_device) {
  if (p.rows == 0 || p.row_bytes == 0) return;
  const auto in_place = [&](const void* data, Device device, std::int64_t pitch) {
    const auto bytes = static_cast<std::size_t>((p.rows - 1) * pitch + p.row_bytes);
    return device == Device::cpu || simt::device_memory().owns(data, bytes);
  };
  QRS_CHECK(in_place(source, source_device, p.source_pitch) && in_place(target, target_device, p.target_pitch),
            "[device] expected ", p.rows, " rows of ", p.row_bytes,
            " bytes inside device memory, got host memory or an end past the allocation");
  for (std::int64_t r = 0; r < p.rows; ++r) {
    std::memmove(static_cast<char*>(target) + r * p.target_pitch, static_cast<const char*>(source) + r * p.source_pitch,
                 static_cast<std::size_t>(p.row_bytes));
  }
}

#endif

}  // namespace qrs::kernels
