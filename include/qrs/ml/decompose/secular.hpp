// The eigenvalues of a diagonal matrix changed by rank one, and their eigenvectors.
//
//   D + rho z z^T,  rho > 0, d rising, no z[i] zero:   x[j] is the root in (d[j], d[j + 1]) of
//   f(x) = 1 / rho + sum_i z[i]^2 / (d[i] - x)         the last one is in (d[n-1], d[n-1] + rho |z|^2]
//
// A root is sought as its distance from the nearer pole, so that every d[i] - x[j] keeps its digits. Each step replaces the
// sum over the poles on either side by one pole with the same value and slope; a step that leaves the bracket, or follows
// one that gained little, is a bisection instead. The vectors are those of the z for which the computed roots are exact:
// they are orthogonal however close the roots are.
// Source: Bunch, Nielsen and Sorensen 1978; Gu and Eisenstat, SIAM J. Matrix Anal. Appl. 15(4), 1994.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "../../core/array.hpp"
#include "../../core/parallel.hpp"
#include "../../kernels.hpp"
#include "../matrix.hpp"
#include "dot.hpp"

namespace qrs::ml::decompose {

namespace detail {

/// What poles on one side of a point add to f there, and to its slope.
struct PoleSums {
  double value = 0.0;
  double slope = 0.0;
};

/// Of poles [from, to): offsets[i] is d[i] less the origin, x the point from the same origin.
inline PoleSums pole_sums(const double* offsets, const double* z, double x, std::int64_t from, std::int64_t to) {
  constexpr std::int64_t lanes = simd::lanes<double>;
  simd::Vec<double> values{};
  simd::Vec<double> slopes{};
  std::int64_t i = from;
  for (; i + lanes <= to; i += lanes) {
    const simd::Vec<double> weight = simd::load(z + i);
    const simd::Vec<double> ratio = weight / (simd::load(offsets + i) - x);
    values += weight * ratio;
    slopes += ratio * ratio;
  }
  PoleSums out;
  for (; i < to; ++i) {
    const double ratio = z[i] / (offsets[i] - x);
    out.value += z[i] * ratio;
    out.slope += ratio * ratio;
  }
  for (std::int64_t l = 0; l < lanes; ++l) out.value += values[l], out.slope += slopes[l];
  return out;
}

/// The root of c y^2 - a y + b that a step takes: the one between the poles, without cancellation.
inline double step_root(double a, double b, double c, bool beyond) {
  const double root = std::sqrt(std::max(0.0, a * a - 4.0 * b * c));
  if (beyond) return a >= 0.0 ? (a + root) / (2.0 * c) : 2.0 * b / (a - root);
  return a <= 0.0 ? (a - root) / (2.0 * c) : 2.0 * b / (a + root);
}

}  // namespace detail

/// Root j. gaps[i] becomes d[i] - x, with the digits that the vectors need.
inline double secular_root(ArrayView<const double> d, ArrayView<const double> z, double rho, std::int64_t j,
                           double* gaps) {
  constexpr double eps = std::numeric_limits<double>::epsilon();
  const std::int64_t n = d.size();
  const auto pole = [&](std::int64_t i) { return d[i]; };
  const double* offsets = gaps;
  const auto start_from = [&](double origin) {
    for (std::int64_t i = 0; i < n; ++i) gaps[i] = pole(i) - origin;
  };
  const bool last = j == n - 1;
  const std::int64_t split = last ? j : j + 1;  // poles before it count as left ones, the others as right ones
  const double one = 1.0 / rho;
  std::int64_t nearer = j;
  double low = 0.0;
  double high = 0.0;
  start_from(pole(j));
  if (last) {
    for (const double weight : z) high += weight * weight;
    high *= rho;
  } else {
    high = 0.5 * (pole(j + 1) - pole(j));
    const double middle = one + detail::pole_sums(offsets, z.data(), high, 0, n).value;
    if (middle < 0.0) {
      nearer = j + 1;
      low = -high;
      high = 0.0;
      start_from(pole(nearer));
    }
  }
  double x = 0.5 * (low + high);
  double before = std::numeric_limits<double>::infinity();
  for (int step = 0; n > 1 && step < 200; ++step) {
    const detail::PoleSums left = detail::pole_sums(offsets, z.data(), x, 0, split);
    const detail::PoleSums right = detail::pole_sums(offsets, z.data(), x, split, n);
    const double f = one + left.value + right.value;
    const double slope = left.slope + right.slope;
    if (std::abs(f) <= eps * (8.0 * (one + std::abs(left.value) + std::abs(right.value)) + std::abs(x) * slope)) break;
    (f < 0.0 ? low : high) = x;
    const double first = offsets[split - 1] - x;
    const double second = offsets[split] - x;
    double c = f - first * left.slope - second * right.slope;
    if (last) c = std::abs(c);
    double next = x + detail::step_root((first + second) * f - first * second * slope, first * second * f, c, last);
    const bool slow = std::abs(f) > 0.5 * before;
    if (slow || !(next > low && next < high)) next = 0.5 * (low + high);
    before = slow ? std::numeric_limits<double>::infinity() : std::abs(f);
    if (next == x || next == low || next == high) break;
    x = next;
  }
  if (n == 1) x = high;
  for (std::int64_t i = 0; i < n; ++i) gaps[i] -= x;
  return pole(nearer) + x;
}

/// Turns gaps(j, i) = d[i] - x[j] into unit vectors, one a row, in the order `place`: value i of a vector stands at
/// place[i]. Rows before `from` are not wanted, and stay gaps.
inline void secular_vectors(ArrayView<const double> d, ArrayView<const double> z, ArrayView<const std::int64_t> place,
                            Matrix<double>& gaps, std::int64_t from) {
  constexpr std::int64_t lanes = simd::lanes<double>;
  const std::int64_t n = d.size();
  Array<double> exact(z.size());  // the z for which the roots are exact
  parallel_chunks(n, 64, [&](std::int64_t begin, std::int64_t end) {
    double* squares = exact.data();
    std::fill(squares + begin, squares + end, 1.0);
    for (std::int64_t j = 0; j < n; ++j) {
      const double* gap = gaps.row(j);
      const double own = d[j];
      const auto multiply = [&](std::int64_t i, std::int64_t to) {
        for (; i + lanes <= to; i += lanes) {
          simd::store(squares + i, simd::load(squares + i) * (simd::load(gap + i) / (simd::load(d.data() + i) - own)));
        }
        for (; i < to; ++i) squares[i] *= gap[i] / (d[i] - own);
      };
      const std::int64_t here = std::clamp(j, begin, end);
      multiply(begin, here);
      if (here == j && j < end) squares[j] *= -gap[j];
      multiply(here == j && j < end ? j + 1 : here, end);
    }
    for (std::int64_t i = begin; i < end; ++i) {
      squares[i] = std::copysign(std::sqrt(std::max(0.0, squares[i])), z[i]);
    }
  });
  parallel_chunks(n - from, 16, [&](std::int64_t begin, std::int64_t end) {
    Array<double> vector(z.size());
    for (std::int64_t j = from + begin; j < from + end; ++j) {
      double* row = gaps.row(j);
      std::int64_t i = 0;
      for (; i + lanes <= n; i += lanes) {
        simd::store(vector.data() + i, simd::load(exact.data() + i) / simd::load(row + i));
      }
      for (; i < n; ++i) vector[i] = exact[i] / row[i];
      const double scale = 1.0 / std::sqrt(dot(vector.data(), vector.data(), n));
      for (i = 0; i < n; ++i) {
        row[place[i]] = vector[i] * scale;
      }
    }
  });
}

}  // namespace qrs::ml::decompose
