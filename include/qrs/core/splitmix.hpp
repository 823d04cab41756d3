// The mixing step of splitmix64: 64 bits in, 64 bits out that look drawn by chance.
//
// Source: Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014, figure 16.
#pragma once

#include <cstdint>

namespace qrs {

/// From one state to the next, the golden ratio times 2^64.
inline constexpr std::uint64_t splitmix_step = 0x9E3779B97F4A7C15u;

constexpr std::uint64_t splitmix_mixed(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

}  // namespace qrs
