// Eigenvalues, singular values and orthonormal vectors, by their own equations.
#include <doctest/doctest.h>
#include <qrs/core/compare.hpp>
#include <qrs/core/rng.hpp>
#include <qrs/ml/decompose/ref.hpp>
#include <qrs/ml/decompose/singular_rows.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace qrs::ml;
using namespace qrs::ml::decompose;
using qrs::Mt19937;

namespace decompose_test {

namespace {

Matrix<double> random_rows(std::int64_t rows, std::int64_t cols, std::uint32_t seed) {
  Mt19937 rng(seed);
  Matrix<double> out(rows, cols);
  for (std::int64_t i = 0; i < rows * cols; ++i) out.data()[i] = rng.gauss();
  return out;
}

double not_orthonormal(const Matrix<double>& rows) {
  qrs::Difference worst;
  for (std::int64_t a = 0; a < rows.rows(); ++a) {
    for (std::int64_t b = 0; b <= a; ++b) worst.add(dot(rows.row(a), rows.row(b), rows.cols()), a == b ? 1.0 : 0.0);
  }
  return worst.max_error;
}

/// max |A v - value v| over all pairs, against the largest eigenvalue.
double residual(const Matrix<double>& a, const SymmetricEigen& eigen) {
  qrs::Difference worst;  // of A v - value v from 0: both products of a NaN are NaN
  for (std::int64_t k = 0; k < eigen.vectors.rows(); ++k) {
    const double* v = eigen.vectors.row(k);
    for (std::int64_t i = 0; i < a.rows(); ++i) {
      worst.add(dot(a.row(i), v, a.cols()) - eigen.values[static_cast<std::size_t>(k)] * v[i], 0.0);
    }
  }
  return worst.max_error / std::max({std::abs(eigen.values.front()), std::abs(eigen.values.back()), 1e-300});
}

Matrix<double> symmetric(std::int64_t n, std::uint32_t seed) {
  Matrix<double> out = random_rows(n, n, seed);
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < i; ++j) out(j, i) = out(i, j);
  }
  return out;
}

}  // namespace

TEST_CASE("eigenvectors are orthonormal and fit the matrix, for every size and kind of matrix") {
  const auto check = [](const Matrix<double>& a) {
    Matrix<double> work = a;
    const SymmetricEigen eigen = symmetric_eigen(work, a.rows());
    CHECK(not_orthonormal(eigen.vectors) < 1e-13);
    CHECK(residual(a, eigen) < 1e-14 * std::max(10.0, static_cast<double>(a.rows())));
    CHECK(std::is_sorted(eigen.values.begin(), eigen.values.end(), std::greater<>()));
  };
  for (const std::int64_t n : {1, 2, 3, 5, 16, 17, 63, 64, 65, 130}) {
    CAPTURE(n);
    check(symmetric(n, static_cast<std::uint32_t>(n)));
  }
  check(Matrix<double>(6, 6));  // zero
  Matrix<double> identity(9, 9);
  for (std::int64_t i = 0; i < 9; ++i) identity(i, i) = 1.0;
  check(identity);
  Matrix<double> ones(40, 40, std::vector<double>(1600, 1.0));
  check(ones);
  Matrix<double> huge = symmetric(20, 3);
  for (std::int64_t i = 0; i < 400; ++i) huge.data()[i] *= 1e200;
  check(huge);
  Matrix<double> graded = symmetric(30, 4);
  for (std::int64_t i = 0; i < 30; ++i) {
    for (std::int64_t j = 0; j < 30; ++j) graded(i, j) *= std::pow(10.0, -0.4 * static_cast<double>(i + j));
  }
  check(graded);
}

