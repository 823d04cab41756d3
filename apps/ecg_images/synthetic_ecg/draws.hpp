// Random draws of one page: an own stream of Philox for each purpose, so that a page depends on its address alone.
//
//   Draws draws({.seed = 7, .ecg_class = 2, .index = 40}, Purpose::rhythm);   draws.uniform(0.6, 1.0)
//
// A draw more in one part of a page leaves the other parts as they were, and the page after it too.
#pragma once

#include <cmath>
#include <cstdint>

#include "qrs/core/philox.hpp"

namespace qrs::ecg_images::synthetic_ecg {

/// Which page of a drawn data set: index counts from 0 within the class.
struct PageAddress {
  std::uint64_t seed = 0;
  std::int64_t ecg_class = 0;
  std::int64_t index = 0;
};

enum class Purpose : std::uint64_t { condition, heart, rhythm, noise, style, caption };

class Draws {
 public:
  Draws(const PageAddress& page, Purpose purpose)
      : seed_(page.seed),
        stream_(static_cast<std::uint64_t>(page.index) << 8 | static_cast<std::uint64_t>(page.ecg_class) << 4 |
                static_cast<std::uint64_t>(purpose)) {}

  /// Uniform on [0, 1), a multiple of 2^-24.
  double uniform() {
    if (next_ % 4 == 0) block_ = philox_block(seed_, stream_, next_ / 4);
    return static_cast<double>(unit_float(block_.words[next_++ % 4]));
  }
  /// Uniform on [low, high).
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Standard normal (Box and Muller).
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
    return radius * std::cos(6.283185307179586 * uniform());
  }
  /// An integer in [low, high).
  std::int64_t integer(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(uniform() * static_cast<double>(high - low));
  }
  bool chance(double probability) { return uniform() < probability; }

 private:
  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t next_ = 0;
  PhiloxBlock block_{};
};

}  // namespace qrs::ecg_images::synthetic_ecg
