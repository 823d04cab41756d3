// Elementwise maps over rows: activations and their slopes, the four rules of arithmetic, scaled copies, exp, log and sqrt.
//
//   activation   y = f(x)                dx (+)= dy * f'(x)
//   add          y = a + b
//   multiply     y (+)= a * b            also its own backward: da (+)= dy * b
//   divide       y (+)= a / b            also its own backward: da (+)= dy / b
//   add_scaled   y (+)= alpha * x        copies, gradients of sums, gradient accumulation
//   exp, log, sqrt   y = f(x)            correctly rounded or nearly: the standard library's; their slopes are products and quotients
//
// Shapes: every operand is rows x cols with its own pitch (the distance between row starts, in values).
// Accumulation: `(+)=` adds where params.accumulate is set and overwrites where it is not.
// The activations stand in activation.hpp.
#pragma once

#include <cstdint>

#include "activation.hpp"

namespace qrs::kernels {

/// rows x cols, and a pitch for each operand: x (first input, or the gradient written), z (second input), y (output, or
/// the gradient read).
struct ElementwiseParams {
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  std::int64_t x_pitch = 0;
  std::int64_t z_pitch = 0;
  std::int64_t y_pitch = 0;
  bool accumulate = false;
};

// Launchers of cuda.cu (float and double). The CPU and reference versions have the same signatures, ending in _cpu,
// _ref:
//   activation_forward (p, f, x, y)                    y = f(x)
//   activation_backward(p, f, x, dy, dx, dx_pitch)     dx (+)= dy * f'(x);  dy has y_pitch;  dx may be dy
//   add                (p, x, z, y)                    y = x + z
//   multiply           (p, x, z, y)                    y (+)= x * z
//   divide             (p, x, z, y)                    y (+)= x / z
//   add_scaled         (p, alpha, x, y)                y (+)= alpha * x
//   exp, log, sqrt     (p, x, y)                       y = f(x)
template <class T>
void activation_forward_cuda(const ElementwiseParams& p, Activation f, const T* x, T* y);
template <class T>
void activation_backward_cuda(const ElementwiseParams& p, Activation f, const T* x, const T* dy, T* dx,
                              std::int64_t dx_pitch);
template <class T>
void add_cuda(const ElementwiseParams& p, const T* x, const T* z, T* y);
template <class T>
void multiply_cuda(const ElementwiseParams& p, const T* x, const T* z, T* y);
template <class T>
void divide_cuda(const ElementwiseParams& p, const T* x, const T* z, T* y);
template <class T>
void add_scaled_cuda(const ElementwiseParams& p, T alpha, const T* x, T* y);
template <class T>
void exp_cuda(const ElementwiseParams& p, const T* x, T* y);
template <class T>
void log_cuda(const ElementwiseParams& p, const T* x, T* y);
template <class T>
void sqrt_cuda(const ElementwiseParams& p, const T* x, T* y);

}  // namespace qrs::kernels
