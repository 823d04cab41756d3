// The singular value decomposition of a matrix with no more rows than columns.
//
//   W = U^T A,  rows of W orthogonal, the longest first       singular values |w_i|, right vectors w_i / |w_i|
//
// The eigenvectors of A A^T are a first U: exact for the large singular values, but a value s below 1e-8 of the largest has
// no digit left. So the rows of W are made orthogonal on W itself: where they nearly are, all pairs at once by matrix
// products, with the rotation I + E + E^2 / 2, E[i][j] = w_i.w_j / (|w_i|^2 - |w_j|^2); otherwise pair by pair (Hestenes).
// The end is the accuracy of a singular value decomposition of A: errors eps |A|, rows of W orthogonal to 1e-14.
// Source: Drmac and Veselic, SIAM J. Matrix Anal. Appl. 29(4), 2008, on one-sided Jacobi methods with a start; the step by
// products after Davies and Modi, 1986.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>

#include "../../core/array.hpp"
#include "../../core/parallel.hpp"
#include "../../kernels.hpp"
#include "../matrix.hpp"
#include "orthonormalize.hpp"
#include "symmetric_eigen.hpp"

namespace qrs::ml::decompose {

/// The lower triangle of A A^T into `gram`, or added to it; rows of A have `length` values.
inline void multiply_by_own_transpose(const double* a, std::int64_t length, bool accumulate, Matrix<double>& gram) {
  constexpr std::int64_t panel = 128;
  for (std::int64_t column = 0; column < gram.rows(); column += panel) {
    kernels::GemmParams p{.m = gram.rows() - column, .n = std::min(panel, gram.rows() - column), .k = length};
    p.lda = p.ldb = length;
    p.ldc = gram.cols();
    p.transpose_b = true;
    p.accumulate = accumulate;
    const double* rows = a + column * length;
    kernels::gemm_cpu(p, rows, rows, gram.row(column) + column);
  }
}

/// The lower triangle of A A^T.
inline Matrix<double> gram_of_rows(const Matrix<double>& a) {
  Matrix<double> out(a.rows(), a.rows());
  multiply_by_own_transpose(a.data(), a.cols(), false, out);
  return out;
}

/// A B.
inline Matrix<double> product(const Matrix<double>& a, const Matrix<double>& b) {
  Matrix<double> out(a.rows(), b.cols());
  kernels::gemm_cpu({.m = a.rows(), .n = b.cols(), .k = a.cols(), .lda = a.cols(), .ldb = b.cols(), .ldc = b.cols()},
                    a.data(), b.data(), out.data());
  return out;
}

struct SingularRows {
  Array<double> values;  // the largest first
  Matrix<double> rows;   // W
  Matrix<double> left;   // U^T: row i is the left vector of values[i]; empty where not asked for
};

namespace detail {

/// One pass over the pairs that are not orthogonal, by rotations in their plane.
inline void jacobi_sweep(SingularRows& s, const Matrix<double>& gram, double tolerance, double floor) {
  const std::int64_t m = s.rows.rows();
  const std::int64_t n = s.rows.cols();
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = i + 1; j < m; ++j) {
      if (std::abs(gram(j, i)) <= tolerance * std::sqrt(gram(i, i) * gram(j, j))) continue;
      double* a = s.rows.row(i);
      double* b = s.rows.row(j);
      const double aa = dot(a, a, n);
      const double bb = dot(b, b, n);
      const double ab = dot(a, b, n);
      if (std::min(aa, bb) <= floor || std::abs(ab) <= tolerance * std::sqrt(aa * bb)) continue;
      const double ratio = (aa - bb) / (2.0 * ab);
      const double t = std::copysign(1.0, ratio) / (std::abs(ratio) + std::hypot(1.0, ratio));
      const double c = 1.0 / std::hypot(1.0, t);
      const double sine = c * t;
      const auto rotate = [&](double* x, double* y, std::int64_t count) {
        for (std::int64_t k = 0; k < count; ++k) {
          const double value = x[k];
          x[k] = c * value + sine * y[k];
          y[k] = c * y[k] - sine * value;
        }
      };
      rotate(a, b, n);
      if (s.left.rows() > 0) rotate(s.left.row(i), s.left.row(j), s.left.cols());
    }
  }
}

}  // namespace detail

