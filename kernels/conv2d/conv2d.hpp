// Two-dimensional convolution (cross-correlation, as every framework means it), channels last.
//
//   y[n, oy, ox, co] = f( scale[co] * ( sum_{ky, kx, ci} x[n, oy sh - ph + ky dh, ox sw - pw + kx dw, g Cig + ci]
//                                                        * w[ky, kx, ci, co] ) + shift[co] + residual[n, oy, ox, co] )
//   with g = co / (C_out / groups), Cig = C_in / groups, and x = 0 outside the image.
//
// Shapes: x (N, H, W, C_in), w (KH, KW, C_in / groups, C_out), y (N, OH, OW, C_out), OH = (H + 2 ph - dh (KH - 1) - 1) / sh + 1.
// A row of x, y, dx or dy may be a channel range: x_pitch and y_pitch are the distances between pixels, in values.
// Equal to torch.nn.functional.conv2d up to the layout: torch's w[co, ci, ky, kx] is w[ky, kx, ci, co] here.
// The end of that formula is an epilogue (epilogue.hpp).
#pragma once

#include <cstdint>

#include "../elementwise/epilogue.hpp"

namespace qrs::kernels {

struct Conv2dParams {
  std::int64_t n = 0;
  std::int64_t h = 0;
  std::int64_t w = 0;
  std::int64_t ci = 0;
  std::int64_t co = 0;
  std::int64_t kh = 1;
  std::int64_t kw = 1;
  std::int64_t stride_h = 1;
  std::int64_t stride_w = 1;
  std::int64_t padding_h = 0;
  std::int64_t padding_w = 0;
  std::int64_t dilation_h = 1;
  std::int64_t dilation_w = 1;
  std::int64_t groups = 1;
  std::int64_t x_pitch = 0;  // of x in the forward and weight passes, of dx in the data pass
  std::int64_t y_pitch = 0;  // of y in the forward pass, of dy in the others

  std::int64_t oh() const { return (h + 2 * padding_h - dilation_h * (kh - 1) - 1) / stride_h + 1; }
  std::int64_t ow() const { return (w + 2 * padding_w - dilation_w * (kw - 1) - 1) / stride_w + 1; }
  std::int64_t ci_per_group() const { return ci / groups; }
  std::int64_t co_per_group() const { return co / groups; }
  /// Multiply-adds of one pass (forward, data and weights cost the same).
  std::int64_t macs() const { return n * oh() * ow() * co * kh * kw * ci_per_group(); }
};

// Launchers of cuda.cu (float and double); _cpu and _ref have the same signatures:
//   conv2d_forward         (p, x, w, epilogue, y)
//   conv2d_backward_data   (p, dy, w, dx, accumulate)      dx (+)= the transposed convolution of dy
//   conv2d_backward_weights(p, x, dy, dw, accumulate)      dw (+)= sum over pixels of x * dy
// The bias gradient is reduce_rows of dy.
template <class T>
void conv2d_forward_cuda(const Conv2dParams& p, const T* x, const T* w, const Epilogue<T>& e, T* y);
template <class T>
void conv2d_backward_data_cuda(const Conv2dParams& p, const T* dy, const T* w, T* dx, bool accumulate);
template <class T>
void conv2d_backward_weights_cuda(const Conv2dParams& p, const T* x, const T* dy, T* dw, bool accumulate);

}  // namespace qrs::kernels
