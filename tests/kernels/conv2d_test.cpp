// Convolution on the CPU before its judge: the three passes over random problems, and those that take ways of their own.
#include <doctest/doctest.h>
#include <qrs/kernels.hpp>

#include <cstdint>
#include <string>

#include "../../kernels/conv2d/ref.hpp"
#include "conv2d_cases.hpp"

namespace conv2d_test {

namespace {

using qrs::kernels::Conv2dParams;
using qrs::testing::Conv2dCase;
using qrs::testing::draw_conv2d;
using qrs::testing::EpilogueOperands;
using qrs::testing::Matrix;

/// Every pass of a case on the CPU: what is wrong with it, or nothing.
template <class T>
std::string wrong_with(const Conv2dCase& s, std::uint64_t seed = 1) {
  return qrs::testing::judge_conv2d<T>(
      s, seed,
      [](const Conv2dParams& p, const Matrix<T>& x, const Matrix<T>& w, const EpilogueOperands<T>& e, Matrix<T>& y) {
        qrs::kernels::conv2d_forward_cpu(p, x.data(), w.data(), e.on_host(), y.data());
      },
      [](const Conv2dParams& p, const Matrix<T>& dy, const Matrix<T>& w, Matrix<T>& dx, bool accumulate) {
        qrs::kernels::conv2d_backward_data_cpu(p, dy.data(), w.data(), dx.data(), accumulate);
      },
      [](const Conv2dParams& p, const Matrix<T>& x, const Matrix<T>& dy, Matrix<T>& dw, bool accumulate) {
        qrs::kernels::conv2d_backward_weights_cpu(p, x.data(), dy.data(), dw.data(), accumulate);
      });
}

/// Channels up to two registers and one value: every tail of a panel.
template <class T>
constexpr std::int64_t most_channels = 2 * qrs::simd::lanes<T> + 1;

/// Calls body(s) with every epilogue on a problem.
template <class Body>
void for_each_epilogue(Conv2dCase s, const Body& body) {
  for (int parts = 0; parts < 8 * qrs::testing::activation_count; ++parts) {
    s.scale = parts % 2 == 1;
    s.shift = parts / 2 % 2 == 1;
    s.residual = parts / 4 % 2 == 1;
    s.activation = qrs::testing::activations[parts / 8];
    body(s);
  }
}

}  // namespace

TEST_CASE_TEMPLATE("random convolutions have their judge's values, for every tail of channels", T, float, double) {
  for (std::int64_t c = 1; c <= most_channels<T>; ++c) {
    const auto seed = static_cast<std::uint64_t>(c);
    qrs::testing::Draw draw(1000 + seed);
    CHECK(wrong_with<T>(draw_conv2d(seed, draw.in(1, 7), c, 1), seed) == "");
    CHECK(wrong_with<T>(draw_conv2d(100 + seed, draw.in(8, 40), c, 1), seed) == "");
    CHECK(wrong_with<T>(draw_conv2d(200 + seed, c, draw.in(1, 20), 1), seed) == "");
    CHECK(wrong_with<T>(draw_conv2d(300 + seed, draw.in(1, 5), draw.in(2, 9), draw.in(2, 4)), seed) == "");
    CHECK(wrong_with<T>(draw_conv2d(400 + seed, c, c, 2), seed) == "");
  }
}

TEST_CASE_TEMPLATE("random convolutions of numbers with all their bits round as little as their judge", T, float,
                   double) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    qrs::testing::Draw draw(2000 + seed);
    Conv2dCase s = draw_conv2d(seed, draw.in(1, 40), draw.in(1, 40), draw.in(1, 2));
    s.values = qrs::testing::Values::all_bits;
    CHECK(wrong_with<T>(s, seed) == "");
  }
}

TEST_CASE_TEMPLATE("a convolution has its judge's values with every epilogue", T, float, double) {
  const Conv2dParams merged{
      .n = 2, .h = 6, .w = 5, .ci = 3, .co = 21, .kh = 3, .kw = 3, .padding_h = 1, .padding_w = 1};
  Conv2dParams grouped = merged;
  grouped.ci = 2 * 9;
  grouped.co = 2 * 13;
  grouped.groups = 2;
  for (const Conv2dParams& p : {merged, grouped}) {
    for_each_epilogue({.p = p, .x_gap = 2, .y_gap = 3, .residual_gap = 1},
                      [](const Conv2dCase& s) { CHECK(wrong_with<T>(s) == ""); });
  }
}

TEST_CASE_TEMPLATE("convolutions that take ways of their own have their judge's values", T, float, double) {
  const auto check = [](const Conv2dParams& p) {
    CHECK(wrong_with<T>({.p = p}) == "");
    CHECK(wrong_with<T>({.p = p, .x_gap = 3, .y_gap = 5, .shift = true}) == "");
  };
  check({.n = 1, .h = 1, .w = 1, .ci = 1, .co = 1});
  check({.n = 3, .h = 5, .w = 7, .ci = 13, .co = 19});                               // 1x1: the batch is one row
  check({.n = 1, .h = 7, .w = 6, .ci = 9, .co = 10, .stride_h = 2, .stride_w = 3});  // 1x1 that leaves pixels out
  check({.n = 2, .h = 1, .w = 9, .ci = 300, .co = 5, .kw = 2});                      // longer than a chain of sums
  check({.n = 1, .h = 4, .w = 4, .ci = 520, .co = 6, .groups = 2});                  // the same in groups
  check({.n = 1, .h = 2, .w = 2, .ci = 5, .co = 4 * 2 * qrs::simd::lanes<T> + 3});   // more panels than a run of them
  check({.n = 2, .h = 50, .w = 49, .ci = 3, .co = 7, .kh = 3, .kw = 3, .stride_h = 1, .padding_h = 1});  // many blocks
  check({.n = 2, .h = 48, .w = 47, .ci = 9, .co = 6, .kh = 1, .kw = 2, .padding_w = 1});  // segments of pixels
  check(
      {.n = 1, .h = 2, .w = 3, .ci = 4, .co = 3, .kh = 5, .kw = 6, .padding_h = 4, .padding_w = 5});  // mostly padding
  check({.n = 1, .h = 9, .w = 1, .ci = 8, .co = 5, .kh = 3, .stride_h = 4, .padding_h = 1});  // pixels nobody reads
}

}  // namespace conv2d_test
