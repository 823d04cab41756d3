// Pooling on the CPU: a task is some rows of pixels of the tensor written, registers run along the channels.
//
// Backward gathers: every input pixel asks the outputs whose windows cover it, in ascending order, so that no two threads
// write one value and the order of a sum does not depend on them. Which outputs those are is tabulated once per axis.
#pragma once

#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "../shared/row_loops.hpp"
#include "pool2d.hpp"

namespace qrs::kernels {

namespace detail {

/// The integers that comparing two Vec<T> gives: as many lanes, each as wide as T.
template <class T>
using LaneInts = decltype(simd::Vec<T>{} > simd::Vec<T>{});

/// The same integer in every lane.
template <class T>
inline LaneInts<T> all_lanes(std::int64_t value) {
  using Lane = std::remove_cvref_t<decltype(LaneInts<T>{}[0])>;
  return LaneInts<T>{} + static_cast<Lane>(value);
}

/// As many values of I as Vec<T> has lanes.
template <class T, class I>
struct NarrowType {
  typedef I type __attribute__((vector_size(sizeof(I) * simd::lanes<T>)));
};
template <class T, class I>
using Narrow = typename NarrowType<T, I>::type;

/// Calls body(c, count) for the registers of a pixel's channels; count < lanes in the last one only.
template <class T, class Body>
inline void for_each_register(std::int64_t channels, const Body& body) {
  constexpr std::int64_t L = simd::lanes<T>;
  std::int64_t c = 0;
  for (; c + L <= channels; c += L) body(c, L);
  if (c < channels) body(c, channels - c);
}
template <class T>
inline simd::Vec<T> load_count(const T* from, std::int64_t count) {
  return count == simd::lanes<T> ? simd::load<T>(from) : simd::load_tail<T>(from, count);
}
template <class T>
inline void store_count(T* to, simd::Vec<T> v, std::int64_t count) {
  if (count == simd::lanes<T>) {
    simd::store<T>(to, v);
  } else {
    simd::store_tail<T>(to, v, count);
  }
}

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

/// Calls body(output pixel, first input pixel of its image, its spans) for every output, in parallel over rows.
template <class Body>
void parallel_windows(const Pool2dParams& p, const Body& body) {
  std::vector<PoolSpan> spans;  // of the columns: the same in every row
  for (std::int64_t ox = 0; ox < p.x.out; ++ox) spans.push_back(p.x.span(ox));
  parallel_chunks(p.n * p.y.out, rows_per_task(p.x.out, p.c), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const PoolSpan sy = p.y.span(row % p.y.out);
      for (std::int64_t ox = 0; ox < p.x.out; ++ox) {
        body(row * p.x.out + ox, row / p.y.out * p.y.size * p.x.size, sy, spans[static_cast<std::size_t>(ox)]);
      }
    }
  });
}

/// dx[pixel, c] (+)= the sum over covering windows of value(output pixel, tap, spans of it, c, count).
template <class T, class Value>
void gather_windows(const Pool2dParams& p, T* dx, bool accumulate, const Value& value) {
  const CoverTable rows(p.y);
  const CoverTable columns(p.x);
  parallel_chunks(p.n * p.y.size, rows_per_task(p.x.size, p.c), [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t row = begin; row < end; ++row) {
      const std::int64_t iy = row % p.y.size;
      const std::int64_t image = row / p.y.size * p.y.out;
      for (std::int64_t ix = 0; ix < p.x.size; ++ix) {
        T* to = dx + (row * p.x.size + ix) * p.x_pitch;
        for_each_register<T>(p.c, [&](std::int64_t c, std::int64_t count) {
          simd::Vec<T> sum{};
          if (accumulate) sum = load_count(to + c, count);
          for (const CoverTable::Cover* y = rows.begin(iy); y != rows.end(iy); ++y) {
            for (const CoverTable::Cover* x = columns.begin(ix); x != columns.end(ix); ++x) {
              sum += value((image + y->out) * p.x.out + x->out, *y, *x, c, count);
            }
          }
          store_count<T>(to + c, sum, count);
        });
      }
    }
  });
}

}  // namespace detail

