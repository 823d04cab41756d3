// Principal components against scikit-learn's (tests/golden/units/make_pca.py), and by their own equations.
#include <doctest/doctest.h>
#include <qrs/core/rng.hpp>
#include <qrs/ml/pca/pca.hpp>
#include <qrs/ml/pca/ref.hpp>

#include <limits>

#include "golden_ml.hpp"

using namespace qrs::ml;
using qrs::Mt19937;

namespace {

template <class T>
Matrix<T> random_matrix(std::int64_t rows, std::int64_t cols, std::uint32_t seed) {
  Mt19937 rng(seed);
  Matrix<T> out(rows, cols);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < cols; ++j) out(i, j) = static_cast<T>(rng.gauss() * std::pow(0.9, double(j)) + 3.0);
  }
  return out;
}

/// Everything scikit-learn stored of a case. Components have the same signs: the rule is the same.
void check_case(const std::string& name, const std::string& data, std::int64_t rows, PcaParams params,
                double tolerance) {
  CAPTURE(name);
  const Matrix<double> all = golden_matrix(data);
  const MatrixView<double> x = MatrixView<double>(all).rows_from(0, rows < 0 ? all.rows() : rows);
  Pca<double> pca(std::move(params));
  pca.fit(x);
  REQUIRE(pca.components().rows() == golden_matrix(name + "/components").rows());
  CHECK(qrs::difference(pca.components().values(), golden_matrix(name + "/components").values()).relative() <
        tolerance);
  CHECK(qrs::difference(pca.singular_values(), golden_values(name + "/singular_values")).relative() < 1e-13);
  CHECK(qrs::difference(pca.explained_variance(), golden_values(name + "/explained_variance")).relative() < 1e-13);
  CHECK(qrs::difference(pca.explained_variance_ratio(), golden_values(name + "/explained_variance_ratio")).relative() <
        1e-13);
  CHECK(pca.noise_variance() == doctest::Approx(golden_values(name + "/noise_variance")[0]).epsilon(1e-7));
  const Matrix<double> z = pca.transform(x.rows_from(0, 5));
  CHECK(qrs::difference(z.values(), golden_matrix(name + "/transformed").values()).relative() < tolerance);
  CHECK(qrs::difference(pca.inverse_transform(z).values(), golden_matrix(name + "/reconstructed").values()).relative() <
        tolerance);
}

template <class T>
double not_orthonormal(const Matrix<T>& components) {
  qrs::Difference worst;
  for (std::int64_t a = 0; a < components.rows(); ++a) {
    for (std::int64_t b = 0; b < components.rows(); ++b) {
      double sum = a == b ? -1.0 : 0.0;
      for (std::int64_t j = 0; j < components.cols(); ++j) {
        sum += static_cast<double>(components(a, j)) * static_cast<double>(components(b, j));
      }
      worst.add(sum, 0.0);
    }
  }
  return worst.max_error;
}

