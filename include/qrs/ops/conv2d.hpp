// Two-dimensional convolution, any kernel, stride, padding, dilation and number of groups, with or without a bias.
//
//   y[n, oy, ox, co] = b[co] + sum_{ky, kx, ci} x[n, oy s - p + ky d, ox s - p + kx d, ci] * w[ky, kx, ci, co]
//   dx = the transposed convolution of dy;   dw = sum over pixels of x * dy;   db = sum over pixels of dy
//
// Shapes: x (N, H, W, C_in), w (KH, KW, C_in / groups, C_out), b (C_out), y (N, OH, OW, C_out),
// OH = (H + 2 p - d (KH - 1) - 1) / s + 1. Equal to torch.nn.functional.conv2d, whose weight is (C_out, C_in/g, KH, KW).
// A depthwise convolution (groups = C_in = C_out) takes its own kernels by itself.
// The functions on tensors are the three passes without a tape.
#pragma once

#include <algorithm>

#include "check.hpp"
#include "normalization.hpp"

namespace qrs {

/// The settings of a convolution beside its operands: the kernel's size and the channels are the weight's shape here, a layer that
/// makes its weight names them (nn::Conv2dSettings), and a kernel that sees pointers is told all (kernels::Conv2dParams). The
/// short names set both axes; *_w, where not negative, sets the horizontal one alone.
struct Conv2dOptions {
  std::int64_t stride = 1;
  std::int64_t padding = 0;
  std::int64_t dilation = 1;
  std::int64_t groups = 1;
  std::int64_t stride_w = -1;
  std::int64_t padding_w = -1;
  std::int64_t dilation_w = -1;
};

/// Checks the shapes of a convolution and puts them together for the kernels; pitches are left to the passes.
inline kernels::Conv2dParams conv2d_params(const Shape& x, const Shape& w, const Conv2dOptions& o) {
  QRS_CHECK(x.rank() == 4, "[conv2d] expected x of shape (N, H, W, C_in), got ", x);
  QRS_CHECK(w.rank() == 4, "[conv2d] expected w of shape (KH, KW, C_in / groups, C_out), got ", w);
  kernels::Conv2dParams p{.n = x[0],
                          .h = x[1],
                          .w = x[2],
                          .ci = x[3],
                          .co = w[3],
                          .kh = w[0],
                          .kw = w[1],
                          .stride_h = o.stride,
                          .stride_w = o.stride_w < 0 ? o.stride : o.stride_w,
                          .padding_h = o.padding,
                          .padding_w = o.padding_w < 0 ? o.padding : o.padding_w,
                          .dilation_h = o.dilation,
                          .dilation_w = o.dilation_w < 0 ? o.dilation : o.dilation_w,
                          .groups = o.groups};
  QRS_CHECK(p.n > 0, "[conv2d] expected a batch of at least one image, got x ", x);
  QRS_CHECK(p.stride_h > 0 && p.stride_w > 0 && p.dilation_h > 0 && p.dilation_w > 0 && p.padding_h >= 0 &&
                p.padding_w >= 0 && p.groups > 0 && p.kh > 0 && p.kw > 0,
            "[conv2d] expected stride, dilation, groups and kernel > 0 and padding >= 0, got stride ", p.stride_h, "x",
            p.stride_w, ", dilation ", p.dilation_h, "x", p.dilation_w, ", groups ", p.groups, ", padding ",
            p.padding_h, "x", p.padding_w, ", w ", w);
  QRS_CHECK(std::max({p.kh, p.kw, p.stride_h, p.stride_w, p.padding_h, p.padding_w, p.dilation_h, p.dilation_w}) <=
                detail::most_pixels,
            "[conv2d] expected kernel, stride, padding and dilation of at most 2^31, got stride ", p.stride_h, "x",
            p.stride_w, ", dilation ", p.dilation_h, "x", p.dilation_w, ", padding ", p.padding_h, "x", p.padding_w,
            ", w ", w);
  QRS_CHECK(p.ci % p.groups == 0 && p.co % p.groups == 0 && w[2] == p.ci / p.groups,
            "[conv2d] expected w of shape (KH, KW, ", p.ci / p.groups, ", multiple of ", p.groups, ") for x ", x,
            " in ", p.groups, " groups, got ", w);
  QRS_CHECK(
      p.h + 2 * p.padding_h >= p.dilation_h * (p.kh - 1) + 1 && p.w + 2 * p.padding_w >= p.dilation_w * (p.kw - 1) + 1,
      "[conv2d] expected an image at least as large as the dilated kernel, got x ", x, ", padding ", p.padding_h, "x",
      p.padding_w, ", dilation ", p.dilation_h, "x", p.dilation_w, ", w ", w);
  return p;
}

/// What rides on a convolution's result, as tensors; empty: no such step. See kernels::Epilogue.
template <class T>
struct ConvEpilogue {
  Tensor<T> scale = {};     // (C_out)
  Tensor<T> shift = {};     // (C_out); a bias
  Tensor<T> residual = {};  // (N, OH, OW, C_out)
  Activation activation{};
};

namespace detail {

/// Shape and device of one optional tensor of a convolution.
template <class T>
void check_operand(const char* what, const Tensor<T>& got, const Shape& shape, Device device) {
  if (got.empty()) return;
  QRS_CHECK(got.shape() == shape, "[conv2d] expected a ", what, " of shape ", shape, ", got ", got.shape());
  QRS_CHECK(got.device() == device, "[conv2d] expected a ", what, " on ", name(device), ", got one on ",
            name(got.device()));
}

}  // namespace detail

/// y = the convolution with its epilogue, into a tensor that is there (a channel range, for one).
template <class T>
void conv2d_forward(const Tensor<T>& x, const Tensor<T>& w, const Conv2dOptions& o, const ConvEpilogue<T>& e,
                    const Tensor<T>& y) {
  kernels::Conv2dParams p = conv2d_params(x.shape(), w.shape(), o);
  p.x_pitch = x.pitch();
  p.y_pitch = y.pitch();
  const Shape result{p.n, p.oh(), p.ow(), p.co};
  QRS_CHECK(y.shape() == result, "[conv2d] expected y of shape ", result, ", got ", y.shape());
  QRS_CHECK(y.device() == x.device(), "[conv2d] expected x and the memory of y on one device, got ", name(x.device()),
            " and ", name(y.device()));
  QRS_CHECK(w.contiguous(), "[conv2d] expected contiguous weights, got pitch ", w.pitch(), " for ", w.shape());
  QRS_CHECK(x.device() == w.device(), "[conv2d] expected x and w on one device, got ", name(x.device()), " and ",
            name(w.device()));
  detail::check_operand("scale", e.scale, {p.co}, x.device());
  detail::check_operand("bias", e.shift, {p.co}, x.device());
  detail::check_operand("residual", e.residual, result, x.device());
  const kernels::Epilogue<T> epilogue{.scale = e.scale.data(),
                                      .shift = e.shift.data(),
                                      .residual = e.residual.data(),
                                      .residual_pitch = e.residual.pitch(),
                                      .activation = e.activation};
  on_device(
      x.device(), [&] { kernels::conv2d_forward_cpu(p, x.data(), w.data(), epilogue, y.data()); },
      [&] { kernels::conv2d_forward_cuda(p, x.data(), w.data(), epilogue, y.data()); });
}

/// y in new memory.
template <class T>
Tensor<T> conv2d_forward(const Tensor<T>& x, const Tensor<T>& w, const Conv2dOptions& o,
                         const ConvEpilogue<T>& e = {}) {
  const kernels::Conv2dParams p = conv2d_params(x.shape(), w.shape(), o);
  Tensor<T> y({p.n, p.oh(), p.ow(), p.co}, x.device());  // (N, OH, OW, C_out)
  conv2d_forward(x, w, o, e, y);
  return y;
}

/// dx (+)= d loss / d x.
template <class T>
void conv2d_backward_data(const Tensor<T>& dy, const Tensor<T>& w, const Conv2dOptions& o, const Tensor<T>& dx,
                          bool accumulate) {
  kernels::Conv2dParams p = conv2d_params(dx.shape(), w.shape(), o);
  p.x_pitch = dx.pitch();
  p.y_pitch = dy.pitch();
  on_device(
      dy.device(), [&] { kernels::conv2d_backward_data_cpu(p, dy.data(), w.data(), dx.data(), accumulate); },
      [&] { kernels::conv2d_backward_data_cuda(p, dy.data(), w.data(), dx.data(), accumulate); });
}

/// dw (+)= d loss / d w.
template <class T>
void conv2d_backward_weights(const Tensor<T>& x, const Tensor<T>& dy, const Conv2dOptions& o, const Tensor<T>& dw,
                             bool accumulate) {
  kernels::Conv2dParams p = conv2d_params(x.shape(), dw.shape(), o);
  p.x_pitch = x.pitch();
  p.y_pitch = dy.pitch();
  on_device(
      dy.device(), [&] { kernels::conv2d_backward_weights_cpu(p, x.data(), dy.data(), dw.data(), accumulate); },
      [&] { kernels::conv2d_backward_weights_cuda(p, x.data(), dy.data(), dw.data(), accumulate); });
}

/// db (+)= the sum of dy over its rows: the gradient of any bias along the last axis.
template <class T>
void bias_backward(const Tensor<T>& dy, const Tensor<T>& db, bool accumulate) {
  const kernels::ReduceParams p{
      .rows = dy.rows(), .cols = dy.channels(), .x_pitch = dy.pitch(), .accumulate = accumulate};
  on_device(
      dy.device(), [&] { kernels::reduce_rows_cpu(p, dy.data(), db.data()); },
      [&] { kernels::reduce_rows_cuda(p, dy.data(), db.data()); });
}

namespace detail {

/// What the backward pass of one convolution keeps: x only where the weights want a gradient.
template <class T>
struct Conv2dStep {
  Kept<T> x;
  Tensor<T> w;
  Conv2dOptions options;
  std::shared_ptr<GradSlot<T>> dx;
  std::shared_ptr<GradSlot<T>> dw;
  std::shared_ptr<GradSlot<T>> dbias;

