// Pooling: the fast versions against the plain loops, and PyTorch's rules for sizes, ties and NaN.
#include <doctest/doctest.h>
#include <qrs/core/compare.hpp>
#include <qrs/core/parallel.hpp>
#include <qrs/kernels.hpp>

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <utility>
#include <vector>

#include "../../kernels/pool2d/ref.hpp"
#include "judge.hpp"
#include "random_values.hpp"

namespace {

using qrs::kernels::Pool2dParams;
using qrs::kernels::PoolAxis;
using qrs::testing::random_rows;
using qrs::testing::random_values;

/// An axis with its number of outputs.
PoolAxis axis(std::int64_t size, std::int64_t kernel, std::int64_t stride, std::int64_t padding,
              std::int64_t dilation = 1, bool ceil_mode = false) {
  PoolAxis out{.size = size, .kernel = kernel, .stride = stride, .padding = padding, .dilation = dilation};
  out.out = out.outputs(ceil_mode);
  return out;
}

/// Max and average pooling of one shape, forward and backward, with and without accumulation.
template <class T>
void check_shape(Pool2dParams p, std::int64_t gap) {
  p.x_pitch = p.c + gap;
  p.y_pitch = p.c + 2 * gap;
  CAPTURE(p.c);
  CAPTURE(gap);
  const std::int64_t pixels = p.n * p.y.size * p.x.size;
  const std::int64_t outputs = p.n * p.y.out * p.x.out;
  std::vector<T> x = random_rows<T>(pixels, p.c, p.x_pitch);
  for (std::size_t i = 0; i < x.size(); i += 3) {
    if (!std::isnan(x[i])) x[i] = T(0.5);  // ties
  }
  const std::vector<T> dy = random_rows<T>(outputs, p.c, p.y_pitch, -1, 1, 2);
  const double tolerance = sizeof(T) == 4 ? 2e-6 : 1e-14;  // other contractions of sums of a few dozen values
  const auto close = [&](const std::vector<T>& got, const std::vector<T>& expected) {
    CHECK(qrs::mismatch(got, expected, {.absolute = tolerance}) == "");
  };

  std::vector<T> y = random_values<T>(outputs * p.y_pitch, -1, 1, 3);
  std::vector<T> y_expected = y;
  qrs::kernels::avg_pool2d_forward_ref(p, x.data(), y_expected.data());
  qrs::kernels::avg_pool2d_forward_cpu(p, x.data(), y.data());
  close(y, y_expected);
  std::vector<qrs::kernels::MaxTap<T>> maxima_expected(static_cast<std::size_t>(outputs * p.c));
  std::vector<qrs::kernels::MaxTap<T>> maxima(maxima_expected.size());
  if (!p.y.adaptive) {
    qrs::kernels::max_pool2d_forward_ref(p, x.data(), y_expected.data(), maxima_expected.data());
    qrs::kernels::max_pool2d_forward_cpu(p, x.data(), y.data(), maxima.data());
    CHECK(y == y_expected);
    CHECK(maxima == maxima_expected);
  }
  for (const bool accumulate : {false, true}) {
    std::vector<T> dx = random_values<T>(pixels * p.x_pitch, -1, 1, 4);
    std::vector<T> dx_expected = dx;
    qrs::kernels::avg_pool2d_backward_ref(p, dy.data(), dx_expected.data(), accumulate);
    qrs::kernels::avg_pool2d_backward_cpu(p, dy.data(), dx.data(), accumulate);
    close(dx, dx_expected);
    if (p.y.adaptive) continue;
    qrs::kernels::max_pool2d_backward_ref(p, dy.data(), maxima_expected.data(), dx_expected.data(), accumulate);
    qrs::kernels::max_pool2d_backward_cpu(p, dy.data(), maxima.data(), dx.data(), accumulate);
    close(dx, dx_expected);
  }
}

}  // namespace

TEST_CASE_TEMPLATE("pooling matches the plain loops at every tail length and pitch", T, float, double) {
  for (std::int64_t c = 1; c <= 2 * qrs::simd::lanes<T> + 1; ++c) {
    for (const std::int64_t gap : {0, 3}) {
      check_shape<T>({.n = 2, .c = c, .y = axis(7, 3, 2, 1), .x = axis(6, 2, 2, 0)}, gap);
    }
  }
}

TEST_CASE_TEMPLATE("pooling matches the plain loops for every kind of window", T, float, double) {
  for (const std::int64_t kernel : {1, 2, 3, 5}) {
    for (const std::int64_t stride : {1, 2, 4}) {
      for (const std::int64_t padding : {std::int64_t{0}, kernel / 2}) {
        for (const bool ceil_mode : {false, true}) {
          CAPTURE(kernel);
          CAPTURE(stride);
          CAPTURE(padding);
          CAPTURE(ceil_mode);
          check_shape<T>({.n = 1,
                          .c = 5,
                          .y = axis(9, kernel, stride, padding, 1, ceil_mode),
                          .x = axis(8, kernel, stride, padding, 1, ceil_mode),
                          .count_include_pad = ceil_mode},
                         0);
        }
      }
    }
  }
  for (const std::int64_t out : {1, 2, 5, 7, 11}) {
    check_shape<T>(
        {.n = 2, .c = 5, .y = {.size = 7, .out = out, .adaptive = true}, .x = {.size = 9, .out = 4, .adaptive = true}},
        1);
  }
}

