// The gate: the fast version against the plain loops, on every tail, pitch and combination of wanted gradients.
#include <doctest/doctest.h>
#include <qrs/core/compare.hpp>
#include <qrs/core/parallel.hpp>
#include <qrs/kernels.hpp>

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <vector>

#include "../../kernels/gate/ref.hpp"
#include "judge.hpp"
#include "random_values.hpp"

namespace gate_test {

namespace {

using qrs::kernels::GateGradients;
using qrs::kernels::GateParams;
using qrs::testing::random_rows;
using qrs::testing::random_values;

template <class T>
void check_shape(const GateParams& p, bool accumulate) {
  CAPTURE(p.c);
  CAPTURE(p.pixels);
  CAPTURE(accumulate);
  const std::int64_t rows = p.n * p.pixels;
  const std::vector<T> x = random_rows<T>(rows, p.c, p.x_pitch, -1, 1, 1);
  const std::vector<T> s = random_values<T>(p.n * p.c, 0, 1, 2);
  const std::vector<T> dy = random_rows<T>(rows, p.c, p.y_pitch, -1, 1, 3);
  const double eps = sizeof(T) == 4 ? 2e-7 : 1e-15;

  std::vector<T> y = random_values<T>(rows * p.y_pitch, -1, 1, 3);
  std::vector<T> y_expected = y;
  qrs::kernels::gate_forward_ref(p, x.data(), s.data(), y_expected.data());
  qrs::kernels::gate_forward_cpu(p, x.data(), s.data(), y.data());
  CHECK(y == y_expected);

  std::vector<T> dx = random_values<T>(rows * p.dx_pitch, -1, 1, 4);
  std::vector<T> ds = s;
  std::vector<T> dx_expected = dx;
  std::vector<T> ds_expected = s;
  qrs::kernels::gate_backward_ref(p, x.data(), s.data(), dy.data(),
                                  {dx_expected.data(), ds_expected.data(), accumulate, accumulate});
  qrs::kernels::gate_backward_cpu(p, x.data(), s.data(), dy.data(), {dx.data(), ds.data(), accumulate, accumulate});
  CHECK(qrs::mismatch(dx, dx_expected, {.absolute = eps}) == "");
  CHECK(qrs::mismatch(ds, ds_expected, {.absolute = 8 * eps * std::sqrt(static_cast<double>(p.pixels))}) == "");

  // One gradient alone is the same gradient.
  std::vector<T> alone = random_values<T>(rows * p.dx_pitch, -1, 1, 4);
  qrs::kernels::gate_backward_cpu(p, x.data(), s.data(), dy.data(),
                                  GateGradients<T>{.dx = alone.data(), .accumulate_dx = accumulate});
  CHECK(alone == dx);
  std::vector<T> ds_alone = s;
  qrs::kernels::gate_backward_cpu(p, x.data(), s.data(), dy.data(),
                                  GateGradients<T>{.ds = ds_alone.data(), .accumulate_ds = accumulate});
  CHECK(ds_alone == ds);
}

}  // namespace

TEST_CASE_TEMPLATE("the gate matches the plain loops at every tail length and pitch", T, float, double) {
  for (std::int64_t c = 1; c <= 2 * qrs::simd::lanes<T> + 1; ++c) {
    for (const bool accumulate : {false, true}) {
      check_shape<T>({.n = 3, .pixels = 35, .c = c, .x_pitch = c, .y_pitch = c, .dx_pitch = c}, accumulate);
      check_shape<T>({.n = 3, .pixels = 7, .c = c, .x_pitch = c + 3, .y_pitch = c + 1, .dx_pitch = c + 2}, accumulate);
    }
  }
  check_shape<T>({.n = 2, .pixels = 4000, .c = 24, .x_pitch = 24, .y_pitch = 24, .dx_pitch = 24}, true);
}

TEST_CASE_TEMPLATE("the gate matches the plain loops at random shapes", T, float, double) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    qrs::testing::Draw draw(seed);
    const std::int64_t c = draw.in(1, 100);
    check_shape<T>({.n = draw.in(1, 4),
                    .pixels = draw.in(1, 50),
                    .c = c,
                    .x_pitch = c + draw.in(0, 9),
                    .y_pitch = c + draw.in(0, 9),
                    .dx_pitch = c + draw.in(0, 9)},
                   draw.coin());
  }
}

TEST_CASE("the gate has the same bits for 1, 2, 3 and 7 threads") {
  const GateParams p{.n = 3, .pixels = 1500, .c = 37, .x_pitch = 37, .y_pitch = 37, .dx_pitch = 37};
  const std::vector<float> x = random_values<float>(p.n * p.pixels * p.c);
  const std::vector<float> s = random_values<float>(p.n * p.c, 0, 1, 2);
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 2, 3, 7}) {
    const qrs::ThreadLimit limit(threads);
    std::vector<float> y(x.size());
    std::vector<float> dx(x.size());
    std::vector<float> ds(s.size());
    qrs::kernels::gate_forward_cpu(p, x.data(), s.data(), y.data());
    qrs::kernels::gate_backward_cpu(p, x.data(), s.data(), y.data(), GateGradients<float>{dx.data(), ds.data()});
    y.insert(y.end(), dx.begin(), dx.end());
    y.insert(y.end(), ds.begin(), ds.end());
    results.push_back(y);
  }
  for (const std::vector<float>& result : results) CHECK(result == results.front());
}

}  // namespace gate_test
