// The filters of PNG's rows: a byte is stored less a prediction from the byte on its left (a), above (b), above left (c).
//
//   0: 0    1: a    2: b    3: (a + b) / 2    4: the one of a, b, c that is nearest to a + b - c
//
// Source: W3C, Portable Network Graphics (second edition), section 9.
#pragma once

#include <cstdlib>

namespace qrs::image::detail {

/// Of left, above and upper left, the one nearest to left + above - upper left.
inline int paeth(int left, int above, int corner) {
  const int guess = left + above - corner;
  const int to_left = std::abs(guess - left);
  const int to_above = std::abs(guess - above);
  const int to_corner = std::abs(guess - corner);
  if (to_left <= to_above && to_left <= to_corner) return left;
  return to_above <= to_corner ? above : corner;
}

/// What a filter (0 to 4) predicts from the neighbours.
template <int filter>
int predicted(int left, int above, int corner) {
  if constexpr (filter == 1) return left;
  if constexpr (filter == 2) return above;
  if constexpr (filter == 3) return (left + above) / 2;
  if constexpr (filter == 4) return paeth(left, above, corner);
  return 0;
}

}  // namespace qrs::image::detail
