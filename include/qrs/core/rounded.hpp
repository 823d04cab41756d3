// A number as it is in memory, for sums that have to have a peer's bits on every machine.
#pragma once

#include <concepts>

namespace qrs {

/// The value itself: a product that passes through here is rounded before it enters a sum. Without, the compiler may fuse
/// product and sum into one rounding.
template <std::floating_point T>
T rounded(T value) {
  volatile T stored = value;
  return stored;
}

}  // namespace qrs
