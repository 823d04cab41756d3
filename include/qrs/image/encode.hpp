// Images to PNG files, 8 bits a channel, grey or RGB.
//
//   qrs::io::write_file("page.png", qrs::image::encode_png(image));
//
// Each row is stored as the difference from its neighbours, by the one of the five filters whose differences are least in
// sum, then compressed. The bytes depend on the pixels alone.
// Source: W3C, Portable Network Graphics (second edition), sections 5, 9 and 12.8.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/crc32.hpp"
#include "deflate.hpp"
#include "image.hpp"
#include "png_chunks.hpp"
#include "png_filters.hpp"

namespace qrs::image {

namespace detail {

/// Writes the differences of a row from what the filter predicts, and gives their sum, each as far from 0 as it is modulo
/// 256. A filter known to the compiler makes these loops as wide as the processor.
template <int filter>
std::int64_t filter_row(const std::uint8_t* row, const std::uint8_t* above, std::int64_t row_bytes,
                        std::int64_t channels, std::uint8_t* out) {
  const auto difference = [&](std::int64_t i, int left, int corner) {
    const auto value = static_cast<std::uint8_t>(row[i] - predicted<filter>(left, above[i], corner));
    out[i] = value;
    return static_cast<std::uint32_t>(std::min<int>(value, 256 - value));
  };
  std::int64_t sum = 0;
  for (std::int64_t i = 0; i < channels; ++i) sum += difference(i, 0, 0);
  constexpr std::int64_t block = std::int64_t{1} << 20;  // its sum fits 32 bits
  for (std::int64_t begin = channels; begin < row_bytes; begin += block) {
    const std::int64_t end = std::min(row_bytes, begin + block);
    std::uint32_t part = 0;
    for (std::int64_t i = begin; i < end; ++i) part += difference(i, row[i - channels], above[i - channels]);
    sum += part;
  }
  return sum;
}

/// All rows, each as the number of its filter and the filtered bytes.
inline std::vector<std::uint8_t> filtered_rows(const Image& image) {
  using Filter = std::int64_t (*)(const std::uint8_t*, const std::uint8_t*, std::int64_t, std::int64_t, std::uint8_t*);
  static constexpr Filter filters[] = {filter_row<0>, filter_row<1>, filter_row<2>, filter_row<3>, filter_row<4>};
  const std::int64_t channels = image.channels();
  const std::int64_t row_bytes = image.width() * channels;
  std::vector<std::uint8_t> out;
  out.reserve(static_cast<std::size_t>((row_bytes + 1) * image.height()));
  const std::vector<std::uint8_t> zeros(static_cast<std::size_t>(row_bytes), 0);
  std::vector<std::uint8_t> trial(static_cast<std::size_t>(row_bytes));
  std::vector<std::uint8_t> best(static_cast<std::size_t>(row_bytes));
  for (std::int64_t y = 0; y < image.height(); ++y) {
    const std::uint8_t* row = image.row(y);
    const std::uint8_t* above = y == 0 ? zeros.data() : image.row(y - 1);
    std::int64_t best_sum = filters[0](row, above, row_bytes, channels, best.data());
    int best_filter = 0;
    for (int filter = 1; filter < 5 && best_sum > 0; ++filter) {
      const std::int64_t sum = filters[filter](row, above, row_bytes, channels, trial.data());
      if (sum < best_sum) {
        std::swap(best, trial);
        best_filter = filter;
        best_sum = sum;
      }
    }
    out.push_back(static_cast<std::uint8_t>(best_filter));
    out.insert(out.end(), best.begin(), best.end());
  }
  return out;
}

inline void append_big_endian(std::vector<std::byte>& out, std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::byte>(value >> shift));
}

inline void append_chunk(std::vector<std::byte>& out, std::string_view type, std::span<const std::byte> data) {
  QRS_CHECK(data.size() < std::size_t{1} << 31, "[encode_png] expected less than 2 GiB in a chunk, got ", data.size());
  append_big_endian(out, static_cast<std::uint32_t>(data.size()));
  const std::size_t begin = out.size();
  for (const char c : type) out.push_back(static_cast<std::byte>(c));
  out.insert(out.end(), data.begin(), data.end());
  append_big_endian(out, crc32(std::span(out).subspan(begin)));
}

}  // namespace detail

/// The bytes of a PNG file. Throws for an empty image.
inline std::vector<std::byte> encode_png(const Image& image) {
  QRS_CHECK(!image.empty(), "[encode_png] expected an image, got an empty one");
  std::vector<std::byte> header;
  detail::append_big_endian(header, static_cast<std::uint32_t>(image.width()));
  detail::append_big_endian(header, static_cast<std::uint32_t>(image.height()));
  // 8 bits; colour type 0 (grey) or 2 (RGB); deflate, adaptive filters, no interlace
  for (const int value : {8, image.grey() ? 0 : 2, 0, 0, 0}) header.push_back(static_cast<std::byte>(value));
  const std::vector<std::uint8_t> compressed = zlib_compress(detail::filtered_rows(image));
  std::vector<std::byte> out;
  for (const char c : png_signature) out.push_back(static_cast<std::byte>(c));
  detail::append_chunk(out, "IHDR", header);
  detail::append_chunk(out, "IDAT", std::as_bytes(std::span(compressed)));
  detail::append_chunk(out, "IEND", {});
  return out;
}

}  // namespace qrs::image
