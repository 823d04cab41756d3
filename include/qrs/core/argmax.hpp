// Where the greatest of some values stands: the class that scores name. Of equals, the first, as in NumPy and PyTorch.
//
//   argmax({0.2, 0.4, 0.4}) = 1
#pragma once

#include <algorithm>
#include <cstdint>
#include <ranges>

namespace qrs {

/// 0 where there is no value.
template <class T>
std::int64_t argmax(const T* values, std::int64_t count) {
  return std::max_element(values, values + count) - values;
}

template <std::ranges::contiguous_range R>
std::int64_t argmax(const R& values) {
  return argmax(std::ranges::data(values), static_cast<std::int64_t>(std::ranges::size(values)));
}

}  // namespace qrs
