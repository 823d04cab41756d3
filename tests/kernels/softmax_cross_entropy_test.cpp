// Softmax and cross-entropy: the fast versions against the plain loops, and logits far from zero.
#include <doctest/doctest.h>
#include <qrs/core/compare.hpp>
#include <qrs/core/parallel.hpp>
#include <qrs/kernels.hpp>

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <vector>

#include "../../kernels/softmax_cross_entropy/ref.hpp"
#include "judge.hpp"
#include "random_values.hpp"

namespace softmax_cross_entropy_test {

namespace {

using qrs::kernels::CrossEntropyParams;
using qrs::kernels::SoftmaxParams;
using qrs::testing::random_rows;
using qrs::testing::random_values;

/// Values up to about 10, and log-sum-exps that are rounded to T before an exponential; sums of up to 1000 of them.
template <class T>
constexpr double tolerance = sizeof(T) == 4 ? 4e-6 : 1e-13;

template <class T>
void check_shape(std::int64_t rows, std::int64_t cols, std::int64_t gap, bool accumulate) {
  CAPTURE(cols);
  CAPTURE(gap);
  CAPTURE(accumulate);
  const std::int64_t pitch = cols + gap;
  const std::vector<T> x = random_rows<T>(rows, cols, pitch, -9, 9, 1);
  const std::vector<T> dy = random_rows<T>(rows, cols, pitch, -1, 1, 2);
  const std::vector<T> before = random_values<T>(rows * pitch, -1, 1, 5);  // what stands in results, gaps included
  const SoftmaxParams p{rows, cols, pitch, pitch, pitch, accumulate};
  for (const bool log : {false, true}) {
    std::vector<T> y = before;
    std::vector<T> y_expected = before;
    qrs::kernels::softmax_forward_ref(p, log, x.data(), y_expected.data());
    qrs::kernels::softmax_forward_cpu(p, log, x.data(), y.data());
    CHECK(qrs::mismatch(y, y_expected, {.absolute = tolerance<T>}) == "");
    std::vector<T> dx = before;
    std::vector<T> dx_expected = before;
    qrs::kernels::softmax_backward_ref(p, log, y.data(), dy.data(), dx_expected.data());
    qrs::kernels::softmax_backward_cpu(p, log, y.data(), dy.data(), dx.data());
    CHECK(qrs::mismatch(dx, dx_expected, {.absolute = tolerance<T>}) == "");
  }

  std::vector<std::int64_t> targets;
  for (std::int64_t n = 0; n < rows; ++n) targets.push_back(n % 4 == 2 ? -100 : (5 * n + 1) % cols);
  const std::vector<T> weight = random_values<T>(cols, 0.2, 2, 3);
  const std::vector<T> scale = random_values<T>(rows, 0.1, 1, 4);
  double weight_sum = 0.0;
  for (const T w : weight) weight_sum += static_cast<double>(w);
  for (const double smoothing : {0.0, 0.25}) {
    for (const bool weighted : {false, true}) {
      const CrossEntropyParams<T> q{.rows = rows,
                                    .cols = cols,
                                    .x_pitch = pitch,
                                    .dx_pitch = pitch,
                                    .targets = targets.data(),
                                    .weight = weighted ? weight.data() : nullptr,
                                    .weight_sum = weighted ? weight_sum : static_cast<double>(cols),
                                    .smoothing = smoothing,
                                    .accumulate = accumulate};
      std::vector<T> loss(static_cast<std::size_t>(rows)), loss_expected = loss, lse = loss, lse_expected = loss;
      qrs::kernels::cross_entropy_forward_ref(q, x.data(), loss_expected.data(), lse_expected.data());
      qrs::kernels::cross_entropy_forward_cpu(q, x.data(), loss.data(), lse.data());
      CHECK(qrs::mismatch(loss, loss_expected, {.absolute = 2 * tolerance<T>}) == "");
      CHECK(qrs::mismatch(lse, lse_expected, {.absolute = tolerance<T>}) == "");
      std::vector<T> dx = before;
      std::vector<T> dx_expected = before;
      qrs::kernels::cross_entropy_backward_ref(q, x.data(), lse.data(), scale.data(), dx_expected.data());
      qrs::kernels::cross_entropy_backward_cpu(q, x.data(), lse.data(), scale.data(), dx.data());
      CHECK(qrs::mismatch(dx, dx_expected, {.absolute = tolerance<T>}) == "");
    }
  }
}

}  // namespace

TEST_CASE_TEMPLATE("softmax and cross-entropy match the plain loops at every tail length and pitch", T, float, double) {
  for (std::int64_t cols = 1; cols <= 2 * qrs::simd::lanes<T> + 1; ++cols) {
    check_shape<T>(5, cols, 0, false);
    check_shape<T>(5, cols, 3, true);
  }
  check_shape<T>(70, 1000, 0, false);
}

TEST_CASE_TEMPLATE("softmax and cross-entropy match the plain loops at random shapes", T, float, double) {
  for (std::uint64_t seed = 1; seed <= 15; ++seed) {
    CAPTURE(seed);
    qrs::testing::Draw draw(seed);
    check_shape<T>(draw.in(1, 40), draw.in(1, 100), draw.in(0, 9), draw.coin());
  }
}

TEST_CASE("softmax and cross-entropy have the same bits for 1, 2, 3 and 7 threads") {
  const SoftmaxParams p{.rows = 900, .cols = 37, .x_pitch = 37, .y_pitch = 37, .dy_pitch = 37};
  const std::vector<float> x = random_values<float>(p.rows * p.cols, -9, 9);
  std::vector<std::int64_t> targets;
  for (std::int64_t n = 0; n < p.rows; ++n) targets.push_back(n % p.cols);
  const CrossEntropyParams<float> q{.rows = p.rows,
                                    .cols = p.cols,
                                    .x_pitch = p.x_pitch,
                                    .dx_pitch = p.x_pitch,
                                    .targets = targets.data(),
                                    .weight_sum = static_cast<double>(p.cols),
                                    .smoothing = 0.25};
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 3, 7}) {
    const qrs::ThreadLimit limit(threads);
    std::vector<float> y(x.size()), dx(x.size()), dlogits(x.size());
    std::vector<float> loss(targets.size()), lse(targets.size());
    qrs::kernels::softmax_forward_cpu(p, false, x.data(), y.data());
    qrs::kernels::softmax_backward_cpu(p, false, y.data(), x.data(), dx.data());
    qrs::kernels::cross_entropy_forward_cpu(q, x.data(), loss.data(), lse.data());
    qrs::kernels::cross_entropy_backward_cpu(q, x.data(), lse.data(), loss.data(), dlogits.data());
    for (const std::vector<float>& part : {dx, dlogits, loss, lse}) y.insert(y.end(), part.begin(), part.end());
    results.push_back(y);
  }
  for (const std::vector<float>& result : results) CHECK(result == results.front());
}

