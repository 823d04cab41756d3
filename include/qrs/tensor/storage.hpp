// A run of bytes on a device, shared by the tensors that view it, from that device's block cache.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

#include "../core/device.hpp"
#include "../core/error.hpp"
#include "../core/memory.hpp"
#include "../kernels.hpp"

namespace qrs {

/// The cache of a device. Throws where the library was built without CUDA or no device answers.
inline BlockCache& cache_of(Device device) {
  if (device == Device::cpu) return host_cache();
#if defined(QRS_WITH_CUDA)
  QRS_CHECK(kernels::device_available(), "[device] expected a CUDA device, got none on this machine");
  return kernels::device_cache();
#else
  fail("[device] expected a build with CUDA (QRS_CUDA=ON), got one for the CPU alone");
#endif
}

class Storage {
 public:
  Storage(std::size_t bytes, Device device) : device_(device), bytes_(bytes) {
    const auto [block, capacity] = cache_of(device).take(bytes);
    data_ = block;
    capacity_ = capacity;
  }
  ~Storage() { cache_of(device_).give(data_, capacity_); }
  Storage(const Storage&) = delete;
  Storage& operator=(const Storage&) = delete;

  void* data() const { return data_; }
  std::size_t bytes() const { return bytes_; }
  Device device() const { return device_; }

 private:
  void* data_ = nullptr;
  std::size_t capacity_ = 0;
  Device device_;
  std::size_t bytes_;
};

}  // namespace qrs