  void operator()(const Tensor<T>& dy) const {
    if (dbias) {
      const auto to = dbias->target();
      bias_backward(dy, to.tensor, to.accumulate);
    }
    if (dw) {  // before dx: the value of x is given back when dx asks for memory
      const auto to = dw->target();
      conv2d_backward_weights(x.tensor(), dy, options, to.tensor, to.accumulate);
    }
    if (dx) {
      const auto to = dx->target();
      conv2d_backward_data(dy, w, options, to.tensor, to.accumulate);
    }
  }
};

template <class T>
Conv2dStep<T> conv2d_step(const Var<T>& x, const Var<T>& w, const Var<T>& bias, const Conv2dOptions& o) {
  return {.x = w.slot() ? x.keep() : Kept<T>(),
          .w = w.value(),
          .options = o,
          .dx = x.slot(),
          .dw = w.slot(),
          .dbias = bias.slot()};
}

template <class T>
void check_conv2d(const Var<T>& x, const Var<T>& w) {
  check_present("conv2d", x);
  check_present("conv2d", w, "w");
}

}  // namespace detail

/// Convolution; see the head of this file. An empty bias adds nothing. Where `statistics` is given, it receives the mean and the
/// variance of each channel of the result: what a batch norm in training asks next.
template <class T>
Var<T> conv2d(const Var<T>& x, const Var<T>& w, const Var<T>& bias, const Conv2dOptions& o = {},
              ChannelStatistics<T>* statistics = nullptr) {
  detail::check_conv2d(x, w);
  Tensor<T> y = conv2d_forward(x.value(), w.value(), o, {.shift = bias.value()});
  if (statistics != nullptr) {
    *statistics = {Tensor<T>({y.channels()}), Tensor<T>({y.channels()})};
    statistics_into(y, *statistics);
  }
  Tape<T>* tape = listening(x, w, bias);
  return tape ? tape->record(std::move(y), detail::conv2d_step(x, w, bias, o)) : Var<T>(std::move(y));
}

/// Convolution without a bias.
template <class T>
Var<T> conv2d(const Var<T>& x, const Var<T>& w, const Conv2dOptions& o = {}) {
  return conv2d(x, w, Var<T>(), o);
}

/// One filter per channel: conv2d with groups = C. w is (KH, KW, 1, C).
template <class T>
Var<T> depthwise_conv2d(const Var<T>& x, const Var<T>& w, Conv2dOptions o = {}) {
  detail::check_rank("depthwise_conv2d", x, 4, "(N, H, W, C)");
  QRS_CHECK(w.shape().rank() == 4 && w.dim(2) == 1 && w.dim(3) == x.shape().channels(),
            "[depthwise_conv2d] expected w of shape (KH, KW, 1, ", x.shape().channels(), "), got ", w.shape());
  o.groups = x.shape().channels();
  return conv2d(x, w, o);
}

}  // namespace qrs
