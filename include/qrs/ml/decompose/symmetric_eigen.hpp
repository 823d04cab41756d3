// Eigenvalues and eigenvectors of a symmetric matrix.
//
//   A = Q T Q^T  by Householder reflections, row by row from the last      T tridiagonal
//   T = Z D Z^T  by QL steps with implicit shifts                          vectors of A = Q Z
//
// Errors are eps |A|, in eigenvalues as in residuals. The rotations of the QL steps are kept and applied in parallel, each
// thread to its own strip of columns; the reflections likewise, to its own vectors. Same bits for any number of threads.
// Source: Golub and Van Loan, Matrix Computations, 4th ed., algorithms 8.3.1 and 8.3.3 (there as QR steps).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

#include "../../core/error.hpp"
#include "../../core/parallel.hpp"
#include "../matrix.hpp"

namespace qrs::ml::decompose {

struct SymmetricEigen {
  std::vector<double> values;  // all, the largest first
  Matrix<double> vectors;      // (wanted, n): row i belongs to values[i]
};

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

namespace detail {

/// Calls body(begin, end) for chunks of 64 of [0, count), in parallel where that pays.
template <class Body>
void row_chunks(std::int64_t count, const Body& body) {
  constexpr std::int64_t grain = 64;
  if (count >= 512) {
    parallel_chunks(count, grain, body);
  } else {
    for (std::int64_t begin = 0; begin < count; begin += grain) body(begin, std::min(count, begin + grain));
  }
}

/// T, and the reflections I - tau[i] v v^T with v in the first i values of row i of the matrix.
class Tridiagonal {
 public:
  std::vector<double> diagonal;
  std::vector<double> beside;  // beside[i] couples i and i + 1

  /// Reads and overwrites the lower triangle.
  explicit Tridiagonal(Matrix<double>& a) : diagonal(size(a)), beside(size(a)), a_(a), tau_(size(a)) {
    const std::int64_t n = a.rows();
    const std::int64_t chunks = (n + 63) / 64;
    std::vector<double> w(size(a));  // of the reflection before: A is to lose v w^T + w v^T
    std::vector<double> product(size(a));
    Matrix<double> parts(std::max<std::int64_t>(chunks, 1), std::max<std::int64_t>(n, 1));
    for (std::int64_t i = n - 1; i >= 0; --i) {
      const double* before = i + 1 < n ? a.row(i + 1) : nullptr;  // v of the reflection before
      if (before != nullptr && tau_[at(i + 1)] != 0.0) update(a.row(i), i + 1, before[i], before, w[at(i)], w.data());
      diagonal[at(i)] = a(i, i);
      if (i == 0) break;
      double* v = a.row(i);
      const double tau = reflect(v, i, beside[at(i - 1)]);
      tau_[at(i)] = tau;
      // One pass over the rows above: the update that is due, then the product with the new v.
      const bool due = before != nullptr && tau_[at(i + 1)] != 0.0;
      row_chunks(i, [&](std::int64_t begin, std::int64_t end) {
        double* part = parts.row(begin / 64);
        std::fill(part, part + end, 0.0);
        for (std::int64_t j = begin; j < end; ++j) {
          double* row = a.row(j);
          if (due) update(row, j + 1, before[j], before, w[at(j)], w.data());
          if (tau == 0.0) continue;
          const double vj = v[j];
          part[j] += dot(row, v, j) + row[j] * vj;
          for (std::int64_t l = 0; l < j; ++l) part[l] += row[l] * vj;
        }
      });
      if (tau == 0.0) continue;
      std::fill(product.begin(), product.begin() + i, 0.0);
      for (std::int64_t begin = 0; begin < i; begin += 64) {
        const double* part = parts.row(begin / 64);
        for (std::int64_t l = 0; l < std::min(i, begin + 64); ++l) product[at(l)] += part[l];
      }
      const double half = 0.5 * tau * tau * dot(product.data(), v, i);
      for (std::int64_t l = 0; l < i; ++l) w[at(l)] = tau * product[at(l)] - half * v[l];
    }
  }

  /// y <- Q y for each row of y.
  void apply(Matrix<double>& y) const {
    constexpr std::int64_t block = 4;  // vectors that share each reading of the reflections
    parallel_chunks(y.rows(), block, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = 1; i < y.cols(); ++i) {
        const double tau = tau_[at(i)];
        if (tau == 0.0) continue;
        const double* v = a_.row(i);
        for (std::int64_t r = begin; r < end; ++r) {
          double* row = y.row(r);
          const double factor = tau * dot(v, row, i);
          for (std::int64_t l = 0; l < i; ++l) row[l] -= factor * v[l];
        }
      }
    });
  }

 private:
  static std::size_t size(const Matrix<double>& a) { return static_cast<std::size_t>(a.rows()); }
  static std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

  static void update(double* row, std::int64_t count, double vj, const double* v, double wj, const double* w) {
    for (std::int64_t l = 0; l < count; ++l) row[l] -= vj * w[l] + wj * v[l];
  }

  /// Turns x into the v of the reflection that maps x to (0 ... 0, image). Returns tau, 0 where x is that already.
  static double reflect(double* x, std::int64_t count, double& image) {
    const double last = x[count - 1];
    const double others = dot(x, x, count - 1);
    if (others == 0.0) {
      image = last;
      return 0.0;
    }
    const double norm = std::sqrt(others + last * last);
    image = last > 0.0 ? -norm : norm;
    x[count - 1] = last - image;
    return 2.0 / (others + x[count - 1] * x[count - 1]);
  }

