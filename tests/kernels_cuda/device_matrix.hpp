// A matrix of the judge's (tests/kernels/judge.hpp) on the device: what lets a device kernel stand before it.
#pragma once

#include <cstdint>

#include "../kernels/judge.hpp"
#include "device_values.hpp"

namespace qrs::testing {

/// The rows of a matrix with their gaps, in device memory of just that size. `shift` as in DeviceValues.
template <class T>
class DeviceMatrix {
 public:
  explicit DeviceMatrix(const Matrix<T>& host, std::int64_t shift = 0) : values_(host.block(), shift) {}

  T* data() const { return values_.data(); }
  /// Copies rows and gaps back.
  void to(Matrix<T>& host) const { host.set_block(values_.values()); }

 private:
  DeviceValues<T> values_;
};

}  // namespace qrs::testing
