// Pooling on the CPU: a task is some rows of pixels of the tensor written, registers run along the channels.
//
// Backward gathers: every input pixel asks the outputs whose windows cover it, in ascending order, so that no two
// threads write one value and the order of a sum does not depend on them. Which outputs those are is tabulated once per
// axis.
#pragma once

#include <algorithm>
#include <limits>
#include <vector>

#include "../simd/row_loops.hpp"
#include "pool2d.hpp"

namespace qrs::kernels {

namespace detail {

/// The windows that hold each input of an axis: output `out`, of which the input is tap number `tap`.
class CoverTable {
 public:
  struct Cover {
    std::int64_t out;
    std::int64_t tap;
  };

  explicit CoverTable(const PoolAxis& axis) {
    for (std::int64_t i = 0; i < axis.size; ++i) {
      first_.push_back(covers_.size());
      for (std::int64_t o = axis.first_covering(i); o < axis.last_covering(i); ++o) {
        const std::int64_t tap = axis.tap(o, i);
        if (tap >= 0) covers_.push_back({o, tap});
      }
    }
    first_.push_back(covers_.size());
  }
  const Cover* begin(std::int64_t i) const { return covers_.data() + first_[static_cast<std::size_t>(i)]; }
  const Cover* end(std::int64_t i) const { return covers_.data() + first_[static_cast<std::size_t>(i) + 1]; }

 private:
  std::vector<Cover> covers_;
  std::vector<std::size_t> first_;
};

/// Rows of pixels of one task.
inline std::int64_t rows_per_task(std::int64_t width, std::int64_t channels) {
  return std::max<std::int64_t>(1, values_per_task / std::max<std::int64_t>(1, width * channels));
}

/// One input of a window: its pixel, and which tap it is.
template <class T>
struct WindowTap {
  const T* pixel;
  MaxTap<T> tap;
};

/// Calls body(output pixel, its spans, its taps) for every output, in parallel over rows. There are no taps where
/// dilation steps over the image.
template <class T, class Body>
void parallel_windows(const Pool2dParams& p, const T* x, const Body& body) {
  std::vector<PoolSpan> spans;  // of the columns: the same in every row
  for (std::int64_t ox = 0; ox < p.x.out; ++ox) spans.push_back(p.x.span(ox));
  parallel_chunks(p.n * p.y.out, rows_per_task(p.x.out, p.c), [&](std::int64_t begin, std::int64_t end) {
    std::vector<WindowTap<T>> taps;
    for (std::int64_t row = begin; row < end; ++row) {
      const PoolSpan sy = p.y.span(row % p.y.out);
      const T* image = x + row / p.y.out * p.y.size * p.x.size * p.x_pitch;
      for (std::int64_t ox = 0; ox < p.x.out; ++ox) {
        const PoolSpan& sx = spans[static_cast<std::size_t>(ox)];
        taps.clear();
        std::int64_t row_tap = sy.first * p.x.kernel + sx.first;
        for (std::int64_t iy = sy.begin; iy < sy.end; iy += p.y.dilation, row_tap += p.x.kernel) {
          std::int64_t tap = row_tap;
          for (std::int64_t ix = sx.begin; ix < sx.end; ix += p.x.dilation, ++tap) {
            taps.push_back({image + (iy * p.x.size + ix) * p.x_pitch, static_cast<MaxTap<T>>(tap)});
          }
        }
        body(row * p.x.out + ox, sy, sx, taps);
      }
    }
  });
}

/// One window that covers an input: the output pixel, and which tap of it the input is.
struct CoveringWindow {
  std::int64_t out;
  std::int64_t tap;
  std::int64_t oy;
  std::int64_t ox;
};

/// Calls body(input pixel, the windows that cover it in ascending order) for every input, in parallel over rows.
template <class Body>
void parallel_covers(const Pool2dParams& p, const Body& body) {
  const CoverTable rows(p.y);
  const CoverTable columns(p.x);
  parallel_chunks(p.n * p.y.size, rows_per_task(p.x.size, p.c), [&](std::int64_t begin, std::int64_t end) {
    std::vector<CoveringWindow> windows;
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t iy = row % p.y.size;
      const std::int64_t image = row / p.y.size * p.y.out;
      for (std::int64_t ix = 0; ix < p.x.size; ++ix) {
        windows.clear();
        for (const CoverTable::Cover* y = rows.begin(iy); y != rows.end(iy); ++y) {
          for (const CoverTable::Cover* x = columns.begin(ix); x != columns.end(ix); ++x) {
            windows.push_back({(image + y->out) * p.x.out + x->out, y->tap * p.x.kernel + x->tap, y->out, x->out});
          }
        }
        body(row * p.x.size + ix, windows);
      }
    }
  });
}

}  // namespace detail

