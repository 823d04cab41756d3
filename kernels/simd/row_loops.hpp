// Loops over rows of values, with whole registers inside: the frame of every elementwise pass on the CPU.
//
//   for_each_run(rows, cols, dense, [&](row, col, count) { map_run<T>(count, ...); });
//
// A run is a stretch of one row. Where no operand has gaps between its rows (dense), all values are one long row, so
// that narrow tensors cost no tails. The runs depend on the shape alone, never on the number of threads.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "../../include/qrs/core/parallel.hpp"
#include "simd.hpp"

namespace qrs::kernels {

/// Values handed to a thread at once: tens of microseconds of work.
inline constexpr std::int64_t values_per_task = 32768;

/// Calls run(row, col, count) until every value of rows x cols is covered once.
template <class Run>
void for_each_run(std::int64_t rows, std::int64_t cols, bool dense, const Run& run) {
  if (dense) {
    cols *= rows;
    rows = 1;
  }
  if (rows <= 0 || cols <= 0) return;
  if (rows == 1) {
    parallel_chunks(cols, values_per_task, [&](std::int64_t begin, std::int64_t end) { run(0, begin, end - begin); });
    return;
  }
  parallel_chunks(rows, std::max<std::int64_t>(1, values_per_task / cols), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) run(r, 0, cols);
  });
}

/// out[i] = f(in0[i], in1[i], ...) for one run; f takes and returns registers. out may be one of the inputs.
template <class T, class F, class... In>
inline void map_run(std::int64_t count, const F& f, T* out, const In*... in) {
  std::int64_t i = 0;
  for (; i + simd::lanes<T> <= count; i += simd::lanes<T>) simd::store<T>(out + i, f(simd::load<T>(in + i)...));
  if (i < count) simd::store_tail<T>(out + i, f(simd::load_tail<T>(in + i, count - i)...), count - i);
}

/// Calls body(registers, col, count) until every column is covered once: `registers` registers (a compile-time
/// constant, 4 or 1) from column `col` on, each with `count` lanes that exist, as in simd::load_part. Four at a time
/// hide the latency of a chain of dependent steps.
template <class T, class Body>
inline void for_each_register_block(std::int64_t cols, const Body& body) {
  constexpr std::int64_t L = simd::lanes<T>;
  std::int64_t c = 0;
  for (; c + 4 * L <= cols; c += 4 * L) body(std::integral_constant<int, 4>{}, c, L);
  for (; c + L <= cols; c += L) body(std::integral_constant<int, 1>{}, c, L);
  if (c < cols) body(std::integral_constant<int, 1>{}, c, cols - c);
}

}  // namespace qrs::kernels
