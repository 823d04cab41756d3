// Elementwise maps: the fast versions against the plain loops, on every tail, pitch and accumulation.
#include <doctest/doctest.h>
#include <qrs/core/compare.hpp>
#include <qrs/core/parallel.hpp>
#include <qrs/kernels.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <vector>

#include "../../kernels/elementwise/ref.hpp"
#include "activations.hpp"
#include "judge.hpp"
#include "random_values.hpp"

namespace elementwise_test {

namespace {

using qrs::kernels::Activation;
using qrs::kernels::ElementwiseParams;
using qrs::testing::random_rows;
using qrs::testing::random_values;

/// The largest |got - expected| / max(1, |expected|).
template <class T>
double worst_error(const std::vector<T>& got, const std::vector<T>& expected) {
  REQUIRE(got.size() == expected.size());
  qrs::Difference worst;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double e = static_cast<double>(expected[i]);
    worst.add(qrs::element_error(static_cast<double>(got[i]), e) / std::max(1.0, std::fabs(e)), 0.0);
  }
  return worst.max_error;
}

/// A few roundings of T: the two versions use other polynomials and other contractions.
template <class T>
constexpr double tolerance = sizeof(T) == 4 ? 5e-7 : 2e-15;

/// Quotients, exponentials, logarithms and roots of positive values.
template <class T>
void check_arithmetic(const ElementwiseParams& p, const std::vector<T>& y) {
  const std::vector<T> x = random_rows<T>(p.rows, p.cols, p.x_pitch, T(0.1), 8, 1);
  const std::vector<T> z = random_rows<T>(p.rows, p.cols, p.z_pitch, T(0.5), 2, 2);
  const auto compare = [&](const auto& ref, const auto& cpu) {
    std::vector<T> got = y;
    std::vector<T> expected = y;
    ref(expected.data());
    cpu(got.data());
    CHECK(worst_error(got, expected) <= tolerance<T>);
  };
  compare([&](T* to) { qrs::kernels::divide_ref(p, x.data(), z.data(), to); },
          [&](T* to) { qrs::kernels::divide_cpu(p, x.data(), z.data(), to); });
  compare([&](T* to) { qrs::kernels::exp_ref(p, x.data(), to); },
          [&](T* to) { qrs::kernels::exp_cpu(p, x.data(), to); });
  compare([&](T* to) { qrs::kernels::log_ref(p, x.data(), to); },
          [&](T* to) { qrs::kernels::log_cpu(p, x.data(), to); });
  compare([&](T* to) { qrs::kernels::sqrt_ref(p, x.data(), to); },
          [&](T* to) { qrs::kernels::sqrt_cpu(p, x.data(), to); });
}

template <class T>
void check_shape(const ElementwiseParams& p) {
  CAPTURE(p.rows);
  CAPTURE(p.cols);
  CAPTURE(p.y_pitch);
  CAPTURE(p.accumulate);
  const std::vector<T> x = random_rows<T>(p.rows, p.cols, p.x_pitch, -8, 8, 1);
  const std::vector<T> z = random_rows<T>(p.rows, p.cols, p.z_pitch, -1, 1, 2);
  const std::vector<T> dy = random_rows<T>(p.rows, p.cols, p.y_pitch, -1, 1, 4);
  const std::vector<T> dx_before = random_values<T>(p.rows * p.z_pitch, -1, 1, 2);
  const std::vector<T> y = random_values<T>(p.rows * p.y_pitch, -1, 1, 3);
  std::vector<T> got = y;  // what stands between rows is compared too: nobody may write there
  std::vector<T> expected = y;
  for (const Activation& f : qrs::testing::activations) {
    CAPTURE(static_cast<int>(f.kind));
    got = expected = y;
    qrs::kernels::activation_forward_ref(p, f, x.data(), expected.data());
    qrs::kernels::activation_forward_cpu(p, f, x.data(), got.data());
    CHECK(worst_error(got, expected) <= tolerance<T>);
    std::vector<T> dx = dx_before;
    std::vector<T> dx_expected = dx_before;
    qrs::kernels::activation_backward_ref(p, f, x.data(), dy.data(), dx_expected.data(), p.z_pitch);
    qrs::kernels::activation_backward_cpu(p, f, x.data(), dy.data(), dx.data(), p.z_pitch);
    CHECK(worst_error(dx, dx_expected) <= 4 * tolerance<T>);
  }
  got = expected = y;
  qrs::kernels::add_ref(p, x.data(), z.data(), expected.data());
  qrs::kernels::add_cpu(p, x.data(), z.data(), got.data());
  CHECK(got == expected);
  got = expected = y;
  qrs::kernels::multiply_ref(p, x.data(), z.data(), expected.data());
  qrs::kernels::multiply_cpu(p, x.data(), z.data(), got.data());
  CHECK(worst_error(got, expected) <= tolerance<T>);
  got = expected = y;
  qrs::kernels::add_scaled_ref(p, T(0.75), x.data(), expected.data());
  qrs::kernels::add_scaled_cpu(p, T(0.75), x.data(), got.data());
  CHECK(worst_error(got, expected) <= tolerance<T>);
  check_arithmetic<T>(p, y);
}

}  // namespace