TEST_CASE("eigenvalues and eigenvectors are those of Jacobi's rotations") {
  for (const std::int64_t n : {1, 2, 3, 7, 16, 33, 70}) {
    CAPTURE(n);
    const Matrix<double> a = symmetric(n, static_cast<std::uint32_t>(100 + n));
    const SymmetricEigen judge = ref::symmetric_eigen(a);
    CHECK(not_orthonormal(judge.vectors) < 1e-13);
    Matrix<double> work = a;
    const SymmetricEigen got = symmetric_eigen(work, n);
    const double largest = std::max(std::abs(judge.values.front()), std::abs(judge.values.back()));
    for (std::int64_t k = 0; k < n; ++k) {
      CHECK(std::abs(got.values[k] - judge.values[k]) <= 1e-14 * std::max<double>(10.0, n) * largest);
      CHECK(std::abs(std::abs(dot(got.vectors.row(k), judge.vectors.row(k), n)) - 1.0) <= 1e-9);  // up to its sign
    }
  }
}

TEST_CASE("a NaN in a value or a vector misses the equations") {
  const Matrix<double> a = symmetric(7, 3);
  Matrix<double> work = a;
  const SymmetricEigen right = symmetric_eigen(work, 7);
  REQUIRE(residual(a, right) < 1e-13);
  for (const std::size_t at : {0, 3, 6}) {
    SymmetricEigen wrong = right;
    wrong.values[at] = NAN;
    CHECK_FALSE(residual(a, wrong) < 1e30);
    wrong = right;
    wrong.vectors.data()[at * 7] = NAN;
    CHECK_FALSE(residual(a, wrong) < 1e30);
    CHECK_FALSE(not_orthonormal(wrong.vectors) < 1e30);
    wrong.values[at] = NAN;  // both sides of A v = value v are NaN
    CHECK_FALSE(residual(a, wrong) < 1e30);
  }
}

TEST_CASE("the eigenvalues of a path are known") {
  const std::int64_t n = 50;
  Matrix<double> a(n, n);
  for (std::int64_t i = 0; i < n; ++i) {
    a(i, i) = 2.0;
    if (i > 0) a(i, i - 1) = -1.0;  // only the lower triangle is read
  }
  const SymmetricEigen eigen = symmetric_eigen(a, 3);
  CHECK(eigen.vectors.rows() == 3);
  for (std::int64_t k = 0; k < n; ++k) {
    const double angle = 3.14159265358979323846 * static_cast<double>(n - k) / static_cast<double>(n + 1);
    CHECK(eigen.values[static_cast<std::size_t>(k)] == doctest::Approx(2.0 - 2.0 * std::cos(angle)).epsilon(1e-13));
  }
}

TEST_CASE("singular values keep their digits over 15 orders of magnitude") {
  // Orthonormal left and right vectors with known lengths between.
  const std::int64_t m = 40;
  const std::int64_t n = 90;
  Matrix<double> u = random_rows(m, m, 1);
  Matrix<double> v = random_rows(m, n, 2);
  complete_rows(u, 0);
  complete_rows(v, 0);
  std::vector<double> lengths;
  for (std::int64_t i = 0; i < m; ++i) lengths.push_back(std::pow(10.0, -static_cast<double>(i) * 12.0 / 39.0));
  Matrix<double> scaled = v;
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < n; ++j) scaled(i, j) *= lengths[static_cast<std::size_t>(i)];
  }
  Matrix<double> transposed(m, m);
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < m; ++j) transposed(i, j) = u(j, i);
  }
  const Matrix<double> a = product(transposed, scaled);
  const SingularRows s = singular_rows(a, true);
  CHECK(not_orthonormal(s.left) < 1e-13);
  CHECK(not_orthonormal(right_vectors(s, m)) < 1e-12);
  for (std::size_t i = 0; i < lengths.size(); ++i) CHECK(std::abs(s.values[i] - lengths[i]) < 3e-15);
  const Matrix<double> w = product(s.left, a);
  for (std::int64_t i = 0; i < m * n; ++i) CHECK(std::abs(w.data()[i] - s.rows.data()[i]) < 1e-14);
}

