// The matrix product on the CPU before its judge: every transpose, with and without accumulation, every tail of a tile.
#include <doctest/doctest.h>
#include <qrs/kernels.hpp>

#include <cstdint>
#include <string>

#include "../../kernels/gemm/ref.hpp"
#include "gemm_cases.hpp"

namespace gemm_test {

namespace {

using qrs::kernels::GemmParams;
using qrs::testing::GemmCase;
using qrs::testing::Matrix;

/// Every way of a case on the CPU: what is wrong with it, or nothing.
template <class T>
std::string wrong_with(const GemmCase& s, std::uint64_t seed = 1) {
  return qrs::testing::judge_gemm_every_way<T>(
      s, seed, [](const GemmParams& p, const Matrix<T>& a, const Matrix<T>& b, Matrix<T>& c) {
        qrs::kernels::gemm_cpu(p, a.data(), b.data(), c.data());
      });
}

}  // namespace

TEST_CASE_TEMPLATE("random products have their judge's values, for every tail of a tile", T, float, double) {
  for (std::int64_t n = 1; n <= 2 * qrs::simd::lanes<T> + 1; ++n) {
    const auto seed = static_cast<std::uint64_t>(n);
    qrs::testing::Draw draw(1000 + seed);
    CHECK(wrong_with<T>(qrs::testing::draw_gemm(seed, draw.in(1, 40), n, 40), seed) == "");
  }
  for (std::int64_t m = 1; m <= 2 * qrs::kernels::tile::rows + 1; ++m) {
    const auto seed = 100 + static_cast<std::uint64_t>(m);
    qrs::testing::Draw draw(1000 + seed);
    CHECK(wrong_with<T>(qrs::testing::draw_gemm(seed, m, draw.in(1, 70), 40), seed) == "");
  }
}

TEST_CASE_TEMPLATE("random products of numbers with all their bits round as little as their judge", T, float, double) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    qrs::testing::Draw draw(2000 + seed);
    GemmCase s = qrs::testing::draw_gemm(seed, draw.in(1, 40), draw.in(1, 70), 600);
    s.values = qrs::testing::Values::all_bits;
    CHECK(wrong_with<T>(s, seed) == "");
  }
}

TEST_CASE_TEMPLATE("products that take ways of their own have their judge's values", T, float, double) {
  constexpr std::int64_t width = qrs::kernels::tile::cols<T>;
  constexpr std::int64_t chain = qrs::kernels::tile::chain;
  constexpr std::int64_t block = 8 * qrs::kernels::tile::rows;
  CHECK(wrong_with<T>({.p = {.m = 5, .n = 7, .k = 0}, .c_gap = 2}) == "");  // an empty sum
  CHECK(wrong_with<T>({.p = {.m = 0, .n = 7, .k = 3}}) == "");
  CHECK(wrong_with<T>({.p = {.m = 5, .n = 0, .k = 3}}) == "");
  CHECK(wrong_with<T>({.p = {.m = 1, .n = 1, .k = 1}}) == "");
  CHECK(wrong_with<T>({.p = {.m = 9, .n = width + 1, .k = chain}}) == "");  // exactly one piece of a sum
  CHECK(wrong_with<T>({.p = {.m = 9, .n = width - 1, .k = 2 * chain + 3}, .a_gap = 1}) == "");
  CHECK(wrong_with<T>({.p = {.m = block + 3, .n = 9 * width + 5, .k = 11}, .b_gap = 1}) == "");  // blocks and runs
  CHECK(wrong_with<T>({.p = {.m = 3, .n = 8 * 4 * width + 5, .k = 9}, .b_gap = 3}) == "");  // packs inside its tasks
  CHECK(wrong_with<T>({.p = {.m = 4 * block + 1, .n = 29 * width, .k = 5}}) == "");  // just too many blocks for it
}

}  // namespace gemm_test
