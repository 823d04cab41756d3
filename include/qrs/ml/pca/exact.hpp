// The whole spectrum: by a singular value decomposition in double, or from the covariance where that loses nothing.
//
// Double: A (or its transpose, whichever is tall) = Q R by Householder reflections, then the singular value decomposition of
// the small R by divide and conquer. Errors are eps |A|, also in directions whose variance is 1e-16 of the largest.
// Covariance: the Gram matrix of the smaller side, A^T A or A A^T, is summed in double, and its eigenvectors are the
// singular vectors. A singular value s then has the error eps |A|^2 / s: worthless below 1e-8 |A| for double data, but
// exact to every digit that float data have, at a fraction of the work; float data always go this way.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

#include "../../core/error.hpp"
#include "../../core/memory.hpp"
#include "../../core/parallel.hpp"
#include "../../kernels.hpp"
#include "../eigen.hpp"
#include "spectrum.hpp"

namespace qrs::ml::pca {

using ColumnMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::ColMajor>;

/// Rows of a chunk in products that run over all rows: fixed, so that the bits are.
inline constexpr std::int64_t chunk_rows = 512;

/// S of a decomposition as a list, never negative.
template <class Vector>
std::vector<double> value_list(const Vector& values) {
  std::vector<double> out;
  for (Eigen::Index i = 0; i < values.size(); ++i) out.push_back(std::max(0.0, static_cast<double>(values[i])));
  return out;
}

/// The variances that singular values of n samples stand for.
inline std::vector<double> variances_of(const std::vector<double>& singular_values, std::int64_t samples) {
  std::vector<double> out;
  for (const double s : singular_values) out.push_back(s * s / static_cast<double>(samples - 1));
  return out;
}

/// Left singular vectors or right ones, and the singular values, of a small square matrix.
inline Eigen::BDCSVD<ColumnMajor> small_svd(const ColumnMajor& r, unsigned vectors) {
  Eigen::BDCSVD<ColumnMajor> svd(r, vectors);
  QRS_CHECK(svd.info() == Eigen::Success, "[pca] expected a singular value decomposition of ", r.rows(), " x ",
            r.cols(), " values, got no convergence");
  return svd;
}

/// The spectrum of centred double data, by QR and a singular value decomposition.
template <class T>
Spectrum<T> spectrum_by_svd(MatrixView<T> x, const std::vector<double>& mean, const ParamValue& n_components) {
  const std::int64_t rows = x.rows();
  const std::int64_t cols = x.cols();
  const bool wide = rows < cols;
  const std::int64_t small = std::min(rows, cols);
  ColumnMajor a(std::max(rows, cols), small);  // A, or its transpose where there are more features than samples
  parallel_chunks(rows, 64, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      for (std::int64_t j = 0; j < cols; ++j) {
        const double value = static_cast<double>(x(i, j)) - mean[static_cast<std::size_t>(j)];
        (wide ? a(j, i) : a(i, j)) = value;
      }
    }
  });
  const Eigen::HouseholderQR<Eigen::Ref<ColumnMajor>> qr(a);  // in place
  const ColumnMajor r = a.topRows(small).triangularView<Eigen::Upper>();
  const auto svd = small_svd(r, wide ? Eigen::ComputeFullU : Eigen::ComputeFullV);
  Spectrum<T> out;
  out.singular_values = value_list(svd.singularValues());
  out.explained_variance = variances_of(out.singular_values, rows);
  const std::int64_t wanted = wanted_components(n_components, out.explained_variance, small, rows);
  ColumnMajor v;  // (features, wanted)
  if (wide) {     // A^T = Q R, R = U S W^T: the components are the columns of Q U
    v = ColumnMajor::Zero(cols, wanted);
    v.topRows(small) = svd.matrixU().leftCols(wanted);
    v.applyOnTheLeft(qr.householderQ());
  } else {
    v = svd.matrixV().leftCols(wanted);
  }
  out.components = Matrix<T>(wanted, cols);
  for (std::int64_t i = 0; i < wanted; ++i) {
    for (std::int64_t j = 0; j < cols; ++j) out.components(i, j) = static_cast<T>(v(j, i));
  }
  return out;
}

