// Attention on the CPU: a task is one head of one sample, its queries in tiles; the products are gemm's, on one thread.
//
// A task writes its own columns of its own tokens, and adds to dk and dv tile by tile: the bits do not depend on threads.
// The rows of a tile are whole, so the softmax needs no second pass over the keys.
#pragma once

#include "../gemm/cpu.hpp"
#include "../softmax_cross_entropy/cpu.hpp"
#include "attention.hpp"

namespace qrs::kernels {

namespace attention {

/// Queries of a tile: enough that packing the keys for it costs little beside the product.
inline constexpr std::int64_t tile_rows = 64;

/// The values of one head of one sample.
template <class T>
struct Head {
  const T* q;
  const T* k;
  const T* v;
};

template <class T>
Head<T> head_of(const AttentionParams& p, std::int64_t n, std::int64_t h, const T* q, const T* k, const T* v) {
  const std::int64_t column = h * p.head_dim;
  return {q + n * p.queries * p.q_pitch + column, k + n * p.keys * p.k_pitch + column,
          v + n * p.keys * p.v_pitch + column};
}

/// Calls body(n, h, begin, rows) for every tile: tiles of one head in order on one thread, heads in parallel.
template <class Body>
void for_each_tile(const AttentionParams& p, const Body& body) {
  parallel_for(p.batch * p.heads, [&](std::int64_t task) {
    for (std::int64_t begin = 0; begin < p.queries; begin += tile_rows) {
      body(task / p.heads, task % p.heads, begin, std::min(tile_rows, p.queries - begin));
    }
  });
}

/// out (rows, keys) = a b^T over one head: q k^T, or dy v^T.
template <class T>
void rows_by_keys(const AttentionParams& p, std::int64_t rows, const T* a, std::int64_t a_pitch, const T* b,
                  std::int64_t b_pitch, T* out) {
  gemm_cpu(
      {.m = rows, .n = p.keys, .k = p.head_dim, .lda = a_pitch, .ldb = b_pitch, .ldc = p.keys, .transpose_b = true}, a,
      b, out);
}

/// to (rows, D) (+)= weights (rows, keys) b: y, or dq.
template <class T>
void rows_by_columns(const AttentionParams& p, std::int64_t rows, const T* weights, const T* b, std::int64_t b_pitch,
                     T* to, std::int64_t to_pitch, bool accumulate) {
  gemm_cpu({.m = rows,
            .n = p.head_dim,
            .k = p.keys,
            .lda = p.keys,
            .ldb = b_pitch,
            .ldc = to_pitch,
            .accumulate = accumulate},
           weights, b, to);
}

/// to (keys, D) (+)= weights^T (rows, keys) b: a tile's share of dk, or of dv.
template <class T>
void keys_by_columns(const AttentionParams& p, std::int64_t rows, const T* weights, const T* b, std::int64_t b_pitch,
                     T* to, std::int64_t to_pitch, bool accumulate) {
  gemm_cpu({.m = p.keys,
            .n = p.head_dim,
            .k = rows,
            .lda = p.keys,
            .ldb = b_pitch,
            .ldc = to_pitch,
            .transpose_a = true,
            .accumulate = accumulate},
           weights, b, to);
}

}  // namespace attention

template <class T>
void attention_forward_cpu(const AttentionParams& p, const T* q, const T* k, const T* v, T* y, T* lse) {
  using V = simd::Vec<T>;
  const T scale = static_cast<T>(p.scale);
  attention::for_each_tile(p, [&](std::int64_t n, std::int64_t h, std::int64_t begin, std::int64_t rows) {
    const attention::Head<T> head = attention::head_of(p, n, h, q, k, v);
    const Scratch<T> weights(rows * p.keys);
    attention::rows_by_keys(p, rows, head.q + begin * p.q_pitch, p.q_pitch, head.k, p.k_pitch, weights.data());
    for (std::int64_t i = 0; i < rows; ++i) {
      T* row = weights.data() + i * p.keys;
      map_run<T>(
          p.keys, [scale](V s) { return scale * s; }, row, row);
      const T largest = detail::row_max(p.keys, row);
      const double sum = detail::row_exp(p.keys, row, largest, row);
      lse[(n * p.heads + h) * p.queries + begin + i] = static_cast<T>(static_cast<double>(largest) + std::log(sum));
      const T share = static_cast<T>(1.0 / sum);
      map_run<T>(
          p.keys, [share](V e) { return e * share; }, row, row);
    }
    attention::rows_by_columns(p, rows, weights.data(), head.v, p.v_pitch,
                               y + (n * p.queries + begin) * p.y_pitch + h * p.head_dim, p.y_pitch, false);
  });
}

template <class T>
void attention_backward_cpu(const AttentionParams& p, const T* q, const T* k, const T* v, const T* lse, const T* dy,
                            const AttentionGradients<T>& to) {
  using V = simd::Vec<T>;
  const T scale = static_cast<T>(p.scale);
  attention::for_each_tile(p, [&](std::int64_t n, std::int64_t h, std::int64_t begin, std::int64_t rows) {
    const attention::Head<T> head = attention::head_of(p, n, h, q, k, v);
    const std::int64_t query = n * p.queries + begin;
    const std::int64_t column = h * p.head_dim;
    const T* dy_tile = dy + query * p.y_pitch + column;
    const Scratch<T> weights(rows * p.keys);
    attention::rows_by_keys(p, rows, head.q + begin * p.q_pitch, p.q_pitch, head.k, p.k_pitch, weights.data());
    for (std::int64_t i = 0; i < rows; ++i) {
      T* row = weights.data() + i * p.keys;
      const T shift = lse[(n * p.heads + h) * p.queries + begin + i];
      map_run<T>(
          p.keys, [scale, shift](V s) { return simd::exp(scale * s - shift); }, row, row);
    }
    if (to.dv != nullptr) {
      attention::keys_by_columns(p, rows, weights.data(), dy_tile, p.y_pitch, to.dv + n * p.keys * to.dv_pitch + column,
                                 to.dv_pitch, to.accumulate_dv || begin > 0);
    }
    if (to.dq == nullptr && to.dk == nullptr) return;
    const Scratch<T> ds(rows * p.keys);  // scale p (dp - sum_j p dp)
    attention::rows_by_keys(p, rows, dy_tile, p.y_pitch, head.v, p.v_pitch, ds.data());
    for (std::int64_t i = 0; i < rows; ++i) {
      const T* row = weights.data() + i * p.keys;
      T* out = ds.data() + i * p.keys;
      double total = 0.0;
      for (std::int64_t j = 0; j < p.keys; ++j) total += static_cast<double>(row[j] * out[j]);
      const T sum = static_cast<T>(total);
      map_run<T>(
          p.keys, [scale, sum](V weight, V d) { return scale * weight * (d - sum); }, out, row, out);
    }
    if (to.dq != nullptr) {
      attention::rows_by_columns(p, rows, ds.data(), head.k, p.k_pitch, to.dq + query * to.dq_pitch + column,
                                 to.dq_pitch, to.accumulate_dq);
    }
    if (to.dk != nullptr) {
      attention::keys_by_columns(p, rows, ds.data(), head.q + begin * p.q_pitch, p.q_pitch,
                                 to.dk + n * p.keys * to.dk_pitch + column, to.dk_pitch, to.accumulate_dk || begin > 0);
    }
  });
}

}  // namespace qrs::kernels
