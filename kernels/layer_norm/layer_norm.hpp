// Layer normalisation over the last axis: every row by its own mean and variance.
//
//   forward    mean[r] = 1/C sum_c x[r, c]      inv_std[r] = 1 / sqrt(1/C sum_c (x[r, c] - mean[r])^2 + eps)
//              y = x_hat gamma + beta,          x_hat = (x - mean) inv_std
//   backward   g = dy gamma;   dx (+)= inv_std (g - 1/C sum_c g - x_hat 1/C sum_c g x_hat)
//              dgamma (+)= sum_r dy x_hat;      dbeta (+)= sum_r dy
//
// Shapes: x, y, dy, dx are rows x cols, each with a pitch; gamma, beta (C), both null for 1 and 0; mean, inv_std (rows).
// x_hat is recomputed from x in the backward pass. Source: Ba, Kiros and Hinton 2016, Layer Normalization, section 3.
#pragma once

#include <cstdint>

namespace qrs::kernels {

struct LayerNormParams {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t x_pitch = 0;
  std::int64_t y_pitch = 0;   // of y in the forward pass, of dy in the backward pass
  std::int64_t dx_pitch = 0;  // backward only
  double eps = 1e-5;
};

/// What the backward pass writes; a null pointer: not wanted.
template <class T>
struct LayerNormGradients {
  T* dx = nullptr;
  T* dgamma = nullptr;
  T* dbeta = nullptr;
  bool accumulate_dx = false;
  bool accumulate_dgamma = false;
  bool accumulate_dbeta = false;
};

// layer_norm_forward_{ref,cpu} (p, x, gamma, beta, y, mean, inv_std)             mean and inv_std are written
// layer_norm_backward_{ref,cpu}(p, x, dy, gamma, mean, inv_std, gradients)       dx may be dy

}  // namespace qrs::kernels
