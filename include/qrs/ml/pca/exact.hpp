// The whole spectrum: by a singular value decomposition in double, or from the covariance where that loses nothing.
//
// Double: the singular value decomposition of A or A^T, whichever has no more rows than columns
// (decompose/singular_rows.hpp). Errors are eps |A|, also in directions whose variance is 1e-16 of the largest.
// Covariance: the Gram matrix of the smaller side, A^T A or A A^T, is summed in double, and its eigenvectors are the
// singular vectors. A singular value s then has the error eps |A|^2 / s: worthless below 1e-8 |A| for double data, but
// exact to every digit that float data have, at a fraction of the work; float data always go this way.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>

#include "../../core/array.hpp"
#include "../../core/memory.hpp"
#include "../../core/parallel.hpp"
#include "../../kernels.hpp"
#include "../decompose/orthonormalize.hpp"
#include "../decompose/singular_rows.hpp"
#include "../decompose/symmetric_eigen.hpp"
#include "spectrum.hpp"

namespace qrs::ml::pca {

using decompose::chunk_rows;

/// The variances that singular values of n samples stand for.
inline Array<double> variances_of(const Array<double>& singular_values, std::int64_t samples) {
  Array<double> out;
  for (const double s : singular_values) out.push_back(s * s / static_cast<double>(samples - 1));
  return out;
}

/// The first rows as values of T.
template <class T>
Matrix<T> first_rows(const Matrix<double>& rows, std::int64_t count) {
  return convert<T>(MatrixView<double>(rows).rows_from(0, count));
}

/// Columns [from, from + count) of centred data as rows: to[j * pitch + i] = x[i][from + j] - mean. In blocks, so that both
/// sides are read and written by whole cache lines.
template <class To, class T>
void centre_transposed(MatrixView<T> x, ArrayView<const double> mean, std::int64_t from, std::int64_t count, To* to,
                       std::int64_t pitch) {
  parallel_chunks(count, 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      const T* row = x.row(i) + from;
      for (std::int64_t j = begin; j < end; ++j) {
        to[j * pitch + i] = static_cast<To>(static_cast<double>(row[j]) - mean[from + j]);
      }
    }
  });
}

/// Columns [from, from + count) of centred data as they are.
template <class To, class T>
void centre(MatrixView<T> x, ArrayView<const double> mean, std::int64_t from, std::int64_t count, To* to) {
  parallel_chunks(x.rows(), 16, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t i = begin; i < end; ++i) {
      const T* row = x.row(i) + from;
      for (std::int64_t j = 0; j < count; ++j) {
        to[i * count + j] = static_cast<To>(static_cast<double>(row[j]) - mean[from + j]);
      }
    }
  });
}

/// The spectrum by a singular value decomposition.
template <class T>
Spectrum<T> spectrum_by_svd(MatrixView<T> x, ArrayView<const double> mean, const ParamValue& n_components) {
  const bool wide = x.rows() < x.cols();
  const std::int64_t small = std::min(x.rows(), x.cols());
  decompose::SingularRows s;
  if (wide) {
    Matrix<double> a(x.rows(), x.cols());
    centre(x, mean, 0, x.cols(), a.data());
    s = decompose::singular_rows(std::move(a), false);
  } else {
    Matrix<double> a(x.cols(), x.rows());
    centre_transposed(x, mean, 0, x.cols(), a.data(), x.rows());
    s = decompose::singular_rows(std::move(a), true);
  }
  Spectrum<T> out;
  out.singular_values = s.values;
  out.explained_variance = variances_of(s.values, x.rows());
  const std::int64_t wanted = wanted_components(n_components, out.explained_variance, small, x.rows());
  out.components =
      wide ? convert<T>(MatrixView<double>(decompose::right_vectors(s, wanted))) : first_rows<T>(s.left, wanted);
  return out;
}

/// The Gram matrix of centred data (its lower triangle): over samples (features x features), or over features
/// (samples x samples).
template <class T>
Matrix<double> gram_matrix(MatrixView<T> x, ArrayView<const double> mean, bool over_samples) {
  const std::int64_t size = over_samples ? x.cols() : x.rows();
  const std::int64_t depth = over_samples ? x.rows() : x.cols();
  Matrix<double> gram(size, size);
  for (std::int64_t from = 0; from < depth; from += chunk_rows) {
    const std::int64_t count = std::min(chunk_rows, depth - from);
    Scratch<double> part(size * count);  // (size, count)
    if (over_samples) {
      centre_transposed(x.rows_from(from, from + count), mean, 0, x.cols(), part.data(), count);
    } else {
      centre(x, mean, from, count, part.data());
    }
    decompose::multiply_by_own_transpose(part.data(), count, true, gram);
  }
  return gram;
}

/// The spectrum from the Gram matrix of the samples or of the features, whichever is smaller unless `of_features` asks for
/// the covariance of the features.
template <class T>
Spectrum<T> spectrum_by_gram(MatrixView<T> x, ArrayView<const double> mean, const ParamValue& n_components,
                             bool of_features) {
  const bool over_samples = of_features || x.cols() <= x.rows();
  const std::int64_t most = std::min(x.rows(), x.cols());
  Matrix<double> gram = gram_matrix(x, mean, over_samples);
  Spectrum<T> out;
  std::int64_t wanted = 0;
  const auto choose = [&](const Array<double>& values) {
    for (const double value : values) out.singular_values.push_back(std::sqrt(std::max(0.0, value)));
    out.explained_variance = variances_of(out.singular_values, x.rows());
    wanted = wanted_components(n_components, out.explained_variance, most, x.rows());
    return wanted;
  };
  const decompose::SymmetricEigen eigen = decompose::symmetric_eigen(gram, choose);
  if (over_samples) {
    out.components = first_rows<T>(eigen.vectors, wanted);
    return out;
  }
  // The rows of U^T A are the components, each times its singular value.
  decompose::SingularRows s{out.singular_values, Matrix<double>(wanted, x.cols()), {}};
  for (std::int64_t from = 0; from < x.cols(); from += chunk_rows) {
    const std::int64_t count = std::min(chunk_rows, x.cols() - from);
    Scratch<double> part(x.rows() * count);  // (samples, count)
    centre(x, mean, from, count, part.data());
    kernels::GemmParams p{.m = wanted, .n = count, .k = x.rows(), .lda = x.rows(), .ldb = count, .ldc = x.cols()};
    kernels::gemm_cpu(p, eigen.vectors.data(), part.data(), s.rows.data() + from);
  }
  // Rounding of the covariance leaves rows of small singular values not quite orthogonal: in float that shows first below
  // 1e-5 of the largest.
  out.components = convert<T>(MatrixView<double>(decompose::right_vectors(s, wanted, 1e-5)));
  return out;
}

}  // namespace qrs::ml::pca
