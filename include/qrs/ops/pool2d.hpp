// Pooling of images (N, H, W, C): max_pool2d, avg_pool2d, adaptive_avg_pool2d, global_average_pool.
//
// Backward: a maximum hands its gradient to the first pixel that held it, an average spreads it evenly. max_pool2d
// keeps which tap of each window won, and neither x nor y; the averages keep nothing.
#pragma once

#include <algorithm>

#include "check.hpp"
#include "reshape.hpp"

namespace qrs {

/// A window and how it moves. The short names set both axes; *_w, where not negative, sets the horizontal one alone.
struct MaxPool2dOptions {
  std::int64_t kernel = 2;
  std::int64_t stride = 0;  // 0: as large as the window
  std::int64_t padding = 0;
  std::int64_t dilation = 1;
  bool ceil_mode = false;  // also the windows that reach past the end
  std::int64_t kernel_w = -1;
  std::int64_t stride_w = -1;
  std::int64_t padding_w = -1;
  std::int64_t dilation_w = -1;
};

struct AvgPool2dOptions {
  std::int64_t kernel = 2;
  std::int64_t stride = 0;  // 0: as large as the window
  std::int64_t padding = 0;
  bool ceil_mode = false;
  bool count_include_pad = true;      // zeros of the padding count in the divisor
  std::int64_t divisor_override = 0;  // 0: the number of values
  std::int64_t kernel_w = -1;
  std::int64_t stride_w = -1;
  std::int64_t padding_w = -1;
};

namespace detail {

/// One checked axis of a pooling; `axis` names it in messages.
inline kernels::PoolAxis pool_axis(const char* op, const char* axis, const kernels::PoolAxis& wanted, bool ceil_mode) {
  kernels::PoolAxis out = wanted;
  if (out.stride == 0) out.stride = out.kernel;
  QRS_CHECK(out.kernel > 0 && out.stride > 0 && out.dilation > 0, "[", op,
            "] expected kernel, stride and dilation > 0 along ", axis, ", got ", out.kernel, ", ", out.stride, " and ",
            out.dilation);
  QRS_CHECK(std::max({out.kernel, out.stride, out.dilation}) <= most_pixels, "[", op,
            "] expected kernel, stride and dilation of at most 2^31 along ", axis, ", got ", out.kernel, ", ",
            out.stride, " and ", out.dilation);
  QRS_CHECK(out.padding >= 0 && out.padding <= out.kernel / 2, "[", op,
            "] expected a padding of at most half the kernel along ", axis, ", got padding ", out.padding,
            " for kernel ", out.kernel);
  out.out = out.outputs(ceil_mode);
  QRS_CHECK(out.out > 0, "[", op, "] expected an image at least as large as the window along ", axis, ", got ",
            out.size, " with padding ", out.padding, " for a window of ", out.dilation * (out.kernel - 1) + 1);
  return out;
}

template <class T>
Var<T> avg_pool2d(const char* op, const Var<T>& x, kernels::Pool2dParams p) {
  Tensor<T> y({p.n, p.y.out, p.x.out, p.c}, x.device());  // (N, OH, OW, C)
  p.y_pitch = y.pitch();
  on_cpu_only(op, x.device(), [&] { kernels::avg_pool2d_forward_cpu(p, x.value().data(), y.data()); });
  Tape<T>* tape = listening(x);
  if (tape == nullptr) return y;
  return tape->record(y, [p, slot = x.slot()](const Tensor<T>& dy) {
    const auto dx = slot->target();
    kernels::Pool2dParams back = p;
    back.x_pitch = dx.tensor.pitch();
    back.y_pitch = dy.pitch();
    kernels::avg_pool2d_backward_cpu(back, dy.data(), dx.tensor.data(), dx.accumulate);
  });
}

}  // namespace detail

/// The largest value of each window: (N, H, W, C) -> (N, OH, OW, C).
template <class T>
Var<T> max_pool2d(const Var<T>& x, const MaxPool2dOptions& o) {
  detail::check_rank("max_pool2d", x, 4, "(N, H, W, C)");
  const kernels::PoolAxis rows{
      .size = x.dim(1), .kernel = o.kernel, .stride = o.stride, .padding = o.padding, .dilation = o.dilation};
  const kernels::PoolAxis columns{.size = x.dim(2),
                                  .kernel = o.kernel_w < 0 ? o.kernel : o.kernel_w,
                                  .stride = o.stride_w < 0 ? o.stride : o.stride_w,
                                  .padding = o.padding_w < 0 ? o.padding : o.padding_w,
                                  .dilation = o.dilation_w < 0 ? o.dilation : o.dilation_w};
  kernels::Pool2dParams p{.n = x.dim(0),
                          .c = x.dim(3),
                          .y = detail::pool_axis("max_pool2d", "the height", rows, o.ceil_mode),
                          .x = detail::pool_axis("max_pool2d", "the width", columns, o.ceil_mode),
                          .x_pitch = x.value().pitch()};
  Tensor<T> y({p.n, p.y.out, p.x.out, p.c}, x.device());  // (N, OH, OW, C)
  p.y_pitch = y.pitch();
  Tape<T>* tape = listening(x);
  Tensor<kernels::MaxTap<T>> maxima;
  if (tape != nullptr) maxima = Tensor<kernels::MaxTap<T>>(y.shape(), x.device());
  on_cpu_only("max_pool2d", x.device(),
              [&] { kernels::max_pool2d_forward_cpu(p, x.value().data(), y.data(), maxima.data()); });
  if (tape == nullptr) return y;
  return tape->record(y, [p, maxima, slot = x.slot()](const Tensor<T>& dy) {
    const auto dx = slot->target();
    kernels::Pool2dParams back = p;
    back.x_pitch = dx.tensor.pitch();
    back.y_pitch = dy.pitch();
    kernels::max_pool2d_backward_cpu(back, dy.data(), maxima.data(), dx.tensor.data(), dx.accumulate);
  });
}

/// The mean of each window: (N, H, W, C) -> (N, OH, OW, C).
template <class T>
Var<T> avg_pool2d(const Var<T>& x, const AvgPool2dOptions& o) {
  detail::check_rank("avg_pool2d", x, 4, "(N, H, W, C)");
  QRS_CHECK(o.divisor_override >= 0, "[avg_pool2d] expected a divisor_override >= 0, got ", o.divisor_override);
  const kernels::PoolAxis rows{.size = x.dim(1), .kernel = o.kernel, .stride = o.stride, .padding = o.padding};
  const kernels::PoolAxis columns{.size = x.dim(2),
                                  .kernel = o.kernel_w < 0 ? o.kernel : o.kernel_w,
                                  .stride = o.stride_w < 0 ? o.stride : o.stride_w,
                                  .padding = o.padding_w < 0 ? o.padding : o.padding_w};
  return detail::avg_pool2d("avg_pool2d", x,
                            {.n = x.dim(0),
                             .c = x.dim(3),
                             .y = detail::pool_axis("avg_pool2d", "the height", rows, o.ceil_mode),
                             .x = detail::pool_axis("avg_pool2d", "the width", columns, o.ceil_mode),
                             .x_pitch = x.value().pitch(),
                             .count_include_pad = o.count_include_pad,
                             .divisor_override = o.divisor_override});
}

/// The mean over all pixels of each channel: (N, H, W, C) -> (N, C).
template <class T>
Var<T> global_average_pool(const Var<T>& x) {
  detail::check_rank("global_average_pool", x, 4, "(N, H, W, C)");
  const std::int64_t pixels = x.dim(1) * x.dim(2);
  const Tensor<T>& in = x.value();
  Tensor<T> y({x.dim(0), x.dim(3)}, x.device());  // (N, C)
  const kernels::ReduceParams p{.outer = x.dim(0),
                                .rows = pixels,
                                .cols = x.dim(3),
                                .x_pitch = in.pitch(),
                                .scale = 1.0 / static_cast<double>(pixels)};
  on_device(
      x.device(), [&] { kernels::reduce_rows_cpu(p, in.data(), y.data()); },
      [&] { kernels::reduce_rows_cuda(p, in.data(), y.data()); });
  Tape<T>* tape = listening(x);
  if (tape == nullptr) return y;
  return tape->record(y, [p, slot = x.slot()](const Tensor<T>& dy) {
    const Tensor<T> from = dy.as_contiguous();
    const auto dx = slot->target();
    kernels::ReduceParams back = p;
    back.x_pitch = dx.tensor.pitch();
    back.accumulate = dx.accumulate;
    on_device(
        from.device(), [&] { kernels::broadcast_rows_cpu(back, from.data(), dx.tensor.data()); },
        [&] { kernels::broadcast_rows_cuda(back, from.data(), dx.tensor.data()); });
  });
}

/// The mean of windows chosen so that out_h x out_w results come out: (N, H, W, C) -> (N, out_h, out_w, C).
template <class T>
Var<T> adaptive_avg_pool2d(const Var<T>& x, std::int64_t out_h, std::int64_t out_w) {
  detail::check_rank("adaptive_avg_pool2d", x, 4, "(N, H, W, C)");
  QRS_CHECK(out_h > 0 && out_w > 0 && out_h <= detail::most_pixels && out_w <= detail::most_pixels,
            "[adaptive_avg_pool2d] expected an output of at least 1 x 1 and at most 2^31 x 2^31, got ", out_h, " x ",
            out_w);
  if (out_h == 1 && out_w == 1) return reshape(global_average_pool(x), {x.dim(0), 1, 1, x.dim(3)});
  return detail::avg_pool2d("adaptive_avg_pool2d", x,
                            {.n = x.dim(0),
                             .c = x.dim(3),
                             .y = {.size = x.dim(1), .out = out_h, .adaptive = true},
                             .x = {.size = x.dim(2), .out = out_w, .adaptive = true},
                             .x_pitch = x.value().pitch()});
}

}  // namespace qrs
