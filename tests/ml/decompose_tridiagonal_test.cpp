// The parts of the symmetric eigenvalue problem: reflections by their equation, divide and conquer beside plain QL steps.
#include <doctest/doctest.h>
#include <qrs/core/compare.hpp>
#include <qrs/core/rng.hpp>
#include <qrs/ml/decompose/symmetric_eigen.hpp>

#include <algorithm>
#include <cmath>
#include <functional>

using namespace qrs::ml;
using namespace qrs::ml::decompose;
using qrs::Mt19937;

namespace decompose_tridiagonal_test {

namespace {

struct Bands {
  qrs::Array<double> diagonal;
  qrs::Array<double> beside;
};

Bands random_bands(std::int64_t n, std::uint32_t seed) {
  Mt19937 rng(seed);
  Bands out;
  for (std::int64_t i = 0; i < n; ++i) out.diagonal.push_back(rng.gauss()), out.beside.push_back(rng.gauss());
  return out;
}

/// All eigenvalues by QL steps, the largest first.
std::vector<double> plain_values(Bands t) {
  const auto n = static_cast<std::int64_t>(t.diagonal.size());
  Matrix<double> z(n, n);
  ql_steps(t.diagonal, t.beside, z);
  std::sort(t.diagonal.begin(), t.diagonal.end(), std::greater<>());
  return t.diagonal;
}

double not_orthonormal(const Matrix<double>& rows) {
  qrs::Difference worst;
  for (std::int64_t a = 0; a < rows.rows(); ++a) {
    for (std::int64_t b = 0; b <= a; ++b) worst.add(dot(rows.row(a), rows.row(b), rows.cols()), a == b ? 1.0 : 0.0);
  }
  return worst.max_error;
}

/// max |T v - value v|.
double residual(const Bands& t, const SymmetricEigen& eigen) {
  const auto n = static_cast<std::int64_t>(t.diagonal.size());
  qrs::Difference worst;
  for (std::int64_t k = 0; k < eigen.vectors.rows(); ++k) {
    const double* v = eigen.vectors.row(k);
    for (std::int64_t i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      double sum = (t.diagonal[at] - eigen.values[static_cast<std::size_t>(k)]) * v[i];
      if (i > 0) sum += t.beside[at - 1] * v[i - 1];
      if (i + 1 < n) sum += t.beside[at] * v[i + 1];
      worst.add(sum, 0.0);
    }
  }
  return worst.max_error;
}

void check_beside_ql(const Bands& t) {
  const auto n = static_cast<std::int64_t>(t.diagonal.size());
  CAPTURE(n);
  const SymmetricEigen eigen = DivideAndConquer(t.diagonal, t.beside).run([n](const auto&) { return n; });
  const std::vector<double> plain = plain_values(t);
  const double largest = std::max({std::abs(plain.front()), std::abs(plain.back()), 1e-300});
  CHECK(qrs::difference(eigen.values, plain).max_error <= 2e-14 * largest);
  CHECK(residual(t, eigen) <= 2e-14 * largest);
  CHECK(not_orthonormal(eigen.vectors) < 2e-14);
}

}  // namespace

TEST_CASE("divide and conquer finds what QL steps find, in every kind of tridiagonal matrix") {
  for (const std::int64_t n : {1, 2, 31, 32, 33, 64, 65, 150, 333}) {
    check_beside_ql(random_bands(n, static_cast<std::uint32_t>(n)));
  }
  const std::int64_t n = 150;
  Bands t = random_bands(n, 7);
  std::fill(t.beside.begin(), t.beside.end(), 0.0);  // diagonal
  check_beside_ql(t);
  std::fill(t.diagonal.begin(), t.diagonal.end(), 2.0);  // a multiple of the identity
  check_beside_ql(t);
  std::fill(t.beside.begin(), t.beside.end(), -1.0);  // a path: halves with equal eigenvalues
  check_beside_ql(t);
  for (std::int64_t i = 0; i < n; ++i)
    t.diagonal[static_cast<std::size_t>(i)] = std::abs(static_cast<double>(i) - 74.5);
  std::fill(t.beside.begin(), t.beside.end(), 1.0);  // Wilkinson's: pairs that agree in all digits
  check_beside_ql(t);
  for (double& value : t.beside) value = 1e-9;  // nearly settled
  check_beside_ql(t);
  t = random_bands(n, 8);
  for (std::int64_t i = 0; i < n; ++i) {  // 30 orders of magnitude
    t.diagonal[static_cast<std::size_t>(i)] *= std::pow(10.0, -0.2 * static_cast<double>(i));
    t.beside[static_cast<std::size_t>(i)] *= std::pow(10.0, -0.2 * static_cast<double>(i));
  }
  check_beside_ql(t);
}

TEST_CASE("only the vectors that are wanted of the values are made, and they are the same") {
  const Bands t = random_bands(200, 9);
  const SymmetricEigen all = DivideAndConquer(t.diagonal, t.beside).run([](const auto&) { return 200; });
  std::vector<double> told;
  const SymmetricEigen some = DivideAndConquer(t.diagonal, t.beside).run([&](const std::vector<double>& values) {
    told = values;
    return std::count_if(values.begin(), values.end(), [](double value) { return value > 1.0; });
  });
  CHECK(told == all.values);
  CHECK(some.values == all.values);
  REQUIRE(some.vectors.rows() > 0);
  REQUIRE(some.vectors.rows() < 200);
  CHECK(std::equal(some.vectors.values().begin(), some.vectors.values().end(), all.vectors.data()));
  CHECK(DivideAndConquer(t.diagonal, t.beside).run([](const auto&) { return 0; }).vectors.rows() == 0);
}

TEST_CASE("roots of the secular equation lie between the poles and solve it") {
  const std::vector<double> d = {-1.0, -0.5, -0.5 + 1e-12, 0.25, 2.0};
  const std::vector<double> z = {0.5, 1e-9, 0.3, 0.7, 0.4};
  const double rho = 0.8;
  std::vector<double> gaps(5);
  for (std::size_t j = 0; j < 5; ++j) {
    CAPTURE(j);
    secular_root(d, z, rho, static_cast<std::int64_t>(j), gaps.data());
    CHECK(gaps[j] < 0.0);
    if (j + 1 < 5) CHECK(gaps[j + 1] > 0.0);
    double sum = 1.0 / rho;
    double size = sum;
    for (std::size_t i = 0; i < 5; ++i) sum += z[i] * z[i] / gaps[i], size += std::abs(z[i] * z[i] / gaps[i]);
    CHECK(std::abs(sum) <= 1e-14 * size);
  }
}

TEST_CASE("the reflections turn the matrix into its tridiagonal form") {
  for (const std::int64_t n : {1, 2, 3, 16, 17, 70, 340}) {
    CAPTURE(n);
    Mt19937 rng(static_cast<std::uint32_t>(n));
    Matrix<double> a(n, n);
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j <= i; ++j) a(i, j) = a(j, i) = rng.gauss();
    }
    Matrix<double> work = a;
    const Tridiagonal t(work);
    Matrix<double> q(n, n);  // row i becomes Q e_i
    for (std::int64_t i = 0; i < n; ++i) q(i, i) = 1.0;
    t.apply(q);
    CHECK(not_orthonormal(q) < 1e-13);
    qrs::Difference worst;  // of A Q - Q T
    for (std::int64_t i = 0; i < n; ++i) {
      const auto at = static_cast<std::size_t>(i);
      for (std::int64_t j = 0; j < n; ++j) {
        double sum = dot(a.row(j), q.row(i), n) - t.diagonal[at] * q(i, j);
        if (i > 0) sum -= t.beside[at - 1] * q(i - 1, j);
        if (i + 1 < n) sum -= t.beside[at] * q(i + 1, j);
        worst.add(sum, 0.0);
      }
    }
    CHECK(worst.max_error < 1e-14 * std::max(10.0, static_cast<double>(n)));
  }
}

}  // namespace decompose_tridiagonal_test