TEST_CASE("softmax of logits far from zero neither overflows nor loses them") {
  const std::vector<float> x = {1000.0F, 1000.0F, -1000.0F, 0.0F};
  std::vector<float> y(4);
  const SoftmaxParams p{.rows = 1, .cols = 4, .x_pitch = 4, .y_pitch = 4};
  qrs::kernels::softmax_forward_cpu(p, false, x.data(), y.data());
  CHECK(y == std::vector<float>{0.5F, 0.5F, 0.0F, 0.0F});
  qrs::kernels::softmax_forward_cpu(p, true, x.data(), y.data());
  CHECK(y[0] == doctest::Approx(-0.69314718).epsilon(1e-6));
  CHECK(y[2] == doctest::Approx(-2000.6931).epsilon(1e-6));
}

TEST_CASE("a NaN logit makes its own row NaN and no other") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> x = {1, 2, nan, 3, 1, 2, 3, 4};
  std::vector<float> y(8);
  qrs::kernels::softmax_forward_cpu({.rows = 2, .cols = 4, .x_pitch = 4, .y_pitch = 4}, false, x.data(), y.data());
  for (int i = 0; i < 4; ++i) CHECK(std::isnan(y[static_cast<std::size_t>(i)]));
  for (int i = 4; i < 8; ++i) CHECK_FALSE(std::isnan(y[static_cast<std::size_t>(i)]));
}

}  // namespace softmax_cross_entropy_test