  Matrix<double>& a_;
  std::vector<double> tau_;
};

/// Rotations of neighbouring rows (i, i + 1), to be applied many at a time.
struct Rotation {
  std::int64_t row = 0;
  double c = 1.0;
  double s = 0.0;
};

inline void apply_rotations(Matrix<double>& z, const std::vector<Rotation>& rotations) {
  constexpr std::int64_t strip = 64;
  parallel_chunks(z.cols(), strip, [&](std::int64_t begin, std::int64_t end) {
    for (const Rotation& rotation : rotations) {
      double* upper = z.row(rotation.row) + begin;
      double* lower = z.row(rotation.row + 1) + begin;
      const double c = rotation.c;
      const double s = rotation.s;
      for (std::int64_t j = 0; j < end - begin; ++j) {
        const double a = upper[j];
        const double b = lower[j];
        lower[j] = s * a + c * b;
        upper[j] = c * a - s * b;
      }
    }
  });
}

/// Diagonalises T in place; z, the identity at first, gets the eigenvectors as rows.
inline void ql_steps(std::vector<double>& d, std::vector<double>& e, Matrix<double>& z) {
  constexpr double eps = std::numeric_limits<double>::epsilon();
  constexpr std::size_t batch = std::size_t{1} << 18;
  const auto n = static_cast<std::int64_t>(d.size());
  std::vector<Rotation> rotations;
  for (std::int64_t l = 0; l < n; ++l) {
    for (int step = 0;; ++step) {
      std::int64_t m = l;  // the block from l to m has no negligible coupling
      while (m + 1 < n) {
        const auto i = static_cast<std::size_t>(m);
        if (std::abs(e[i]) <= eps * (std::abs(d[i]) + std::abs(d[i + 1]))) break;
        ++m;
      }
      if (m == l) break;
      QRS_CHECK(step < 90, "[symmetric_eigen] expected eigenvalue ", l, " of ", n, " within 90 steps, got none");
      const auto first = static_cast<std::size_t>(l);
      // Wilkinson's shift: the eigenvalue of the leading 2 x 2 nearer to its first entry.
      const double ratio = (d[first + 1] - d[first]) / (2.0 * e[first]);
      const double root = std::copysign(std::hypot(ratio, 1.0), ratio);
      double g = d[static_cast<std::size_t>(m)] - d[first] + e[first] / (ratio + root);
      double s = 1.0;
      double c = 1.0;
      double shift = 0.0;
      bool whole = true;
      for (std::int64_t k = m - 1; k >= l; --k) {
        const auto i = static_cast<std::size_t>(k);
        const double f = s * e[i];
        const double b = c * e[i];
        const double r = std::hypot(f, g);
        e[i + 1] = r;
        if (r == 0.0) {  // the block falls apart here
          d[i + 1] -= shift;
          e[static_cast<std::size_t>(m)] = 0.0;
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
        rotations.push_back({k, c, s});
      }
      if (whole) {
        d[first] -= shift;
        e[first] = g;
        e[static_cast<std::size_t>(m)] = 0.0;
      }
      if (rotations.size() >= batch) {
        apply_rotations(z, rotations);
        rotations.clear();
      }
    }
  }
  apply_rotations(z, rotations);
}

}  // namespace detail

/// Of the symmetric matrix whose lower triangle `a` holds; `a` is work space afterwards. At most `wanted` vectors, those of
/// the largest eigenvalues.
inline SymmetricEigen symmetric_eigen(Matrix<double>& a, std::int64_t wanted) {
  QRS_CHECK(a.rows() == a.cols(), "[symmetric_eigen] expected a square matrix, got ", a.rows(), " x ", a.cols());
  const std::int64_t n = a.rows();
  double largest = 0.0;
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) {
      QRS_CHECK(std::isfinite(a(i, j)), "[symmetric_eigen] expected finite values, got ", a(i, j));
      largest = std::max(largest, std::abs(a(i, j)));
    }
  }
  SymmetricEigen out;
  wanted = std::min(wanted, n);
  const double scale = largest > 0.0 ? std::exp2(std::ilogb(largest)) : 1.0;  // squares stay in range
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j <= i; ++j) a(i, j) /= scale;
  }
  detail::Tridiagonal t(a);
  Matrix<double> z(n, n);
  for (std::int64_t i = 0; i < n; ++i) z(i, i) = 1.0;
  detail::ql_steps(t.diagonal, t.beside, z);
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t x, std::int64_t y) {
    return t.diagonal[static_cast<std::size_t>(x)] > t.diagonal[static_cast<std::size_t>(y)];
  });
  for (const std::int64_t i : order) out.values.push_back(t.diagonal[static_cast<std::size_t>(i)] * scale);
  out.vectors = Matrix<double>(wanted, n);
  for (std::int64_t i = 0; i < wanted; ++i) {
    const double* from = z.row(order[static_cast<std::size_t>(i)]);
    std::copy(from, from + n, out.vectors.row(i));
  }
  t.apply(out.vectors);
  return out;
}

}  // namespace qrs::ml::decompose
