// Eigenvalues of a symmetric matrix in the fewest lines: Jacobi's rotations, each of which makes two entries zero.
//
//   A <- J A J^T,  J turns rows p and q by the angle with  t = tan = sign(d) / (|d| + sqrt(1 + d^2)),
//   d = (a_qq - a_pp) / (2 a_pq),  until what stands beside the diagonal is rounding.      Rows of V <- J V are the vectors.
//
// The judge of symmetric_eigen.hpp: no tridiagonal form, no divide and conquer, n^3 operations a sweep and some eight
// sweeps. Source: Golub and Van Loan, Matrix Computations, 4th ed., section 8.5, algorithms 8.5.1 and 8.5.3.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "../../core/array.hpp"
#include "../matrix.hpp"
#include "divide_and_conquer.hpp"

namespace qrs::ml::decompose::ref {

namespace detail {

/// Turns rows p and q of m: (cos, -sin; sin, cos).
inline void turn_rows(Matrix<double>& m, std::int64_t p, std::int64_t q, double cos, double sin) {
  for (std::int64_t j = 0; j < m.cols(); ++j) {
    const double x = m(p, j);
    const double y = m(q, j);
    m(p, j) = cos * x - sin * y;
    m(q, j) = sin * x + cos * y;
  }
}

/// The same of columns.
inline void turn_columns(Matrix<double>& m, std::int64_t p, std::int64_t q, double cos, double sin) {
  for (std::int64_t i = 0; i < m.rows(); ++i) {
    const double x = m(i, p);
    const double y = m(i, q);
    m(i, p) = cos * x - sin * y;
    m(i, q) = sin * x + cos * y;
  }
}

}  // namespace detail

/// All eigenvalues, the largest first, and their vectors, of a symmetric (n, n) matrix.
inline SymmetricEigen symmetric_eigen(Matrix<double> a) {
  const std::int64_t n = a.rows();
  Matrix<double> v(n, n);
  for (std::int64_t i = 0; i < n; ++i) v(i, i) = 1.0;
  double largest = 0.0;
  for (const double value : a.values()) largest = std::max(largest, std::abs(value));
  const double negligible = std::numeric_limits<double>::epsilon() * largest;
  bool turned = true;
  for (int sweep = 0; turned && sweep < 60; ++sweep) {
    turned = false;
    for (std::int64_t p = 0; p < n; ++p) {
      for (std::int64_t q = p + 1; q < n; ++q) {
        if (!(std::abs(a(p, q)) > negligible)) continue;
        turned = true;
        const double d = (a(q, q) - a(p, p)) / (2.0 * a(p, q));
        const double t = std::copysign(1.0, d) / (std::abs(d) + std::hypot(1.0, d));
        const double cos = 1.0 / std::hypot(1.0, t);
        detail::turn_rows(a, p, q, cos, t * cos);
        detail::turn_columns(a, p, q, cos, t * cos);
        a(p, q) = a(q, p) = 0.0;
        detail::turn_rows(v, p, q, cos, t * cos);
      }
    }
  }
  Array<std::pair<double, std::int64_t>> order;
  for (std::int64_t i = 0; i < n; ++i) order.emplace_back(-a(i, i), i);
  std::sort(order.begin(), order.end());
  SymmetricEigen out;
  Array<std::int64_t> rows;
  for (const auto& [negative, i] : order) {
    out.values.push_back(-negative);
    rows.push_back(i);
  }
  out.vectors = take_rows<double>(MatrixView<double>(v), rows);
  return out;
}

}  // namespace qrs::ml::decompose::ref
