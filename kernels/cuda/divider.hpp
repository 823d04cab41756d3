// Division by a number that is fixed for a whole launch, as one multiplication.
//
// Kernels turn one running index into (row, column) or (image, y, x). A GPU has no integer divider, so the host prepares a
// multiplier m and a shift s with floor(n / d) = (floor(n m / 2^32) + n) >> s. Source: Granlund and Montgomery 1994, "Division
// by invariant integers using multiplication", section 4.
#pragma once

#include <cstdint>

#include "../../include/qrs/core/error.hpp"
#include "../../include/qrs/core/macros.hpp"

namespace qrs::kernels {

/// Divides numbers in [0, 2^31) by `divisor`, 1 <= divisor < 2^31.
class Divider {
 public:
  explicit Divider(std::int64_t divisor) : divisor_(static_cast<std::uint32_t>(divisor)) {
    QRS_CHECK(divisor >= 1 && divisor <= limit, "[divider] expected a divisor from 1 to 2^31 - 1, got ", divisor);
    while ((std::uint64_t{1} << shift_) < divisor_) ++shift_;
    const std::uint64_t excess = (std::uint64_t{1} << shift_) - divisor_;
    multiplier_ = static_cast<std::uint32_t>((excess << 32) / divisor_ + 1);
  }

  /// The largest number that may be divided.
  static constexpr std::int64_t limit = 2147483647;

  QRS_HD std::uint32_t quotient(std::uint32_t n) const {
    const auto high = static_cast<std::uint32_t>((std::uint64_t{n} * multiplier_) >> 32);
    return (high + n) >> shift_;
  }
  QRS_HD std::uint32_t divisor() const { return divisor_; }
  QRS_HD std::uint32_t remainder(std::uint32_t n, std::uint32_t quotient) const { return n - quotient * divisor_; }

 private:
  std::uint32_t divisor_;
  std::uint32_t multiplier_ = 0;
  std::uint32_t shift_ = 0;
};

}  // namespace qrs::kernels
