// The first components by a randomised range finder with power iterations.
//
//   M = A where it is tall, A^T otherwise, (p, s) with p >= s;  Omega (s, k + oversamples) normal
//   Y = M Omega;  q times: Y = M orth(M^T orth(Y));  Q = orth(Y);  the singular value decomposition of the small Q^T M
//
// The numbers of Omega are drawn as scikit-learn draws them, in its order, so Q spans the subspace that its
// PCA(svd_solver="randomized", random_state=...) finds; orthonormalising between the products only keeps digits, so its
// normalizers "auto", "LU" and "QR" give the same components up to rounding. "none" leaves it out, as there.
// Source: Halko, Martinsson and Tropp, SIAM Review 53(2), 2011, algorithms 4.4 and 5.1.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "../../core/array.hpp"
#include "../../core/parallel.hpp"
#include "../../core/rng.hpp"
#include "../../kernels.hpp"
#include "../decompose/orthonormalize.hpp"
#include "../decompose/singular_rows.hpp"
#include "exact.hpp"
#include "spectrum.hpp"

namespace qrs::ml::pca {

struct RandomizedOptions {
  std::int64_t components = 0;
  std::int64_t oversamples = 10;
  std::int64_t iterations = 4;
  bool normalize = true;
  std::uint32_t seed = 0;
};

/// The centred data as a matrix with at least as many rows as columns.
template <class T>
Matrix<T> tall_centred(MatrixView<T> x, ArrayView<const double> mean) {
  const bool wide = x.rows() < x.cols();
  Matrix<T> out(wide ? x.cols() : x.rows(), wide ? x.rows() : x.cols());
  if (wide) {
    centre_transposed(x, mean, 0, x.cols(), out.data(), x.rows());
  } else {
    centre(x, mean, 0, x.cols(), out.data());
  }
  return out;
}

/// The sum of squares of all values.
template <class T>
double squared_norm(const Matrix<T>& m) {
  Array<double> rows(m.rows());
  parallel_chunks(m.rows(), 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      double sum = 0.0;
      for (std::int64_t j = 0; j < m.cols(); ++j) sum += static_cast<double>(m(i, j)) * static_cast<double>(m(i, j));
      rows[i] = sum;
    }
  });
  double total = 0.0;
  for (const double sum : rows) total += sum;
  return total;
}

/// M Q.
template <class T>
void multiply(const Matrix<T>& m, const Matrix<T>& q, Matrix<T>& y) {
  kernels::gemm_cpu({.m = m.rows(), .n = q.cols(), .k = m.cols(), .lda = m.cols(), .ldb = q.cols(), .ldc = q.cols()},
                    m.data(), q.data(), y.data());
}

/// (M^T Y)^T = Y^T M, (columns of Y, columns of M): by chunks of rows, so that M is packed a little at a time and never
/// transposed.
template <class T>
Matrix<T> multiply_transposed(const Matrix<T>& m, const Matrix<T>& y) {
  Matrix<T> out(y.cols(), m.cols());
  for (std::int64_t from = 0; from < m.rows(); from += chunk_rows) {
    kernels::GemmParams p{.m = y.cols(), .n = m.cols(), .k = std::min(chunk_rows, m.rows() - from)};
    p.lda = y.cols();
    p.ldb = p.ldc = m.cols();
    p.transpose_a = true;
    p.accumulate = true;
    kernels::gemm_cpu(p, y.row(from), m.row(from), out.data());
  }
  return out;
}

/// The largest singular values and their components.
template <class T>
Spectrum<T> spectrum_randomized(MatrixView<T> x, ArrayView<const double> mean, const RandomizedOptions& options) {
  const std::int64_t features = x.cols();
  const bool wide = x.rows() < features;
  Spectrum<T> out;
  const Matrix<T> m = tall_centred(x, mean);
  out.total_variance = squared_norm(m) / static_cast<double>(x.rows() - 1);
  // More columns than M has would be dependent and bring nothing.
  const std::int64_t drawn = options.components + options.oversamples;
  const std::int64_t size = std::min(drawn, m.cols());
  Mt19937 rng(options.seed);
  Matrix<T> q(m.cols(), size);
  for (std::int64_t i = 0; i < m.cols(); ++i) {
    for (std::int64_t j = 0; j < drawn; ++j) {
      const double value = rng.gauss();
      if (j < size) q(i, j) = static_cast<T>(value);
    }
  }
  Matrix<T> y(m.rows(), size);
  for (std::int64_t i = 0; i < options.iterations; ++i) {
    multiply(m, q, y);
    if (options.normalize) decompose::orthonormalize_columns(y);
    const Matrix<T> z = multiply_transposed(m, y);
    for (std::int64_t r = 0; r < size; ++r) {
      for (std::int64_t c = 0; c < m.cols(); ++c) q(c, r) = z(r, c);
    }
    if (options.normalize) decompose::orthonormalize_columns(q);
  }
  multiply(m, q, y);
  decompose::orthonormalize_columns(y);
  decompose::orthonormalize_columns(y);  // the second time from nearly orthonormal: to the last digit
  const std::int64_t wanted = options.components;
  const decompose::SingularRows s =
      decompose::singular_rows(convert<double>(MatrixView<T>(multiply_transposed(m, y))), wide);
  out.singular_values.assign(s.values.begin(), s.values.begin() + wanted);
  out.explained_variance = variances_of(out.singular_values, x.rows());
  if (wide) {  // left vectors u of Q^T A^T: the components are Q u
    Matrix<double> components(wanted, features);
    kernels::GemmParams p{.m = wanted, .n = features, .k = size, .lda = size, .ldb = size, .ldc = features};
    p.transpose_b = true;
    const Matrix<double> basis = convert<double>(MatrixView<T>(y));
    kernels::gemm_cpu(p, s.left.data(), basis.data(), components.data());
    out.components = convert<T>(MatrixView<double>(components));
  } else {
    out.components = convert<T>(MatrixView<double>(decompose::right_vectors(s, wanted)));
  }
  return out;
}

}  // namespace qrs::ml::pca
