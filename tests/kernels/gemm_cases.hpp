// Cases of the matrix product for its judge: one problem, and problems drawn at random. The tests of the CPU and of the
// device share them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../../kernels/gemm/ref.hpp"
#include "judge.hpp"

namespace qrs::testing {

/// A product and what lies between the rows of its matrices. The leading dimensions of p follow from the gaps.
struct GemmCase {
  kernels::GemmParams p;
  std::int64_t a_gap = 0;
  std::int64_t b_gap = 0;
  std::int64_t c_gap = 0;
  Values values = Values::sixteenths;
};

inline std::string text_of(const GemmCase& s) {
  return text("m ", s.p.m, ", n ", s.p.n, ", k ", s.p.k, s.p.transpose_a ? ", A transposed" : "",
              s.p.transpose_b ? ", B transposed" : "", s.p.accumulate ? ", accumulating" : "", ", gaps ", s.a_gap, " ",
              s.b_gap, " ", s.c_gap);
}

/// What is wrong with gemm(p, a, b, c) on matrices, or nothing.
template <class T, class Gemm>
std::string judge_gemm(GemmCase s, std::uint64_t seed, const Gemm& gemm,
                       std::initializer_list<int> thread_counts = {1, 2, 3, 7}) {
  kernels::GemmParams& p = s.p;
  Draw draw(seed, s.values);
  const Matrix<T> a = operand<T>(draw, p.transpose_a ? p.k : p.m, p.transpose_a ? p.m : p.k, s.a_gap);
  const Matrix<T> b = operand<T>(draw, p.transpose_b ? p.n : p.k, p.transpose_b ? p.k : p.n, s.b_gap);
  p.lda = a.pitch();
  p.ldb = b.pitch();
  p.ldc = p.n + s.c_gap;
  using Targets = std::vector<Matrix<T>>;
  const std::string wrong = judge<T>(
      {target<T>(draw, p.m, p.n, s.c_gap, p.accumulate)},
      s.values == Values::sixteenths ? Tolerance{} : roundings<T>(8.0 + static_cast<double>(p.k) / 4.0),
      [&](Targets& out) { gemm(p, a, b, out[0]); },
      [&](Targets& out) { kernels::gemm_ref(p, a.data(), b.data(), out[0].data()); }, thread_counts);
  return wrong.empty() ? wrong : text(text_of(s), ", seed ", seed, ": ", wrong);
}

/// What is wrong with the four transposes of a product, each with and without accumulation.
template <class T, class Gemm>
std::string judge_gemm_every_way(GemmCase s, std::uint64_t seed, const Gemm& gemm,
                                 std::initializer_list<int> thread_counts = {1, 2, 3, 7}) {
  for (int way = 0; way < 8; ++way) {
    s.p.transpose_a = way % 2 == 1;
    s.p.transpose_b = way / 2 % 2 == 1;
    s.p.accumulate = way / 4 == 1;
    if (const std::string wrong = judge_gemm<T>(s, seed, gemm, thread_counts); !wrong.empty()) return wrong;
  }
  return "";
}

/// A product of m x n, with a drawn depth and drawn gaps.
inline GemmCase draw_gemm(std::uint64_t seed, std::int64_t m, std::int64_t n, std::int64_t most_depth) {
  Draw draw(seed);
  return {.p = {.m = m, .n = n, .k = draw.in(1, most_depth)},
          .a_gap = draw.coin() ? 0 : draw.in(1, 9),
          .b_gap = draw.coin() ? 0 : draw.in(1, 9),
          .c_gap = draw.coin() ? 0 : draw.in(1, 9)};
}

}  // namespace qrs::testing
