// A factor per image and channel: the last step of squeeze-and-excitation.
//
//   forward     y[n, p, c]    = x[n, p, c] * s[n, c]
//   backward    dx[n, p, c] (+)= dy[n, p, c] * s[n, c],   ds[n, c] (+)= sum_p dy[n, p, c] * x[n, p, c]
//
// Shapes: x and y are (N, P, C), P = H W pixels, with a pitch between pixels; s and ds are (N, C), contiguous.
// Source: Hu, Shen and Sun, Squeeze-and-Excitation Networks, CVPR 2018, equation 4.
#pragma once

#include <cstdint>

namespace qrs::kernels {

struct GateParams {
  std::int64_t n = 0;
  std::int64_t pixels = 0;
  std::int64_t c = 0;
  std::int64_t x_pitch = 0;
  std::int64_t y_pitch = 0;   // of y in the forward pass, of dy in the backward pass
  std::int64_t dx_pitch = 0;  // backward only
};

/// What the backward pass writes; a null pointer: not wanted.
template <class T>
struct GateGradients {
  T* dx = nullptr;
  T* ds = nullptr;
  bool accumulate_dx = false;
  bool accumulate_ds = false;
};

// gate_forward_{ref,cpu} (p, x, s, y)                     y = x * s
// gate_backward_{ref,cpu}(p, x, s, dy, gradients)         x is read for ds only, s for dx only; dx may be dy

}  // namespace qrs::kernels
