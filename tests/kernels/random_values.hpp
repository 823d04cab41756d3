// Reproducible test values, and rows with gaps: what the kernel tests feed on.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

namespace qrs::testing {

/// `count` values in [low, high), the same for every run and type: a linear congruential generator's high bits.
template <class T>
std::vector<T> random_values(std::int64_t count, double low = -1.0, double high = 1.0, std::uint64_t seed = 1) {
  std::vector<T> out(static_cast<std::size_t>(count));
  std::uint64_t state = seed * 0x9e3779b97f4a7c15ULL + 1;
  for (T& value : out) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    value = static_cast<T>(low + (high - low) * static_cast<double>(state >> 40) / 16777216.0);
  }
  return out;
}

/// `rows` rows of `cols` such values, `pitch` apart, with NaN between them: whoever reads there computes with it.
template <class T>
std::vector<T> random_rows(std::int64_t rows, std::int64_t cols, std::int64_t pitch, double low = -1.0,
                           double high = 1.0, std::uint64_t seed = 1) {
  std::vector<T> out = random_values<T>(rows * pitch, low, high, seed);
  for (std::int64_t r = 0; r < rows; ++r) {
    std::fill(out.begin() + r * pitch + cols, out.begin() + (r + 1) * pitch, std::numeric_limits<T>::quiet_NaN());
  }
  return out;
}

}  // namespace qrs::testing