TEST_CASE("equal singular values and missing ranks are decomposed too") {
  Matrix<double> rows = random_rows(12, 20, 3);
  complete_rows(rows, 0);  // twelve equal values
  SingularRows s = singular_rows(rows, true);
  for (const double value : s.values) CHECK(value == doctest::Approx(1.0).epsilon(1e-14));
  CHECK(not_orthonormal(right_vectors(s, 12)) < 1e-13);
  Matrix<double> low = random_rows(12, 20, 4);
  for (std::int64_t i = 3; i < 12; ++i) {
    for (std::int64_t j = 0; j < 20; ++j) low(i, j) = low(i % 3, j);
  }
  s = singular_rows(low, true);
  CHECK(s.values[2] > 1.0);
  CHECK(s.values[3] < 1e-14 * s.values[0]);
  CHECK(not_orthonormal(right_vectors(s, 12)) < 1e-12);
  CHECK(not_orthonormal(s.left) < 1e-13);
  s = singular_rows(Matrix<double>(4, 6), true);
  CHECK(s.values == std::vector<double>(4, 0.0));
  CHECK(not_orthonormal(right_vectors(s, 4)) < 1e-15);
}

TEST_CASE("columns are orthonormalised whether independent or not") {
  const auto columns_of = [](const Matrix<double>& y) {
    Matrix<double> out(y.cols(), y.rows());
    for (std::int64_t i = 0; i < y.rows(); ++i) {
      for (std::int64_t j = 0; j < y.cols(); ++j) out(j, i) = y(i, j);
    }
    return out;
  };
  Matrix<double> y = random_rows(70, 9, 5);
  for (std::int64_t i = 0; i < 70; ++i) y(i, 3) *= 1e-9;  // scale costs nothing
  const Matrix<double> independent = y;
  orthonormalize_columns(y);
  CHECK(not_orthonormal(columns_of(y)) < 1e-13);
  // The span is the same: what the new columns leave of an old one is rounding.
  Matrix<double> both(10, 70);
  const Matrix<double> found = columns_of(y);
  std::copy(found.data(), found.data() + 9 * 70, both.data());
  for (std::int64_t i = 0; i < 70; ++i) both(9, i) = independent(i, 5);
  qrs::Difference left_over;
  for (std::int64_t i = 0; i < 70; ++i) {
    double rest = both(9, i);
    for (std::int64_t k = 0; k < 9; ++k) rest -= dot(both.row(9), both.row(k), 70) * both(k, i);
    left_over.add(rest, 0.0);
  }
  CHECK(left_over.max_error < 1e-13);
  Matrix<double> dependent = independent;
  for (std::int64_t i = 0; i < 70; ++i) dependent(i, 8) = dependent(i, 1) - 2.0 * dependent(i, 0);
  orthonormalize_columns(dependent);
  CHECK(not_orthonormal(columns_of(dependent)) < 1e-13);
  Matrix<double> zero(5, 5);
  orthonormalize_columns(zero);
  CHECK(not_orthonormal(columns_of(zero)) < 1e-13);
}

TEST_CASE("values that are not finite are an error") {
  Matrix<double> a(2, 2, {1.0, 0.0, std::numeric_limits<double>::quiet_NaN(), 1.0});
  CHECK_THROWS_WITH_AS(symmetric_eigen(a, 2), "[symmetric_eigen] expected finite values, got nan", qrs::Error);
  Matrix<double> tall(3, 2);
  CHECK_THROWS_AS(complete_rows(tall, 0), qrs::Error);
}

TEST_CASE("decompositions have the same bits for any number of threads") {
  const Matrix<double> a = random_rows(80, 600, 6);
  const auto run = [&](int threads) {
    const qrs::ThreadLimit limit(threads);
    const SingularRows s = singular_rows(a, true);
    Matrix<double> large = symmetric(530, 1);
    return std::pair(right_vectors(s, 80), symmetric_eigen(large, 4).vectors);
  };
  const auto one = run(1);
  for (const int threads : {2, 3, 7}) CHECK(run(threads) == one);
}

}  // namespace decompose_test
