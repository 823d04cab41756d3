// Depthwise convolution on the CPU before conv2d's judge: the three passes over random problems.
#include <doctest/doctest.h>
#include <qrs/kernels.hpp>

#include <cstdint>
#include <string>

#include "../../kernels/conv2d/ref.hpp"
#include "conv2d_cases.hpp"

namespace depthwise_test {

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
        qrs::kernels::depthwise_conv2d_forward_cpu(p, x.data(), w.data(), e.on_host(), y.data());
      },
      [](const Conv2dParams& p, const Matrix<T>& dy, const Matrix<T>& w, Matrix<T>& dx, bool accumulate) {
        qrs::kernels::depthwise_conv2d_backward_data_cpu(p, dy.data(), w.data(), dx.data(), accumulate);
      },
      [](const Conv2dParams& p, const Matrix<T>& x, const Matrix<T>& dy, Matrix<T>& dw, bool accumulate) {
        qrs::kernels::depthwise_conv2d_backward_weights_cpu(p, x.data(), dy.data(), dw.data(), accumulate);
      });
}

}  // namespace

TEST_CASE_TEMPLATE("random depthwise convolutions have their judge's values, for every tail of channels", T, float,
                   double) {
  for (std::int64_t c = 1; c <= 3 * qrs::simd::lanes<T> + 1; ++c) {  // two registers, one, and a part of one
    const auto seed = static_cast<std::uint64_t>(c);
    CHECK(wrong_with<T>(draw_conv2d(seed, 1, 1, c, 7, 11), seed) == "");
    CHECK(wrong_with<T>(draw_conv2d(100 + seed, 1, 1, c, 5, 6), seed) == "");
    Conv2dCase undilated = draw_conv2d(200 + seed, 1, 1, c, 7, 6);  // the data pass by classes of the stride
    undilated.p.dilation_h = undilated.p.dilation_w = 1;
    CHECK(wrong_with<T>(undilated, seed) == "");
  }
}

TEST_CASE_TEMPLATE("random depthwise convolutions of numbers with all their bits round as little as their judge", T,
                   float, double) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    qrs::testing::Draw draw(2000 + seed);
    Conv2dCase s = draw_conv2d(seed, 1, 1, draw.in(2, 40));
    s.values = qrs::testing::Values::all_bits;
    CHECK(wrong_with<T>(s, seed) == "");
  }
}

TEST_CASE_TEMPLATE("a depthwise convolution has its judge's values with every epilogue", T, float, double) {
  for (const std::int64_t c : {5, 3 * qrs::simd::lanes<T> + 2}) {
    for (int parts = 0; parts < 8 * qrs::testing::activation_count; ++parts) {
      CHECK(wrong_with<T>({.p = {.n = 2,
                                 .h = 5,
                                 .w = 7,
                                 .ci = c,
                                 .co = c,
                                 .kh = 3,
                                 .kw = 3,
                                 .padding_h = 1,
                                 .padding_w = 1,
                                 .groups = c},
                           .x_gap = 2,
                           .y_gap = 3,
                           .residual_gap = 1,
                           .scale = parts % 2 == 1,
                           .shift = parts / 2 % 2 == 1,
                           .residual = parts / 4 % 2 == 1,
                           .activation = qrs::testing::activations[parts / 8]}) == "");
    }
  }
}

TEST_CASE_TEMPLATE("depthwise convolutions at the ends of their ways have their judge's values", T, float, double) {
  const auto check = [](Conv2dParams p) {
    p.groups = p.co = p.ci;
    CHECK(wrong_with<T>({.p = p}) == "");
    CHECK(wrong_with<T>({.p = p, .x_gap = 3, .y_gap = 5, .shift = true}) == "");
  };
  check(
      {.n = 2, .h = 3, .w = 4, .ci = 256 + 5, .kh = 3, .kw = 3, .padding_h = 1, .padding_w = 1});  // two tasks an image
  check({.n = 1, .h = 9, .w = 31, .ci = 17, .kh = 7, .kw = 7, .padding_h = 3, .padding_w = 3});
  check({.n = 1,
         .h = 14,
         .w = 13,
         .ci = 24,
         .kh = 5,
         .kw = 5,
         .stride_h = 2,
         .stride_w = 2,
         .padding_h = 2,
         .padding_w = 2});
  check({.n = 1, .h = 2, .w = 2, .ci = 6, .kh = 5, .kw = 4, .padding_h = 4, .padding_w = 3});  // mostly padding
  check({.n = 1, .h = 9, .w = 8, .ci = 6, .kh = 2, .kw = 2, .stride_h = 3, .stride_w = 4});    // pixels nobody reads
}

}  // namespace depthwise_test
