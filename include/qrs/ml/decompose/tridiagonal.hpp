// A symmetric matrix as a tridiagonal one between reflections.
//
//   A = Q T Q^T,   Q = H(n-1) ... H(1),   H(i) = I - tau[i] v v^T with v in the first i values of row i
//
// Rows go from the last to the first, `block` at a time: inside a block, A v is a pass over what is left of the lower
// triangle, corrected by the reflections of the block; what lies above the block changes once, by a matrix product. Q is
// applied by blocks too, as I - V^T L V with L lower triangular.
// Source: Golub and Van Loan, Matrix Computations, 4th ed., sections 5.1.6 and 8.3; the delayed change: Dongarra, Hammarling
// and Sorensen 1989.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "../../core/array.hpp"
#include "../../core/memory.hpp"
#include "../../core/parallel.hpp"
#include "../../kernels.hpp"
#include "../matrix.hpp"
#include "dot.hpp"

namespace qrs::ml::decompose {

/// T, and the reflections that lead to it.
class Tridiagonal {
 public:
  Array<double> diagonal;
  Array<double> beside;  // beside[i] couples i and i + 1

  /// Reads and overwrites the lower triangle of `a`, which must live as long as this.
  explicit Tridiagonal(Matrix<double>& a)
      : diagonal(size(a)),
        beside(size(a)),
        a_(a),
        tau_(size(a)),
        product_(size(a)),
        parts_(chunks(a.rows()), a.rows()) {
    Matrix<double> w(block, a.rows());  // row i - begin: A is to lose v w^T + w v^T
    for (std::int64_t end = a.rows(); end > 0; end = std::max<std::int64_t>(0, end - block)) {
      const std::int64_t begin = std::max<std::int64_t>(0, end - block);
      for (std::int64_t i = end - 1; i >= begin; --i) reduce_row(i, begin, end, w);
      change_above(begin, end, w);
    }
  }

  /// y <- Q y for each row of y.
  void apply(Matrix<double>& y) const {
    constexpr std::int64_t group = 64;
    const std::int64_t n = a_.rows();
    for (std::int64_t begin = 1; begin < n; begin += group) {
      const std::int64_t count = std::min(group, n - begin);
      const std::int64_t length = begin + count - 1;  // of the last v
      Matrix<double> v(count, length);
      for (std::int64_t k = 0; k < count; ++k) std::copy(a_.row(begin + k), a_.row(begin + k) + begin + k, v.row(k));
      const Matrix<double> minus = minus_coefficients(v, begin);
      Scratch<double> along(y.rows() * count);  // Y V^T
      kernels::GemmParams p{.m = y.rows(), .n = count, .k = length, .lda = n, .ldb = length, .ldc = count};
      p.transpose_b = true;
      kernels::gemm_cpu(p, y.data(), v.data(), along.data());
      Scratch<double> factors(y.rows() * count);  // -Y V^T L^T
      p = {.m = y.rows(), .n = count, .k = count, .lda = count, .ldb = count, .ldc = count};
      p.transpose_b = true;
      kernels::gemm_cpu(p, along.data(), minus.data(), factors.data());
      p = {.m = y.rows(), .n = length, .k = count, .lda = count, .ldb = length, .ldc = n};
      p.accumulate = true;
      kernels::gemm_cpu(p, factors.data(), v.data(), y.data());
    }
  }

 private:
  using Vec = simd::Vec<double>;
  static constexpr std::int64_t lanes = simd::lanes<double>;
  static constexpr std::int64_t block = 16;
  static constexpr std::int64_t chunk = 32;  // rows of the triangle that one task multiplies

  static std::int64_t size(const Matrix<double>& a) { return a.rows(); }
  static std::int64_t chunks(std::int64_t rows) { return (rows + chunk - 1) / chunk; }

