// Eigenvalues and eigenvectors of a symmetric matrix.
//
//   A = Q T Q^T  by Householder reflections (tridiagonal.hpp)          T tridiagonal
//   T = Z^T D Z  by divide and conquer (divide_and_conquer.hpp)        vectors of A = Q Z^T
//
// Errors are eps |A|, in eigenvalues as in residuals. For n rows and k vectors, 4/3 n^3 operations lead to T, at most as
// many to Z, 2 n^2 k from Z to the vectors; all but half of the first are matrix products. Same bits for any number of
// threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "../../core/array.hpp"
#include "../../core/error.hpp"
#include "../matrix.hpp"
#include "divide_and_conquer.hpp"
#include "dot.hpp"
#include "tridiagonal.hpp"

namespace qrs::ml::decompose {

/// Of the symmetric matrix whose lower triangle `a` holds; `a` is work space afterwards. As many vectors, of the largest
/// eigenvalues, as `wanted` says of the values; at most all.
inline SymmetricEigen symmetric_eigen(Matrix<double>& a, const WantedVectors& wanted) {
  QRS_CHECK(a.rows() == a.cols(), "[symmetric_eigen] expected a square matrix, got ", a.rows(), " x ", a.cols());
  const std::int64_t n = a.rows();
  double largest = 0.0;
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) {
      QRS_CHECK(std::isfinite(a(i, j)), "[symmetric_eigen] expected finite values, got ", a(i, j));
      largest = std::max(largest, std::abs(a(i, j)));
    }
  }
  const double scale = largest > 0.0 ? std::exp2(std::ilogb(largest)) : 1.0;  // squares stay in range
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) a(i, j) /= scale;
  }
  Tridiagonal t(a);
  SymmetricEigen out = DivideAndConquer(t.diagonal, t.beside).run([&](Array<double> values) {
    for (double& value : values) value *= scale;
    return std::min(wanted(values), n);
  });
  for (double& value : out.values) value *= scale;
  t.apply(out.vectors);
  return out;
}

/// With at most `wanted` vectors, known beforehand.
inline SymmetricEigen symmetric_eigen(Matrix<double>& a, std::int64_t wanted) {
  return symmetric_eigen(a, [wanted](const Array<double>&) { return wanted; });
}

}  // namespace qrs::ml::decompose