template <class T, class I>
void max_pool2d_forward_cpu(const Pool2dParams& p, const T* x, T* y, I* maxima) {
  using V = simd::Vec<T>;
  using Ints = detail::LaneInts<T>;
  detail::parallel_windows(p, [&](std::int64_t out, std::int64_t image, const PoolSpan& sy, const PoolSpan& sx) {
    detail::for_each_register<T>(p.c, [&](std::int64_t c, std::int64_t count) {
      V best = simd::broadcast<T>(-std::numeric_limits<T>::infinity());
      Ints at = detail::all_lanes<T>(sy.first * p.x.kernel + sx.first);
      std::int64_t ky = sy.first * p.x.kernel;
      for (std::int64_t iy = sy.begin; iy < sy.end; iy += p.y.dilation, ky += p.x.kernel) {
        std::int64_t tap = ky + sx.first;
        for (std::int64_t ix = sx.begin; ix < sx.end; ix += p.x.dilation, ++tap) {
          const V value = detail::load_count(x + (image + iy * p.x.size + ix) * p.x_pitch + c, count);
          const Ints larger = (value > best) | (value != value);
          best = larger ? value : best;
          at = larger ? detail::all_lanes<T>(tap) : at;
        }
      }
      detail::store_count<T>(y + out * p.y_pitch + c, best, count);
      if (maxima != nullptr) {
        const auto narrow = __builtin_convertvector(at, detail::Narrow<T, I>);
        std::memcpy(maxima + out * p.c + c, &narrow, static_cast<std::size_t>(count) * sizeof(I));
      }
    });
  });
}

template <class T, class I>
void max_pool2d_backward_cpu(const Pool2dParams& p, const T* dy, const I* maxima, T* dx, bool accumulate) {
  using V = simd::Vec<T>;
  using Ints = detail::LaneInts<T>;
  using Cover = detail::CoverTable::Cover;
  detail::gather_windows(
      p, dx, accumulate,
      [&](std::int64_t out, const Cover& cy, const Cover& cx, std::int64_t c, std::int64_t count) -> V {
        detail::Narrow<T, I> narrow{};
        std::memcpy(&narrow, maxima + out * p.c + c, static_cast<std::size_t>(count) * sizeof(I));
        const Ints at = __builtin_convertvector(narrow, Ints);
        const V g = detail::load_count(dy + out * p.y_pitch + c, count);
        return at == detail::all_lanes<T>(cy.tap * p.x.kernel + cx.tap) ? g : V{};
      });
}

template <class T>
void avg_pool2d_forward_cpu(const Pool2dParams& p, const T* x, T* y) {
  detail::parallel_windows(p, [&](std::int64_t out, std::int64_t image, const PoolSpan& sy, const PoolSpan& sx) {
    const T divisor = static_cast<T>(p.divisor(sy, sx));
    detail::for_each_register<T>(p.c, [&](std::int64_t c, std::int64_t count) {
      simd::Vec<T> sum{};
      for (std::int64_t iy = sy.begin; iy < sy.end; ++iy) {
        for (std::int64_t ix = sx.begin; ix < sx.end; ++ix) {
          sum += detail::load_count(x + (image + iy * p.x.size + ix) * p.x_pitch + c, count);
        }
      }
      detail::store_count<T>(y + out * p.y_pitch + c, sum / divisor, count);
    });
  });
}

template <class T>
void avg_pool2d_backward_cpu(const Pool2dParams& p, const T* dy, T* dx, bool accumulate) {
  using Cover = detail::CoverTable::Cover;
  detail::gather_windows(
      p, dx, accumulate,
      [&](std::int64_t out, const Cover& cy, const Cover& cx, std::int64_t c, std::int64_t count) -> simd::Vec<T> {
        const T divisor = static_cast<T>(p.divisor(p.y.span(cy.out), p.x.span(cx.out)));
        return detail::load_count(dy + out * p.y_pitch + c, count) / divisor;
      });
}

}  // namespace qrs::kernels
