// Batch normalisation over rows, with the activation and the residual sum that follow it.
//
//   statistics   mean[c] = 1/m sum_r x[r, c]          var[c] = 1/m sum_r (x[r, c] - mean[c])^2        (biased, m rows)
//   affine       y = f(z) g[image],  z = x * scale + shift + residual,  scale = gamma inv_std,  shift = beta - mean scale
//   backward     dz = dy f'(z);  dbeta = sum_r dz;  dgamma = sum_r dz x_hat;  x_hat = (x - mean) inv_std
//                dx = scale (dz - dbeta / m - x_hat dgamma / m)      with batch statistics
//                dx = scale dz                                       with fixed ones;   dresidual = dz
//
// Shapes: g is (images, C); x, y, dy, dx, residual are rows x cols (N H W pixels of C channels), each with a pitch; the rest are (C).
// z is recomputed from x in the backward pass: y is never saved. Source: Ioffe and Szegedy 2015, section 3.
// The running statistics (unbiased variance, as PyTorch keeps them) are the operation's business, not the kernel's.
#pragma once

#include <cstdint>

#include "../elementwise/epilogue.hpp"

namespace qrs::kernels {

struct BatchNormParams {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t x_pitch = 0;
  std::int64_t y_pitch = 0;  // of y, or of dy
  std::int64_t residual_pitch = 0;
  Activation activation{};
};

/// A factor for each channel of each image, applied last: squeeze-and-excitation's. Null: no such step.
template <class T>
struct RowGate {
  const T* factors = nullptr;  // (images, C), contiguous
  std::int64_t rows = 1;       // pixels of an image
};

/// What the passes after the statistics need, one value per channel.
template <class T>
struct BatchNormChannels {
  const T* mean = nullptr;
  const T* inv_std = nullptr;
  const T* scale = nullptr;
  const T* shift = nullptr;
};

/// Where the gradients go; a null dx or dresidual is not computed.
template <class T>
struct BatchNormGradients {
  T* dx = nullptr;
  std::int64_t dx_pitch = 0;
  bool accumulate_dx = false;
  T* dresidual = nullptr;
  std::int64_t dresidual_pitch = 0;
  bool accumulate_dresidual = false;
  bool batch_statistics = true;
};

namespace batch_norm {

/// The affine map and what follows it, as an epilogue of x.
template <class T>
Epilogue<T> epilogue_of(const BatchNormParams& p, const T* scale, const T* shift, const T* residual) {
  return {.scale = scale,
          .shift = shift,
          .residual = residual,
          .residual_pitch = p.residual_pitch,
          .activation = p.activation};
}

}  // namespace batch_norm

// The functions, ending in _ref and _cpu:
//   batch_norm_statistics    (p, x, mean, var)
//   affine                   (p, x, scale, shift, residual or null, y, gate)     null scale and shift: z = x; y may be x
//   batch_norm_backward_sums (p, x, dy, channels, residual or null, dgamma, dbeta)     sums over rows, overwritten
//   batch_norm_backward_data (p, x, dy, channels, residual or null, dgamma, dbeta, gradients)

}  // namespace qrs::kernels
