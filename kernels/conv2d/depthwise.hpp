// Depthwise convolution on the CPU: one filter per channel, so everything runs along C.
//
//   y[n, oy, ox, c] = f(scale[c] * sum_{ky, kx} x[n, oy sh - ph + ky dh, ox sw - pw + kx dw, c] * w[ky, kx, c] + shift[c] + ...)
//
// It is conv2d with groups = C_in = C_out: params, epilogue and reference are conv2d's (conv2d.hpp, conv2d/ref.hpp), and
// conv2d_*_cpu calls these. Source: Howard et al. 2017 (MobileNets), section 3.1.
// A task is one row of one image; it walks the channels two registers at a time, and a few neighbouring pixels at once so that
// a weight is loaded once for all of them. The image rows it reads stay in the second-level cache over the channels.
#pragma once

#include <algorithm>
#include <type_traits>

#include "../../include/qrs/core/memory.hpp"
#include "../../include/qrs/core/parallel.hpp"
#include "../elementwise/simd.hpp"
#include "conv2d.hpp"

namespace qrs::kernels {

namespace depthwise {

/// Neighbouring outputs computed at once.
inline constexpr std::int64_t width = 4;

/// One step along a row or column of taps: target t reads source t * step + offset + k * dilation.
struct Line {
  std::int64_t sources = 0;   // extent of the source
  std::int64_t targets = 0;   // extent of the target
  std::int64_t step = 1;      // source positions per target
  std::int64_t offset = 0;    // of tap 0 at target 0
  std::int64_t dilation = 1;  // source positions per tap
  std::int64_t taps = 1;

