// Convolution on the device against the plain loop nests: all three passes over kernels, strides, padding, dilation,
// groups, channel ranges and epilogues.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "../../kernels/conv2d/ref.hpp"
#include "device_values.hpp"

namespace conv2d_test {

namespace {

using namespace qrs::kernels;
using qrs::testing::DeviceValues;
using qrs::testing::random_values;

/// Sums of a few hundred products; in parts where the shape is split.
template <class T>
constexpr double tolerance = sizeof(T) == 4 ? 3e-6 : 1e-14;

struct Case {
  Conv2dParams p;
  std::int64_t x_gap = 0;  // channels of x's and y's rows beside this range
  std::int64_t y_gap = 0;
  std::int64_t shift = 0;
};

template <class T>
void check_case(Case s) {
  Conv2dParams& p = s.p;
  p.x_pitch = p.ci + s.x_gap;
  p.y_pitch = p.co + s.y_gap;
  const std::string shape = "n " + std::to_string(p.n) + ", " + std::to_string(p.h) + "x" + std::to_string(p.w) +
                            ", channels " + std::to_string(p.ci) + " to " + std::to_string(p.co) + ", kernel " +
                            std::to_string(p.kh) + "x" + std::to_string(p.kw) + ", groups " + std::to_string(p.groups);
  CAPTURE(shape);
  const std::int64_t pixels = p.n * p.oh() * p.ow();
  const auto x = random_values<T>(p.n * p.h * p.w * p.x_pitch, -1, 1, 1);
  const auto y = random_values<T>(pixels * p.y_pitch, -1, 1, 2);
  const auto w = random_values<T>(p.kh * p.kw * p.ci_per_group() * p.co, -1, 1, 3);
  const auto per_channel = random_values<T>(p.co, 0.5, 1.5, 4);
  const DeviceValues<T> device_x(x, s.shift);
  const DeviceValues<T> device_w(w, s.shift);
  const DeviceValues<T> device_y(y, s.shift);
  const DeviceValues<T> device_channel(per_channel);
  // What stands in the gaps between rows is compared too: nobody may write there.
  const auto compare = [&](std::vector<T> expected, const auto& ref, const auto& cuda) {
    const DeviceValues<T> out(expected, s.shift);
    const DeviceValues<T> again(expected, s.shift);
    cuda(out.data());
    cuda(again.data());
    ref(expected.data());
    CHECK(qrs::difference(out.values(), expected).relative() <= tolerance<T>);
    CHECK(out.values() == again.values());
  };

  compare(
      y, [&](T* out) { conv2d_forward_ref(p, x.data(), w.data(), {}, out); },
      [&](T* out) { conv2d_forward_cuda(p, device_x.data(), device_w.data(), {}, out); });
  const Epilogue<T> epilogue{.scale = per_channel.data(),
                             .shift = per_channel.data(),
                             .residual = y.data(),
                             .residual_pitch = p.y_pitch,
                             .activation = Activation::silu};
  const Epilogue<T> device_epilogue{.scale = device_channel.data(),
                                    .shift = device_channel.data(),
                                    .residual = device_y.data(),
                                    .residual_pitch = p.y_pitch,
                                    .activation = Activation::silu};
  compare(
      y, [&](T* out) { conv2d_forward_ref(p, x.data(), w.data(), epilogue, out); },
      [&](T* out) { conv2d_forward_cuda(p, device_x.data(), device_w.data(), device_epilogue, out); });
  for (const bool accumulate : {false, true}) {
    CAPTURE(accumulate);
    compare(
        x,
        [&](T* out) {
          // The reference clears whole rows; the gaps are put back.
          std::vector<T> dx(out, out + x.size());
          conv2d_backward_data_ref(p, y.data(), w.data(), dx.data(), accumulate);
          for (std::size_t i = 0; i < x.size(); ++i) {
            if (static_cast<std::int64_t>(i) % p.x_pitch < p.ci) out[i] = dx[i];
          }
        },
        [&](T* out) { conv2d_backward_data_cuda(p, device_y.data(), device_w.data(), out, accumulate); });
    compare(
        w, [&](T* out) { conv2d_backward_weights_ref(p, x.data(), y.data(), out, accumulate); },
        [&](T* out) { conv2d_backward_weights_cuda(p, device_x.data(), device_y.data(), out, accumulate); });
  }
}

}  // namespace

TEST_CASE_TEMPLATE("convolution on the device equals the plain loop nests", T, float, double) {
  check_case<T>({.p = {.n = 1, .h = 1, .w = 1, .ci = 1, .co = 1}});
  check_case<T>({.p = {.n = 2, .h = 5, .w = 4, .ci = 8, .co = 12}});  // pointwise, packs
  check_case<T>({.p = {.n = 1, .h = 3, .w = 5, .ci = 3, .co = 5}});   // pointwise, single values
  check_case<T>({.p = {.n = 1, .h = 6, .w = 7, .ci = 8, .co = 4, .stride_h = 2, .stride_w = 2}});  // 1x1, stride 2
  check_case<T>({.p = {.n = 2, .h = 6, .w = 5, .ci = 4, .co = 8, .kh = 3, .kw = 3, .padding_h = 1, .padding_w = 1}});
  check_case<T>({.p = {.n = 1,
                       .h = 7,
                       .w = 6,
                       .ci = 3,
                       .co = 7,
                       .kh = 3,
                       .kw = 3,
                       .stride_h = 2,
                       .stride_w = 2,
                       .padding_h = 1,
                       .padding_w = 1}});
  check_case<T>({.p = {.n = 1,
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
                       .dilation_w = 2}});
  check_case<T>({.p = {.n = 1,
                       .h = 10,
                       .w = 11,
                       .ci = 3,
                       .co = 8,
                       .kh = 7,
                       .kw = 7,
                       .stride_h = 2,
                       .stride_w = 2,
                       .padding_h = 3,
                       .padding_w = 3}});
  check_case<T>(
      {.p = {.n = 1, .h = 5, .w = 5, .ci = 8, .co = 8, .kh = 3, .kw = 3, .padding_h = 1, .padding_w = 1, .groups = 2}});
  check_case<T>({.p = {.n = 1, .h = 4, .w = 4, .ci = 6, .co = 12, .kh = 3, .kw = 3, .groups = 6}});
}

TEST_CASE_TEMPLATE("convolution on the device works on channel ranges and off 16-byte boundaries", T, float, double) {
  const Conv2dParams p{.n = 1, .h = 4, .w = 5, .ci = 8, .co = 4, .kh = 3, .kw = 3, .padding_h = 1, .padding_w = 1};
  check_case<T>({.p = p, .x_gap = 4, .y_gap = 8});
  check_case<T>({.p = p, .x_gap = 3, .y_gap = 5});
  check_case<T>({.p = p, .shift = 1});
}

TEST_CASE_TEMPLATE("convolution on the device splits deep sums, and covers more than one tile", T, float, double) {
  // 3 x 3 x 60 = 540 deep: two parts forward, the data pass likewise.
  check_case<T>({.p = {.n = 1, .h = 3, .w = 3, .ci = 60, .co = 60, .kh = 3, .kw = 3, .padding_h = 1, .padding_w = 1}});
  // 2 x 17 x 16 = 544 pixels: several tiles of rows, and two parts of the weight gradient.
  check_case<T>({.p = {.n = 2, .h = 17, .w = 16, .ci = 4, .co = 68}});
}

TEST_CASE("convolution on the device names channels that the groups do not divide") {
  const DeviceValues<float> values(std::vector<float>(64));
  const Conv2dParams p{.n = 1, .h = 2, .w = 2, .ci = 6, .co = 4, .groups = 4, .x_pitch = 6, .y_pitch = 4};
  CHECK_THROWS_WITH_AS(conv2d_forward_cuda<float>(p, values.data(), values.data(), {}, values.data()),
                       "[conv2d_forward] expected channels divisible by 4 groups, got 6 in and 4 out", qrs::Error);
}

}  // namespace conv2d_test
