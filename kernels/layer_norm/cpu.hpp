// Layer normalisation on the CPU: threads over chunks of rows, registers along a row.
//
// A row is read for its mean, its variance around that mean, and its result: it stays in the nearest cache between them.
// Sums along a row are added in registers of T, then in double every 32 additions; sums over rows are gate's and batch
// norm's: partial sums of chunks whose height depends on the shape alone, combined in index order.
#pragma once

#include <array>
#include <cmath>

#include "../reduce/cpu.hpp"
#include "layer_norm.hpp"

namespace qrs::kernels {

namespace detail {

/// N sums along one row: value(c, count) gives N registers of columns c, c + 1, ..., the lanes past `count` zero.
template <class T, std::size_t N, class Value>
std::array<double, N> row_sums(std::int64_t cols, const Value& value) {
  constexpr std::int64_t L = simd::lanes<T>;
  std::array<double, N> total{};
  for (std::int64_t begin = 0; begin < cols; begin += rows_per_partial * L) {
    const std::int64_t end = std::min(cols, begin + rows_per_partial * L);
    std::array<simd::Vec<T>, N> part{};
    for (std::int64_t c = begin; c < end; c += L) {
      const std::array<simd::Vec<T>, N> values = value(c, std::min(L, end - c));
      for (std::size_t i = 0; i < N; ++i) part[i] += values[i];
    }
    for (std::size_t i = 0; i < N; ++i) {
      for (int lane = 0; lane < simd::lanes<T>; ++lane) total[i] += static_cast<double>(part[i][lane]);
    }
  }
  return total;
}

/// The first `count` lanes of v, zero in the others: of a value computed from a part of a register.
template <class T>
simd::Vec<T> first_lanes(simd::Vec<T> v, std::int64_t count) {
  for (std::int64_t lane = count; lane < simd::lanes<T>; ++lane) v[lane] = T(0);
  return v;
}

}  // namespace detail

template <class T>
void layer_norm_forward_cpu(const LayerNormParams& p, const T* x, const T* gamma, const T* beta, T* y, T* mean,
                            T* inv_std) {
  using V = simd::Vec<T>;
  const auto cols = static_cast<double>(p.cols);
  const RowChunks chunks = RowChunks::of(p.rows, p.cols);
  parallel_chunks(p.rows, chunks.height, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const T* in = x + r * p.x_pitch;
      T* out = y + r * p.y_pitch;
      const T average = static_cast<T>(detail::row_sums<T, 1>(p.cols,
                                                              [in](std::int64_t c, std::int64_t count) {
                                                                return std::array<V, 1>{simd::load_part(in + c, count)};
                                                              })[0] /
                                       cols);
      const auto around = detail::row_sums<T, 2>(p.cols, [in, average](std::int64_t c, std::int64_t count) {
        const V d = detail::first_lanes<T>(simd::load_part(in + c, count) - average, count);
        return std::array<V, 2>{d, d * d};
      });
      // `average` is rounded: what is left of the mean is taken out of the variance.
      const double left = around[0] / cols;
      const T scale = static_cast<T>(1.0 / std::sqrt(std::max(0.0, around[1] / cols - left * left) + p.eps));
      mean[r] = average;
      inv_std[r] = scale;
      if (gamma == nullptr) {
        map_run<T>(
            p.cols, [=](V v) { return (v - average) * scale; }, out, in);
      } else {
        map_run<T>(
            p.cols, [=](V v, V g, V b) { return (v - average) * scale * g + b; }, out, in, gamma, beta);
      }
    }
  });
}

template <class T>
void layer_norm_backward_cpu(const LayerNormParams& p, const T* x, const T* dy, const T* gamma, const T* mean,
                             const T* inv_std, const LayerNormGradients<T>& to) {
  using V = simd::Vec<T>;
  const auto cols = static_cast<double>(p.cols);
  const RowChunks chunks = RowChunks::of(p.rows, p.cols);
  const Scratch<double> sums_hat(to.dgamma != nullptr ? chunks.count * p.cols : 1);
  const Scratch<double> sums(to.dbeta != nullptr ? chunks.count * p.cols : 1);
  parallel_for(chunks.count, [&](std::int64_t chunk) {
    const std::int64_t begin = chunk * chunks.height;
    const std::int64_t rows = std::min(chunks.height, p.rows - begin);
    const auto dy_part = [&](std::int64_t r, std::int64_t c, std::int64_t count) {
      return simd::load_part(dy + (begin + r) * p.y_pitch + c, count);
    };
    const auto x_hat = [&](std::int64_t r, std::int64_t c, std::int64_t count) {
      const std::int64_t row = begin + r;
      return (simd::load_part(x + row * p.x_pitch + c, count) - mean[row]) * inv_std[row];
    };
    if (to.dgamma != nullptr) {
      detail::sum_rows<T>(
          rows, p.cols,
          [&](std::int64_t r, std::int64_t c, std::int64_t count) { return dy_part(r, c, count) * x_hat(r, c, count); },
          sums_hat.data() + chunk * p.cols);
    }
    if (to.dbeta != nullptr) detail::sum_rows<T>(rows, p.cols, dy_part, sums.data() + chunk * p.cols);
    if (to.dx == nullptr) return;
    for (std::int64_t r = 0; r < rows; ++r) {
      const auto g = [&](std::int64_t c, std::int64_t count) {
        const V d = dy_part(r, c, count);
        return gamma == nullptr ? d : d * simd::load_part(gamma + c, count);
      };
      const auto shares = detail::row_sums<T, 2>(p.cols, [&](std::int64_t c, std::int64_t count) {
        const V value = g(c, count);  // zero past `count`
        return std::array<V, 2>{value, value * x_hat(r, c, count)};
      });
      const T share = static_cast<T>(shares[0] / cols);
      const T share_hat = static_cast<T>(shares[1] / cols);
      const T scale = inv_std[begin + r];
      T* out = to.dx + (begin + r) * p.dx_pitch;
      for (std::int64_t c = 0; c < p.cols; c += simd::lanes<T>) {
        const std::int64_t count = std::min<std::int64_t>(simd::lanes<T>, p.cols - c);
        V dx = scale * (g(c, count) - share - x_hat(r, c, count) * share_hat);
        if (to.accumulate_dx) dx += simd::load_part(out + c, count);
        simd::store_part(out + c, dx, count);
      }
    }
  });
  const auto combine = [&](const Scratch<double>& partials, T* target, bool accumulate) {
    if (target == nullptr) return;
    combine_partials({.outer = 1, .rows = p.rows, .cols = p.cols, .accumulate = accumulate}, chunks.count,
                     partials.data(), target);
  };
  combine(sums_hat, to.dgamma, to.accumulate_dgamma);
  combine(sums, to.dbeta, to.accumulate_dbeta);
}

}  // namespace qrs::kernels
