// Batch normalisation on the CPU before its judge: statistics, affine map and both backward passes.
#include <doctest/doctest.h>
#include <qrs/kernels.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "../../kernels/batch_norm/ref.hpp"
#include "activations.hpp"
#include "judge.hpp"

namespace batch_norm_test {

namespace {

using qrs::kernels::Activation;
using qrs::kernels::BatchNormChannels;
using qrs::kernels::BatchNormGradients;
using qrs::kernels::BatchNormParams;
using qrs::testing::Draw;
using qrs::testing::judge;
using qrs::testing::Matrix;
using qrs::testing::operand;
using qrs::testing::roundings;
using qrs::testing::target;

/// A norm over rows x cols, what lies between the rows of its matrices, and what is wanted.
struct Case {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t x_gap = 0;
  std::int64_t y_gap = 0;
  std::int64_t residual_gap = 0;
  bool residual = false;
  Activation activation{};
  bool dx = true;
  bool dresidual = true;
  bool accumulate_dx = false;
  bool accumulate_dresidual = false;
  bool batch_statistics = true;
};

std::string text_of(const Case& s) {
  return qrs::text(s.rows, " x ", s.cols, ", gaps ", s.x_gap, " ", s.y_gap, " ", s.residual_gap,
                   s.residual ? ", residual" : "", ", activation ", static_cast<int>(s.activation.kind),
                   s.dx ? ", dx" : "", s.accumulate_dx ? " accumulating" : "", s.dresidual ? ", dresidual" : "",
                   s.accumulate_dresidual ? " accumulating" : "", s.batch_statistics ? ", batch statistics" : "");
}

/// Every pass of a case: what is wrong with it, or nothing.
template <class T>
std::string wrong_with(const Case& s, std::uint64_t seed = 1) {
  Draw draw(seed);
  const BatchNormParams p{.rows = s.rows,
                          .cols = s.cols,
                          .x_pitch = s.cols + s.x_gap,
                          .y_pitch = s.cols + s.y_gap,
                          .residual_pitch = s.cols + s.residual_gap,
                          .activation = s.activation};
  const Matrix<T> x = operand<T>(draw, s.rows, s.cols, s.x_gap);
  const Matrix<T> dy = operand<T>(draw, s.rows, s.cols, s.y_gap);
  const Matrix<T> residual = operand<T>(draw, s.rows, s.cols, s.residual_gap);
  const Matrix<T> mean = operand<T>(draw, 1, s.cols);
  const Matrix<T> inv_std = operand<T>(draw, 1, s.cols, 0, 0.5, 2);
  const Matrix<T> scale = operand<T>(draw, 1, s.cols, 0, -2, 2);
  const Matrix<T> shift = operand<T>(draw, 1, s.cols);
  const Matrix<T> dgamma = operand<T>(draw, 1, s.cols, 0, -4, 4);
  const Matrix<T> dbeta = operand<T>(draw, 1, s.cols, 0, -4, 4);
  const BatchNormChannels<T> ch{mean.data(), inv_std.data(), scale.data(), shift.data()};
  const T* r = s.residual ? residual.data() : nullptr;
  // Up to the activation nothing rounds; nor do the sums where its slope is 0 or 1.
  const bool curved = !qrs::testing::is_piecewise_linear(s.activation);
  using Targets = std::vector<Matrix<T>>;
  const auto of = [&](const char* pass, const std::string& wrong) {
    return wrong.empty() ? wrong : qrs::text(pass, " of ", text_of(s), ", seed ", seed, ": ", wrong);
  };
  const auto per_channel = [&] { return target<T>(draw, 1, s.cols, 0, false); };

  // Both sides add in double; what that rounds shows only in double itself.
  const double sums_in_double = sizeof(T) == 4 ? 0.0 : std::sqrt(static_cast<double>(s.rows));
  std::string wrong = of(
      "statistics",
      judge<T>(
          {per_channel(), per_channel()}, roundings<T>(1 + sums_in_double),
          [&](Targets& out) { qrs::kernels::batch_norm_statistics_cpu(p, x.data(), out[0].data(), out[1].data()); },
          [&](Targets& out) { qrs::kernels::batch_norm_statistics_ref(p, x.data(), out[0].data(), out[1].data()); }));
  if (!wrong.empty()) return wrong;
  wrong = of(
      "affine",
      judge<T>(
          {target<T>(draw, s.rows, s.cols, s.y_gap, false)}, curved ? roundings<T>(8) : qrs::Tolerance{},
          [&](Targets& out) { qrs::kernels::affine_cpu(p, x.data(), scale.data(), shift.data(), r, out[0].data()); },
          [&](Targets& out) { qrs::kernels::affine_ref(p, x.data(), scale.data(), shift.data(), r, out[0].data()); }));
  if (!wrong.empty()) return wrong;
  // The affine map as a recipe applies it: no scale, a gate for every image, and in place.
  const std::int64_t images = s.rows % 3 == 0 ? 3 : 1;
  const Matrix<T> factors = operand<T>(draw, images, s.cols);
  const qrs::kernels::RowGate<T> gate{.factors = factors.data(), .rows = s.rows / images};
  wrong = of(
      "gated affine",
      judge<T>(
          {target<T>(draw, s.rows, s.cols, s.y_gap, false)}, curved ? roundings<T>(8) : qrs::Tolerance{},
          [&](Targets& out) { qrs::kernels::affine_cpu<T>(p, x.data(), nullptr, nullptr, r, out[0].data(), gate); },
          [&](Targets& out) { qrs::kernels::affine_ref<T>(p, x.data(), nullptr, nullptr, r, out[0].data(), gate); }));
  if (!wrong.empty()) return wrong;
  BatchNormParams over = p;
  over.x_pitch = p.y_pitch;
  wrong = of("affine in place",
             judge<T>(
                 {target<T>(draw, s.rows, s.cols, s.y_gap, true)}, curved ? roundings<T>(8) : qrs::Tolerance{},
                 [&](Targets& out) {
                   qrs::kernels::affine_cpu(over, out[0].data(), scale.data(), shift.data(), r, out[0].data(), gate);
                 },
                 [&](Targets& out) {
                   qrs::kernels::affine_ref(over, out[0].data(), scale.data(), shift.data(), r, out[0].data(), gate);
                 }));
  if (!wrong.empty()) return wrong;
  // A chunk is added up in T: its terms are up to 4, and so many roundings of the sum so far are possible.
  const double terms = static_cast<double>(std::min<std::int64_t>(s.rows, 128));
  wrong =
      of("backward sums",
         judge<T>(
             {per_channel(), per_channel()}, curved ? roundings<T>(16 + 2 * terms) : qrs::Tolerance{},
             [&](Targets& out) {
               qrs::kernels::batch_norm_backward_sums_cpu(p, x.data(), dy.data(), ch, r, out[0].data(), out[1].data());
             },
             [&](Targets& out) {
               qrs::kernels::batch_norm_backward_sums_ref(p, x.data(), dy.data(), ch, r, out[0].data(), out[1].data());
             }));
  if (!wrong.empty()) return wrong;
  const auto gradients = [&](Targets& out) {
    return BatchNormGradients<T>{.dx = s.dx ? out[0].data() : nullptr,
                                 .dx_pitch = out[0].pitch(),
                                 .accumulate_dx = s.accumulate_dx,
                                 .dresidual = s.dresidual ? out[1].data() : nullptr,
                                 .dresidual_pitch = out[1].pitch(),
                                 .accumulate_dresidual = s.accumulate_dresidual,
                                 .batch_statistics = s.batch_statistics};
  };
  // A gradient that is not wanted stays as it is: numbers, so that a write shows.
  return of("backward data", judge<T>(
                                 {target<T>(draw, s.rows, s.cols, s.residual_gap, s.accumulate_dx || !s.dx),
                                  target<T>(draw, s.rows, s.cols, s.x_gap, s.accumulate_dresidual || !s.dresidual)},
                                 roundings<T>(32),
                                 [&](Targets& out) {
                                   qrs::kernels::batch_norm_backward_data_cpu(
                                       p, x.data(), dy.data(), ch, r, dgamma.data(), dbeta.data(), gradients(out));
                                 },
                                 [&](Targets& out) {
                                   qrs::kernels::batch_norm_backward_data_ref(
                                       p, x.data(), dy.data(), ch, r, dgamma.data(), dbeta.data(), gradients(out));
                                 }));
}

/// A case drawn at random, with these columns.
Case draw_case(std::uint64_t seed, std::int64_t cols) {
  Draw draw(seed);
  return {.rows = draw.in(1, 300),
          .cols = cols,
          .x_gap = draw.coin() ? 0 : draw.in(1, 9),
          .y_gap = draw.coin() ? 0 : draw.in(1, 9),
          .residual_gap = draw.coin() ? 0 : draw.in(1, 9),
          .residual = draw.coin(),
          .activation = qrs::testing::activations[draw.in(0, qrs::testing::activation_count - 1)],
          .dx = draw.in(0, 3) > 0,
          .dresidual = draw.coin(),
          .accumulate_dx = draw.coin(),
          .accumulate_dresidual = draw.coin(),
          .batch_statistics = draw.coin()};
}

}  // namespace

TEST_CASE_TEMPLATE("random norms have their judge's values, for every tail of channels", T, float, double) {
  for (std::int64_t cols = 1; cols <= 2 * qrs::simd::lanes<T> + 1; ++cols) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
      CHECK(wrong_with<T>(draw_case(100 * static_cast<std::uint64_t>(cols) + seed, cols), seed) == "");
    }
  }
}

