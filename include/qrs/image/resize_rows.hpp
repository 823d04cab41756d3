// The pass of a resize along the rows: (H, n, C) -> (H, m, C).
//
// Each output is a sum of about four times n / m products of a weight of 23 bits and a byte. Processors multiply 16-bit
// numbers in pairs and add them, twice as many at once as 32-bit ones, so each weight is split:
//
//   W = 2^15 high + low,  0 <= low < 2^15          sum_x W in = 2^15 sum_x high in + sum_x low in
//
// The sums are taken modulo 2^32; the whole one fits, so it is exact. A row is first spread out as one plane a channel, in
// 16 bits, so that neighbours in memory are neighbours on the row.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <vector>

#include "../core/parallel.hpp"
#include "image.hpp"
#include "resize_weights.hpp"

namespace qrs::image::detail {

/// Sixteen 16-bit factors, and the eight sums of products they add to; the compiler splits them where the machine's vectors
/// are shorter.
using Words = std::int16_t __attribute__((vector_size(32)));
using PairSums = std::uint32_t __attribute__((vector_size(32)));

inline constexpr std::int64_t words = 16;
inline constexpr int low_bits = 15;

/// sums[i] += a[2 i] b[2 i] + a[2 i + 1] b[2 i + 1].
inline void add_pair_products(PairSums& sums, const Words& a, const Words& b) {
#if defined(__AVX2__)
  sums += reinterpret_cast<PairSums>(__builtin_ia32_pmaddwd256(a, b));
#else
  for (int i = 0; i < 8; ++i) sums[i] += static_cast<std::uint32_t>(a[2 * i] * b[2 * i] + a[2 * i + 1] * b[2 * i + 1]);
#endif
}

// Vectors go in and out by reference: by value their way of passing would depend on the flags of the build.
inline void add_pair_products(PairSums& sums, const std::int16_t* a, const Words& b) {
  Words factors;
  std::memcpy(&factors, a, sizeof factors);
  add_pair_products(sums, factors, b);
}

/// The weights of an axis in their two parts; each output's are padded with zeros to whole vectors.
struct SplitWeights {
  explicit SplitWeights(const AxisWeights& axis) : stride((axis.stride + words - 1) / words * words) {
    const std::size_t outputs = axis.first.size();
    low.resize(outputs * static_cast<std::size_t>(stride));
    high.resize(low.size());
    for (std::size_t i = 0; i < outputs; ++i) {
      for (std::int64_t t = 0; t < axis.count[i]; ++t) {
        const std::int32_t weight =
            axis.weights[i * static_cast<std::size_t>(axis.stride) + static_cast<std::size_t>(t)];
        const std::size_t at = i * static_cast<std::size_t>(stride) + static_cast<std::size_t>(t);
        low[at] = static_cast<std::int16_t>(weight & ((1 << low_bits) - 1));
        high[at] = static_cast<std::int16_t>(weight >> low_bits);
      }
    }
  }
  std::int64_t stride;
  std::vector<std::int16_t> low;
  std::vector<std::int16_t> high;
};

/// The sum over `count` pixels of a plane, as eight parts.
inline void weigh(const std::int16_t* low, const std::int16_t* high, const std::int16_t* source, std::int64_t count,
                  PairSums& parts) {
  PairSums low_sums = {};
  PairSums high_sums = {};
  for (std::int64_t t = 0; t < count; t += words) {
    Words values;
    std::memcpy(&values, source + t, sizeof values);
    add_pair_products(low_sums, low + t, values);
    add_pair_products(high_sums, high + t, values);
  }
  parts = low_sums + (high_sums << low_bits);
}

/// out: neighbouring lanes of two vectors, added; within halves of 128 bits, as the processor can.
inline void add_neighbours(const PairSums& a, const PairSums& b, PairSums& out) {
  out = __builtin_shufflevector(a, b, 0, 2, 8, 10, 4, 6, 12, 14) +
        __builtin_shufflevector(a, b, 1, 3, 9, 11, 5, 7, 13, 15);
}

/// out: of four vectors, the sums of the four lanes of each half.
inline void add_halves(const PairSums* parts, PairSums& out) {
  PairSums first;
  PairSums last;
  add_neighbours(parts[0], parts[1], first);
  add_neighbours(parts[2], parts[3], last);
  add_neighbours(first, last, out);
}

/// Eight sums, each of the eight parts of one vector, rounded and clipped into eight bytes.
inline void add_across(const PairSums* parts, std::uint8_t* out) {
  PairSums first;
  PairSums last;
  add_halves(parts, first);
  add_halves(parts + 4, last);
  const PairSums sums = __builtin_shufflevector(first, last, 0, 1, 2, 3, 8, 9, 10, 11) +
                        __builtin_shufflevector(first, last, 4, 5, 6, 7, 12, 13, 14, 15);
  for (int l = 0; l < 8; ++l) out[l] = clip_sum(static_cast<std::int32_t>(sums[l]));
}

/// Sixteen pixels of a row, channel by channel.
template <int channels>
void spread_sixteen(const std::uint8_t* row, std::int16_t* planes, std::int64_t plane) {
  using Bytes = std::uint8_t __attribute__((vector_size(16)));
  std::array<Bytes, channels> in;
  std::memcpy(in.data(), row, sizeof in);
  const auto store = [&](int channel, const Bytes& bytes) {
    const Words wide = __builtin_convertvector(bytes, Words);
    std::memcpy(planes + channel * plane, &wide, sizeof wide);
  };
  if constexpr (channels == 1) {
    store(0, in[0]);
  } else {  // the first two thirds, and to them the last
    const Bytes r = __builtin_shufflevector(in[0], in[1], 0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, -1, -1, -1, -1, -1);
    store(0, __builtin_shufflevector(r, in[2], 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 17, 20, 23, 26, 29));
    const Bytes g = __builtin_shufflevector(in[0], in[1], 1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, -1, -1, -1, -1, -1);
    store(1, __builtin_shufflevector(g, in[2], 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 18, 21, 24, 27, 30));
    const Bytes b = __builtin_shufflevector(in[0], in[1], 2, 5, 8, 11, 14, 17, 20, 23, 26, 29, -1, -1, -1, -1, -1, -1);
    store(2, __builtin_shufflevector(b, in[2], 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 19, 22, 25, 28, 31));
  }
}

/// A row (n, C) as planes (C, plane) of 16 bits.
template <int channels>
void spread_row(const std::uint8_t* row, std::int64_t width, std::int16_t* planes, std::int64_t plane) {
  std::int64_t x = 0;
  for (; x + words <= width; x += words) spread_sixteen<channels>(row + x * channels, planes + x, plane);
  for (; x < width; ++x) {
    for (int c = 0; c < channels; ++c) planes[c * plane + x] = row[x * channels + c];
  }
}

template <int channels>
Image resize_rows(const Image& in, std::int64_t out_width, Filter filter) {
  const AxisWeights axis = axis_weights(filter, in.width(), out_width);
  const SplitWeights weights(axis);
  const std::int64_t plane = in.width() + weights.stride;  // a step may read past the row, with weights of zero
  Image out = Image::uninitialised(in.height(), out_width, channels);
  parallel_chunks(in.height(), rows_per_task(in.width() * channels), [&](std::int64_t begin, std::int64_t end) {
    std::vector<std::int16_t> planes(static_cast<std::size_t>(plane * channels));
    // Sums in parts, and the row they become, to whole groups of eight.
    const std::int64_t values = (out_width * channels + 7) / 8 * 8;
    std::vector<PairSums> parts(static_cast<std::size_t>(values));
    std::vector<std::uint8_t> row(static_cast<std::size_t>(values));
    for (std::int64_t y = begin; y < end; ++y) {
      spread_row<channels>(in.row(y), in.width(), planes.data(), plane);
      PairSums* to = parts.data();
      for (std::int64_t i = 0; i < out_width; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const std::int16_t* low = weights.low.data() + i * weights.stride;
        const std::int16_t* high = weights.high.data() + i * weights.stride;
        for (int c = 0; c < channels; ++c) {
          weigh(low, high, planes.data() + c * plane + axis.first[at], axis.count[at], *to++);
        }
      }
      for (std::int64_t v = 0; v < values; v += 8) add_across(parts.data() + v, row.data() + v);
      std::memcpy(out.row(y), row.data(), static_cast<std::size_t>(out_width * channels));
    }
  });
  return out;
}

inline Image resize_rows(const Image& in, std::int64_t out_width, Filter filter) {
  return in.grey() ? resize_rows<1>(in, out_width, filter) : resize_rows<3>(in, out_width, filter);
}

}  // namespace qrs::image::detail
