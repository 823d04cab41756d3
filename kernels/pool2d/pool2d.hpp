// Pooling over windows of an image, channels last.
//
//   max      y[n, oy, ox, c] = max over the window of x[n, iy, ix, c];  dx: the window's dy goes to its first maximum
//   average  y[n, oy, ox, c] = (sum over the window of x) / divisor;    dx: every pixel gets dy / divisor
//
// A window is the product of two spans, one per axis (PoolAxis). Adaptive pooling differs in the span alone: output o
// of an axis covers inputs floor(o H / OH) to ceil((o + 1) H / OH).
// Shapes: x (N, H, W, C), y (N, OH, OW, C), with a pitch between pixels.
// Equal to torch.nn.functional.{max,avg,adaptive_avg}_pool2d: the first of equal maxima wins, NaN is larger than every
// number (the last NaN wins), padding never wins a maximum; with ceil_mode a window may reach past the padding, but
// none starts there.
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "../../include/qrs/core/macros.hpp"

namespace qrs::kernels {

/// Inputs of one output along an axis: begin, begin + dilation, ... < end, all inside the image.
struct PoolSpan {
  std::int64_t begin;
  std::int64_t end;
  std::int64_t first;   // index of `begin` within the kernel: how many taps fell on the padding before it
  std::int64_t padded;  // extent counting the padding: the divisor of an average that counts it
};

/// One axis of a pooling.
struct PoolAxis {
  std::int64_t size = 0;
  std::int64_t out = 0;
  std::int64_t kernel = 1;
  std::int64_t stride = 1;
  std::int64_t padding = 0;
  std::int64_t dilation = 1;
  bool adaptive = false;

  /// The number of outputs that PyTorch gives an axis.
  QRS_HD std::int64_t outputs(bool ceil_mode) const {
    const std::int64_t reach = size + 2 * padding - dilation * (kernel - 1) - 1;
    if (reach < 0) return 0;
    const std::int64_t count = (reach + (ceil_mode ? stride - 1 : 0)) / stride + 1;
    return ceil_mode && (count - 1) * stride >= size + padding ? count - 1 : count;
  }

  QRS_HD PoolSpan span(std::int64_t o) const {
    if (adaptive) {
      const std::int64_t begin = o * size / out;
      const std::int64_t end = ((o + 1) * size + out - 1) / out;
      return {begin, end, 0, end - begin};
    }
    const std::int64_t start = o * stride - padding;
    const std::int64_t stop = start + dilation * (kernel - 1) + 1;
    const std::int64_t first = start < 0 ? (-start + dilation - 1) / dilation : 0;
    const std::int64_t padded_stop = stop < size + padding ? stop : size + padding;
    return {start + first * dilation, stop < size ? stop : size, first, padded_stop - start};
  }

  /// Outputs [first, last) whose span may contain input i.
  QRS_HD std::int64_t first_covering(std::int64_t i) const {
    if (adaptive) return i * out / size;
    const std::int64_t reach = i + padding - dilation * (kernel - 1);
    return reach <= 0 ? 0 : (reach + stride - 1) / stride;
  }
  QRS_HD std::int64_t last_covering(std::int64_t i) const {
    const std::int64_t last = adaptive ? ((i + 1) * out + size - 1) / size : (i + padding) / stride + 1;
    return last < out ? last : out;
  }
  /// Which tap of output o input i is; -1 where it is none.
  QRS_HD std::int64_t tap(std::int64_t o, std::int64_t i) const {
    const PoolSpan s = span(o);
    if (i < s.begin || i >= s.end || (i - s.begin) % dilation != 0) return -1;
    return s.first + (i - s.begin) / dilation;
  }
};

struct Pool2dParams {
  std::int64_t n = 0;
  std::int64_t c = 0;
  PoolAxis y;
  PoolAxis x;
  std::int64_t x_pitch = 0;  // of x in the forward pass, of dx in the backward pass
  std::int64_t y_pitch = 0;  // of y in the forward pass, of dy in the backward pass
  bool count_include_pad = true;
  std::int64_t divisor_override = 0;  // 0: none

  /// What a sum over two spans is divided by.
  QRS_HD std::int64_t divisor(const PoolSpan& sy, const PoolSpan& sx) const {
    if (divisor_override != 0) return divisor_override;
    return count_include_pad ? sy.padded * sx.padded : (sy.end - sy.begin) * (sx.end - sx.begin);
  }
};

/// A saved maximum: its tap within the window, ky * KW + kx, in an integer as wide as T: registers of values and of
/// taps then have as many lanes.
template <class T>
using MaxTap = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;

// The maxima are (N, OH, OW, C), contiguous, and may be null in a forward pass that nobody differentiates.
//   max_pool2d_forward_{ref,cpu} (p, x, y, maxima)
//   max_pool2d_backward_{ref,cpu}(p, dy, maxima, dx, accumulate)
//   avg_pool2d_forward_{ref,cpu} (p, x, y)
//   avg_pool2d_backward_{ref,cpu}(p, dy, dx, accumulate)

}  // namespace qrs::kernels
