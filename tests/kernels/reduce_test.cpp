// Sums over rows: the fast version against the plain loops, on every tail and pitch; order and bits.
#include <doctest/doctest.h>
#include <qrs/core/compare.hpp>
#include <qrs/core/parallel.hpp>
#include <qrs/kernels.hpp>

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "../../kernels/reduce/ref.hpp"
#include "judge.hpp"
#include "random_values.hpp"

namespace {

using qrs::kernels::ReduceParams;
using qrs::testing::random_rows;
using qrs::testing::random_values;

/// reduce_rows, broadcast_rows and reduce_total against the judge, for one shape.
template <class T>
void check_shape(const ReduceParams& p) {
  CAPTURE(p.outer);
  CAPTURE(p.rows);
  CAPTURE(p.cols);
  CAPTURE(p.x_pitch);
  CAPTURE(p.accumulate);
  const std::vector<T> x = random_rows<T>(p.outer * p.rows, p.cols, p.x_pitch);
  const std::vector<T> y = random_values<T>(p.outer * p.cols, -1, 1, 2);
  // Partial sums of 32 values in T: 32 half roundings of a sum that is at most 32, then double.
  const double tolerance = (sizeof(T) == 4 ? 1e-6 : 1e-14) * static_cast<double>(1 + p.rows) * p.scale;

  std::vector<T> expected = y;
  std::vector<T> got = y;
  qrs::kernels::reduce_rows_ref(p, x.data(), expected.data());
  qrs::kernels::reduce_rows_cpu(p, x.data(), got.data());
  CHECK(qrs::mismatch(got, expected, {.absolute = tolerance}) == "");

  std::vector<T> wide_expected = random_values<T>(p.outer * p.rows * p.x_pitch, -1, 1, 3);
  std::vector<T> wide = wide_expected;
  qrs::kernels::broadcast_rows_ref(p, y.data(), wide_expected.data());
  qrs::kernels::broadcast_rows_cpu(p, y.data(), wide.data());
  // Gaps between rows included: they must keep what stood there.
  CHECK(qrs::mismatch(wide, wide_expected, {.absolute = 2e-7 * p.scale}) == "");

  T total_expected = T(0.5);
  T total = T(0.5);
  qrs::kernels::reduce_total_ref(p, x.data(), &total_expected);
  qrs::kernels::reduce_total_cpu(p, x.data(), &total);
  CHECK(std::fabs(total - total_expected) <= tolerance * static_cast<double>(p.outer * p.cols));
}

}  // namespace

TEST_CASE_TEMPLATE("sums over rows match the plain loops at every tail length, pitch and accumulation", T, float,
                   double) {
  for (std::int64_t cols = 1; cols <= 2 * qrs::simd::lanes<T> + 1; ++cols) {
    for (const std::int64_t gap : {0, 3}) {
      for (const bool accumulate : {false, true}) {
        check_shape<T>(
            {.outer = 2, .rows = 37, .cols = cols, .x_pitch = cols + gap, .scale = 1.5, .accumulate = accumulate});
      }
    }
  }
}

TEST_CASE_TEMPLATE("sums over rows match the plain loops on one row, many chunks and wide rows", T, float, double) {
  check_shape<T>({.outer = 1, .rows = 1, .cols = 5, .x_pitch = 5});
  check_shape<T>({.outer = 3, .rows = 1, .cols = 1, .x_pitch = 1});
  check_shape<T>({.outer = 1, .rows = 5000, .cols = 24, .x_pitch = 24});
  check_shape<T>({.outer = 2, .rows = 700, .cols = 131, .x_pitch = 160});
  check_shape<T>({.outer = 5, .rows = 49, .cols = 1024, .x_pitch = 1024, .scale = 1.0 / 49});
  check_shape<T>({.outer = 1, .rows = 70000, .cols = 1, .x_pitch = 1});
}

TEST_CASE_TEMPLATE("sums over rows match the plain loops at random shapes", T, float, double) {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    qrs::testing::Draw draw(seed);
    const std::int64_t cols = draw.in(1, 100);
    check_shape<T>({.outer = draw.in(1, 4),
                    .rows = draw.in(1, 300),
                    .cols = cols,
                    .x_pitch = cols + draw.in(0, 9),
                    .scale = 0.75,
                    .accumulate = draw.coin()});
  }
}

TEST_CASE("a float sum of a million rows is exact to a rounding") {
  const std::int64_t rows = 1000000;
  const std::vector<float> x = random_values<float>(rows, 0.9, 1.1);
  double exact = 0.0;
  for (const float value : x) exact += static_cast<double>(value);
  float sum = 0.0F;
  qrs::kernels::reduce_rows_cpu(ReduceParams{.rows = rows, .cols = 1, .x_pitch = 1}, x.data(), &sum);
  CHECK(static_cast<double>(sum) == doctest::Approx(exact).epsilon(2e-7));
  qrs::kernels::reduce_total_cpu(ReduceParams{.rows = rows, .cols = 1, .x_pitch = 1}, x.data(), &sum);
  CHECK(static_cast<double>(sum) == doctest::Approx(exact).epsilon(2e-7));
}

TEST_CASE("sums have the same bits for 1, 2, 3 and 7 threads") {
  const ReduceParams p{.outer = 3, .rows = 3001, .cols = 19, .x_pitch = 23};
  const std::vector<float> x = random_values<float>(p.outer * p.rows * p.x_pitch);
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 3, 7}) {
    const qrs::ThreadLimit limit(threads);
    std::vector<float> y(static_cast<std::size_t>(p.outer * p.cols + 1));
    qrs::kernels::reduce_rows_cpu(p, x.data(), y.data());
    qrs::kernels::reduce_total_cpu(p, x.data(), &y.back());
    std::vector<float> wide(x.size());
    qrs::kernels::broadcast_rows_cpu(p, y.data(), wide.data());
    y.insert(y.end(), wide.begin(), wide.end());
    results.push_back(y);
  }
  for (const std::vector<float>& result : results) CHECK(result == results.front());
}