/// Decomposes a, (m, n) with m <= n.
inline SingularRows singular_rows(Matrix<double> a, bool with_left) {
  constexpr double eps = std::numeric_limits<double>::epsilon();
  const std::int64_t m = a.rows();
  const double tolerance = std::max(1e-14, 4.0 * eps * std::sqrt(static_cast<double>(a.cols())));
  SingularRows out;
  {
    Matrix<double> gram = gram_of_rows(a);
    Matrix<double> start = symmetric_eigen(gram, m).vectors;
    out.rows = product(start, a);
    if (with_left) out.left = std::move(start);
    a = Matrix<double>();
  }
  for (int round = 0; round < 40; ++round) {
    const Matrix<double> gram = gram_of_rows(out.rows);
    double largest = 0.0;
    for (std::int64_t i = 0; i < m; ++i) largest = std::max(largest, gram(i, i));
    // Rows this short are rounding: no angle with them means anything.
    const double floor = std::pow(eps * static_cast<double>(m), 2) * largest;
    Matrix<double> turn(m, m);  // E
    double size = 0.0;
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t j = 0; j < i; ++j) {
        const double scale = std::sqrt(gram(i, i) * gram(j, j));
        if (std::min(gram(i, i), gram(j, j)) <= floor || std::abs(gram(i, j)) <= tolerance * scale) continue;
        turn(i, j) = gram(i, j) / (gram(i, i) - gram(j, j));
        turn(j, i) = -turn(i, j);
        size += turn(i, j) * turn(i, j);
      }
    }
    if (size == 0.0) break;
    if (!(size < 1e-8)) {
      detail::jacobi_sweep(out, gram, tolerance, floor);
      continue;
    }
    Matrix<double> whole = product(turn, turn);
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t j = 0; j < m; ++j) whole(i, j) = 0.5 * whole(i, j) + turn(i, j);
    }
    const auto add = [&](Matrix<double>& to) {
      const Matrix<double> change = product(whole, to);
      for (std::int64_t i = 0; i < to.rows() * to.cols(); ++i) to.data()[i] += change.data()[i];
    };
    add(out.rows);
    if (with_left) add(out.left);
  }
  Array<std::pair<double, std::int64_t>> order;
  for (std::int64_t i = 0; i < m; ++i)
    order.emplace_back(-std::sqrt(dot(out.rows.row(i), out.rows.row(i), out.rows.cols())), i);
  std::stable_sort(order.begin(), order.end(), [](const auto& x, const auto& y) { return x.first < y.first; });
  Array<std::int64_t> indices;
  for (const auto& [length, i] : order) {
    out.values.push_back(-length);
    indices.push_back(i);
  }
  out.rows = take_rows<double>(MatrixView<double>(out.rows), ArrayView<const std::int64_t>(indices));
  if (with_left) out.left = take_rows<double>(MatrixView<double>(out.left), ArrayView<const std::int64_t>(indices));
  return out;
}

/// The first `count` right vectors, orthonormal rows. Those whose singular value is not above `certain` of the largest are
/// made orthogonal to the others; where it vanishes they are any that complete the others.
inline Matrix<double> right_vectors(const SingularRows& s, std::int64_t count, double certain = 1e-13) {
  Matrix<double> out(count, s.rows.cols());
  std::int64_t sure = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const double length = std::sqrt(dot(s.rows.row(i), s.rows.row(i), s.rows.cols()));
    if (sure == i && length > std::max(1e-13, certain) * s.values[0]) ++sure;
    for (std::int64_t j = 0; j < out.cols(); ++j)
      out(i, j) = length > 1e-16 * s.values[0] ? s.rows(i, j) / length : 0.0;
  }
  complete_rows(out, sure);
  return out;
}

}  // namespace qrs::ml::decompose
