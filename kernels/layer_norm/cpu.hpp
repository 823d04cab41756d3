// Layer normalisation on the CPU: a row stays in the first-level cache while it is read three times.
//
// A row's sums are taken in registers of T and their lanes added in double; the variance is summed around the mean. The sums
// over rows (dgamma, dbeta) are taken per chunk of rows and the chunks added in index order: the same bits for any number of
// threads.
#pragma once

#include <algorithm>
#include <cmath>

#include "../../include/qrs/core/memory.hpp"
#include "../../include/qrs/core/parallel.hpp"
#include "../simd/simd.hpp"
#include "layer_norm.hpp"

namespace qrs::kernels {

namespace layer_norm {

/// Rows of a chunk, the unit of work and of the sums over rows.
inline constexpr std::int64_t chunk_rows = 64;

/// Calls body(c, count) for registers of columns [c, c + count).
template <class T, class Body>
inline void for_registers(std::int64_t cols, const Body& body) {
  for (std::int64_t c = 0; c < cols; c += simd::lanes<T>) body(c, simd::lanes_at<T>(c, cols));
}

template <class T>
inline double sum_lanes(simd::Vec<T> v) {
  double sum = 0.0;
  for (int i = 0; i < simd::lanes<T>; ++i) sum += static_cast<double>(v[i]);
  return sum;
}

/// The first `count` lanes of v, zero in the others.
template <class T>
inline simd::Vec<T> first_lanes(simd::Vec<T> v, std::int64_t count) {
  for (std::int64_t i = count; i < simd::lanes<T>; ++i) v[i] = T(0);
  return v;
}

template <class T>
struct Moments {
  T mean;
  T inv_std;
};

template <class T>
inline Moments<T> moments(const LayerNormParams& p, const T* row) {
  using V = simd::Vec<T>;
  const double n = static_cast<double>(p.cols);
  V sum{};
  for_registers<T>(p.cols, [&](std::int64_t c, std::int64_t count) { sum += simd::load_part(row + c, count); });
  const T mean = static_cast<T>(sum_lanes<T>(sum) / n);
  V squares{};
  for_registers<T>(p.cols, [&](std::int64_t c, std::int64_t count) {
    const V d = first_lanes<T>(simd::load_part(row + c, count) - mean, count);
    squares += d * d;
  });
  return {mean, static_cast<T>(1.0 / std::sqrt(sum_lanes<T>(squares) / n + p.eps))};
}

/// dx of one row, and its share of the sums over rows.
template <class T>
inline void backward_row(const LayerNormParams& p, const T* row, const T* dys, const T* gamma,
                         const LayerNormGradients<T>& to, std::int64_t r, T* dgamma, T* dbeta) {
  using V = simd::Vec<T>;
  const Moments<T> m = moments(p, row);
  const auto x_hat = [&](std::int64_t c, std::int64_t count) {
    return first_lanes<T>((simd::load_part(row + c, count) - m.mean) * m.inv_std, count);
  };
  const auto g_of = [&](V dy, std::int64_t c, std::int64_t count) {
    return gamma == nullptr ? dy : dy * simd::load_part(gamma + c, count);
  };
  V sum_g{};
  V sum_g_hat{};
  for_registers<T>(p.cols, [&](std::int64_t c, std::int64_t count) {
    const V dy = simd::load_part(dys + c, count);
    const V hat = x_hat(c, count);
    const V g = g_of(dy, c, count);
    sum_g += g;
    sum_g_hat += g * hat;
    if (to.dgamma != nullptr) simd::store_part(dgamma + c, simd::load_part(dgamma + c, count) + dy * hat, count);
    if (to.dbeta != nullptr) simd::store_part(dbeta + c, simd::load_part(dbeta + c, count) + dy, count);
  });
  if (to.dx == nullptr) return;
  const T mean_g = static_cast<T>(sum_lanes<T>(sum_g) / static_cast<double>(p.cols));
  const T mean_g_hat = static_cast<T>(sum_lanes<T>(sum_g_hat) / static_cast<double>(p.cols));
  T* out = to.dx + r * to.dx_pitch;
  for_registers<T>(p.cols, [&](std::int64_t c, std::int64_t count) {
    const V g = g_of(simd::load_part(dys + c, count), c, count);
    V dx = (g - mean_g - x_hat(c, count) * mean_g_hat) * m.inv_std;
    if (to.accumulate_dx) dx += simd::load_part(out + c, count);
    simd::store_part(out + c, dx, count);
  });
}

}  // namespace layer_norm

template <class T>
void layer_norm_forward_cpu(const LayerNormParams& p, const T* x, const T* gamma, const T* beta, T* y) {
  parallel_chunks(p.rows, layer_norm::chunk_rows, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const T* row = x + r * p.x_pitch;
      const layer_norm::Moments<T> m = layer_norm::moments(p, row);
      layer_norm::for_registers<T>(p.cols, [&](std::int64_t c, std::int64_t count) {
        simd::Vec<T> v = (simd::load_part(row + c, count) - m.mean) * m.inv_std;
        if (gamma != nullptr) v *= simd::load_part(gamma + c, count);
        if (beta != nullptr) v += simd::load_part(beta + c, count);
        simd::store_part(y + r * p.y_pitch + c, v, count);
      });
    }
  });
}

template <class T>
void layer_norm_backward_cpu(const LayerNormParams& p, const T* x, const T* dy, const T* gamma,
                             const LayerNormGradients<T>& to) {
  const std::int64_t chunks = (p.rows + layer_norm::chunk_rows - 1) / layer_norm::chunk_rows;
  const bool sums = to.dgamma != nullptr || to.dbeta != nullptr;
  const Scratch<T> partials(sums ? 2 * chunks * p.cols : 1);  // per chunk: dgamma, then dbeta
  parallel_for(chunks, [&](std::int64_t chunk) {
    T* dgamma = partials.data() + (sums ? 2 * chunk * p.cols : 0);
    T* dbeta = dgamma + (sums ? p.cols : 0);
    if (sums) std::fill_n(dgamma, 2 * p.cols, T(0));
    const std::int64_t begin = chunk * layer_norm::chunk_rows;
    const std::int64_t end = std::min(p.rows, begin + layer_norm::chunk_rows);
    for (std::int64_t r = begin; r < end; ++r) {
      layer_norm::backward_row(p, x + r * p.x_pitch, dy + r * p.y_pitch, gamma, to, r, dgamma, dbeta);
    }
  });
  if (!sums) return;
  parallel_chunks(p.cols, 64, [&](std::int64_t c_begin, std::int64_t c_end) {
    for (std::int64_t c = c_begin; c < c_end; ++c) {
      double dgamma = 0.0;
      double dbeta = 0.0;
      for (std::int64_t chunk = 0; chunk < chunks; ++chunk) {
        dgamma += static_cast<double>(partials[2 * chunk * p.cols + c]);
        dbeta += static_cast<double>(partials[(2 * chunk + 1) * p.cols + c]);
      }
      if (to.dgamma != nullptr) to.dgamma[c] = static_cast<T>(dgamma);
      if (to.dbeta != nullptr) to.dbeta[c] = static_cast<T>(dbeta);
    }
  });
}

}  // namespace qrs::kernels
