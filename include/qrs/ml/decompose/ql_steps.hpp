// The plain way to diagonalise a tridiagonal matrix: QL steps with implicit shifts.
//
//   T = Z^T D Z        rows of Z are the vectors, in no order; work n^2 per rotation sweep, n^3 in all
//
// For the small blocks that divide and conquer starts from, and the judge of what it makes of them.
// Source: Golub and Van Loan, Matrix Computations, 4th ed., algorithm 8.3.3 (there as QR steps).
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "../../core/array.hpp"
#include "../../core/error.hpp"
#include "../matrix.hpp"

namespace qrs::ml::decompose {

/// Diagonalises the matrix with diagonal d and neighbours e (e[i] couples i and i + 1) in place: d becomes the eigenvalues,
/// e work space, and the rows of z, the identity at first, the vectors.
inline void ql_steps(Array<double>& d, Array<double>& e, Matrix<double>& z) {
  constexpr double eps = std::numeric_limits<double>::epsilon();
  const std::int64_t n = d.size();
  for (std::int64_t l = 0; l < n; ++l) {
    for (int step = 0;; ++step) {
      std::int64_t m = l;  // the block from l to m has no negligible coupling
      while (m + 1 < n && !(std::abs(e[m]) <= eps * (std::abs(d[m]) + std::abs(d[m + 1])))) ++m;
      if (m == l) break;
      QRS_CHECK(step < 90, "[symmetric_eigen] expected eigenvalue ", l, " of ", n, " within 90 steps, got none");
      // Wilkinson's shift: the eigenvalue of the leading 2 x 2 nearer to its first entry.
      const double ratio = (d[l + 1] - d[l]) / (2.0 * e[l]);
      const double root = std::copysign(std::hypot(ratio, 1.0), ratio);
      double g = d[m] - d[l] + e[l] / (ratio + root);
      double s = 1.0;
      double c = 1.0;
      double shift = 0.0;
      bool whole = true;
      for (std::int64_t i = m - 1; i >= l; --i) {
        const double f = s * e[i];
        const double b = c * e[i];
        const double r = std::hypot(f, g);
        e[i + 1] = r;
        if (r == 0.0) {  // the block falls apart here
          d[i + 1] -= shift;
          e[m] = 0.0;
          whole = false;
          break;
        }
        s = f / r;
        c = g / r;
        g = d[i + 1] - shift;
        const double t = (d[i] - g) * s + 2.0 * c * b;
        shift = s * t;
        d[i + 1] = g + shift;
        g = c * t - b;
        double* upper = z.row(i);
        double* lower = z.row(i + 1);
        for (std::int64_t j = 0; j < n; ++j) {
          const double x = upper[j];
          const double y = lower[j];
          lower[j] = s * x + c * y;
          upper[j] = c * x - s * y;
        }
      }
      if (whole) {
        d[l] -= shift;
        e[l] = g;
        e[m] = 0.0;
      }
    }
  }
}

}  // namespace qrs::ml::decompose