TEST_CASE_TEMPLATE("a norm has its judge's values with every activation, residual and gradient", T, float, double) {
  for (int way = 0; way < 64 * qrs::testing::activation_count; ++way) {
    CHECK(wrong_with<T>({.rows = 5,
                         .cols = qrs::simd::lanes<T> + 3,
                         .x_gap = 1,
                         .y_gap = 2,
                         .residual_gap = 3,
                         .residual = way % 2 == 1,
                         .activation = qrs::testing::activations[way / 64],
                         .dx = way / 2 % 2 == 1,
                         .dresidual = way / 4 % 2 == 1,
                         .accumulate_dx = way / 8 % 2 == 1,
                         .accumulate_dresidual = way / 16 % 2 == 1,
                         .batch_statistics = way / 32 % 2 == 1}) == "");
  }
}

TEST_CASE_TEMPLATE("norms at the ends of their chunks have their judge's values", T, float, double) {
  for (const std::int64_t rows : {1, 127, 128, 129, 128 * 5 + 3}) CHECK(wrong_with<T>({.rows = rows, .cols = 5}) == "");
  CHECK(wrong_with<T>({.rows = 130, .cols = 64 * 2 + 3, .residual = true, .activation = Activation::relu}) == "");
  CHECK(wrong_with<T>({.rows = 7000, .cols = 21, .x_gap = 3, .activation = Activation::relu6}) == "");  // many tasks
}

}  // namespace batch_norm_test