std::string message(const Matrix<double>& x, PcaParams params) {
  try {
    Pca<double>(std::move(params)).fit(x);
  } catch (const qrs::Error& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("full is scikit-learn's, also where variances span 18 orders of magnitude") {
  // The last directions are known to eps |A| / (distance to the next singular value), about 1e-8 here.
  check_case("tall/full", "tall/x", -1, {.svd_solver = "full"}, 1e-6);
  check_case("wide/full", "wide/x", -1, {.n_components = 12, .svd_solver = "full"}, 1e-6);
  check_case("noisy/share", "noisy/x", -1, {.n_components = 0.9}, 1e-12);
  check_case("noisy/whiten", "noisy/x", -1, {.n_components = 6, .whiten = true, .svd_solver = "full"}, 1e-12);
  check_case("noisy/mle", "noisy/x", -1, {.n_components = "mle"}, 1e-12);
  // A singular value of 1e-9 of the largest has its digits: a covariance would have none.
  Pca<double> pca({.svd_solver = "full"});
  const Matrix<double> x = golden_matrix("tall/x");
  pca.fit(x);
  const double expected = golden_values("tall/full/singular_values").back();
  CHECK(pca.singular_values().back() == doctest::Approx(expected).epsilon(1e-5));
}

TEST_CASE("every solver finds the components that Jacobi's rotations find") {
  for (const std::uint32_t seed : {1, 2, 3}) {
    for (const char* solver : {"full", "covariance_eigh", "randomized"}) {
      CAPTURE(seed);
      CAPTURE(solver);
      const Matrix<double> x = random_matrix<double>(40 + 10 * seed, 6 + seed, seed);
      const pca::ref::Components judge = pca::ref::fit(x);
      Pca<double> got({.n_components = 5, .svd_solver = solver});
      got.fit(x);
      for (std::int64_t c = 0; c < 5; ++c) {
        CHECK(got.explained_variance()[c] == doctest::Approx(judge.variance[c]).epsilon(1e-9));
        for (std::int64_t j = 0; j < x.cols(); ++j) {
          CHECK(std::abs(got.components()(c, j) - judge.components(c, j)) <= 1e-7);
        }
      }
    }
  }
}

TEST_CASE("covariance_eigh is scikit-learn's") {
  check_case("noisy/covariance", "noisy/x", -1, {.n_components = 5, .svd_solver = "covariance_eigh"}, 1e-12);
  check_case("noisy/covariance", "noisy/x", -1, {.n_components = 5, .svd_solver = "covariance"}, 1e-12);
}

TEST_CASE("randomized finds scikit-learn's subspace for the same random_state") {
  check_case("noisy/randomized", "noisy/x", -1, {.n_components = 4, .svd_solver = "randomized", .random_state = 7},
             1e-9);
  for (const char* normalizer : {"auto", "none", "QR", "LU"}) {
    check_case("noisy/randomized_options", "noisy/x", -1,
               {.n_components = 4,
                .svd_solver = "randomized",
                .iterated_power = 2,
                .n_oversamples = 3,
                .power_iteration_normalizer = normalizer,
                .random_state = 3},
               1e-9);
  }
  check_case(
      "wide/randomized", "noisy/x", 12,
      {.n_components = 3, .svd_solver = "randomized", .iterated_power = 1, .n_oversamples = 2, .random_state = 1},
      1e-9);
}

TEST_CASE("float data give the double result to float digits, by every solver, tall and wide") {
  for (const auto& [rows, cols] : {std::pair<std::int64_t, std::int64_t>{90, 40}, {40, 90}}) {
    for (const char* solver : {"full", "covariance_eigh", "randomized"}) {
      CAPTURE(solver);
      const Matrix<float> x = random_matrix<float>(rows, cols, 3);
      Pca<float> single({.n_components = 8, .svd_solver = solver});
      Pca<double> twice({.n_components = 8, .svd_solver = solver});
      const Matrix<double> wide = convert<double>(MatrixView<float>(x));
      single.fit(x);
      twice.fit(wide);
      CHECK(qrs::difference(single.singular_values(), twice.singular_values()).relative() < 1e-6);
      CHECK(qrs::difference(single.components().values(), twice.components().values()).relative() < 1e-4);
      CHECK(qrs::difference(single.transform(x).values(), twice.transform(wide).values()).relative() < 1e-4);
    }
  }
}

TEST_CASE("components are orthonormal where data have fewer directions than features") {
  Matrix<double> x(30, 50);  // duplicate rows, constant and duplicate columns: five directions
  const Matrix<double> base = random_matrix<double>(6, 50, 5);
  for (std::int64_t i = 0; i < 30; ++i) {
    for (std::int64_t j = 0; j < 50; ++j) x(i, j) = j == 7 ? 4.0 : base(i % 6, j / 2);
  }
  const Matrix<float> single = convert<float>(MatrixView<double>(x));
  for (const char* solver : {"full", "covariance_eigh", "randomized"}) {
    CAPTURE(solver);
    Pca<double> pca({.n_components = 30, .svd_solver = solver});
    pca.fit(x);
    CHECK(not_orthonormal(pca.components()) < 1e-12);
    CHECK(pca.singular_values()[4] > 0.1);
    CHECK(pca.singular_values()[5] < 1e-6);
    CHECK(qrs::difference(pca.inverse_transform(pca.transform(x)).values(), x.values()).relative() < 1e-12);
    Pca<float> small({.n_components = 30, .svd_solver = solver});
    small.fit(single);
    CHECK(not_orthonormal(small.components()) < 1e-5);
  }
}

TEST_CASE("auto chooses as scikit-learn does") {
  const auto chosen = [](std::int64_t rows, std::int64_t cols, ParamValue n_components) {
    Pca<float> pca({.n_components = std::move(n_components)});
    pca.fit(random_matrix<float>(rows, cols, 1));
    return pca.fitted_solver();
  };
  CHECK(chosen(60, 6, 2) == "covariance_eigh");
  CHECK(chosen(60, 7, 2) == "full");
  CHECK(chosen(510, 60, 47) == "randomized");
  CHECK(chosen(510, 60, 48) == "full");
  CHECK(chosen(510, 60, 0.5) == "full");
  CHECK(chosen(510, 60, {}) == "full");
}

TEST_CASE("whitened features vary by 1, and come back") {
  const Matrix<double> x = random_matrix<double>(100, 10, 9);
  Pca<double> pca({.whiten = true});
  pca.fit(x);
  const Matrix<double> z = pca.transform(x);
  const ColumnMoments moments = column_moments(MatrixView<double>(z));
  for (const double variance : moments.variance) CHECK(variance == doctest::Approx(99.0 / 100.0).epsilon(1e-9));
  CHECK(qrs::difference(pca.inverse_transform(z).values(), x.values()).relative() < 1e-12);
}

TEST_CASE("constant features explain nothing") {
  const Matrix<double> x(4, 3, std::vector<double>(12, 2.5));
  for (const char* solver : {"full", "covariance_eigh", "randomized"}) {
    CAPTURE(solver);
    Pca<double> pca({.n_components = 2, .svd_solver = solver});
    pca.fit(x);
    CHECK(pca.explained_variance_ratio() == std::vector<double>{0.0, 0.0});
    CHECK(not_orthonormal(pca.components()) < 1e-12);
    CHECK(qrs::difference(pca.inverse_transform(pca.transform(x)).values(), x.values()).relative() < 1e-12);
  }
  CHECK(message(x, {.n_components = 0.9}) ==
        "[pca] expected features that vary, for n_components = 0.9 of the variance, got constant ones");
}

TEST_CASE("what cannot be decomposed is one clear error") {
  const Matrix<double> x = random_matrix<double>(10, 4, 1);
  CHECK(message(Matrix<double>(0, 4), {}) == "[pca] expected at least one row and one column, got 0 x 4");
  CHECK(message(Matrix<double>(1, 4), {}) == "[pca] expected at least 2 samples, got 1");
  Matrix<double> holed = x;
  holed(3, 2) = std::numeric_limits<double>::quiet_NaN();
  CHECK(message(holed, {}) ==
        "[pca] expected finite values, got nan in row 3, column 2"
        " (a missing value: fill it, or leave the row out; boost, tree and forest take it)");
  CHECK(message(x, {.n_components = 5}) ==
        "[pca] expected n_components from 0 to min(samples, features) = 4 with svd_solver full, got 5");
  CHECK(message(x, {.n_components = 0, .svd_solver = "randomized"}) ==
        "[pca] expected n_components from 1 to min(samples, features) = 4 with svd_solver randomized, got 0");
  CHECK(message(x, {.n_components = 1.0}) ==
        "[pca] expected n_components none, a count, a share of the variance in (0, 1) or mle, got 1.0");
  CHECK(message(x, {.n_components = 0.5, .svd_solver = "randomized"}) ==
        "[pca] expected n_components none or a count with svd_solver randomized, got 0.5");
  CHECK(message(random_matrix<double>(3, 4, 1), {.n_components = "mle"}) ==
        "[pca] expected at least as many samples as features for n_components mle, got 3 x 4");
  CHECK(message(x, {.svd_solver = "arpack"}) ==
        "[pca] expected svd_solver auto, full, covariance_eigh or randomized, got arpack");
  CHECK(message(x, {.iterated_power = -1}) == "[pca] expected iterated_power auto or a count >= 0, got -1");
  CHECK(message(x, {.n_oversamples = 0}) == "[pca] expected n_oversamples >= 1, got 0");
  CHECK(message(x, {.power_iteration_normalizer = "qr"}) ==
        "[pca] expected power_iteration_normalizer auto, QR, LU or none, got qr");
  Pca<double> pca;
  CHECK_THROWS_AS(pca.transform(x), qrs::Error);
  CHECK_THROWS_AS(pca.inverse_transform(x), qrs::Error);
  pca.fit(x);
  CHECK_THROWS_WITH_AS(pca.transform(Matrix<double>(1, 5)), "[pca] expected 4 columns as when fitted, got 5",
                       qrs::Error);
  CHECK_THROWS_AS(pca.inverse_transform(Matrix<double>(1, 5)), qrs::Error);
  CHECK(pca.transform(Matrix<double>(0, 4)).rows() == 0);
}

TEST_CASE("a fitted decomposition comes back from a file as it was, and a broken file is refused") {
  const Matrix<double> x = random_matrix<double>(20, 6, 4);
  Pca<double> pca({.n_components = 3, .whiten = true});
  pca.fit(x);
  qrs::io::StateDict file;
  pca.save(file, "pca.");
  Pca<double> loaded(pca.settings());
  loaded.load(file, "pca.");
  CHECK(loaded.transform(x) == pca.transform(x));
  CHECK(loaded.noise_variance() == pca.noise_variance());
  CHECK(pca.clone()->transform(x) == pca.transform(x));

  qrs::io::StateDict broken;
  store_values(broken, "mean", pca.mean());
  store_values(broken, "components", Matrix<double>(3, 5));
  CHECK_THROWS_WITH_AS(loaded.load(broken, ""), "[load] expected 'components' of shape (any, 6), got (3, 5)",
                       qrs::Error);
  qrs::io::StateDict infinite;
  store_values(infinite, "mean", std::vector<double>{std::numeric_limits<double>::infinity()});
  CHECK_THROWS_WITH_AS(loaded.load(infinite, ""), "[load] expected finite values in 'mean', got inf", qrs::Error);
  CHECK(loaded.transform(x) == pca.transform(x));
}

TEST_CASE("every solver has the same bits for any number of threads") {
  const Matrix<float> x = random_matrix<float>(700, 45, 8);
  const Matrix<double> wide = random_matrix<double>(45, 130, 8);
  for (const char* solver : {"full", "covariance_eigh", "randomized"}) {
    CAPTURE(solver);
    const auto run = [&](int threads) {
      const qrs::ThreadLimit limit(threads);
      Pca<float> single({.n_components = 5, .svd_solver = solver});
      Pca<double> twice({.n_components = 5, .svd_solver = solver});
      single.fit(x);
      twice.fit(wide);
      return std::pair(single.transform(x), twice.transform(wide));
    };
    const auto one = run(1);
    for (const int threads : {2, 3, 7}) CHECK(run(threads) == one);
  }
}
