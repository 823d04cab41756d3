// A double as it is in memory, for sums that have to have a peer's bits on every machine.
#pragma once

namespace qrs {

/// The value itself: a product that passes through here is rounded before it enters a sum. Without, the compiler may fuse
/// product and sum into one rounding.
inline double rounded(double value) {
  volatile double stored = value;
  return stored;
}

}  // namespace qrs
