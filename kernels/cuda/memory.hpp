// Memory of a CUDA device: declarations that plain C++ may include. memory.cu defines them, for a real device under nvcc
// and for the emulated one under the host compiler.
#pragma once

#include <cstddef>
#include <cstdint>

#include "../../include/qrs/core/device.hpp"
#include "../../include/qrs/core/memory.hpp"

namespace qrs::kernels {

/// True where a device answers (always for the emulated one).
bool device_available();
/// Device memory, 256-byte aligned; nullptr when there is none left.
void* device_allocate(std::size_t bytes);
void device_release(void* block);
/// The process's cache of device memory, for tensors and for the work space of launchers.
BlockCache& device_cache();
/// Waits for the device, and throws qrs::Error where a kernel has failed.
void device_synchronize();

/// `rows` rows of `row_bytes` bytes; pitches are the distances between row starts, in bytes.
struct CopyParams {
  std::int64_t rows = 0;
  std::int64_t row_bytes = 0;
  std::int64_t source_pitch = 0;
  std::int64_t target_pitch = 0;
};
/// Copies rows between devices, or on one. Ordered after the kernels launched before it; done when it returns.
void device_copy(const CopyParams& p, void* target, Device target_device, const void* source, Device source_device);

}  // namespace qrs::kernels