template <class T>
void max_pool2d_forward_cpu(const Pool2dParams& p, const T* x, T* y, MaxTap<T>* maxima) {
  using V = simd::Vec<T>;
  using Taps = simd::Vec<MaxTap<T>>;
  detail::parallel_windows(p, x, [&](std::int64_t out, const PoolSpan& sy, const PoolSpan& sx, const auto& taps) {
    for_each_register_block<T>(p.c, [&](auto registers, std::int64_t c, std::int64_t count) {
      constexpr int R = registers();
      V best[R];
      Taps at[R];
#pragma GCC unroll 4
      for (int i = 0; i < R; ++i) {
        best[i] = simd::broadcast<T>(-std::numeric_limits<T>::infinity());
        at[i] = simd::broadcast(static_cast<MaxTap<T>>(sy.first * p.x.kernel + sx.first));
      }
      for (const detail::WindowTap<T>& tap : taps) {
        const Taps number = simd::broadcast(tap.tap);
#pragma GCC unroll 4
        for (int i = 0; i < R; ++i) {
          const V value = simd::load_part<T>(tap.pixel + c + i * simd::lanes<T>, count);
          const Taps larger = (value > best[i]) | (value != value);
          best[i] = larger ? value : best[i];
          at[i] = larger ? number : at[i];
        }
      }
#pragma GCC unroll 4
      for (int i = 0; i < R; ++i) {
        const std::int64_t first = c + i * simd::lanes<T>;
        simd::store_part<T>(y + out * p.y_pitch + first, best[i], count);
        if (maxima == nullptr) continue;
        simd::store_part<MaxTap<T>>(maxima + out * p.c + first, at[i], count);
      }
    });
  });
}

template <class T>
void max_pool2d_backward_cpu(const Pool2dParams& p, const T* dy, const MaxTap<T>* maxima, T* dx, bool accumulate) {
  using V = simd::Vec<T>;
  using Taps = simd::Vec<MaxTap<T>>;
  detail::parallel_covers(p, [&](std::int64_t in, const auto& windows) {
    for_each_register_block<T>(p.c, [&](auto registers, std::int64_t c, std::int64_t count) {
      constexpr int R = registers();
      T* to = dx + in * p.x_pitch + c;
      V sum[R] = {};
      if (accumulate) {
#pragma GCC unroll 4
        for (int i = 0; i < R; ++i) sum[i] = simd::load_part<T>(to + i * simd::lanes<T>, count);
      }
      for (const detail::CoveringWindow& w : windows) {
        const Taps number = simd::broadcast(static_cast<MaxTap<T>>(w.tap));
#pragma GCC unroll 4
        for (int i = 0; i < R; ++i) {
          const std::int64_t first = c + i * simd::lanes<T>;
          const Taps at = simd::load_part<MaxTap<T>>(maxima + w.out * p.c + first, count);
          sum[i] += at == number ? simd::load_part<T>(dy + w.out * p.y_pitch + first, count) : V{};
        }
      }
#pragma GCC unroll 4
      for (int i = 0; i < R; ++i) simd::store_part<T>(to + i * simd::lanes<T>, sum[i], count);
    });
  });
}

template <class T>
void avg_pool2d_forward_cpu(const Pool2dParams& p, const T* x, T* y) {
  detail::parallel_windows(p, x, [&](std::int64_t out, const PoolSpan& sy, const PoolSpan& sx, const auto& taps) {
    const T divisor = static_cast<T>(p.divisor(sy, sx));
    for_each_register_block<T>(p.c, [&](auto registers, std::int64_t c, std::int64_t count) {
      constexpr int R = registers();
      simd::Vec<T> sum[R] = {};
      for (const detail::WindowTap<T>& tap : taps) {
#pragma GCC unroll 4
        for (int i = 0; i < R; ++i) sum[i] += simd::load_part<T>(tap.pixel + c + i * simd::lanes<T>, count);
      }
#pragma GCC unroll 4
      for (int i = 0; i < R; ++i) {
        simd::store_part<T>(y + out * p.y_pitch + c + i * simd::lanes<T>, sum[i] / divisor, count);
      }
    });
  });
}

template <class T>
void avg_pool2d_backward_cpu(const Pool2dParams& p, const T* dy, T* dx, bool accumulate) {
  // The divisor of each output: a handful of values, or one where no window is cut off.
  std::vector<T> divisors;
  for (std::int64_t oy = 0; oy < p.y.out; ++oy) {
    for (std::int64_t ox = 0; ox < p.x.out; ++ox) {
      divisors.push_back(static_cast<T>(p.divisor(p.y.span(oy), p.x.span(ox))));
    }
  }
  detail::parallel_covers(p, [&](std::int64_t in, const auto& windows) {
    for_each_register_block<T>(p.c, [&](auto registers, std::int64_t c, std::int64_t count) {
      constexpr int R = registers();
      T* to = dx + in * p.x_pitch + c;
      simd::Vec<T> sum[R] = {};
      if (accumulate) {
#pragma GCC unroll 4
        for (int i = 0; i < R; ++i) sum[i] = simd::load_part<T>(to + i * simd::lanes<T>, count);
      }
      for (const detail::CoveringWindow& w : windows) {
        const T divisor = divisors[static_cast<std::size_t>(w.oy * p.x.out + w.ox)];
#pragma GCC unroll 4
        for (int i = 0; i < R; ++i) {
          sum[i] += simd::load_part<T>(dy + w.out * p.y_pitch + c + i * simd::lanes<T>, count) / divisor;
        }
      }
#pragma GCC unroll 4
      for (int i = 0; i < R; ++i) simd::store_part<T>(to + i * simd::lanes<T>, sum[i], count);
    });
  });
}

}  // namespace qrs::kernels
