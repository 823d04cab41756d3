// Dropout: the fast version against the plain loop, and what a mask promises.
#include <doctest/doctest.h>
#include <qrs/core/parallel.hpp>
#include <qrs/kernels.hpp>

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "../../kernels/dropout/ref.hpp"
#include "judge.hpp"
#include "random_values.hpp"

namespace {

using qrs::kernels::DropoutParams;
using qrs::testing::random_rows;
using qrs::testing::random_values;

template <class T>
void check_same(const DropoutParams& p) {
  CAPTURE(p.cols);
  CAPTURE(p.rows_per_sample);
  CAPTURE(p.accumulate);
  const std::vector<T> x = random_rows<T>(p.rows, p.cols, p.x_pitch);
  const std::vector<T> before = random_values<T>(p.rows * p.y_pitch, -1, 1, 2);
  std::vector<T> y = before;
  std::vector<T> y_expected = before;
  qrs::kernels::dropout_ref(p, x.data(), y_expected.data());
  qrs::kernels::dropout_cpu(p, x.data(), y.data());
  for (std::size_t i = 0; i < y.size(); ++i) CHECK(y[i] == doctest::Approx(y_expected[i]).epsilon(1e-6));
}

}  // namespace

TEST_CASE_TEMPLATE("dropout matches the plain loop at every row length, pitch and kind of mask", T, float, double) {
  for (std::int64_t cols = 1; cols <= 2 * qrs::simd::lanes<T> + 1; ++cols) {
    for (const std::int64_t rows_per_sample : {0, 3}) {
      for (const bool accumulate : {false, true}) {
        check_same<T>({.rows = 9,
                       .cols = cols,
                       .x_pitch = cols + 2,
                       .y_pitch = cols + 1,
                       .rows_per_sample = rows_per_sample,
                       .probability = 0.4,
                       .seed = 5,
                       .stream = 77,
                       .accumulate = accumulate});
      }
    }
  }
}

TEST_CASE_TEMPLATE("dropout matches the plain loop at random shapes", T, float, double) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    qrs::testing::Draw draw(seed);
    const std::int64_t cols = draw.in(1, 100);
    check_same<T>({.rows = draw.in(1, 60),
                   .cols = cols,
                   .x_pitch = cols + draw.in(0, 9),
                   .y_pitch = cols + draw.in(0, 9),
                   .rows_per_sample = draw.in(0, 5),
                   .probability = 0.3,
                   .seed = seed,
                   .stream = 3,
                   .accumulate = draw.coin()});
  }
}

TEST_CASE("dropout of probability 1 gives zeros, and the share of zeros is the probability") {
  const std::int64_t count = 100000;
  const std::vector<float> x(static_cast<std::size_t>(count), 1.0F);
  std::vector<float> y(x.size());
  DropoutParams p{.rows = count / 100, .cols = 100, .x_pitch = 100, .y_pitch = 100, .probability = 1.0};
  qrs::kernels::dropout_cpu(p, x.data(), y.data());
  CHECK(std::count(y.begin(), y.end(), 0.0F) == count);
  p.probability = 0.2;
  qrs::kernels::dropout_cpu(p, x.data(), y.data());
  const double dropped = static_cast<double>(std::count(y.begin(), y.end(), 0.0F)) / static_cast<double>(count);
  CHECK(dropped == doctest::Approx(0.2).epsilon(0.025));  // 4 standard errors
  CHECK(std::count(y.begin(), y.end(), 1.25F) + std::count(y.begin(), y.end(), 0.0F) == count);
}

TEST_CASE("the mask is the same for 1, 2, 3 and 7 threads") {
  const DropoutParams p{.rows = 3000, .cols = 33, .x_pitch = 33, .y_pitch = 33, .probability = 0.5, .seed = 3};
  const std::vector<float> x = random_values<float>(p.rows * p.cols);
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 3, 7}) {
    const qrs::ThreadLimit limit(threads);
    results.emplace_back(x.size());
    qrs::kernels::dropout_cpu(p, x.data(), results.back().data());
  }
  for (const std::vector<float>& result : results) CHECK(result == results.front());
}
