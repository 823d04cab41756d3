// The first components by a randomised range finder with power iterations.
//
//   M = A where it is tall, A^T otherwise, (p, s) with p >= s;  Omega (s, k + oversamples) normal
//   Y = M Omega;  q times: Y = M orth(M^T orth(Y));  Q = orth(Y);  the singular value decomposition of the small Q^T M
//
// The numbers of Omega are drawn as scikit-learn draws them, in its order, so Q spans the subspace that its
// PCA(svd_solver="randomized", random_state=...) finds; orthonormalising between the products only keeps digits, so its
// normalizers "auto", "LU" and "QR" give the same components up to rounding. "none" leaves it out, as there.
// Source: Halko, Martinsson and Tropp, SIAM Review 53(2), 2011, algorithms 4.4 and 5.1. Orthonormalised by the Cholesky
// factor of the Gram matrix in double (twice for the last), by Householder reflections where that would lose digits.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "../../core/memory.hpp"
#include "../../core/parallel.hpp"
#include "../../core/rng.hpp"
#include "../../kernels.hpp"
#include "../eigen.hpp"
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
Matrix<T> tall_centred(MatrixView<T> x, const std::vector<double>& mean) {
  const bool wide = x.rows() < x.cols();
  Matrix<T> out(wide ? x.cols() : x.rows(), wide ? x.rows() : x.cols());
  if (!wide) {
    parallel_chunks(x.rows(), 64, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        for (std::int64_t j = 0; j < x.cols(); ++j) {
          out(i, j) = static_cast<T>(static_cast<double>(x(i, j)) - mean[static_cast<std::size_t>(j)]);
        }
      }
    });
    return out;
  }
  parallel_chunks(x.cols(), 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      for (std::int64_t j = begin; j < end; ++j) {
        out(j, i) = static_cast<T>(static_cast<double>(x(i, j)) - mean[static_cast<std::size_t>(j)]);
      }
    }
  });
  return out;
}

/// The sum of squares of all values.
template <class T>
double squared_norm(const Matrix<T>& m) {
  std::vector<double> rows(static_cast<std::size_t>(m.rows()));
  parallel_chunks(m.rows(), 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      double sum = 0.0;
      for (std::int64_t j = 0; j < m.cols(); ++j) sum += static_cast<double>(m(i, j)) * static_cast<double>(m(i, j));
      rows[static_cast<std::size_t>(i)] = sum;
    }
  });
  double total = 0.0;
  for (const double sum : rows) total += sum;
  return total;
}