  /// to -= x a + y b.
  static void subtract_both(double* to, double x, const double* a, double y, const double* b, std::int64_t count) {
    std::int64_t l = 0;
    for (; l + lanes <= count; l += lanes) {
      simd::store(to + l, simd::load(to + l) - (x * simd::load(a + l) + y * simd::load(b + l)));
    }
    for (; l < count; ++l) to[l] -= x * a[l] + y * b[l];
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

  /// Row i of the block [begin, end): its v, tau and w. Where tau is 0 the row of w stays what it was: nobody reads it.
  void reduce_row(std::int64_t i, std::int64_t begin, std::int64_t end, Matrix<double>& w) {
    double* v = a_.row(i);
    for (std::int64_t r = end - 1; r > i; --r) {
      const double* other = w.row(r - begin);
      if (tau_[r] != 0.0) subtract_both(v, a_(r, i), other, other[i], a_.row(r), i + 1);
    }
    diagonal[i] = v[i];
    if (i == 0) return;
    const double tau = tau_[i] = reflect(v, i, beside[i - 1]);
    if (tau == 0.0) return;
    multiply_triangle(v, i);
    for (std::int64_t r = end - 1; r > i; --r) {
      if (tau_[r] == 0.0) continue;
      const double* other = w.row(r - begin);
      subtract_both(product_.data(), dot(other, v, i), a_.row(r), dot(a_.row(r), v, i), other, i);
    }
    const double half = 0.5 * tau * tau * dot(product_.data(), v, i);
    double* own = w.row(i - begin);
    for (std::int64_t l = 0; l < i; ++l) own[l] = tau * product_[l] - half * v[l];
  }

  /// product_ = A v for the first `count` rows, from the lower triangle alone: a value below the diagonal counts twice.
  void multiply_triangle(const double* v, std::int64_t count) {
    const std::int64_t tasks = chunks(count);
    const auto task = [&](std::int64_t t) {
      const std::int64_t from = (tasks - 1 - t) * chunk;  // the longest rows first
      const std::int64_t to = std::min(count, from + chunk);
      double* part = parts_.row(from / chunk);
      std::fill(part, part + to, 0.0);
      std::int64_t j = from;
      for (; j + 4 <= to; j += 4) multiply_four(v, j, part);
      for (; j < to; ++j) {
        const double* row = a_.row(j);
        part[j] += dot(row, v, j) + row[j] * v[j];
        for (std::int64_t l = 0; l < j; ++l) part[l] += row[l] * v[j];
      }
    };
    if (count >= 320) {
      parallel_for(tasks, task);
    } else {
      for (std::int64_t t = 0; t < tasks; ++t) task(t);
    }
    std::fill(product_.begin(), product_.begin() + count, 0.0);
    for (std::int64_t c = 0; c < tasks; ++c) {
      const double* part = parts_.row(c);
      const std::int64_t length = std::min(count, (c + 1) * chunk);
      std::int64_t l = 0;
      for (; l + lanes <= length; l += lanes) {
        simd::store(product_.data() + l, simd::load(product_.data() + l) + simd::load(part + l));
      }
      for (; l < length; ++l) product_[l] += part[l];
    }
  }

  /// Adds what rows [j, j + 4) contribute: each value is read once, for its row and for its column.
  void multiply_four(const double* v, std::int64_t j, double* part) const {
    const double* r0 = a_.row(j);
    const double* r1 = a_.row(j + 1);
    const double* r2 = a_.row(j + 2);
    const double* r3 = a_.row(j + 3);
    Vec s0{}, s1{}, s2{}, s3{};
    std::int64_t l = 0;
    for (; l + lanes <= j; l += lanes) {
      const Vec x = simd::load(v + l);
      Vec sum = simd::load(part + l);
      const Vec a0 = simd::load(r0 + l);
      const Vec a1 = simd::load(r1 + l);
      const Vec a2 = simd::load(r2 + l);
      const Vec a3 = simd::load(r3 + l);
      s0 += a0 * x;
      s1 += a1 * x;
      s2 += a2 * x;
      s3 += a3 * x;
      sum += a0 * v[j];
      sum += a1 * v[j + 1];
      sum += a2 * v[j + 2];
      sum += a3 * v[j + 3];
      simd::store(part + l, sum);
    }
    double sums[4] = {};
    for (std::int64_t k = 0; k < lanes; ++k) sums[0] += s0[k], sums[1] += s1[k], sums[2] += s2[k], sums[3] += s3[k];
    for (std::int64_t r = 0; r < 4; ++r) {
      const double* row = a_.row(j + r);
      for (std::int64_t k = l; k < j + r; ++k) {
        sums[r] += row[k] * v[k];
        part[k] += row[k] * v[j + r];
      }
      part[j + r] += sums[r] + row[j + r] * v[j + r];
    }
  }

  /// The rows above a block lose v w^T + w v^T of each of its reflections.
  void change_above(std::int64_t begin, std::int64_t end, const Matrix<double>& w) {
    const std::int64_t count = end - begin;
    if (begin == 0) return;
    Matrix<double> left(2 * count, begin);   // v, w
    Matrix<double> right(2 * count, begin);  // -w, -v
    for (std::int64_t k = 0; k < count; ++k) {
      if (tau_[begin + k] == 0.0) continue;
      const double* v = a_.row(begin + k);
      const double* other = w.row(k);
      std::copy(v, v + begin, left.row(k));
      std::copy(other, other + begin, left.row(count + k));
      for (std::int64_t l = 0; l < begin; ++l) right(k, l) = -other[l];
      for (std::int64_t l = 0; l < begin; ++l) right(count + k, l) = -v[l];
    }
    constexpr std::int64_t panel = 128;
    for (std::int64_t column = 0; column < begin; column += panel) {
      kernels::GemmParams p{.m = begin - column, .n = std::min(panel, begin - column), .k = 2 * count};
      p.lda = p.ldb = begin;
      p.ldc = a_.cols();
      p.transpose_a = true;
      p.accumulate = true;
      kernels::gemm_cpu(p, left.data() + column, right.data() + column, a_.row(column) + column);
    }
  }

  /// -L, where H(begin + count - 1) ... H(begin) = I - V^T L V; row k of V is the v of H(begin + k).
  Matrix<double> minus_coefficients(const Matrix<double>& v, std::int64_t begin) const {
    Matrix<double> out(v.rows(), v.rows());
    Array<double> overlaps(v.rows());
    for (std::int64_t k = 0; k < v.rows(); ++k) {
      const double tau = tau_[begin + k];
      for (std::int64_t l = 0; l < k; ++l) overlaps[l] = dot(v.row(k), v.row(l), begin + l);
      for (std::int64_t l = 0; l < k; ++l) {
        for (std::int64_t c = 0; c <= l; ++c) out(k, c) -= tau * overlaps[l] * out(l, c);
      }
      out(k, k) = -tau;
    }
    return out;
  }

  Matrix<double>& a_;
  Array<double> tau_;
  Array<double> product_;
  Matrix<double> parts_;  // the sums of each chunk
};

}  // namespace qrs::ml::decompose
