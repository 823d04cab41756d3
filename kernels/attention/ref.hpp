// Attention as plain loops, one sample, head and query after the other.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "attention.hpp"

namespace qrs::kernels {

namespace attention {

/// sum_e a[e] b[e]
template <class T>
double dot_ref(std::int64_t count, const T* a, const T* b) {
  double sum = 0.0;
  for (std::int64_t e = 0; e < count; ++e) sum += static_cast<double>(a[e]) * static_cast<double>(b[e]);
  return sum;
}

/// Calls body(n, h): every sample and head.
template <class Body>
void for_each_head_ref(const AttentionParams& p, const Body& body) {
  for (std::int64_t n = 0; n < p.batch; ++n) {
    for (std::int64_t h = 0; h < p.heads; ++h) body(n, h);
  }
}

}  // namespace attention

template <class T>
void attention_forward_ref(const AttentionParams& p, const T* q, const T* k, const T* v, T* y, T* lse) {
  const std::int64_t d = p.head_dim;
  std::vector<double> s(static_cast<std::size_t>(p.keys));
  attention::for_each_head_ref(p, [&](std::int64_t n, std::int64_t h) {
    for (std::int64_t i = 0; i < p.queries; ++i) {
      const std::int64_t query = n * p.queries + i;
      for (std::int64_t j = 0; j < p.keys; ++j) {
        s[static_cast<std::size_t>(j)] =
            p.scale * attention::dot_ref(d, q + query * p.q_pitch + h * d, k + (n * p.keys + j) * p.k_pitch + h * d);
      }
      const double largest = *std::max_element(s.begin(), s.end());
      double sum = 0.0;
      for (const double value : s) sum += std::exp(value - largest);
      const double log_sum = largest + std::log(sum);
      lse[(n * p.heads + h) * p.queries + i] = static_cast<T>(log_sum);
      for (std::int64_t e = 0; e < d; ++e) {
        double out = 0.0;
        for (std::int64_t j = 0; j < p.keys; ++j) {
          out += std::exp(s[static_cast<std::size_t>(j)] - log_sum) *
                 static_cast<double>(v[(n * p.keys + j) * p.v_pitch + h * d + e]);
        }
        y[query * p.y_pitch + h * d + e] = static_cast<T>(out);
      }
    }
  });
}

template <class T>
void attention_backward_ref(const AttentionParams& p, const T* q, const T* k, const T* v, const T* lse, const T* dy,
                            const AttentionGradients<T>& to) {
  const std::int64_t d = p.head_dim;
  const auto cells = static_cast<std::size_t>(p.queries * p.keys);
  std::vector<double> weights(cells);
  std::vector<double> ds(cells);
  const auto cell = [&](std::int64_t i, std::int64_t j) { return static_cast<std::size_t>(i * p.keys + j); };
  attention::for_each_head_ref(p, [&](std::int64_t n, std::int64_t h) {
    const T* qs = q + n * p.queries * p.q_pitch + h * d;
    const T* ks = k + n * p.keys * p.k_pitch + h * d;
    const T* vs = v + n * p.keys * p.v_pitch + h * d;
    const T* dys = dy + n * p.queries * p.y_pitch + h * d;
    for (std::int64_t i = 0; i < p.queries; ++i) {
      double sum = 0.0;
      for (std::int64_t j = 0; j < p.keys; ++j) {
        const double s = p.scale * attention::dot_ref(d, qs + i * p.q_pitch, ks + j * p.k_pitch);
        const double weight = std::exp(s - static_cast<double>(lse[(n * p.heads + h) * p.queries + i]));
        weights[cell(i, j)] = weight;
        ds[cell(i, j)] = attention::dot_ref(d, dys + i * p.y_pitch, vs + j * p.v_pitch);
        sum += weight * ds[cell(i, j)];
      }
      for (std::int64_t j = 0; j < p.keys; ++j) ds[cell(i, j)] = weights[cell(i, j)] * (ds[cell(i, j)] - sum);
    }
    // to[row, e] (+)= factor * sum over `count` of value(row, t) * from[t, e]
    const auto put = [&](T* target, std::int64_t target_pitch, bool accumulate, std::int64_t rows, std::int64_t count,
                         const T* from, std::int64_t from_pitch, double factor, const auto& value) {
      if (target == nullptr) return;
      for (std::int64_t row = 0; row < rows; ++row) {
        for (std::int64_t e = 0; e < d; ++e) {
          double sum = 0.0;
          for (std::int64_t t = 0; t < count; ++t) {
            sum += value(row, t) * static_cast<double>(from[t * from_pitch + e]);
          }
          T& out = target[(n * rows + row) * target_pitch + h * d + e];
          out = (accumulate ? out : T(0)) + static_cast<T>(factor * sum);
        }
      }
    };
    put(to.dq, to.dq_pitch, to.accumulate_dq, p.queries, p.keys, ks, p.k_pitch, p.scale,
        [&](std::int64_t i, std::int64_t j) { return ds[cell(i, j)]; });
    put(to.dk, to.dk_pitch, to.accumulate_dk, p.keys, p.queries, qs, p.q_pitch, p.scale,
        [&](std::int64_t j, std::int64_t i) { return ds[cell(i, j)]; });
    put(to.dv, to.dv_pitch, to.accumulate_dv, p.keys, p.queries, dys, p.y_pitch, 1.0,
        [&](std::int64_t j, std::int64_t i) { return weights[cell(i, j)]; });
  });
}

}  // namespace qrs::kernels
