// The emulated device's memory: host memory that is told apart from the rest of it.
//
// A launcher that is handed a host pointer works by chance under an emulator and fails on a device; a registry of what
// was allocated for the device makes it fail in both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>

namespace qrs::kernels::simt {

class DeviceMemory {
 public:
  /// 256-byte aligned; nullptr when there is none left.
  void* allocate(std::size_t bytes) {
    void* block = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
    if (block == nullptr) return nullptr;
    const std::lock_guard lock(mutex_);
    blocks_[reinterpret_cast<std::uintptr_t>(block)] = bytes;
    return block;
  }
  void release(void* block) {
    {
      const std::lock_guard lock(mutex_);
      blocks_.erase(reinterpret_cast<std::uintptr_t>(block));
    }
    std::free(block);
  }
  /// True where all of [data, data + bytes) lies in one block.
  bool owns(const void* data, std::size_t bytes) {
    const auto begin = reinterpret_cast<std::uintptr_t>(data);
    const std::lock_guard lock(mutex_);
    auto next = blocks_.upper_bound(begin);
    if (next == blocks_.begin()) return false;
    --next;
    return begin + bytes <= next->first + next->second;
  }

 private:
  std::mutex mutex_;
  std::map<std::uintptr_t, std::size_t> blocks_;
};

/// The process's emulated device memory. Never destroyed, so that static objects may hold some.
inline DeviceMemory& device_memory() {
  static DeviceMemory* memory = new DeviceMemory;
  return *memory;
}

}  // namespace qrs::kernels::simt
