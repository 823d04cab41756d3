// Elementwise maps on the device against the plain loops: every activation, tail, pitch, alignment and accumulation.
#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "../../kernels/elementwise/ref.hpp"
#include "../kernels/activations.hpp"
#include "../kernels/judge.hpp"
#include "device_values.hpp"

namespace elementwise_test {

namespace {

using namespace qrs::kernels;
using qrs::testing::DeviceValues;
using qrs::testing::random_rows;
using qrs::testing::random_values;

/// A few roundings: the device has its own exp, tanh and erf, and contracts to FMA.
template <class T>
constexpr double tolerance = sizeof(T) == 4 ? 1e-6 : 4e-15;

template <class T>
void check_shape(const ElementwiseParams& p, std::int64_t shift) {
  CAPTURE(p.rows);
  CAPTURE(p.cols);
  CAPTURE(p.y_pitch);
  CAPTURE(p.accumulate);
  CAPTURE(shift);
  const auto x = random_rows<T>(p.rows, p.cols, p.x_pitch, -8, 8, 1);
  const auto z = random_rows<T>(p.rows, p.cols, p.z_pitch, -1, 1, 2);
  const auto dy = random_rows<T>(p.rows, p.cols, p.y_pitch, -1, 1, 4);
  const auto dx = random_values<T>(p.rows * p.z_pitch, -1, 1, 5);
  const auto y = random_values<T>(p.rows * p.y_pitch, -1, 1, 3);
  const DeviceValues<T> device_x(x, shift);
  const DeviceValues<T> device_z(z, shift);
  // run(ref's output) and run(device's output); what stands between rows is compared too: nobody may write there.
  const auto compare = [&](const std::vector<T>& before, const auto& ref, const auto& cuda) {
    auto expected = before;
    ref(expected.data());
    const DeviceValues<T> out(before, shift);
    cuda(out.data());
    CHECK(qrs::difference(out.values(), expected).relative() <= tolerance<T>);
  };
  for (const Activation& f : qrs::testing::activations) {
    CAPTURE(static_cast<int>(f.kind));
    compare(
        y, [&](T* out) { activation_forward_ref(p, f, x.data(), out); },
        [&](T* out) { activation_forward_cuda(p, f, device_x.data(), out); });
    const DeviceValues<T> device_dy(dy, shift);
    compare(
        dx, [&](T* out) { activation_backward_ref(p, f, x.data(), dy.data(), out, p.z_pitch); },
        [&](T* out) { activation_backward_cuda(p, f, device_x.data(), device_dy.data(), out, p.z_pitch); });
  }
  compare(
      y, [&](T* out) { add_ref(p, x.data(), z.data(), out); },
      [&](T* out) { add_cuda(p, device_x.data(), device_z.data(), out); });
  compare(
      y, [&](T* out) { multiply_ref(p, x.data(), z.data(), out); },
      [&](T* out) { multiply_cuda(p, device_x.data(), device_z.data(), out); });
  compare(
      y, [&](T* out) { add_scaled_ref(p, T(0.75), x.data(), out); },
      [&](T* out) { add_scaled_cuda(p, T(0.75), device_x.data(), out); });
  const auto positive = random_rows<T>(p.rows, p.cols, p.x_pitch, T(0.1), 8, 6);
  const DeviceValues<T> device_positive(positive, shift);
  compare(
      y, [&](T* out) { divide_ref(p, positive.data(), z.data(), out); },
      [&](T* out) { divide_cuda(p, device_positive.data(), device_z.data(), out); });
  compare(
      y, [&](T* out) { exp_ref(p, positive.data(), out); }, [&](T* out) { exp_cuda(p, device_positive.data(), out); });
  compare(
      y, [&](T* out) { log_ref(p, positive.data(), out); }, [&](T* out) { log_cuda(p, device_positive.data(), out); });
  compare(
      y, [&](T* out) { sqrt_ref(p, positive.data(), out); },
      [&](T* out) { sqrt_cuda(p, device_positive.data(), out); });
}

}  // namespace

TEST_CASE_TEMPLATE("elementwise on the device equals the plain loops", T, float, double) {
  for (const bool accumulate : {false, true}) {
    for (const std::int64_t cols : {1, 3, 4, 7, 16, 33, 300}) {
      check_shape<T>(
          {.rows = 1, .cols = cols, .x_pitch = cols, .z_pitch = cols, .y_pitch = cols, .accumulate = accumulate}, 0);
    }
    check_shape<T>({.rows = 5, .cols = 7, .x_pitch = 7, .z_pitch = 7, .y_pitch = 7, .accumulate = accumulate}, 0);
    check_shape<T>({.rows = 5, .cols = 8, .x_pitch = 12, .z_pitch = 8, .y_pitch = 16, .accumulate = accumulate}, 0);
    check_shape<T>({.rows = 5, .cols = 6, .x_pitch = 12, .z_pitch = 8, .y_pitch = 16, .accumulate = accumulate}, 0);
    check_shape<T>({.rows = 3, .cols = 5, .x_pitch = 9, .z_pitch = 5, .y_pitch = 6, .accumulate = accumulate}, 0);
    check_shape<T>({.rows = 4, .cols = 8, .x_pitch = 8, .z_pitch = 8, .y_pitch = 8, .accumulate = accumulate}, 1);
    check_shape<T>({.rows = 4, .cols = 8, .x_pitch = 8, .z_pitch = 12, .y_pitch = 8, .accumulate = accumulate}, 3);
  }
}

TEST_CASE_TEMPLATE("elementwise on the device equals the plain loops at random shapes", T, float, double) {
  for (std::uint64_t seed = 1; seed <= 15; ++seed) {
    CAPTURE(seed);
    qrs::testing::Draw draw(seed);
    const std::int64_t cols = draw.in(1, 70);
    check_shape<T>({.rows = draw.in(1, 12),
                    .cols = cols,
                    .x_pitch = cols + draw.in(0, 9),
                    .z_pitch = cols + draw.in(0, 9),
                    .y_pitch = cols + draw.in(0, 9),
                    .accumulate = draw.coin()},
                   draw.in(0, 3));
  }
}

TEST_CASE("elementwise on the device works in place and on nothing") {
  const auto x = random_values<float>(70);
  const DeviceValues<float> values(x);
  const ElementwiseParams p{.rows = 10, .cols = 7, .x_pitch = 7, .z_pitch = 7, .y_pitch = 7};
  activation_forward_cuda(p, Activation::relu, values.data(), values.data());
  auto expected = x;
  activation_forward_ref(p, Activation::relu, x.data(), expected.data());
  CHECK(values.values() == expected);
  activation_forward_cuda({.rows = 0, .cols = 7, .x_pitch = 7, .z_pitch = 7, .y_pitch = 7}, Activation::relu,
                          values.data(), values.data());
  CHECK(values.values() == expected);
}

}  // namespace elementwise_test
