// StandardScaler against scikit-learn's (tests/golden/units/make_pca.py).
#include <doctest/doctest.h>
#include <qrs/core/rng.hpp>
#include <qrs/ml/scaler.hpp>

#include <limits>

#include "golden_ml.hpp"

using namespace qrs::ml;
using qrs::Mt19937;

TEST_CASE("mean, variance, scale and transform are scikit-learn's, constant and nearly constant features too") {
  const Matrix<double> x = golden_matrix("scaler/x");
  StandardScaler<double> scaler;
  scaler.fit(x);
  CHECK(qrs::difference(scaler.mean(), golden_values("scaler/plain/mean")).relative() < 1e-15);
  CHECK(qrs::difference(scaler.variance(), golden_values("scaler/plain/variance")).relative() < 1e-13);
  const std::vector<double> scale = golden_values("scaler/plain/scale");
  for (std::size_t j = 0; j < scale.size(); ++j) CHECK(scaler.scale()[j] == doctest::Approx(scale[j]).epsilon(1e-9));
  CHECK(qrs::difference(scaler.transform(x).values(), golden_matrix("scaler/plain/z").values()).relative() < 1e-9);
  CHECK(qrs::difference(scaler.inverse_transform(scaler.transform(x)).values(), x.values()).relative() < 1e-14);
}

TEST_CASE("NaN is left out by fit and stays in transform") {
  const Matrix<double> x = golden_matrix("scaler/with_nan");
  StandardScaler<double> scaler;
  scaler.fit(x);
  CHECK(qrs::difference(scaler.mean(), golden_values("scaler/nan/mean")).relative() < 1e-15);
  const std::vector<double> scale = golden_values("scaler/nan/scale");
  for (std::size_t j = 0; j < scale.size(); ++j) CHECK(scaler.scale()[j] == doctest::Approx(scale[j]).epsilon(1e-9));
  CHECK(qrs::difference(scaler.transform(x).values(), golden_matrix("scaler/nan/z").values()).relative() < 1e-9);
}

TEST_CASE("with_mean and with_std switch their half off") {
  const Matrix<float> x(2, 1, {1.0f, 5.0f});
  StandardScaler<float> only_scale({.with_mean = false});
  StandardScaler<float> only_mean;
  only_mean.set("with_std", false);
  only_scale.fit(x);
  only_mean.fit(x);
  CHECK(only_scale.transform(x) == Matrix<float>(2, 1, {0.5f, 2.5f}));
  CHECK(only_mean.transform(x) == Matrix<float>(2, 1, {-2.0f, 2.0f}));
  CHECK(only_scale.inverse_transform(only_scale.transform(x)) == x);
  CHECK(only_mean.inverse_transform(only_mean.transform(x)) == x);
}

TEST_CASE("a scaler comes back from a file as it was, and a broken file is refused") {
  StandardScaler<double> scaler;
  const Matrix<double> x = golden_matrix("scaler/x");
  scaler.fit(x);
  qrs::io::StateDict file;
  scaler.save(file, "step.");
  StandardScaler<double> loaded;
  loaded.load(file, "step.");
  CHECK(loaded.transform(x) == scaler.transform(x));

  qrs::io::StateDict short_one;
  store_values(short_one, "mean", std::vector<double>{1.0, 2.0});
  store_values(short_one, "variance", std::vector<double>{1.0});
  store_values(short_one, "samples_seen", std::vector<std::int64_t>{1, 1});
  CHECK_THROWS_WITH_AS(loaded.load(short_one, ""), "[load] expected 'variance' of shape (2), got (1)", qrs::Error);
  qrs::io::StateDict negative;
  store_values(negative, "mean", std::vector<double>{1.0});
  store_values(negative, "variance", std::vector<double>{-1.0});
  store_values(negative, "samples_seen", std::vector<std::int64_t>{1});
  CHECK_THROWS_AS(loaded.load(negative, ""), qrs::Error);
  CHECK_THROWS_AS(loaded.load({}, ""), qrs::Error);
  CHECK(loaded.transform(x) == scaler.transform(x));  // a refused file changes nothing
}

TEST_CASE("what cannot be scaled is one clear error") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  StandardScaler<double> scaler;
  CHECK_THROWS_WITH_AS(scaler.transform(Matrix<double>(1, 1)),
                       "[scaler] expected a fitted learner, got one that is not: call fit first", qrs::Error);
  CHECK_THROWS_AS(scaler.fit(Matrix<double>(0, 3)), qrs::Error);
  CHECK_THROWS_AS(scaler.fit(Matrix<double>(1, 1, {std::numeric_limits<double>::infinity()})), qrs::Error);
  CHECK_THROWS_WITH_AS(scaler.fit(Matrix<double>(2, 2, {1.0, nan, 2.0, nan})),
                       "[scaler] expected a number in every column, got only NaN in column 1", qrs::Error);
  scaler.fit(Matrix<double>(2, 2, {1.0, 2.0, 3.0, 4.0}));
  CHECK_THROWS_WITH_AS(scaler.transform(Matrix<double>(1, 3)), "[scaler] expected 2 columns as when fitted, got 3",
                       qrs::Error);
}

TEST_CASE("scaling has the same bits for any number of threads") {
  Mt19937 rng(1);
  Matrix<float> x(150, 70);
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    for (std::int64_t j = 0; j < x.cols(); ++j) x(i, j) = static_cast<float>(rng.gauss());
  }
  const auto run = [&](int threads) {
    const qrs::ThreadLimit limit(threads);
    StandardScaler<float> scaler;
    scaler.fit(x);
    return scaler.transform(x);
  };
  const Matrix<float> one = run(1);
  for (const int threads : {2, 3, 7}) CHECK(run(threads) == one);
}