/// Replaces the columns of y by orthonormal ones with the same span, in order.
template <class T>
void orthonormalize(Matrix<T>& y) {
  const std::int64_t rows = y.rows();
  const std::int64_t cols = y.cols();
  const double* values = nullptr;
  Scratch<double> copy(std::is_same_v<T, double> ? 1 : rows * cols);
  if constexpr (std::is_same_v<T, double>) {
    values = y.data();
  } else {
    parallel_chunks(rows, 256, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin * cols; i < end * cols; ++i) copy[i] = static_cast<double>(y.data()[i]);
    });
    values = copy.data();
  }
  ColumnMajor gram = ColumnMajor::Zero(cols, cols);
  for (std::int64_t from = 0; from < rows; from += chunk_rows) {
    kernels::GemmParams p{.m = cols, .n = cols, .k = std::min(chunk_rows, rows - from)};
    p.lda = p.ldb = p.ldc = cols;
    p.transpose_a = true;
    p.accumulate = true;
    kernels::gemm_cpu(p, values + from * cols, values + from * cols, gram.data());
  }
  // Each column has its own scale: only how nearly dependent they are may cost digits.
  const Eigen::VectorXd scale = gram.diagonal().cwiseMax(0.0).cwiseSqrt();
  bool fine = scale.minCoeff() > 0.0 && scale.allFinite();
  if (fine) gram = (scale.cwiseInverse().asDiagonal() * gram * scale.cwiseInverse().asDiagonal()).eval();
  const Eigen::LLT<ColumnMajor> cholesky(gram);
  fine = fine && cholesky.info() == Eigen::Success;
  if (fine) {
    const Eigen::VectorXd pivots = ColumnMajor(cholesky.matrixL()).diagonal();
    fine = pivots.minCoeff() > 1e-6;
  }
  if (fine) {
    // y <- y R^-1, R = L^T; stored by columns, the inverse of L^T reads by rows as the inverse of L.
    ColumnMajor inverse = ColumnMajor::Identity(cols, cols);
    cholesky.matrixL().solveInPlace(inverse);
    const ColumnMajor step = (inverse * scale.cwiseInverse().asDiagonal()).eval();  // row-major: (R D)^-1
    Scratch<double> product(rows * cols);
    kernels::gemm_cpu({.m = rows, .n = cols, .k = cols, .lda = cols, .ldb = cols, .ldc = cols}, values, step.data(),
                      product.data());
    for (std::int64_t i = 0; i < rows * cols; ++i) y.data()[i] = static_cast<T>(product[i]);
    return;
  }
  ColumnMajor whole(rows, cols);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < cols; ++j) whole(i, j) = values[i * cols + j];
  }
  const Eigen::HouseholderQR<Eigen::Ref<ColumnMajor>> qr(whole);
  ColumnMajor q = ColumnMajor::Identity(rows, cols);
  q.applyOnTheLeft(qr.householderQ());
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < cols; ++j) y(i, j) = static_cast<T>(q(i, j));
  }
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
Spectrum<T> spectrum_randomized(MatrixView<T> x, const std::vector<double>& mean, const RandomizedOptions& options) {
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
    if (options.normalize) orthonormalize(y);
    const Matrix<T> z = multiply_transposed(m, y);
    for (std::int64_t r = 0; r < size; ++r) {
      for (std::int64_t c = 0; c < m.cols(); ++c) q(c, r) = z(r, c);
    }
    if (options.normalize) orthonormalize(q);
  }
  multiply(m, q, y);
  orthonormalize(y);
  orthonormalize(y);  // the second time from nearly orthonormal: to the last digit
  // B = Q^T M; B^T = P R, R = U S W^T: left singular vectors W, right ones P U.
  const Matrix<T> b = multiply_transposed(m, y);
  ColumnMajor tall(m.cols(), size);
  for (std::int64_t r = 0; r < size; ++r) {
    for (std::int64_t c = 0; c < m.cols(); ++c) tall(c, r) = static_cast<double>(b(r, c));
  }
  const Eigen::HouseholderQR<Eigen::Ref<ColumnMajor>> qr(tall);
  const ColumnMajor r = tall.topRows(size).triangularView<Eigen::Upper>();
  const auto svd = small_svd(r, wide ? Eigen::ComputeFullV : Eigen::ComputeFullU);
  const std::int64_t wanted = options.components;
  out.singular_values = value_list(svd.singularValues().head(wanted));
  out.explained_variance = variances_of(out.singular_values, x.rows());
  ColumnMajor v(features, wanted);
  if (wide) {
    Matrix<T> w(size, wanted);
    for (std::int64_t i = 0; i < size; ++i) {
      for (std::int64_t j = 0; j < wanted; ++j) w(i, j) = static_cast<T>(svd.matrixV()(i, j));
    }
    Matrix<T> product(features, wanted);
    multiply(y, w, product);
    for (std::int64_t i = 0; i < features; ++i) {
      for (std::int64_t j = 0; j < wanted; ++j) v(i, j) = static_cast<double>(product(i, j));
    }
  } else {
    v.setZero();
    v.topRows(size) = svd.matrixU().leftCols(wanted);
    v.applyOnTheLeft(qr.householderQ());
  }
  out.components = Matrix<T>(wanted, features);
  for (std::int64_t i = 0; i < wanted; ++i) {
    for (std::int64_t j = 0; j < features; ++j) out.components(i, j) = static_cast<T>(v(j, i));
  }
  return out;
}

}  // namespace qrs::ml::pca
