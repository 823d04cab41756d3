// Convolution on the device against the plain loop nests: all three passes over kernels, strides, padding, dilation,
// groups, channel ranges and epilogues.
#include <doctest/doctest.h>

#include <cstdint>
#include <deque>
#include <string>

#include "../../kernels/conv2d/ref.hpp"
#include "../kernels/conv2d_cases.hpp"
#include "device_matrix.hpp"

namespace conv2d_test {

namespace {

using namespace qrs::kernels;
using qrs::testing::Conv2dCase;
using qrs::testing::DeviceMatrix;
using qrs::testing::DeviceValues;
using qrs::testing::draw_conv2d;
using qrs::testing::EpilogueOperands;
using qrs::testing::Matrix;

/// Every pass of a case on the device, twice: what is wrong with it, or nothing. `shift` values stand before every
/// operand, so that one off a 16-byte boundary can be tried.
template <class T>
std::string wrong_with(const Conv2dCase& s, std::uint64_t seed = 1, std::int64_t shift = 0) {
  return qrs::testing::judge_conv2d<T>(
      s, seed,
      [shift](const Conv2dParams& p, const Matrix<T>& x, const Matrix<T>& w, const EpilogueOperands<T>& e,
              Matrix<T>& y) {
        const DeviceMatrix<T> device_x(x, shift);
        const DeviceMatrix<T> device_w(w, shift);
        const DeviceMatrix<T> device_y(y, shift);
        std::deque<DeviceMatrix<T>> parts;  // of the epilogue
        const Epilogue<T> epilogue = e.over([&](const Matrix<T>& m) { return parts.emplace_back(m, shift).data(); });
        conv2d_forward_cuda(p, device_x.data(), device_w.data(), epilogue, device_y.data());
        device_y.to(y);
      },
      [shift](const Conv2dParams& p, const Matrix<T>& dy, const Matrix<T>& w, Matrix<T>& dx, bool accumulate) {
        const DeviceMatrix<T> device_dy(dy, shift);
        const DeviceMatrix<T> device_w(w, shift);
        const DeviceMatrix<T> device_dx(dx, shift);
        conv2d_backward_data_cuda(p, device_dy.data(), device_w.data(), device_dx.data(), accumulate);
        device_dx.to(dx);
      },
      [shift](const Conv2dParams& p, const Matrix<T>& x, const Matrix<T>& dy, Matrix<T>& dw, bool accumulate) {
        const DeviceMatrix<T> device_x(x, shift);
        const DeviceMatrix<T> device_dy(dy, shift);
        const DeviceMatrix<T> device_dw(dw, shift);
        conv2d_backward_weights_cuda(p, device_x.data(), device_dy.data(), device_dw.data(), accumulate);
        device_dw.to(dw);
      },
      {1, 3});
}

/// A problem without and with an epilogue: scale, shift, residual and SiLU.
template <class T>
void check_case(const Conv2dParams& p, std::int64_t x_gap = 0, std::int64_t y_gap = 0, std::int64_t shift = 0) {
  CHECK(wrong_with<T>({.p = p, .x_gap = x_gap, .y_gap = y_gap}, 1, shift) == "");
  CHECK(wrong_with<T>({.p = p,
                       .x_gap = x_gap,
                       .y_gap = y_gap,
                       .residual_gap = y_gap,
                       .scale = true,
                       .shift = true,
                       .residual = true,
                       .activation = Activation::silu},
                      1, shift) == "");
}

}  // namespace

TEST_CASE_TEMPLATE("convolution on the device equals the plain loop nests", T, float, double) {
  check_case<T>({.n = 1, .h = 1, .w = 1, .ci = 1, .co = 1});
  check_case<T>({.n = 2, .h = 5, .w = 4, .ci = 8, .co = 12});                               // pointwise, packs
  check_case<T>({.n = 1, .h = 3, .w = 5, .ci = 3, .co = 5});                                // pointwise, single values
  check_case<T>({.n = 1, .h = 6, .w = 7, .ci = 8, .co = 4, .stride_h = 2, .stride_w = 2});  // 1x1, stride 2
  check_case<T>({.n = 2, .h = 6, .w = 5, .ci = 4, .co = 8, .kh = 3, .kw = 3, .padding_h = 1, .padding_w = 1});
  check_case<T>({.n = 1,
                 .h = 7,
                 .w = 6,
                 .ci = 3,
                 .co = 7,
                 .kh = 3,
                 .kw = 3,
                 .stride_h = 2,
                 .stride_w = 2,
                 .padding_h = 1,
                 .padding_w = 1});
  check_case<T>({.n = 1,
                 .h = 9,
                 .w = 8,
                 .ci = 2,
                 .co = 3,
                 .kh = 2,
                 .kw = 3,
                 .stride_h = 1,
                 .stride_w = 3,
                 .padding_h = 1,
                 .padding_w = 2,
                 .dilation_h = 3,
                 .dilation_w = 2});
  check_case<T>({.n = 1,
                 .h = 10,
                 .w = 11,
                 .ci = 3,
                 .co = 8,
                 .kh = 7,
                 .kw = 7,
                 .stride_h = 2,
                 .stride_w = 2,
                 .padding_h = 3,
                 .padding_w = 3});
  check_case<T>(
      {.n = 1, .h = 5, .w = 5, .ci = 8, .co = 8, .kh = 3, .kw = 3, .padding_h = 1, .padding_w = 1, .groups = 2});
  check_case<T>({.n = 1, .h = 4, .w = 4, .ci = 6, .co = 12, .kh = 3, .kw = 3, .groups = 6});
}

TEST_CASE_TEMPLATE("convolution on the device works on channel ranges and off 16-byte boundaries", T, float, double) {
  const Conv2dParams p{.n = 1, .h = 4, .w = 5, .ci = 8, .co = 4, .kh = 3, .kw = 3, .padding_h = 1, .padding_w = 1};
  check_case<T>(p, 4, 8);
  check_case<T>(p, 3, 5);
  check_case<T>(p, 0, 0, 1);
}

TEST_CASE_TEMPLATE("convolution on the device splits deep sums, and covers more than one tile", T, float, double) {
  // 3 x 3 x 60 = 540 deep: two parts forward, the data pass likewise.
  check_case<T>({.n = 1, .h = 3, .w = 3, .ci = 60, .co = 60, .kh = 3, .kw = 3, .padding_h = 1, .padding_w = 1});
  CHECK(
      wrong_with<T>({.p = {.n = 1, .h = 3, .w = 3, .ci = 60, .co = 8, .kh = 3, .kw = 3, .padding_h = 1, .padding_w = 1},
                     .values = qrs::testing::Values::all_bits}) == "");
  // 2 x 17 x 16 = 544 pixels: several tiles of rows, and two parts of the weight gradient.
  check_case<T>({.n = 2, .h = 17, .w = 16, .ci = 4, .co = 68});
}

TEST_CASE_TEMPLATE("random convolutions on the device have their judge's values", T, float, double) {
  for (std::int64_t i = 1; i <= 10; ++i) {
    const auto seed = static_cast<std::uint64_t>(i);
    qrs::testing::Draw draw(1000 + seed);
    CHECK(wrong_with<T>(draw_conv2d(seed, draw.in(1, 9), draw.in(1, 20), 1, 3, 4), seed, draw.in(0, 3)) == "");
    CHECK(wrong_with<T>(draw_conv2d(100 + seed, draw.in(1, 5), draw.in(1, 7), draw.in(2, 4), 3, 4), seed) == "");
    CHECK(wrong_with<T>(draw_conv2d(200 + seed, 1, 1, i, 5, 4), seed, draw.in(0, 3)) == "");  // depthwise
  }
}

TEST_CASE_TEMPLATE("random convolutions on the device of numbers with all their bits round as little as their judge", T,
                   float, double) {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    qrs::testing::Draw draw(2000 + seed);
    Conv2dCase s = draw_conv2d(seed, draw.in(1, 20), draw.in(1, 20), draw.in(1, 2), 3, 4);
    s.values = qrs::testing::Values::all_bits;
    CHECK(wrong_with<T>(s, seed) == "");
  }
}

TEST_CASE("a convolution on the device has its judge's values with every epilogue") {
  for (int parts = 0; parts < 8 * qrs::testing::activation_count; ++parts) {
    CHECK(wrong_with<float>({.p = {.n = 1, .h = 3, .w = 2, .ci = 3, .co = 6, .kh = 2, .kw = 1, .padding_h = 1},
                             .y_gap = 1,
                             .residual_gap = 2,
                             .scale = parts % 2 == 1,
                             .shift = parts / 2 % 2 == 1,
                             .residual = parts / 4 % 2 == 1,
                             .activation = qrs::testing::activations[parts / 8]}) == "");
  }
}

TEST_CASE("convolution on the device names channels that the groups do not divide") {
  const DeviceValues<float> values(std::vector<float>(64));
  const Conv2dParams p{.n = 1, .h = 2, .w = 2, .ci = 6, .co = 4, .groups = 4, .x_pitch = 6, .y_pitch = 4};
  CHECK_THROWS_WITH_AS(conv2d_forward_cuda<float>(p, values.data(), values.data(), {}, values.data()),
                       "[conv2d_forward] expected channels divisible by 4 groups, got 6 in and 4 out", qrs::Error);
}

}  // namespace conv2d_test
