// Pooling as plain loop nests.
#pragma once

#include <limits>

#include "pool2d.hpp"

namespace qrs::kernels {

namespace detail {

/// Calls visit(output pixel, its two spans) for every output.
template <class Visit>
void for_each_window(const Pool2dParams& p, const Visit& visit) {
  for (std::int64_t n = 0; n < p.n; ++n) {
    for (std::int64_t oy = 0; oy < p.y.out; ++oy) {
      for (std::int64_t ox = 0; ox < p.x.out; ++ox) {
        visit(n, (n * p.y.out + oy) * p.x.out + ox, p.y.span(oy), p.x.span(ox));
      }
    }
  }
}

/// Calls visit(input pixel, tap) for every input of a window.
template <class Visit>
void for_each_tap(const Pool2dParams& p, std::int64_t n, const PoolSpan& sy, const PoolSpan& sx, const Visit& visit) {
  for (std::int64_t iy = sy.begin; iy < sy.end; iy += p.y.dilation) {
    for (std::int64_t ix = sx.begin; ix < sx.end; ix += p.x.dilation) {
      const std::int64_t ky = sy.first + (iy - sy.begin) / p.y.dilation;
      const std::int64_t kx = sx.first + (ix - sx.begin) / p.x.dilation;
      visit((n * p.y.size + iy) * p.x.size + ix, ky * p.x.kernel + kx);
    }
  }
}

template <class T>
void clear_pixels(const Pool2dParams& p, T* dx) {
  for (std::int64_t row = 0; row < p.n * p.y.size * p.x.size; ++row) {
    for (std::int64_t c = 0; c < p.c; ++c) dx[row * p.x_pitch + c] = T(0);
  }
}

}  // namespace detail

template <class T>
void max_pool2d_forward_ref(const Pool2dParams& p, const T* x, T* y, MaxTap<T>* maxima) {
  detail::for_each_window(p, [&](std::int64_t n, std::int64_t out, const PoolSpan& sy, const PoolSpan& sx) {
    for (std::int64_t c = 0; c < p.c; ++c) {
      T best = -std::numeric_limits<T>::infinity();
      std::int64_t at = sy.first * p.x.kernel + sx.first;
      detail::for_each_tap(p, n, sy, sx, [&](std::int64_t in, std::int64_t tap) {
        const T value = x[in * p.x_pitch + c];
        if (value > best || value != value) {
          best = value;
          at = tap;
        }
      });
      y[out * p.y_pitch + c] = best;
      if (maxima != nullptr) maxima[out * p.c + c] = static_cast<MaxTap<T>>(at);
    }
  });
}

template <class T>
void max_pool2d_backward_ref(const Pool2dParams& p, const T* dy, const MaxTap<T>* maxima, T* dx, bool accumulate) {
  if (!accumulate) detail::clear_pixels(p, dx);
  detail::for_each_window(p, [&](std::int64_t n, std::int64_t out, const PoolSpan& sy, const PoolSpan& sx) {
    detail::for_each_tap(p, n, sy, sx, [&](std::int64_t in, std::int64_t tap) {
      for (std::int64_t c = 0; c < p.c; ++c) {
        if (maxima[out * p.c + c] == tap) dx[in * p.x_pitch + c] += dy[out * p.y_pitch + c];
      }
    });
  });
}

template <class T>
void avg_pool2d_forward_ref(const Pool2dParams& p, const T* x, T* y) {
  detail::for_each_window(p, [&](std::int64_t n, std::int64_t out, const PoolSpan& sy, const PoolSpan& sx) {
    for (std::int64_t c = 0; c < p.c; ++c) {
      T sum = T(0);
      detail::for_each_tap(p, n, sy, sx, [&](std::int64_t in, std::int64_t) { sum += x[in * p.x_pitch + c]; });
      y[out * p.y_pitch + c] = sum / static_cast<T>(p.divisor(sy, sx));
    }
  });
}

template <class T>
void avg_pool2d_backward_ref(const Pool2dParams& p, const T* dy, T* dx, bool accumulate) {
  if (!accumulate) detail::clear_pixels(p, dx);
  detail::for_each_window(p, [&](std::int64_t n, std::int64_t out, const PoolSpan& sy, const PoolSpan& sx) {
    detail::for_each_tap(p, n, sy, sx, [&](std::int64_t in, std::int64_t) {
      for (std::int64_t c = 0; c < p.c; ++c) {
        dx[in * p.x_pitch + c] += dy[out * p.y_pitch + c] / static_cast<T>(p.divisor(sy, sx));
      }
    });
  });
}

}  // namespace qrs::kernels
