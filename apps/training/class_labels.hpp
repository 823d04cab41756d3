// The labels of a network's outputs: 0, 1, ..., classes - 1, whichever of them a set of images has.
#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

namespace qrs::training {

inline std::vector<std::int64_t> class_labels(std::int64_t classes) {
  std::vector<std::int64_t> out(static_cast<std::size_t>(classes));
  std::iota(out.begin(), out.end(), std::int64_t{0});
  return out;
}

}  // namespace qrs::training
