// The matrix product on the device against three loops: every transpose, tail, alignment and pitch.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "../../kernels/gemm/ref.hpp"
#include "../kernels/gemm_cases.hpp"
#include "device_matrix.hpp"

namespace gemm_test {

namespace {

using namespace qrs::kernels;
using qrs::testing::DeviceMatrix;
using qrs::testing::DeviceValues;
using qrs::testing::draw_gemm;
using qrs::testing::GemmCase;
using qrs::testing::Matrix;
using qrs::testing::random_values;

/// Sums of up to 150 products of either sign: some roundings of T.
template <class T>
constexpr double tolerance = sizeof(T) == 4 ? 2e-6 : 4e-15;

struct Case {
  std::int64_t m, n, k;
  std::int64_t gap = 0;    // values between the rows of every matrix
  std::int64_t shift = 0;  // of every matrix from a 16-byte boundary
};

/// Every way of a case on the device, twice: what is wrong with it, or nothing.
template <class T>
std::string wrong_with(const GemmCase& s, std::uint64_t seed = 1, std::int64_t shift = 0) {
  return qrs::testing::judge_gemm_every_way<T>(
      s, seed,
      [shift](const GemmParams& p, const Matrix<T>& a, const Matrix<T>& b, Matrix<T>& c) {
        const DeviceMatrix<T> device_a(a, shift);
        const DeviceMatrix<T> device_b(b, shift);
        const DeviceMatrix<T> device_c(c, shift);
        gemm_cuda(p, device_a.data(), device_b.data(), device_c.data());
        device_c.to(c);
      },
      {1, 3});
}

template <class T>
void check_case(const Case& s, bool transpose_a, bool transpose_b, bool accumulate) {
  CAPTURE(s.m);
  CAPTURE(s.n);
  CAPTURE(s.k);
  CAPTURE(s.gap);
  CAPTURE(s.shift);
  CAPTURE(transpose_a);
  CAPTURE(transpose_b);
  CAPTURE(accumulate);
  const GemmParams p{.m = s.m,
                     .n = s.n,
                     .k = s.k,
                     .lda = (transpose_a ? s.m : s.k) + s.gap,
                     .ldb = (transpose_b ? s.k : s.n) + s.gap,
                     .ldc = s.n + s.gap,
                     .transpose_a = transpose_a,
                     .transpose_b = transpose_b,
                     .accumulate = accumulate};
  const auto a = random_values<T>((transpose_a ? s.k : s.m) * p.lda, -1, 1, 1);
  const auto b = random_values<T>((transpose_b ? s.n : s.k) * p.ldb, -1, 1, 2);
  auto expected = random_values<T>(s.m * p.ldc, -1, 1, 3);
  const DeviceValues<T> device_a(a, s.shift);
  const DeviceValues<T> device_b(b, s.shift);
  const DeviceValues<T> c(expected, s.shift);
  const DeviceValues<T> again(expected, s.shift);
  gemm_cuda(p, device_a.data(), device_b.data(), c.data());
  gemm_cuda(p, device_a.data(), device_b.data(), again.data());
  gemm_ref(p, a.data(), b.data(), expected.data());
  CHECK(qrs::difference(c.values(), expected).relative() <= tolerance<T>);
  CHECK(c.values() == again.values());
}

}  // namespace

TEST_CASE_TEMPLATE("random products on the device have their judge's values", T, float, double) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    qrs::testing::Draw draw(1000 + seed);
    CHECK(wrong_with<T>(draw_gemm(seed, draw.in(1, 20), draw.in(1, 70), 40), seed, draw.in(0, 3)) == "");
  }
  for (const std::int64_t edge : {63, 64, 65, 127, 128, 129}) {  // tiles of 128 x 64
    const auto seed = static_cast<std::uint64_t>(edge);
    CHECK(wrong_with<T>(draw_gemm(seed, edge, 3, 20), seed) == "");
    CHECK(wrong_with<T>(draw_gemm(100 + seed, 3, edge, 20), seed) == "");
  }
}

TEST_CASE("random products on the tensor cores have their judge's values") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    qrs::testing::Draw draw(2000 + seed);
    GemmCase s = draw_gemm(seed, draw.in(1, 40), draw.in(1, 70), 40);
    s.p.tensor_cores = true;
    CHECK(wrong_with<float>(s, seed, draw.in(0, 3)) == "");
  }
}

TEST_CASE_TEMPLATE("gemm on the device equals three loops", T, float, double) {
  for (const bool transpose_a : {false, true}) {
    for (const bool transpose_b : {false, true}) {
      for (const Case& s : {Case{1, 1, 1}, Case{8, 12, 16}, Case{5, 7, 3}, Case{129, 68, 36}, Case{20, 65, 33},
                            Case{16, 8, 24, 4}, Case{16, 8, 24, 3}, Case{16, 8, 24, 0, 1}}) {
        check_case<T>(s, transpose_a, transpose_b, s.m % 2 == 0);
      }
    }
  }
  check_case<T>({130, 70, 150}, false, false, true);
}

TEST_CASE("gemm on the tensor cores is as exact as in float") {
  // One product of tf32 would be off by 5e-4; three leave what float itself leaves.
  for (const Case& s : {Case{5, 7, 3}, Case{130, 70, 150}, Case{64, 64, 16, 4}, Case{20, 12, 40, 0, 1}}) {
    CAPTURE(s.m);
    const GemmParams p{.m = s.m,
                       .n = s.n,
                       .k = s.k,
                       .lda = s.k + s.gap,
                       .ldb = s.k + s.gap,
                       .ldc = s.n + s.gap,
                       .transpose_b = true,
                       .accumulate = true,
                       .tensor_cores = true};
    const auto a = random_values<float>(s.m * p.lda, -1, 1, 1);
    const auto b = random_values<float>(s.n * p.ldb, -1, 1, 2);
    auto expected = random_values<float>(s.m * p.ldc, -1, 1, 3);
    const DeviceValues<float> device_a(a, s.shift);
    const DeviceValues<float> device_b(b, s.shift);
    const DeviceValues<float> c(expected, s.shift);
    gemm_cuda(p, device_a.data(), device_b.data(), c.data());
    gemm_ref(p, a.data(), b.data(), expected.data());
    CHECK(qrs::difference(c.values(), expected).relative() <= tolerance<float>);
  }
}

TEST_CASE("gemm on the device over an empty sum is zero, or what was there") {
  const DeviceValues<float> nothing(std::vector<float>{});
  const DeviceValues<float> c(std::vector<float>{1, 2, 3, 4});
  GemmParams p{.m = 2, .n = 2, .k = 0, .lda = 0, .ldb = 2, .ldc = 2, .accumulate = true};
  gemm_cuda(p, nothing.data(), nothing.data(), c.data());
  CHECK(c.values() == std::vector<float>{1, 2, 3, 4});
  p.accumulate = false;
  gemm_cuda(p, nothing.data(), nothing.data(), c.data());
  CHECK(c.values() == std::vector<float>{0, 0, 0, 0});
}

}  // namespace gemm_test
