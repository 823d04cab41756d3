// Orthonormal vectors with a given span.
//
// By the Cholesky factor of the Gram matrix (matrix products, so fast) where the vectors are independent enough; otherwise
// one after the other by Gram and Schmidt, twice, and a vector that depends on those before it is replaced by one that is
// orthogonal to them. Source: Fukaya et al., CholeskyQR2, ScalA 2014; "twice is enough": Giraud, Langou and Rozloznik 2005.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "../../core/array.hpp"
#include "../../core/error.hpp"
#include "../../core/memory.hpp"
#include "../../core/parallel.hpp"
#include "../../kernels.hpp"
#include "../matrix.hpp"
#include "dot.hpp"

namespace qrs::ml::decompose {

/// Rows of a chunk in products whose sums run over all rows: fixed, so that the bits are.
inline constexpr std::int64_t chunk_rows = 512;

namespace detail {

/// The lower Cholesky factor of a symmetric matrix with diagonal 1, in place (the upper triangle becomes 0). False where a
/// pivot is below `least`.
inline bool cholesky(Matrix<double>& a, double least) {
  for (std::int64_t i = 0; i < a.rows(); ++i) {
    double* row = a.row(i);
    for (std::int64_t j = 0; j < i; ++j) row[j] = (row[j] - dot(row, a.row(j), j)) / a(j, j);
    const double pivot = row[i] - dot(row, row, i);
    if (!(pivot > least * least)) return false;
    row[i] = std::sqrt(pivot);
    std::fill(row + i + 1, row + a.cols(), 0.0);
  }
  return true;
}

/// The inverse of a lower triangular matrix, transposed: the inverse of its transpose.
inline Matrix<double> inverse_transposed(const Matrix<double>& lower) {
  const std::int64_t n = lower.rows();
  Matrix<double> out(n, n);  // row j: the solution x of L x = e_j
  for (std::int64_t j = 0; j < n; ++j) {
    double* x = out.row(j);
    x[j] = 1.0 / lower(j, j);
    for (std::int64_t i = j + 1; i < n; ++i) x[i] = -dot(lower.row(i) + j, x + j, i - j) / lower(i, i);
  }
  return out;
}

}  // namespace detail

/// Makes rows [from, end) of v orthonormal to each other and to the rows before, which are so already. A row with less than
/// `least` of its length outside the span of those before it is replaced.
inline void complete_rows(Matrix<double>& v, std::int64_t from, double least = 1e-10) {
  QRS_CHECK(v.rows() <= v.cols(), "[orthonormalize] expected at most ", v.cols(), " vectors of that length, got ",
            v.rows());
  std::int64_t unit = 0;  // the next unit vector to try
  Array<double> factors(v.rows());
  for (std::int64_t i = from; i < v.rows(); ++i) {
    double* row = v.row(i);
    double floor = least;
    for (;;) {
      const double before = std::sqrt(dot(row, row, v.cols()));
      for (int pass = 0; pass < 2; ++pass) {
        parallel_chunks(i, 64, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t k = begin; k < end; ++k) {
            factors[k] = dot(row, v.row(k), v.cols());
          }
        });
        parallel_chunks(v.cols(), 256, [&](std::int64_t begin, std::int64_t end) {
          for (std::int64_t k = 0; k < i; ++k) {
            const double factor = factors[k];
            const double* other = v.row(k);
            for (std::int64_t j = begin; j < end; ++j) row[j] -= factor * other[j];
          }
        });
      }
      const double after = std::sqrt(dot(row, row, v.cols()));
      if (before > 0.0 && std::isfinite(before) && after > floor * before) {
        for (std::int64_t j = 0; j < v.cols(); ++j) row[j] /= after;
        break;
      }
      // Some unit vector has at least this much outside the span of fewer than `cols` vectors.
      floor = 0.5 / std::sqrt(static_cast<double>(v.cols()));
      std::fill(row, row + v.cols(), 0.0);
      row[unit++ % v.cols()] = 1.0;
    }
  }
}

/// Replaces the columns of y, at least as long as they are many, by orthonormal ones with the same span. In double.
template <class T>
void orthonormalize_columns(Matrix<T>& y) {
  const std::int64_t rows = y.rows();
  const std::int64_t cols = y.cols();
  const double* values = nullptr;
  Scratch<double> copy(std::is_same_v<T, double> ? 1 : rows * cols);
  if constexpr (std::is_same_v<T, double>) {
    values = y.data();
  } else {
    parallel_chunks(rows * cols, 65536, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) copy[i] = static_cast<double>(y.data()[i]);
    });
    values = copy.data();
  }
  Matrix<double> gram(cols, cols);
  for (std::int64_t from = 0; from < rows; from += chunk_rows) {
    kernels::GemmParams p{.m = cols, .n = cols, .k = std::min(chunk_rows, rows - from)};
    p.lda = p.ldb = p.ldc = cols;
    p.transpose_a = true;
    p.accumulate = true;
    kernels::gemm_cpu(p, values + from * cols, values + from * cols, gram.data());
  }
  // Each column has its own scale: only how nearly dependent they are may cost digits.
  Array<double> scale;
  bool fine = true;
  for (std::int64_t j = 0; j < cols; ++j) {
    scale.push_back(std::sqrt(std::max(0.0, gram(j, j))));
    fine = fine && scale.back() > 0.0 && std::isfinite(scale.back());
  }
  for (std::int64_t i = 0; fine && i < cols; ++i) {
    for (std::int64_t j = 0; j < cols; ++j) {
      gram(i, j) /= scale[i] * scale[j];
    }
  }
  if (fine && detail::cholesky(gram, 1e-6)) {
    Matrix<double> step = detail::inverse_transposed(gram);  // Y (L^T D)^-1
    for (std::int64_t i = 0; i < cols; ++i) {
      for (std::int64_t j = 0; j < cols; ++j) step(i, j) /= scale[i];
    }
    Scratch<double> product(rows * cols);
    kernels::gemm_cpu({.m = rows, .n = cols, .k = cols, .lda = cols, .ldb = cols, .ldc = cols}, values, step.data(),
                      product.data());
    parallel_chunks(rows * cols, 65536, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) y.data()[i] = static_cast<T>(product[i]);
    });
    return;
  }
  Matrix<double> by_rows(cols, rows);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < cols; ++j) by_rows(j, i) = values[i * cols + j];
  }
  complete_rows(by_rows, 0, 1e-14);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < cols; ++j) y(i, j) = static_cast<T>(by_rows(j, i));
  }
}

}  // namespace qrs::ml::decompose
