// Convolution as plain loop nests: the judge of every faster version, and the lesson.
#pragma once

#include "conv2d.hpp"

namespace qrs::kernels {

namespace detail {

/// Calls visit(x_index, w_index, y_index) for every product of the convolution: y[y_index] += x[x_index] * w[w_index].
/// Forward, data and weight passes are the same walk with another operand written.
template <class Visit>
void for_each_product(const Conv2dParams& p, const Visit& visit) {
  for (std::int64_t n = 0; n < p.n; ++n) {
    for (std::int64_t oy = 0; oy < p.oh(); ++oy) {
      for (std::int64_t ox = 0; ox < p.ow(); ++ox) {
        for (std::int64_t ky = 0; ky < p.kh; ++ky) {
          for (std::int64_t kx = 0; kx < p.kw; ++kx) {
            const std::int64_t iy = oy * p.stride_h - p.padding_h + ky * p.dilation_h;
            const std::int64_t ix = ox * p.stride_w - p.padding_w + kx * p.dilation_w;
            if (iy < 0 || iy >= p.h || ix < 0 || ix >= p.w) continue;  // zero padding
            for (std::int64_t co = 0; co < p.co; ++co) {
              const std::int64_t first = co / p.co_per_group() * p.ci_per_group();  // of the group's input channels
              for (std::int64_t ci = 0; ci < p.ci_per_group(); ++ci) {
                visit(((n * p.h + iy) * p.w + ix) * p.x_pitch + first + ci,
                      ((ky * p.kw + kx) * p.ci_per_group() + ci) * p.co + co,
                      ((n * p.oh() + oy) * p.ow() + ox) * p.y_pitch + co);
              }
            }
          }
        }
      }
    }
  }
}

/// Zeroes `rows` rows of `cols` values.
template <class T>
void clear_rows(std::int64_t rows, std::int64_t cols, std::int64_t pitch, T* x) {
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c) x[r * pitch + c] = T(0);
  }
}

}  // namespace detail

template <class T>
void conv2d_forward_ref(const Conv2dParams& p, const T* x, const T* w, const Epilogue<T>& e, T* y) {
  const std::int64_t rows = p.n * p.oh() * p.ow();
  detail::clear_rows(rows, p.co, p.y_pitch, y);
  detail::for_each_product(p, [&](std::int64_t xi, std::int64_t wi, std::int64_t yi) { y[yi] += x[xi] * w[wi]; });
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < p.co; ++c) y[r * p.y_pitch + c] = apply_epilogue(e, r, c, y[r * p.y_pitch + c]);
  }
}

template <class T>
void conv2d_backward_data_ref(const Conv2dParams& p, const T* dy, const T* w, T* dx, bool accumulate) {
  if (!accumulate) detail::clear_rows(p.n * p.h * p.w, p.ci, p.x_pitch, dx);
  detail::for_each_product(p, [&](std::int64_t xi, std::int64_t wi, std::int64_t yi) { dx[xi] += dy[yi] * w[wi]; });
}

template <class T>
void conv2d_backward_weights_ref(const Conv2dParams& p, const T* x, const T* dy, T* dw, bool accumulate) {
  if (!accumulate) detail::clear_rows(1, p.kh * p.kw * p.ci_per_group() * p.co, 0, dw);
  detail::for_each_product(p, [&](std::int64_t xi, std::int64_t wi, std::int64_t yi) { dw[wi] += x[xi] * dy[yi]; });
}

}  // namespace qrs::kernels