/// The upper triangle of the Gram matrix of centred data, in double: over samples (features x features), or over features
/// (samples x samples).
template <class T>
ColumnMajor gram_matrix(MatrixView<T> x, const std::vector<double>& mean, bool over_samples) {
  const std::int64_t size = over_samples ? x.cols() : x.rows();
  const std::int64_t depth = over_samples ? x.rows() : x.cols();
  ColumnMajor gram(size, size);  // row-major for gemm: its lower triangle as Eigen sees it
  gram.setZero();
  constexpr std::int64_t panel = 512;
  for (std::int64_t from = 0; from < depth; from += chunk_rows) {
    const std::int64_t count = std::min(chunk_rows, depth - from);
    Scratch<double> part(size * count);  // (size, count)
    parallel_chunks(size, 16, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        double* to = part.data() + i * count;
        for (std::int64_t l = 0; l < count; ++l) {
          const std::int64_t column = over_samples ? i : from + l;
          const double value = over_samples ? x(from + l, i) : x(i, from + l);
          to[l] = value - mean[static_cast<std::size_t>(column)];
        }
      }
    });
    for (std::int64_t column = 0; column < size; column += panel) {
      const std::int64_t width = std::min(panel, size - column);
      kernels::GemmParams p{.m = column + width, .n = width, .k = count, .lda = count, .ldb = count, .ldc = size};
      p.transpose_b = true;
      p.accumulate = true;
      kernels::gemm_cpu(p, part.data(), part.data() + column * count, gram.data() + column);
    }
  }
  return gram;
}

/// The spectrum from the Gram matrix of the samples or of the features, whichever is smaller unless `of_features` asks for
/// the covariance of the features.
template <class T>
Spectrum<T> spectrum_by_gram(MatrixView<T> x, const std::vector<double>& mean, const ParamValue& n_components,
                             bool of_features) {
  const std::int64_t rows = x.rows();
  const std::int64_t cols = x.cols();
  const bool over_samples = of_features || cols <= rows;
  Spectrum<T> out;
  Eigen::SelfAdjointEigenSolver<ColumnMajor> eigen(gram_matrix(x, mean, over_samples));
  QRS_CHECK(eigen.info() == Eigen::Success, "[pca] expected eigenvalues of a covariance, got no convergence");
  const ColumnMajor& vectors = eigen.eigenvectors();  // ascending
  for (Eigen::Index i = eigen.eigenvalues().size(); i-- > 0;) {
    out.singular_values.push_back(std::sqrt(std::max(0.0, eigen.eigenvalues()[i])));
  }
  out.explained_variance = variances_of(out.singular_values, rows);
  const std::int64_t wanted = wanted_components(n_components, out.explained_variance, std::min(rows, cols), rows);
  out.components = Matrix<T>(wanted, cols);
  if (over_samples) {
    for (std::int64_t i = 0; i < wanted; ++i) {
      for (std::int64_t j = 0; j < cols; ++j) {
        out.components(i, j) = static_cast<T>(vectors(j, vectors.cols() - 1 - i));
      }
    }
    return out;
  }
  // The columns of A^T U are the components, each times its singular value. Rounding leaves those of the smallest values
  // not quite orthogonal; Q of their QR decomposition is, and has the directions, for the largest come first.
  ColumnMajor v(cols, wanted);
  Matrix<double> u(wanted, rows);
  for (std::int64_t i = 0; i < wanted; ++i) {
    for (std::int64_t j = 0; j < rows; ++j) u(i, j) = vectors(j, vectors.cols() - 1 - i);
  }
  for (std::int64_t from = 0; from < cols; from += chunk_rows) {
    const std::int64_t count = std::min(chunk_rows, cols - from);
    Scratch<double> part(rows * count);  // (rows, count)
    parallel_chunks(rows, 16, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        for (std::int64_t l = 0; l < count; ++l) {
          part[i * count + l] = static_cast<double>(x(i, from + l)) - mean[static_cast<std::size_t>(from + l)];
        }
      }
    });
    // Row-major (wanted, cols) for gemm is the transpose of what Eigen sees.
    kernels::gemm_cpu({.m = wanted, .n = count, .k = rows, .lda = rows, .ldb = count, .ldc = cols}, u.data(),
                      part.data(), v.data() + from);
  }
  const Eigen::HouseholderQR<Eigen::Ref<ColumnMajor>> qr(v);
  std::vector<double> sign;
  for (std::int64_t i = 0; i < wanted; ++i) sign.push_back(v(i, i) < 0.0 ? -1.0 : 1.0);
  ColumnMajor q = ColumnMajor::Identity(cols, wanted);
  q.applyOnTheLeft(qr.householderQ());
  for (std::int64_t i = 0; i < wanted; ++i) {
    for (std::int64_t j = 0; j < cols; ++j)
      out.components(i, j) = static_cast<T>(q(j, i) * sign[static_cast<std::size_t>(i)]);
  }
  return out;
}

}  // namespace qrs::ml::pca