TEST_CASE_TEMPLATE("elementwise maps match the plain loops at every tail length, pitch and accumulation", T, float,
                   double) {
  for (std::int64_t cols = 1; cols <= 2 * qrs::simd::lanes<T> + 1; ++cols) {
    for (const bool accumulate : {false, true}) {
      check_shape<T>({3, cols, cols, cols, cols, accumulate});
      check_shape<T>({3, cols, cols + 1, cols + 5, cols + 2, accumulate});
    }
  }
}

TEST_CASE_TEMPLATE("elementwise maps match the plain loops where the work is cut into tasks", T, float, double) {
  check_shape<T>({1, 70001, 70001, 70001, 70001, false});
  check_shape<T>({2000, 33, 40, 33, 40, true});
}

TEST_CASE_TEMPLATE("elementwise maps match the plain loops at random shapes", T, float, double) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    qrs::testing::Draw draw(seed);
    const std::int64_t cols = draw.in(1, 100);
    check_shape<T>(
        {draw.in(1, 60), cols, cols + draw.in(0, 9), cols + draw.in(0, 9), cols + draw.in(0, 9), draw.coin()});
  }
}

TEST_CASE("a NaN in a kernel's output is an infinite error, in every place and on either side") {
  const std::vector<float> x = random_values<float>(37, -8, 8, 1);
  const ElementwiseParams p{1, 37, 37, 37, 37, false};
  std::vector<float> expected(37);
  qrs::kernels::activation_forward_ref(p, Activation::silu, x.data(), expected.data());
  for (std::size_t at = 0; at < x.size(); ++at) {
    std::vector<float> got(37);
    qrs::kernels::activation_forward_cpu(p, Activation::silu, x.data(), got.data());
    REQUIRE(worst_error(got, expected) <= tolerance<float>);
    got[at] = std::numeric_limits<float>::quiet_NaN();
    CHECK(std::isinf(worst_error(got, expected)));
    CHECK(std::isinf(worst_error(expected, got)));
    CHECK(qrs::mismatch(got, expected, {.absolute = 1e30}) != "");
  }
}

TEST_CASE("activations at the ends of the numbers are those of the formula") {
  constexpr float inf = std::numeric_limits<float>::infinity();
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> x = {0.0F, -0.0F, 3.0F, -3.0F, 6.0F, 100.0F, -100.0F, 1e30F, -1e30F, inf, -inf, nan};
  const std::int64_t count = static_cast<std::int64_t>(x.size());
  const ElementwiseParams p{1, count, count, count, count, false};
  const std::vector<float> dy(x.size(), 1.0F);
  for (const Activation& f : qrs::testing::activations) {
    CAPTURE(static_cast<int>(f.kind));
    std::vector<float> got(x.size());
    std::vector<float> expected(x.size());
    qrs::kernels::activation_forward_ref(p, f, x.data(), expected.data());
    qrs::kernels::activation_forward_cpu(p, f, x.data(), got.data());
    CHECK(worst_error(got, expected) <= tolerance<float>);
    qrs::kernels::activation_backward_ref(p, f, x.data(), dy.data(), expected.data(), count);
    qrs::kernels::activation_backward_cpu(p, f, x.data(), dy.data(), got.data(), count);
    CHECK(worst_error(got, expected) <= 4 * tolerance<float>);
  }
}

TEST_CASE("elementwise maps have the same bits for 1, 2, 3 and 7 threads") {
  const ElementwiseParams p{3000, 21, 21, 21, 21, true};
  const std::vector<float> x = random_values<float>(p.rows * p.cols, -4, 4);
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 3, 7}) {
    const qrs::ThreadLimit limit(threads);
    std::vector<float> y(x.size());
    qrs::kernels::activation_forward_cpu(p, Activation::silu, x.data(), y.data());
    qrs::kernels::activation_backward_cpu(p, Activation::gelu, x.data(), x.data(), y.data(), p.cols);
    qrs::kernels::multiply_cpu(p, x.data(), x.data(), y.data());
    qrs::kernels::add_scaled_cpu(p, 0.75F, x.data(), y.data());
    results.push_back(y);
    qrs::kernels::add_cpu(p, x.data(), results.back().data(), y.data());
    results.back().insert(results.back().end(), y.begin(), y.end());
  }
  for (const std::vector<float>& result : results) CHECK(result == results.front());
}

}  // namespace elementwise_test