TEST_CASE_TEMPLATE("pooling matches the plain loops at random shapes", T, float, double) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    qrs::testing::Draw draw(seed);
    const auto draw_axis = [&](bool ceil_mode) {
      const std::int64_t kernel = draw.in(1, 5);
      return axis(draw.in(kernel, 12), kernel, draw.in(1, 4), draw.in(0, kernel / 2), 1, ceil_mode);
    };
    const bool ceil_mode = draw.coin();
    const PoolAxis y = draw_axis(ceil_mode);
    const PoolAxis x = draw_axis(ceil_mode);
    check_shape<T>({.n = draw.in(1, 3), .c = draw.in(1, 50), .y = y, .x = x, .count_include_pad = draw.coin()},
                   draw.in(0, 4));
  }
}

TEST_CASE("pooling has the same bits for 1, 2, 3 and 7 threads") {
  const Pool2dParams p{.n = 2, .c = 21, .y = axis(40, 3, 2, 1), .x = axis(39, 3, 2, 1), .x_pitch = 21, .y_pitch = 21};
  const std::vector<float> x = random_values<float>(p.n * p.y.size * p.x.size * p.c);
  const auto outputs = static_cast<std::size_t>(p.n * p.y.out * p.x.out * p.c);
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 3, 7}) {
    const qrs::ThreadLimit limit(threads);
    std::vector<float> average(outputs), largest(outputs), dx(x.size());
    std::vector<std::int32_t> maxima(outputs);
    qrs::kernels::avg_pool2d_forward_cpu(p, x.data(), average.data());
    qrs::kernels::max_pool2d_forward_cpu(p, x.data(), largest.data(), maxima.data());
    qrs::kernels::avg_pool2d_backward_cpu(p, largest.data(), dx.data(), false);
    qrs::kernels::max_pool2d_backward_cpu(p, average.data(), maxima.data(), dx.data(), true);
    for (const std::vector<float>& part : {largest, dx}) average.insert(average.end(), part.begin(), part.end());
    for (const std::int32_t tap : maxima) average.push_back(static_cast<float>(tap));
    results.push_back(average);
  }
  for (const std::vector<float>& result : results) CHECK(result == results.front());
}

TEST_CASE("dilated maxima match the plain loops") {
  const Pool2dParams p{
      .n = 1, .c = 5, .y = axis(11, 3, 2, 1, 2, true), .x = axis(9, 2, 1, 1, 3), .x_pitch = 5, .y_pitch = 5};
  const std::vector<float> x = random_values<float>(11 * 9 * 5);
  const auto outputs = static_cast<std::size_t>(p.y.out * p.x.out * p.c);
  std::vector<float> y(outputs), y_expected(outputs);
  std::vector<std::int32_t> maxima(outputs), maxima_expected(outputs);
  qrs::kernels::max_pool2d_forward_ref(p, x.data(), y_expected.data(), maxima_expected.data());
  qrs::kernels::max_pool2d_forward_cpu(p, x.data(), y.data(), maxima.data());
  CHECK(y == y_expected);
  CHECK(maxima == maxima_expected);
  std::vector<float> dx(x.size()), dx_expected(x.size());
  qrs::kernels::max_pool2d_backward_ref(p, y.data(), maxima.data(), dx_expected.data(), false);
  qrs::kernels::max_pool2d_backward_cpu(p, y.data(), maxima.data(), dx.data(), false);
  for (std::size_t i = 0; i < dx.size(); ++i) CHECK(dx[i] == doctest::Approx(dx_expected[i]).epsilon(1e-6));
}

TEST_CASE("the number of outputs is PyTorch's") {
  CHECK(axis(112, 3, 2, 1).out == 56);
  CHECK(axis(7, 2, 2, 0).out == 3);
  CHECK(axis(7, 2, 2, 0, 1, true).out == 4);
  CHECK(axis(5, 2, 4, 1, 1, true).out == 2);  // a third window would start in the padding past the end
  CHECK(axis(4, 3, 3, 1, 1, true).out == 2);
  CHECK(axis(2, 3, 1, 0).out == 0);
}

TEST_CASE("of equal maxima the first wins, NaN wins over numbers, and minus infinity over padding") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float inf = std::numeric_limits<float>::infinity();
  const Pool2dParams p{.n = 1, .c = 1, .y = axis(1, 1, 1, 0), .x = axis(6, 3, 3, 1), .x_pitch = 1, .y_pitch = 1};
  REQUIRE(p.x.out == 2);  // windows (padding, 0, 1) and (2, 3, 4)
  const auto run = [&](std::vector<float> x) {
    std::vector<float> y(2);
    std::vector<std::int32_t> at(2);
    qrs::kernels::max_pool2d_forward_cpu(p, x.data(), y.data(), at.data());
    return std::pair(y, at);
  };
  CHECK(run({2, 2, 5, 7, 7, 0}) == std::pair(std::vector<float>{2, 7}, std::vector<std::int32_t>{1, 1}));
  CHECK(run({-inf, -inf, -3, -3, -4, 0}) == std::pair(std::vector<float>{-inf, -3}, std::vector<std::int32_t>{1, 0}));
  const auto [y, at] = run({nan, 9, 1, nan, inf, 0});
  CHECK(std::isnan(y[0]));
  CHECK(std::isnan(y[1]));
  CHECK(at == std::vector<std::int32_t>{1, 1});
}
