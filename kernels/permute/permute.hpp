// The axes of a tensor in another order.
//
//   y[i0, i1, i2, i3, i4] (+)= x[i0 s0 + i1 s1 + i2 s2 + i3 s3 + i4 s4]
//
// Shapes: extents are those of y, which is contiguous; strides are those of x along the axes of y, in values. A tensor of
// fewer axes has extents of 1 in front.
#pragma once

#include <array>
#include <cstdint>

namespace qrs::kernels {

struct PermuteParams {
  std::array<std::int64_t, 5> extents = {1, 1, 1, 1, 1};
  std::array<std::int64_t, 5> strides = {0, 0, 0, 0, 0};
  bool accumulate = false;

  std::int64_t rows() const { return extents[0] * extents[1] * extents[2] * extents[3]; }
  /// Where row r of y starts in x.
  std::int64_t start(std::int64_t row) const {
    std::int64_t at = 0;
    for (std::size_t axis = 4; axis-- > 0;) {
      at += row % extents[axis] * strides[axis];
      row /= extents[axis];
    }
    return at;
  }
};

// permute_{ref,cpu}(p, x, y)

}  // namespace qrs::kernels
