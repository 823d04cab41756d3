// Sums over rows and the broadcast back, on the device against the plain loops.
#include <doctest/doctest.h>

#include <cstdint>
#include <vector>

#include "../../kernels/reduce/ref.hpp"
#include "../kernels/judge.hpp"
#include "device_values.hpp"

namespace reduce_test {

namespace {

using namespace qrs::kernels;
using qrs::testing::DeviceValues;
using qrs::testing::random_rows;
using qrs::testing::random_values;

/// Both sides add in double, so only the last rounding to T and the order of the double sums remain.
template <class T>
constexpr double tolerance = sizeof(T) == 4 ? 2e-7 : 1e-14;

template <class T>
void check_shape(const ReduceParams& p) {
  CAPTURE(p.outer);
  CAPTURE(p.rows);
  CAPTURE(p.cols);
  CAPTURE(p.x_pitch);
  CAPTURE(p.accumulate);
  const auto x = random_rows<T>(p.outer * p.rows, p.cols, p.x_pitch, -1, 2, 1);
  const auto y = random_values<T>(p.outer * p.cols, -1, 1, 2);
  const DeviceValues<T> device_x(x);

  auto expected = y;
  reduce_rows_ref(p, x.data(), expected.data());
  const DeviceValues<T> sums(y);
  reduce_rows_cuda(p, device_x.data(), sums.data());
  CHECK(qrs::difference(sums.values(), expected).relative() <= tolerance<T>);
  const DeviceValues<T> again(y);
  reduce_rows_cuda(p, device_x.data(), again.data());
  CHECK(again.values() == sums.values());  // the same bits

  std::vector<T> total{T(0.25)};
  const DeviceValues<T> device_total(total);
  reduce_total_ref(p, x.data(), total.data());
  reduce_total_cuda(p, device_x.data(), device_total.data());
  CHECK(qrs::difference(device_total.values(), total).relative() <= tolerance<T>);

  const DeviceValues<T> device_y(y);
  auto spread = random_values<T>(p.outer * p.rows * p.x_pitch, -1, 1, 3);
  const DeviceValues<T> device_spread(spread);
  broadcast_rows_ref(p, y.data(), spread.data());
  broadcast_rows_cuda(p, device_y.data(), device_spread.data());
  CHECK(qrs::difference(device_spread.values(), spread).relative() <= tolerance<T>);
}

}  // namespace

TEST_CASE_TEMPLATE("sums over rows on the device equal the plain loops", T, float, double) {
  for (const bool accumulate : {false, true}) {
    for (const std::int64_t rows : {1, 7, 8, 9, 511, 513, 1500}) {
      check_shape<T>({.outer = 1, .rows = rows, .cols = 5, .x_pitch = 5, .scale = 0.5, .accumulate = accumulate});
    }
    for (const std::int64_t cols : {1, 31, 32, 33, 100}) {
      check_shape<T>(
          {.outer = 3, .rows = 49, .cols = cols, .x_pitch = cols, .scale = 1.0 / 49, .accumulate = accumulate});
      check_shape<T>({.outer = 2, .rows = 5, .cols = cols, .x_pitch = cols + 3, .accumulate = accumulate});
    }
  }
  check_shape<T>({.outer = 2, .rows = 700, .cols = 40, .x_pitch = 41});
}

TEST_CASE_TEMPLATE("sums over rows on the device equal the plain loops at random shapes", T, float, double) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    qrs::testing::Draw draw(seed);
    const std::int64_t cols = draw.in(1, 70);
    check_shape<T>({.outer = draw.in(1, 3),
                    .rows = draw.in(1, 200),
                    .cols = cols,
                    .x_pitch = cols + draw.in(0, 9),
                    .scale = 0.75,
                    .accumulate = draw.coin()});
  }
}

TEST_CASE("a sum of no rows on the device is zero") {
  const DeviceValues<float> nothing(std::vector<float>{});
  const DeviceValues<float> out(std::vector<float>{7.0f, 7.0f, 7.0f});
  reduce_rows_cuda({.outer = 1, .rows = 0, .cols = 3, .x_pitch = 3}, nothing.data(), out.data());
  CHECK(out.values() == std::vector<float>{0.0f, 0.0f, 0.0f});
  reduce_total_cuda({.outer = 1, .rows = 0, .cols = 3, .x_pitch = 3}, nothing.data(), out.data());
  CHECK(out.values()[0] == 0.0f);
}

}  // namespace reduce_test
