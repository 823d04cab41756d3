// The inner product of two rows of numbers, the same bits whatever the compiler makes of the loop.
//
//   dot = sum_i a[i] b[i]        in 16 partial sums, i modulo 16, added in order at the end
#pragma once

#include <cstdint>

namespace qrs::ml::decompose {

/// The sum of a[i] b[i], in an order that does not depend on the compiler's choice of registers.
inline double dot(const double* a, const double* b, std::int64_t count) {
  constexpr std::int64_t lanes = 16;
  double sums[lanes] = {};
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (std::int64_t l = 0; l < lanes; ++l) sums[l] += a[i + l] * b[i + l];
  }
  for (std::int64_t l = 0; i < count; ++i, ++l) sums[l] += a[i] * b[i];
  double total = 0.0;
  for (const double sum : sums) total += sum;
  return total;
}

}  // namespace qrs::ml::decompose
