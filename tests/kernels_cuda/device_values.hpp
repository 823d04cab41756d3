// Values on the device and back: what the tests of the device kernels feed on. The same tests run on the emulated device
// and, linked against the library that nvcc made, on a real one.
#pragma once

#include <qrs/core/compare.hpp>
#include <qrs/kernels.hpp>

#include <cstdint>
#include <vector>

#include "../kernels/random_values.hpp"

namespace qrs::testing {

/// A copy of host values in device memory. `shift` values of room stand before them, so that a test can place the first
/// value off a 16-byte boundary.
template <class T>
class DeviceValues {
 public:
  explicit DeviceValues(const std::vector<T>& values, std::int64_t shift = 0)
      : count_(static_cast<std::int64_t>(values.size())), shift_(shift) {
    block_ = static_cast<T*>(kernels::device_allocate(static_cast<std::size_t>(count_ + shift_ + 1) * sizeof(T)));
    copy(data(), Device::cuda, values.data(), Device::cpu);
  }
  ~DeviceValues() { kernels::device_release(block_); }
  DeviceValues(const DeviceValues&) = delete;
  DeviceValues& operator=(const DeviceValues&) = delete;

  T* data() const { return block_ + shift_; }
  std::vector<T> values() const {
    std::vector<T> out(static_cast<std::size_t>(count_));
    copy(out.data(), Device::cpu, data(), Device::cuda);
    return out;
  }

 private:
  void copy(T* target, Device target_device, const T* source, Device source_device) const {
    const std::int64_t bytes = count_ * static_cast<std::int64_t>(sizeof(T));
    if (bytes == 0) return;
    kernels::device_copy({.rows = 1, .row_bytes = bytes, .source_pitch = bytes, .target_pitch = bytes}, target,
                         target_device, source, source_device);
  }

  T* block_;
  std::int64_t count_;
  std::int64_t shift_;
};

}  // namespace qrs::testing
