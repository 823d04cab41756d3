// Elementwise maps over rows: activations and their slopes, sums, products and scaled copies.
//
//   activation   y = f(x)                dx (+)= dy * f'(x)
//   add          y = a + b
//   multiply     y (+)= a * b            also its own backward: da (+)= dy * b
//   add_scaled   y (+)= alpha * x        copies, gradients of sums, gradient accumulation
//
// Shapes: every operand is rows x cols with its own pitch (the distance between row starts, in values).
// Accumulation: `(+)=` adds where params.accumulate is set and overwrites where it is not.
// Sources: ReLU6, Howard et al. 2017 (MobileNets); SiLU, Elfwing et al. 2018; GELU (exact, by erf), Hendrycks and
// Gimpel 2016; hardswish, Howard et al. 2019 (MobileNetV3). Equal to torch.nn.functional's functions of the same names;
// at a kink the slope is PyTorch's (0 at x = 0 for relu, 0 outside the open interval for relu6, 0 at -3 and 1 at 3 for
// hardswish). hardswish(-inf) is 0, its limit; PyTorch gives NaN.
#pragma once

#include <cmath>
#include <cstdint>

#include "../../include/qrs/core/macros.hpp"

namespace qrs::kernels {

enum class Activation { identity, relu, relu6, silu, sigmoid, tanh, gelu, hardswish };

template <class T>
QRS_HD inline T sigmoid_of(T x) {
  return T(1) / (T(1) + std::exp(-x));
}

/// f(x).
template <class T>
QRS_HD inline T activate(Activation f, T x) {
  switch (f) {
    case Activation::identity:
      return x;
    case Activation::relu:
      return x > T(0) ? x : (x != x ? x : T(0));
    case Activation::relu6:
      return x < T(0) ? T(0) : (x > T(6) ? T(6) : x);
    case Activation::silu:
      return x * sigmoid_of(x);
    case Activation::sigmoid:
      return sigmoid_of(x);
    case Activation::tanh:
      return std::tanh(x);
    case Activation::gelu:
      return T(0.5) * x * (T(1) + std::erf(x * T(0.70710678118654752440)));
    case Activation::hardswish:
      return x <= T(-3) ? T(0) : (x >= T(3) ? x : x * (x + T(3)) / T(6));
  }
  return x;
}

/// f'(x).
template <class T>
QRS_HD inline T activate_slope(Activation f, T x) {
  switch (f) {
    case Activation::identity:
      return T(1);
    case Activation::relu:
      return x <= T(0) ? T(0) : T(1);
    case Activation::relu6:
      return x <= T(0) || x >= T(6) ? T(0) : T(1);
    case Activation::silu: {
      const T s = sigmoid_of(x);
      return s * (T(1) + x * (T(1) - s));
    }
    case Activation::sigmoid: {
      const T s = sigmoid_of(x);
      return s * (T(1) - s);
    }
    case Activation::tanh: {
      const T t = std::tanh(x);
      return T(1) - t * t;
    }
    case Activation::gelu:
      return T(0.5) * (T(1) + std::erf(x * T(0.70710678118654752440))) +
             x * T(0.39894228040143267794) * std::exp(T(-0.5) * x * x);
    case Activation::hardswish:
      return x <= T(-3) ? T(0) : (x < T(3) ? x / T(3) + T(0.5) : T(1));
  }
  return T(1);
}

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
//   add_scaled         (p, alpha, x, y)                y (+)= alpha * x
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
void add_scaled_cuda(const ElementwiseParams& p, T alpha, const T* x, T* y);

}  // namespace qrs::kernels
