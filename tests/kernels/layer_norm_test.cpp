// Layer normalisation: the fast version against the plain loops, on every tail, pitch and combination of gradients.
#include <doctest/doctest.h>
#include <qrs/kernels.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "../../kernels/layer_norm/ref.hpp"
#include "qrs/tensor/compare.hpp"
#include "random_values.hpp"

namespace layer_norm_test {

using qrs::kernels::LayerNormGradients;
using qrs::kernels::LayerNormParams;
using qrs::testing::random_values;

template <class T>
static std::string far(const std::vector<T>& got, const std::vector<T>& expected, double tolerance) {
  const qrs::Shape shape{static_cast<std::int64_t>(got.size())};
  return qrs::mismatch(qrs::Tensor<T>::from(shape, got), qrs::Tensor<T>::from(shape, expected),
                       {.absolute = tolerance, .relative = tolerance});
}

/// Rounding of values near 1, after a division by a deviation of about 0.5.
template <class T>
constexpr double tolerance = sizeof(T) == 4 ? 3e-6 : 1e-14;

template <class T>
static void check_shape(const LayerNormParams& p, bool affine, bool accumulate, double offset = 0.0) {
  CAPTURE(p.rows);
  CAPTURE(p.cols);
  CAPTURE(affine);
  CAPTURE(accumulate);
  const std::vector<T> x = random_values<T>(p.rows * p.x_pitch, offset - 1, offset + 1, 1);
  const std::vector<T> gamma = random_values<T>(p.cols, 0.5, 1.5, 2);
  const std::vector<T> beta = random_values<T>(p.cols, -1, 1, 3);
  const std::vector<T> dy = random_values<T>(p.rows * p.y_pitch, -1, 1, 4);
  const T* factors = affine ? gamma.data() : nullptr;
  const T* shifts = affine ? beta.data() : nullptr;
  const auto rows = static_cast<std::size_t>(p.rows);
  std::vector<T> y = dy, y_expected = dy, mean(rows), mean_expected(rows), inv_std(rows), inv_std_expected(rows);
  qrs::kernels::layer_norm_forward_ref(p, x.data(), factors, shifts, y_expected.data(), mean_expected.data(),
                                       inv_std_expected.data());
  qrs::kernels::layer_norm_forward_cpu(p, x.data(), factors, shifts, y.data(), mean.data(), inv_std.data());
  const double eps = tolerance<T> * (1.0 + std::abs(offset));
  CHECK(far(y, y_expected, eps) == "");
  CHECK(far(mean, mean_expected, eps) == "");
  CHECK(far(inv_std, inv_std_expected, eps) == "");

  const auto run = [&](bool with_dx, bool with_factors, int threads, bool reference) {
    const qrs::ThreadLimit limit(threads);
    std::vector<T> dx = random_values<T>(p.rows * p.dx_pitch, -1, 1, 5);
    std::vector<T> dgamma = gamma;
    std::vector<T> dbeta = beta;
    const LayerNormGradients<T> to{.dx = with_dx ? dx.data() : nullptr,
                                   .dgamma = with_factors ? dgamma.data() : nullptr,
                                   .dbeta = with_factors ? dbeta.data() : nullptr,
                                   .accumulate_dx = accumulate,
                                   .accumulate_dgamma = accumulate,
                                   .accumulate_dbeta = accumulate};
    if (reference) {
      qrs::kernels::layer_norm_backward_ref(p, x.data(), dy.data(), factors, mean.data(), inv_std.data(), to);
    } else {
      qrs::kernels::layer_norm_backward_cpu(p, x.data(), dy.data(), factors, mean.data(), inv_std.data(), to);
    }
    return std::vector<std::vector<T>>{dx, dgamma, dbeta};
  };
  const auto expected = run(true, true, 1, true);
  const auto got = run(true, true, 1, false);
  const double sums = 4 * eps * std::sqrt(static_cast<double>(p.rows));
  CHECK(far(got[0], expected[0], 4 * eps) == "");
  CHECK(far(got[1], expected[1], sums) == "");
  CHECK(far(got[2], expected[2], sums) == "");
  CHECK(run(true, true, 3, false) == got);
  CHECK(run(true, false, 2, false)[0] == got[0]);
  CHECK(run(false, true, 2, false)[1] == got[1]);
}

TEST_CASE_TEMPLATE("layer normalisation matches the plain loops at every tail length and pitch", T, float, double) {
  for (std::int64_t c = 3; c <= 2 * qrs::simd::lanes<T> + 1; ++c) {
    for (const bool affine : {false, true}) {
      check_shape<T>({.rows = 5, .cols = c, .x_pitch = c, .y_pitch = c, .dx_pitch = c, .eps = 1e-2}, affine, false);
      check_shape<T>({.rows = 67, .cols = c, .x_pitch = c + 3, .y_pitch = c + 1, .dx_pitch = c + 2, .eps = 1e-2},
                     affine, true);
    }
  }
  check_shape<T>({.rows = 300, .cols = 768, .x_pitch = 768, .y_pitch = 768, .dx_pitch = 768}, true, false);
  check_shape<T>({.rows = 2000, .cols = 96, .x_pitch = 96, .y_pitch = 96, .dx_pitch = 96, .eps = 1e-6}, true, true);
}

TEST_CASE_TEMPLATE("a large mean costs the variance no digits", T, float, double) {
  check_shape<T>({.rows = 20, .cols = 100, .x_pitch = 100, .y_pitch = 100, .dx_pitch = 100}, true, false, 100.0);
}

TEST_CASE("a NaN makes its own row NaN and no other") {
  std::vector<float> x = random_values<float>(3 * 20);
  x[27] = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> y(60), mean(3), inv_std(3);
  const LayerNormParams p{.rows = 3, .cols = 20, .x_pitch = 20, .y_pitch = 20};
  qrs::kernels::layer_norm_forward_cpu<float>(p, x.data(), nullptr, nullptr, y.data(), mean.data(), inv_std.data());
  for (std::size_t i = 0; i < 60; ++i) CHECK(std::isnan(y[i]) == (i / 20 == 1));
}

}  // namespace layer_norm_test
