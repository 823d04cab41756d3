// Values that have a name instead of a state: any language repeats them in a few lines.
//
//   h = FNV-1a-64 of the UTF-8 bytes of the name
//   z = finaliser of splitmix64 of (h + (i + 1) * 0x9E3779B97F4A7C15 mod 2^64)        for element i
//   u = (z >> 40) * 2^-24                                                            in [0, 1), exact in float32
//
// Not a generator to train with: reference files are filled with it (docs/parity.md), and tests take their inputs from it.
// Source: Fowler, Noll and Vo, the FNV non-cryptographic hash algorithm, draft-eastlake-fnv.
#pragma once

#include <cstdint>
#include <string_view>

#include "splitmix.hpp"

namespace qrs {

/// FNV-1a, 64 bits.
inline std::uint64_t fnv1a(std::string_view text) {
  std::uint64_t hash = 0xCBF29CE484222325u;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3u;
  return hash;
}

/// The values of one name: NamedValues("0:conv1.weight")(i) is element i, uniform on the multiples of 2^-24 in [0, 1).
class NamedValues {
 public:
  explicit NamedValues(std::string_view name) : start_(fnv1a(name)) {}

  double operator()(std::int64_t i) const {
    const std::uint64_t z = splitmix_mixed(start_ + (static_cast<std::uint64_t>(i) + 1) * splitmix_step);
    return static_cast<double>(z >> 40) * 0x1p-24;
  }

 private:
  std::uint64_t start_;
};

}  // namespace qrs
