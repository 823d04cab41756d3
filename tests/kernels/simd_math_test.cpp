// exp, sigmoid, tanh and erf on registers against the standard library in double.
#include "../../kernels/simd/math.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <limits>

#include "qrs/core/compare.hpp"

namespace {

using qrs::simd::Vec;

/// f on one value, in the first lane; the others hold other values, so that a lane which reads its neighbour shows.
template <class F>
float on_lane(const F& f, float x, int lane) {
  Vec<float> v;
  for (int i = 0; i < qrs::simd::lanes<float>; ++i) v[i] = static_cast<float>(i) - 3.0F;
  v[lane] = x;
  return f(v)[lane];
}

struct Errors {
  qrs::Difference ulp;       // in units of the spacing of floats at the exact value
  qrs::Difference absolute;  // got and exact value
  float at = 0.0F;           // where ulp is largest
};

/// The largest error of f over a grid of [low, high].
template <class F, class Exact>
Errors largest_error(const F& f, const Exact& exact, float low, float high) {
  Errors out;
  constexpr int steps = 200003;
  for (int i = 0; i <= steps; ++i) {
    const float x = low + (high - low) * static_cast<float>(i) / static_cast<float>(steps);
    const double want = exact(static_cast<double>(x));
    const double got = static_cast<double>(on_lane(f, x, i % qrs::simd::lanes<float>));
    const float rounded = std::fabs(static_cast<float>(want));
    const double spacing =
        static_cast<double>(std::nextafter(rounded, std::numeric_limits<float>::infinity()) - rounded);
    out.ulp.add((got - want) / spacing, 0.0);
    out.absolute.add(got, want);
    if (out.ulp.element == i) out.at = x;
  }
  return out;
}

const auto vec_exp = [](Vec<float> v) { return qrs::simd::exp(v); };
const auto vec_sigmoid = [](Vec<float> v) { return qrs::simd::sigmoid(v); };
const auto vec_tanh = [](Vec<float> v) { return qrs::simd::tanh(v); };
const auto vec_erf = [](Vec<float> v) { return qrs::simd::erf(v); };

const auto exact_exp = [](double x) { return std::exp(x); };
const auto exact_sigmoid = [](double x) { return 1.0 / (1.0 + std::exp(-x)); };
const auto exact_tanh = [](double x) { return std::tanh(x); };
const auto exact_erf = [](double x) { return std::erf(x); };

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();

}  // namespace

TEST_CASE("exp is within 2 ulp over its whole range, gradual underflow included") {
  for (const float bound : {0.35F, 1.0F, 10.0F, 88.7F}) {
    const Errors e = largest_error(vec_exp, exact_exp, -bound, bound);
    CAPTURE(e.at);
    CHECK(e.ulp.max_error <= 2.0);
  }
  CHECK(largest_error(vec_exp, exact_exp, -104.0F, -87.0F).ulp.max_error <= 2.0);
}

TEST_CASE("exp at the ends: zero, infinity and NaN") {
  CHECK(on_lane(vec_exp, 0.0F, 0) == 1.0F);
  CHECK(on_lane(vec_exp, -infinity, 0) == 0.0F);
  CHECK(on_lane(vec_exp, -150.0F, 1) == 0.0F);
  CHECK(on_lane(vec_exp, 88.72F, 1) < infinity);
  CHECK(on_lane(vec_exp, 88.73F, 1) == infinity);
  CHECK(on_lane(vec_exp, 1e30F, 0) == infinity);
  CHECK(on_lane(vec_exp, infinity, 0) == infinity);
  CHECK(std::isnan(on_lane(vec_exp, nan_value, 2)));
}

TEST_CASE("sigmoid and tanh are within 3 ulp") {
  CHECK(largest_error(vec_sigmoid, exact_sigmoid, -87.0F, 30.0F).ulp.max_error <= 3.0);
  CHECK(largest_error(vec_sigmoid, exact_sigmoid, -2.0F, 2.0F).ulp.max_error <= 3.0);
  CHECK(largest_error(vec_tanh, exact_tanh, -12.0F, 12.0F).ulp.max_error <= 3.0);
  CHECK(largest_error(vec_tanh, exact_tanh, -0.7F, 0.7F).ulp.max_error <= 3.0);
  CHECK(on_lane(vec_sigmoid, -infinity, 0) == 0.0F);
  CHECK(on_lane(vec_sigmoid, infinity, 0) == 1.0F);
  CHECK(std::isnan(on_lane(vec_sigmoid, nan_value, 0)));
  CHECK(on_lane(vec_tanh, -infinity, 0) == -1.0F);
  CHECK(on_lane(vec_tanh, infinity, 0) == 1.0F);
  CHECK(std::signbit(on_lane(vec_tanh, -0.0F, 0)));
  CHECK(std::isnan(on_lane(vec_tanh, nan_value, 0)));
}

TEST_CASE("erf is within the spacing of floats at 1") {
  CHECK(largest_error(vec_erf, exact_erf, -6.0F, 6.0F).absolute.max_error <= 1.2e-7);
  CHECK(largest_error(vec_erf, exact_erf, -0.01F, 0.01F).ulp.max_error <= 3.0);
  CHECK(on_lane(vec_erf, -infinity, 0) == -1.0F);
  CHECK(on_lane(vec_erf, infinity, 0) == 1.0F);
  CHECK(std::isnan(on_lane(vec_erf, nan_value, 0)));
}

TEST_CASE("on doubles the functions are the standard library's") {
  Vec<double> v;
  for (int i = 0; i < qrs::simd::lanes<double>; ++i) v[i] = 0.37 * i - 1.1;
  for (int i = 0; i < qrs::simd::lanes<double>; ++i) {
    CHECK(qrs::simd::exp(v)[i] == std::exp(v[i]));
    CHECK(qrs::simd::tanh(v)[i] == std::tanh(v[i]));
    CHECK(qrs::simd::erf(v)[i] == std::erf(v[i]));
    CHECK(qrs::simd::sigmoid(v)[i] == doctest::Approx(1.0 / (1.0 + std::exp(-v[i]))).epsilon(1e-15));
  }
}
