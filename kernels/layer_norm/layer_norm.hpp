// Layer normalisation over the last axis: every row by its own mean and variance.
//
//   forward    x_hat = (x - mean) inv_std,  mean = 1/C sum_c x,  inv_std = 1 / sqrt(1/C sum_c (x - mean)^2 + eps)
//              y = x_hat gamma + beta
//   backward   g = dy gamma;  dx = inv_std (g - mean_c(g) - x_hat mean_c(g x_hat))
//              dgamma = sum_r dy x_hat,  dbeta = sum_r dy
//
// Shapes: x, y, dy, dx are rows x cols with a pitch each; gamma and beta are (C) or null (1 and 0). Nothing but x is needed for the
// backward pass: a row's mean and inv_std are computed again. Equal to torch.nn.functional.layer_norm over the last axis.
// Source: Ba, Kiros, Hinton 2016, section 3.
#pragma once

#include <cstdint>

namespace qrs::kernels {

struct LayerNormParams {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t x_pitch = 0;
  std::int64_t y_pitch = 0;  // of y, or of dy
  double eps = 1e-5;
};

/// Where the gradients go; null: not computed. dx may be dy.
template <class T>
struct LayerNormGradients {
  T* dx = nullptr;
  std::int64_t dx_pitch = 0;
  bool accumulate_dx = false;
  T* dgamma = nullptr;  // (C), overwritten
  T* dbeta = nullptr;   // (C), overwritten
};

// layer_norm_forward_{ref,cpu} (p, x, gamma or null, beta or null, y)
// layer_norm_backward_{ref,cpu}(p, x, dy, gamma or null, gradients)

}  // namespace qrs::kernels
