// The three passes over a problem's variables that a step of sequential minimal optimisation is made of.
//
// With v = -y G (G the gradient of the dual), a step moves y_i a_i up and y_j a_j down by the same t: i comes from those
// that can go up, j from those that can go down, and the violation is max v over the first minus min v over the second.
// The arrays hold w = y G = -v; `up` is 0 where a variable may go up and -inf elsewhere, `low` is 0 where it may go down
// and +inf elsewhere. Lengths are multiples of `step`; past the last variable up = -inf and low = +inf.
// Ties go to the last variable, as in LIBSVM.
#pragma once

#include <cstdint>
#include <limits>

#include "kernel_product.hpp"

namespace qrs::ml::svm {

typedef std::int64_t Positions __attribute__((vector_size(simd::register_bytes)));

/// What replaces a curvature that is not positive.
inline constexpr double tau = 1e-12;

/// The most violating variable that may go up, and both ends of the violation.
struct Extremes {
  double highest = -std::numeric_limits<double>::infinity();  // m = max of v over `up`
  double lowest = std::numeric_limits<double>::infinity();    // M = min of v over `low`
  std::int64_t i = -1;
  double violation() const { return highest - lowest; }
};

namespace passes {

inline constexpr std::int64_t step = 2 * double_lanes;

inline Positions first_positions() {
  Positions out{};
  for (int lane = 0; lane < double_lanes; ++lane) out[lane] = lane;
  return out;
}

/// w += t (K_i - K_j), and the extremes after it. Without rows (null) only the extremes.
inline Extremes update(double* w, const float* row_i, const float* row_j, double t, const float* up, const float* low,
                       std::int64_t count) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  Doubles highest[2] = {simd::broadcast(-infinity), simd::broadcast(-infinity)};
  Doubles lowest[2] = {simd::broadcast(infinity), simd::broadcast(infinity)};
  Positions at = first_positions();
  Positions best[2] = {at - at - 1, at - at - 1};
  for (std::int64_t k = 0; k < count; k += step) {
    for (int u = 0; u < 2; ++u) {
      const std::int64_t from = k + u * double_lanes;
      Doubles value = simd::load(w + from);
      if (row_i != nullptr) {
        value += t * (widen(row_i + from) - widen(row_j + from));
        simd::store(w + from, value);
      }
      const Doubles rising = widen(up + from) - value;
      const Doubles falling = widen(low + from) - value;
      best[u] = rising >= highest[u] ? at : best[u];
      highest[u] = rising >= highest[u] ? rising : highest[u];
      lowest[u] = falling < lowest[u] ? falling : lowest[u];
      at += double_lanes;
    }
  }
  Extremes out;
  for (int u = 0; u < 2; ++u) {
    for (int lane = 0; lane < double_lanes; ++lane) {
      const bool better = highest[u][lane] > out.highest || (highest[u][lane] == out.highest && best[u][lane] > out.i);
      if (better) out.highest = highest[u][lane], out.i = best[u][lane];
      if (lowest[u][lane] < out.lowest) out.lowest = lowest[u][lane];
    }
  }
  return out;
}

/// The partner j of i that lowers the dual the most (Fan, Chen and Lin 2005, WSS 2): the largest b^2 / a over those that
/// may go down with b = m - v_j > 0, a = K_ii + K_jj - 2 K_ij. Quotients are compared by cross multiplication. -1 for none.
inline std::int64_t partner(const double* w, const float* row_i, const float* diagonal, const float* low,
                            double highest, double diagonal_i, std::int64_t count) {
  Doubles numerator[2] = {};
  Doubles denominator[2] = {simd::broadcast(1.0), simd::broadcast(1.0)};
  Positions at = first_positions();
  Positions best[2] = {at - at - 1, at - at - 1};
  for (std::int64_t k = 0; k < count; k += step) {
    for (int u = 0; u < 2; ++u) {
      const std::int64_t from = k + u * double_lanes;
      const Doubles gap = highest + simd::load(w + from) - widen(low + from);
      const Doubles b = simd::max<double>(gap, Doubles{});
      const Doubles product = widen(row_i + from);
      Doubles a = diagonal_i + widen(diagonal + from) - (product + product);
      a = a > 0.0 ? a : simd::broadcast(tau);
      const Doubles squared = b * b;
      const Positions better = squared * denominator[u] >= numerator[u] * a;
      numerator[u] = better ? squared : numerator[u];
      denominator[u] = better ? a : denominator[u];
      best[u] = better ? at : best[u];
      at += double_lanes;
    }
  }
  double top = 0.0;
  double under = 1.0;
  std::int64_t j = -1;
  for (int u = 0; u < 2; ++u) {
    for (int lane = 0; lane < double_lanes; ++lane) {
      const double left = numerator[u][lane] * under;
      const double right = top * denominator[u][lane];
      if (numerator[u][lane] <= 0.0 || left < right || (left == right && best[u][lane] < j)) continue;
      top = numerator[u][lane];
      under = denominator[u][lane];
      j = best[u][lane];
    }
  }
  return j;
}

}  // namespace passes
}  // namespace qrs::ml::svm
