// The decompositions beside Eigen's: another author's arithmetic as the judge. Eigen is a dependency of this test alone.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12 sees both in its own AVX-512 intrinsics
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

#include <doctest/doctest.h>

#include <Eigen/Eigenvalues>
#include <Eigen/SVD>

#include <algorithm>
#include <cmath>

#include "../../include/qrs/core/rng.hpp"
#include "../../include/qrs/ml/decompose/singular_rows.hpp"

namespace {

using namespace qrs::ml;
using Dense = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// Columns that fade by `decay` each, so that the spectrum spans many digits.
Matrix<double> fading(std::int64_t rows, std::int64_t cols, double decay) {
  qrs::Mt19937 rng(static_cast<std::uint32_t>(rows * 100 + cols));
  Matrix<double> out(rows, cols);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < cols; ++j) out(i, j) = rng.gauss() * std::pow(decay, static_cast<double>(j));
  }
  return out;
}

}  // namespace

TEST_CASE("eigenvalues of a symmetric matrix equal Eigen's") {
  for (const std::int64_t n : {1, 2, 3, 17, 40}) {
    CAPTURE(n);
    const Matrix<double> half = fading(n, n, 0.8);
    Matrix<double> a(n, n);
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < n; ++j) a(i, j) = half(i, j) + half(j, i);
    }
    const Eigen::SelfAdjointEigenSolver<Dense> judge(Eigen::Map<const Dense>(a.data(), n, n));
    const decompose::SymmetricEigen ours = decompose::symmetric_eigen(a, n);
    const double largest = judge.eigenvalues().cwiseAbs().maxCoeff();
    for (std::int64_t k = 0; k < n; ++k) {  // ours fall, Eigen's rise
      CHECK(std::abs(ours.values[static_cast<std::size_t>(k)] - judge.eigenvalues()[n - 1 - k]) <= 1e-13 * largest);
    }
  }
}

TEST_CASE("singular values and right vectors equal Eigen's, small ones too") {
  for (const std::pair<std::int64_t, std::int64_t> size : {std::pair{1, 5}, std::pair{4, 4}, std::pair{12, 30}}) {
    const std::int64_t rows = size.first;
    const std::int64_t cols = size.second;
    CAPTURE(rows);
    const Matrix<double> a = fading(rows, cols, 0.7);
    const Eigen::JacobiSVD<Dense> judge(Eigen::Map<const Dense>(a.data(), rows, cols), Eigen::ComputeThinV);
    const decompose::SingularRows ours = decompose::singular_rows(a, false);
    for (std::int64_t k = 0; k < rows; ++k) {
      const double* w = ours.rows.row(k);
      double square = 0.0;
      double along = 0.0;
      for (std::int64_t j = 0; j < cols; ++j) square += w[j] * w[j], along += w[j] * judge.matrixV()(j, k);
      const double value = judge.singularValues()[k];
      CHECK(std::abs(std::sqrt(square) - value) <= 1e-13 * judge.singularValues()[0]);
      CHECK(std::abs(along) >= (1.0 - 1e-9) * std::sqrt(square));  // the same direction, up to its sign
    }
  }
}
