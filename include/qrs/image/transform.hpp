// Grey, equalisation, the preparation of a page for a network, and pixels as numbers in [0, 1], with the bits of Pillow.
//
//   grey      = (19595 R + 38470 G + 7471 B + 2^15) >> 16                  ITU-R BT.601 luma in 16-bit fixed point
//   equalised = clip((step / 2 + number of pixels below v) / step)         integers, rounded down; for each channel, with
//               step  = (pixels - pixels of the brightest value present) / 255
//
// A channel of one value, or with a step of 0 (few pixels beside the brightest), stays as it is.
// Source: ITU-R BT.601; Gonzalez and Woods, Digital Image Processing, section 3.3, in the rounding of ImageOps.equalize.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "../core/parallel.hpp"
#include "../tensor/tensor.hpp"
#include "image.hpp"
#include "resize.hpp"

namespace qrs::image {

/// RGB -> grey, Image.convert("L"); a grey image stays.
inline Image to_grey(const Image& in) {
  QRS_CHECK(!in.empty(), "[to_grey] expected an image, got an empty one");
  if (in.grey()) return in;
  Image out(in.height(), in.width(), 1);
  parallel_chunks(in.height(), rows_per_task(in.width() * 3), [&](std::int64_t begin, std::int64_t end) {
    const std::uint8_t* rgb = in.row(begin);
    std::uint8_t* grey = out.row(begin);
    for (std::int64_t i = 0; i < (end - begin) * in.width(); ++i) {
      const std::uint32_t sum = 19595u * rgb[3 * i] + 38470u * rgb[3 * i + 1] + 7471u * rgb[3 * i + 2] + 0x8000u;
      grey[i] = static_cast<std::uint8_t>(sum >> 16);
    }
  });
  return out;
}

/// How often each value stands in a channel.
using Histogram = std::array<std::int64_t, 256>;

inline Histogram histogram(const Image& in, std::int64_t channel) {
  QRS_CHECK(channel >= 0 && channel < in.channels(), "[histogram] expected a channel below ", in.channels(), ", got ",
            channel);
  Histogram counts{};
  const std::span<const std::uint8_t> pixels = in.pixels();
  for (std::size_t i = static_cast<std::size_t>(channel); i < pixels.size();
       i += static_cast<std::size_t>(in.channels())) {
    ++counts[pixels[i]];
  }
  return counts;
}

namespace detail {

/// What equalisation makes of each value.
inline std::array<std::uint8_t, 256> equalising_table(const Histogram& counts) {
  std::array<std::uint8_t, 256> table{};
  std::int64_t pixels = 0;
  std::int64_t brightest = 0;
  for (const std::int64_t count : counts) {
    pixels += count;
    if (count > 0) brightest = count;
  }
  const std::int64_t step = (pixels - brightest) / 255;
  std::int64_t below = step / 2;
  for (std::size_t v = 0; v < 256; ++v) {
    table[v] =
        static_cast<std::uint8_t>(step == 0 ? static_cast<std::int64_t>(v) : std::min<std::int64_t>(below / step, 255));
    below += counts[v];
  }
  return table;
}

}  // namespace detail

/// ImageOps.equalize: each channel's values spread evenly over 0 to 255.
inline Image equalize(Image in) {
  QRS_CHECK(!in.empty(), "[equalize] expected an image, got an empty one");
  const std::int64_t channels = in.channels();
  for (std::int64_t c = 0; c < channels; ++c) {
    const std::array<std::uint8_t, 256> table = detail::equalising_table(histogram(in, c));
    const std::span<std::uint8_t> pixels = in.pixels();
    for (std::size_t i = static_cast<std::size_t>(c); i < pixels.size(); i += static_cast<std::size_t>(channels)) {
      pixels[i] = table[pixels[i]];
    }
  }
  return in;
}

struct PreprocessOptions {
  std::int64_t size = 224;  // height and width
  ResizeOptions resize = {};
  bool grey_first = false;  // grey before the resize instead of after it: other bits, as the rounding comes earlier
  bool equalize = true;
};

/// A page as a network sees it: resized, grey, equalised. (H, W, 1 or 3) -> (size, size, 1).
inline Image preprocess(const Image& in, const PreprocessOptions& options = {}) {
  Image grey = options.grey_first ? image::resize(to_grey(in), options.size, options.size, options.resize)
                                  : to_grey(image::resize(in, options.size, options.size, options.resize));
  return options.equalize ? equalize(std::move(grey)) : grey;
}

/// Writes the pixels as v / 255 to `out`, height * width * channels values: an image's place in a batch.
template <class T>
void to_unit_range(const Image& in, std::span<T> out) {
  const std::span<const std::uint8_t> pixels = in.pixels();
  QRS_CHECK(out.size() == pixels.size(), "[to_unit_range] expected room for ", pixels.size(), " values of ",
            in.size_text(), ", got ", out.size());
  for (std::size_t i = 0; i < pixels.size(); ++i) out[i] = static_cast<T>(pixels[i]) / T(255);
}

/// A grey page as a network of `channels` input channels takes it: v / 255, the same in every channel. `out`: height * width *
/// channels values, an image's place in a batch.
template <class T>
void to_input(const Image& grey, std::int64_t channels, std::span<T> out) {
  const auto pixels = static_cast<std::size_t>(grey.height() * grey.width());
  const auto copies = static_cast<std::size_t>(channels);
  QRS_CHECK(grey.channels() == 1 && channels >= 1 && out.size() == pixels * copies,
            "[to_input] expected a grey image and room for ", channels, " channels of it, got ", grey.size_text(),
            " and room for ", out.size(), " values");
  to_unit_range<T>(grey, out.first(pixels));
  for (std::size_t i = copies == 1 ? 0 : pixels; i-- > 0;) {  // from the end: a value is read before its place is taken
    const T value = out[i];
    std::fill_n(out.begin() + static_cast<std::ptrdiff_t>(i * copies), copies, value);
  }
}

/// The pixels as v / 255, torchvision's ToTensor with channels last.
template <class T = float>
Tensor<T> to_tensor(const Image& in) {
  QRS_CHECK(!in.empty(), "[to_tensor] expected an image, got an empty one");
  Tensor<T> out({in.height(), in.width(), in.channels()});  // (H, W, C)
  to_unit_range<T>(in, out.values());
  return out;
}

}  // namespace qrs::image
