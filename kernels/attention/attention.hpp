// Scaled dot-product attention of several heads.
//
//   forward    s[i, j] = scale sum_e q[i, e] k[j, e]       p[i, j] = exp(s[i, j] - lse[i])       y[i] = sum_j p[i, j] v[j]
//              lse[i] = log sum_j exp s[i, j]
//   backward   dp[i, j] = sum_e dy[i, e] v[j, e]           ds = p (dp - sum_j p dp)
//              dq[i] (+)= scale sum_j ds[i, j] k[j]        dk[j] (+)= scale sum_i ds[i, j] q[i]
//              dv[j] (+)= sum_i p[i, j] dy[i]
//
// Shapes: q, y (N, S_q, H D), k, v (N, S_k, H D), each with a pitch between tokens; head h is columns [h D, (h + 1) D), and
// every sample and head stands alone. lse (N, H, S_q). The backward pass recomputes p from q, k and lse: no (S_q, S_k)
// matrix is kept, and no more than `tile_rows` rows of one are held by a thread at a time.
// Sources: Vaswani et al. 2017, Attention Is All You Need, section 3.2; the recomputation, Dao et al. 2022,
// FlashAttention, section 3.1.
#pragma once

#include <cstdint>

namespace qrs::kernels {

struct AttentionParams {
  std::int64_t batch = 0;
  std::int64_t heads = 0;
  std::int64_t queries = 0;   // S_q
  std::int64_t keys = 0;      // S_k
  std::int64_t head_dim = 0;  // D
  std::int64_t q_pitch = 0;
  std::int64_t k_pitch = 0;
  std::int64_t v_pitch = 0;
  std::int64_t y_pitch = 0;  // of y in the forward pass, of dy in the backward pass
  double scale = 1.0;
};

/// What the backward pass writes; a null pointer: not wanted. None may overlap an input.
template <class T>
struct AttentionGradients {
  T* dq = nullptr;
  T* dk = nullptr;
  T* dv = nullptr;
  std::int64_t dq_pitch = 0;
  std::int64_t dk_pitch = 0;
  std::int64_t dv_pitch = 0;
  bool accumulate_dq = false;
  bool accumulate_dk = false;
  bool accumulate_dv = false;
};

// attention_forward_{ref,cpu} (p, q, k, v, y, lse)                   lse is written
// attention_backward_{ref,cpu}(p, q, k, v, lse, dy, gradients)

}  // namespace qrs::kernels
