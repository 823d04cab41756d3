// Attention: the fast version against the plain loops, for several heads, tiles, tails, pitches and wanted gradients.
#include <doctest/doctest.h>
#include <qrs/kernels.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "../../kernels/attention/ref.hpp"
#include "qrs/tensor/compare.hpp"
#include "random_values.hpp"

namespace attention_test {

using qrs::kernels::AttentionGradients;
using qrs::kernels::AttentionParams;
using qrs::testing::random_values;

template <class T>
static std::string far(const std::vector<T>& got, const std::vector<T>& expected, double tolerance) {
  const qrs::Shape shape{static_cast<std::int64_t>(got.size())};
  return qrs::mismatch(qrs::Tensor<T>::from(shape, got), qrs::Tensor<T>::from(shape, expected),
                       {.absolute = tolerance, .relative = tolerance});
}

template <class T>
static void check_shape(AttentionParams p, std::int64_t gap, bool accumulate) {
  CAPTURE(p.queries);
  CAPTURE(p.keys);
  CAPTURE(p.heads);
  CAPTURE(p.head_dim);
  CAPTURE(gap);
  CAPTURE(accumulate);
  const std::int64_t width = p.heads * p.head_dim;
  p.q_pitch = width + gap;
  p.k_pitch = width + 2 * gap;
  p.v_pitch = width + 3 * gap;
  p.y_pitch = width + gap;
  p.scale = 1.0 / std::sqrt(static_cast<double>(p.head_dim));
  const std::vector<T> q = random_values<T>(p.batch * p.queries * p.q_pitch, -2, 2, 1);
  const std::vector<T> k = random_values<T>(p.batch * p.keys * p.k_pitch, -2, 2, 2);
  const std::vector<T> v = random_values<T>(p.batch * p.keys * p.v_pitch, -1, 1, 3);
  const std::vector<T> dy = random_values<T>(p.batch * p.queries * p.y_pitch, -1, 1, 4);
  // Scores reach 4 sqrt(D), whose rounding the exponential multiplies.
  const double eps = (sizeof(T) == 4 ? 2e-6 : 4e-15) * std::sqrt(static_cast<double>(p.head_dim));

  std::vector<T> y = dy, y_expected = dy;
  std::vector<T> lse(static_cast<std::size_t>(p.batch * p.heads * p.queries)), lse_expected = lse;
  qrs::kernels::attention_forward_ref(p, q.data(), k.data(), v.data(), y_expected.data(), lse_expected.data());
  qrs::kernels::attention_forward_cpu(p, q.data(), k.data(), v.data(), y.data(), lse.data());
  CHECK(far(y, y_expected, eps) == "");
  CHECK(far(lse, lse_expected, eps) == "");

  const auto run = [&](bool to_q, bool to_k, bool to_v, int threads, bool reference) {
    const qrs::ThreadLimit limit(threads);
    std::vector<T> dq = q, dk = k, dv = v;
    const AttentionGradients<T> to{.dq = to_q ? dq.data() : nullptr,
                                   .dk = to_k ? dk.data() : nullptr,
                                   .dv = to_v ? dv.data() : nullptr,
                                   .dq_pitch = p.q_pitch,
                                   .dk_pitch = p.k_pitch,
                                   .dv_pitch = p.v_pitch,
                                   .accumulate_dq = accumulate,
                                   .accumulate_dk = accumulate,
                                   .accumulate_dv = accumulate};
    if (reference) {
      qrs::kernels::attention_backward_ref(p, q.data(), k.data(), v.data(), lse.data(), dy.data(), to);
    } else {
      qrs::kernels::attention_backward_cpu(p, q.data(), k.data(), v.data(), lse.data(), dy.data(), to);
    }
    return std::vector<std::vector<T>>{dq, dk, dv};
  };
  const auto expected = run(true, true, true, 1, true);
  const auto got = run(true, true, true, 1, false);
  for (std::size_t i = 0; i < 3; ++i) {
    CAPTURE(i);
    CHECK(far(got[i], expected[i], 4 * eps) == "");
    CHECK(run(i == 0, i == 1, i == 2, 3, false)[i] == got[i]);  // alone, and on three threads, the same bits
  }
}

TEST_CASE_TEMPLATE("attention matches the plain loops for every head width, number of tokens and pitch", T, float,
                   double) {
  for (std::int64_t d = 1; d <= 2 * qrs::simd::lanes<T> + 1; ++d) {
    check_shape<T>({.batch = 2, .heads = 3, .queries = 5, .keys = 5, .head_dim = d}, d % 3, d % 2 == 0);
  }
  for (std::int64_t s = 1; s <= 2 * qrs::simd::lanes<T> + 1; ++s) {
    check_shape<T>({.batch = 1, .heads = 2, .queries = 4, .keys = s, .head_dim = 6}, 0, s % 2 == 0);
    check_shape<T>({.batch = 1, .heads = 2, .queries = s, .keys = 7, .head_dim = 6}, 2, s % 2 == 1);
  }
  for (const std::int64_t s : {63, 64, 65, 129, 197}) {  // tiles of 64 queries
    check_shape<T>({.batch = 2, .heads = 2, .queries = s, .keys = s, .head_dim = 16}, 1, s % 2 == 0);
  }
  check_shape<T>({.batch = 1, .heads = 12, .queries = 197, .keys = 197, .head_dim = 64}, 0, false);
}

TEST_CASE("scores far from zero neither overflow nor lose the other keys") {
  const std::vector<float> q = {1000.0F}, k = {1.0F, 1.0F, -1.0F}, v = {1.0F, 3.0F, 100.0F};
  float y = 0.0F, lse = 0.0F;
  const AttentionParams p{.batch = 1,
                          .heads = 1,
                          .queries = 1,
                          .keys = 3,
                          .head_dim = 1,
                          .q_pitch = 1,
                          .k_pitch = 1,
                          .v_pitch = 1,
                          .y_pitch = 1};
  qrs::kernels::attention_forward_cpu(p, q.data(), k.data(), v.data(), &y, &lse);
  CHECK(y == 2.0F);
  CHECK(lse == doctest::Approx(1000.6931).epsilon(1e-6));
}

TEST_CASE("a NaN in one sample leaves the others alone") {
  std::vector<float> x = random_values<float>(2 * 3 * 4);
  x[0] = std::numeric_limits<float>::quiet_NaN();
  std::vector<float> y(24), lse(12);
  const AttentionParams p{.batch = 2,
                          .heads = 2,
                          .queries = 3,
                          .keys = 3,
                          .head_dim = 2,
                          .q_pitch = 4,
                          .k_pitch = 4,
                          .v_pitch = 4,
                          .y_pitch = 4};
  qrs::kernels::attention_forward_cpu(p, x.data(), x.data(), x.data(), y.data(), lse.data());
  CHECK(std::isnan(y[0]));
  for (std::size_t i = 12; i < 24; ++i) CHECK_FALSE(std::isnan(y[i]));
}

}  // namespace attention_test