  /// Taps [first, last) that fall inside the source at target t.
  std::int64_t first_tap(std::int64_t t) const {
    const std::int64_t at = t * step + offset;
    return at >= 0 ? 0 : std::min(taps, (-at + dilation - 1) / dilation);
  }
  std::int64_t last_tap(std::int64_t t) const {
    const std::int64_t room = sources - 1 - (t * step + offset);
    return room < 0 ? 0 : std::min(taps, room / dilation + 1);
  }
};

/// A register, or its first `count` lanes where it is the last, partial one of a row.
template <bool Partial, class T>
inline simd::Vec<T> read(const T* from, std::int64_t count) {
  if constexpr (Partial) return simd::load_tail(from, count);
  return simd::load(from);
}

/// sum[i] += source(i-th target, tap) * w(tap) over taps [kx_begin, kx_end) of one kernel row, for Count targets.
template <bool Partial, int Count, int Registers, class T>
inline void add_taps(simd::Vec<T> (&sum)[Count][Registers], const T* source, std::int64_t source_step,
                     std::int64_t tap_step, const T* w, std::int64_t w_step, std::int64_t taps, std::int64_t count) {
  constexpr int lanes = simd::lanes<T>;
  for (std::int64_t k = 0; k < taps; ++k) {
    simd::Vec<T> weight[Registers];
    for (int v = 0; v < Registers; ++v) weight[v] = read<Partial>(w + k * w_step + v * lanes, count);
    const T* from = source + k * tap_step;
#pragma GCC unroll 8
    for (int i = 0; i < Count; ++i) {
      for (int v = 0; v < Registers; ++v)
        sum[i][v] += read<Partial>(from + i * source_step + v * lanes, count) * weight[v];
    }
  }
}

/// Everything about one row of targets except the channels.
template <class T>
struct Row {
  const T* source = nullptr;  // the source image
  std::int64_t source_pitch = 0;
  const T* w = nullptr;  // (taps_y, taps_x, C), in walking order
  std::int64_t channels = 0;
  T* target = nullptr;  // the target row
  std::int64_t target_pitch = 0;
  std::int64_t first_pixel = 0;  // index of the row's first target pixel in the batch, for the residual
  Epilogue<T> epilogue;
};

/// As ReadPart, where it is known while compiling whether a register is whole.
template <bool Partial>
struct ReadRegister {
  std::int64_t count;
  template <class T>
  simd::Vec<T> operator()(const T* from, std::int64_t at) const {
    return read<Partial>(from + at, count);
  }
};

/// Everything behind the sums of `targets` targets from tx on, `registers` registers each.
template <bool Partial, class T>
void finish_targets(const Row<T>& row, std::int64_t tx, std::int64_t targets, std::int64_t c, std::int64_t registers,
                    simd::Vec<T>* sums, std::int64_t count) {
  const Epilogue<T> e = row.epilogue;
  for (std::int64_t i = 0; i < targets; ++i) {
    for (std::int64_t v = 0; v < registers; ++v) {
      simd::Vec<T>& y = sums[i * registers + v];
      y = apply_epilogue<RegisterMath<T>>(e, LinearFormula<T>{}, y, row.first_pixel + tx + i, c + v * simd::lanes<T>,
                                          ReadRegister<Partial>{count});
    }
  }
  activate_registers<T>(e.activation, sums, targets * registers);
  for (std::int64_t i = 0; i < targets; ++i) {
    for (std::int64_t v = 0; v < registers; ++v) {
      T* to = row.target + (tx + i) * row.target_pitch + c + v * simd::lanes<T>;
      if constexpr (Partial) {
        simd::store_tail(to, sums[i * registers + v], count);
      } else {
        simd::store(to, sums[i * registers + v]);
      }
    }
  }
}

/// Channels [c, c + Registers * lanes) of all targets of row ty, or the `count` channels from c where they are Partial. Targets
/// whose taps all fall inside go `width` at a time, those at the borders one by one.
template <int Registers, bool Partial, class T>
inline void run_channels(const Line& ly, const Line& lx, const Row<T>& row, std::int64_t ty, std::int64_t c,
                         std::int64_t count) {
  const std::int64_t ky_begin = ly.first_tap(ty);
  const std::int64_t ky_end = ly.last_tap(ty);
  const std::int64_t row_step = ly.dilation * lx.sources * row.source_pitch;
  const T* first_row = row.source + (ty * ly.step + ly.offset) * lx.sources * row.source_pitch;
  const auto block = [&]<int Count>(std::integral_constant<int, Count>, std::int64_t tx, std::int64_t kx_begin,
                                    std::int64_t kx_end) {
    simd::Vec<T> sum[Count][Registers] = {};
    const std::int64_t x = tx * lx.step + lx.offset + kx_begin * lx.dilation;
    for (std::int64_t ky = ky_begin; ky < ky_end; ++ky) {
      add_taps<Partial>(sum, first_row + ky * row_step + x * row.source_pitch + c, lx.step * row.source_pitch,
                        lx.dilation * row.source_pitch, row.w + (ky * lx.taps + kx_begin) * row.channels + c,
                        row.channels, kx_end - kx_begin, count);
    }
    simd::Vec<T> done[Count * Registers];
#pragma GCC unroll 16
    for (int i = 0; i < Count * Registers; ++i) done[i] = sum[i / Registers][i % Registers];
    finish_targets<Partial>(row, tx, Count, c, Registers, done, count);
  };
  std::int64_t tx = 0;
  while (tx < lx.targets) {
    const bool inside = lx.first_tap(tx) == 0 && tx + width <= lx.targets && lx.last_tap(tx + width - 1) == lx.taps;
    if (inside) {
      block(std::integral_constant<int, static_cast<int>(width)>{}, tx, 0, lx.taps);
      tx += width;
    } else {
      block(std::integral_constant<int, 1>{}, tx, lx.first_tap(tx), std::max(lx.first_tap(tx), lx.last_tap(tx)));
      tx += 1;
    }
  }
}

/// All channels of all targets of row ty: two registers at a time, then one, then a part of one.
template <class T>
void run_row(const Line& ly, const Line& lx, const Row<T>& row, std::int64_t ty) {
  constexpr int lanes = simd::lanes<T>;
  std::int64_t c = 0;
  for (; c + 2 * lanes <= row.channels; c += 2 * lanes) run_channels<2, false>(ly, lx, row, ty, c, lanes);
  for (; c + lanes <= row.channels; c += lanes) run_channels<1, false>(ly, lx, row, ty, c, lanes);
  if (c < row.channels) run_channels<1, true>(ly, lx, row, ty, c, row.channels - c);
}

}  // namespace depthwise

template <class T>
void depthwise_conv2d_forward_cpu(const Conv2dParams& p, const T* x, const T* w, const Epilogue<T>& e, T* y) {
  const depthwise::Line ly{p.h, p.oh(), p.stride_h, -p.padding_h, p.dilation_h, p.kh};
  const depthwise::Line lx{p.w, p.ow(), p.stride_w, -p.padding_w, p.dilation_w, p.kw};
  parallel_for(p.n * p.oh(), [&](std::int64_t task) {
    const depthwise::Row<T> row{.source = x + task / p.oh() * p.h * p.w * p.x_pitch,
                                .source_pitch = p.x_pitch,
                                .w = w,
                                .channels = p.ci,
                                .target = y + task * p.ow() * p.y_pitch,
                                .target_pitch = p.y_pitch,
                                .first_pixel = task * p.ow(),
                                .epilogue = e};
    depthwise::run_row(ly, lx, row, task % p.oh());
  });
}

namespace depthwise {

/// Data pass of any stride: input pixel (iy, ix) gathers dy of the outputs that read it.
template <class T>
void gather_row(const Conv2dParams& p, const T* dy, const T* w, T* dx, std::int64_t n, std::int64_t iy,
                bool accumulate) {
  const std::int64_t oh = p.oh();
  const std::int64_t ow = p.ow();
  for (std::int64_t ix = 0; ix < p.w; ++ix) {
    T* to = dx + ((n * p.h + iy) * p.w + ix) * p.x_pitch;
    if (!accumulate) std::fill_n(to, p.ci, T(0));
    for (std::int64_t ky = 0; ky < p.kh; ++ky) {
      const std::int64_t ny = iy + p.padding_h - ky * p.dilation_h;
      if (ny < 0 || ny % p.stride_h != 0 || ny / p.stride_h >= oh) continue;
      for (std::int64_t kx = 0; kx < p.kw; ++kx) {
        const std::int64_t nx = ix + p.padding_w - kx * p.dilation_w;
        if (nx < 0 || nx % p.stride_w != 0 || nx / p.stride_w >= ow) continue;
        const T* from = dy + ((n * oh + ny / p.stride_h) * ow + nx / p.stride_w) * p.y_pitch;
        const T* weights = w + (ky * p.kw + kx) * p.ci;
        for (std::int64_t c = 0; c < p.ci; ++c) to[c] += from[c] * weights[c];
      }
    }
  }
}

/// Adds to dw what row oy of targets gives to Rows x Taps taps, from (ky, kx) on, for channels [c, c + lanes). The rows of taps
/// fall inside the source. A sum waits for its own last addition, so there are many side by side.
template <int Rows, int Taps, bool Partial, class T>
inline void weight_taps(const Conv2dParams& p, const Line& ly, const Line& lx, const T* x, const T* dy, std::int64_t oy,
                        std::int64_t ky, std::int64_t kx, std::int64_t c, std::int64_t count, T* dw) {
  const std::int64_t right = lx.dilation * p.x_pitch;
  const std::int64_t down = ly.dilation * lx.sources * p.x_pitch;
  const T* x_row = x + (oy * ly.step + ly.offset + ky * ly.dilation) * lx.sources * p.x_pitch + c;
  const T* dy_row = dy + oy * lx.targets * p.y_pitch + c;
  T* to = dw + (ky * p.kw + kx) * p.ci + c;
  simd::Vec<T> sum[Rows][Taps];
#pragma GCC unroll 16
  for (int i = 0; i < Rows * Taps; ++i)
    sum[i / Taps][i % Taps] = read<Partial>(to + (i / Taps * p.kw + i % Taps) * p.ci, count);
  for (std::int64_t ox = 0; ox < lx.targets; ++ox) {
    const simd::Vec<T> g = read<Partial>(dy_row + ox * p.y_pitch, count);
    const std::int64_t ix = ox * lx.step + lx.offset + kx * lx.dilation;
    const T* from = x_row + ix * p.x_pitch;
    if (ix >= 0 && ix + (Taps - 1) * lx.dilation < lx.sources) {
#pragma GCC unroll 16
      for (int i = 0; i < Rows * Taps; ++i)
        sum[i / Taps][i % Taps] += read<Partial>(from + i / Taps * down + i % Taps * right, count) * g;
    } else {
#pragma GCC unroll 16
      for (int i = 0; i < Rows * Taps; ++i) {
        const std::int64_t at = ix + i % Taps * lx.dilation;
        if (at >= 0 && at < lx.sources)
          sum[i / Taps][i % Taps] += read<Partial>(from + i / Taps * down + i % Taps * right, count) * g;
      }
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < Rows * Taps; ++i)
    simd::store_part(to + (i / Taps * p.kw + i % Taps) * p.ci, sum[i / Taps][i % Taps], count);
}

/// The same for every row of taps that row oy of targets reads through: as many at once as the registers hold sums of.
template <int Taps, bool Partial, class T>
inline void weight_columns(const Conv2dParams& p, const Line& ly, const Line& lx, const T* x, const T* dy,
                           std::int64_t oy, std::int64_t kx, std::int64_t c, std::int64_t count, T* dw) {
  constexpr int rows = Taps == 5 ? 2 : Taps;
  const std::int64_t end = ly.last_tap(oy);
  std::int64_t ky = ly.first_tap(oy);
  for (; ky + rows <= end; ky += rows) weight_taps<rows, Taps, Partial>(p, ly, lx, x, dy, oy, ky, kx, c, count, dw);
  for (; ky < end; ++ky) weight_taps<1, Taps, Partial>(p, ly, lx, x, dy, oy, ky, kx, c, count, dw);
}

/// dw of one image, for channels [c_begin, c_end). Rows of targets are outermost: the few rows of x that one reads stay in the
/// cache for all its channels and taps.
template <class T>
void image_weights(const Conv2dParams& p, const T* x, const T* dy, std::int64_t c_begin, std::int64_t c_end, T* dw) {
  constexpr std::int64_t lanes = simd::lanes<T>;
  const Line ly{p.h, p.oh(), p.stride_h, -p.padding_h, p.dilation_h, p.kh};
  const Line lx{p.w, p.ow(), p.stride_w, -p.padding_w, p.dilation_w, p.kw};
  for (std::int64_t tap = 0; tap < p.kh * p.kw; ++tap)
    std::fill(dw + tap * p.ci + c_begin, dw + tap * p.ci + c_end, T(0));
  for (std::int64_t oy = 0; oy < ly.targets; ++oy) {
    const auto taps = [&]<bool Partial>(std::bool_constant<Partial>, std::int64_t c, std::int64_t count) {
      std::int64_t kx = 0;
      for (; kx + 5 <= p.kw; kx += 5) weight_columns<5, Partial>(p, ly, lx, x, dy, oy, kx, c, count, dw);
      for (; kx + 3 <= p.kw; kx += 3) weight_columns<3, Partial>(p, ly, lx, x, dy, oy, kx, c, count, dw);
      for (; kx < p.kw; ++kx) weight_columns<1, Partial>(p, ly, lx, x, dy, oy, kx, c, count, dw);
    };
    std::int64_t c = c_begin;
    for (; c + lanes <= c_end; c += lanes) taps(std::false_type{}, c, lanes);
    if (c < c_end) taps(std::true_type{}, c, c_end - c);
  }
}

}  // namespace depthwise

namespace depthwise {

/// The taps an input position of residue `residue` is read through: first, first + step, ... ; and their walk over dy.
struct ClassTaps {
  std::int64_t count = 0;
  std::int64_t first = 0;
  Line line;
};
inline ClassTaps class_taps(std::int64_t residue, std::int64_t stride, std::int64_t padding, std::int64_t taps,
                            std::int64_t inputs, std::int64_t outputs) {
  ClassTaps out;
  out.first = (residue + padding) % stride;
  out.count = out.first < taps ? (taps - 1 - out.first) / stride + 1 : 0;
  // Tap first + j stride reads output (residue + padding - first) / stride - j: in reverse order of j, ascending.
  out.line = {.sources = outputs,
              .targets = (inputs - residue + stride - 1) / stride,
              .offset = (residue + padding - out.first) / stride - (out.count - 1),
              .taps = out.count};
  return out;
}

}  // namespace depthwise

template <class T>
void depthwise_conv2d_backward_data_cpu(const Conv2dParams& p, const T* dy, const T* w, T* dx, bool accumulate) {
  if (p.dilation_h != 1 || p.dilation_w != 1) {
    parallel_for(p.n * p.h,
                 [&](std::int64_t task) { depthwise::gather_row(p, dy, w, dx, task / p.h, task % p.h, accumulate); });
    return;
  }
  // Input pixels of one residue class of the stride are a forward pass over dy with every stride-th tap, in reverse.
  Scratch<T> reversed(p.kh * p.kw * p.ci);
  for (std::int64_t class_y = 0; class_y < std::min(p.stride_h, p.h); ++class_y) {
    for (std::int64_t class_x = 0; class_x < std::min(p.stride_w, p.w); ++class_x) {
      const auto ty = depthwise::class_taps(class_y, p.stride_h, p.padding_h, p.kh, p.h, p.oh());
      const auto tx = depthwise::class_taps(class_x, p.stride_w, p.padding_w, p.kw, p.w, p.ow());
      for (std::int64_t i = 0; i < ty.count; ++i) {
        for (std::int64_t j = 0; j < tx.count; ++j) {
          const std::int64_t ky = ty.first + (ty.count - 1 - i) * p.stride_h;
          const std::int64_t kx = tx.first + (tx.count - 1 - j) * p.stride_w;
          std::copy_n(w + (ky * p.kw + kx) * p.ci, p.ci, reversed.data() + (i * tx.count + j) * p.ci);
        }
      }
      parallel_for(p.n * ty.line.targets, [&](std::int64_t task) {
        const std::int64_t n = task / ty.line.targets;
        const std::int64_t line = task % ty.line.targets;
        const std::int64_t pixel = (n * p.h + line * p.stride_h + class_y) * p.w + class_x;
        T* target = dx + pixel * p.x_pitch;
        const depthwise::Row<T> row{
            .source = dy + n * p.oh() * p.ow() * p.y_pitch,
            .source_pitch = p.y_pitch,
            .w = reversed.data(),
            .channels = p.ci,
            .target = target,
            .target_pitch = p.stride_w * p.x_pitch,
            .epilogue = {.residual = accumulate ? target : nullptr, .residual_pitch = p.stride_w * p.x_pitch}};
        depthwise::run_row(ty.line, tx.line, row, line);
      });
    }
  }
}

template <class T>
void depthwise_conv2d_backward_weights_cpu(const Conv2dParams& p, const T* x, const T* dy, T* dw, bool accumulate) {
  constexpr std::int64_t channels_per_task = 256;
  const std::int64_t size = p.kh * p.kw * p.ci;
  const std::int64_t runs = (p.ci + channels_per_task - 1) / channels_per_task;
  Scratch<T> partial(p.n * size + 1);  // one dw per image, added in order
  parallel_for(p.n * runs, [&](std::int64_t task) {
    const std::int64_t n = task / runs;
    const std::int64_t begin = task % runs * channels_per_task;
    depthwise::image_weights(p, x + n * p.h * p.w * p.x_pitch, dy + n * p.oh() * p.ow() * p.y_pitch, begin,
                             std::min(p.ci, begin + channels_per_task), partial.data() + n * size);
  });
  if (!accumulate) std::fill_n(dw, size, T(0));
  for (std::int64_t n = 0; n < p.n; ++n) {
    for (std::int64_t i = 0; i < size; ++i) dw[i] += partial[n * size + i];
  }
}

}  // namespace qrs::kernels
