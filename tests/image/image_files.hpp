// What the tests of images share: the golden file of Pillow's pixels, comparisons, error texts.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>

#include "../../include/qrs/core/compare.hpp"
#include "../../include/qrs/image/image.hpp"
#include "../../include/qrs/io/safetensors.hpp"
#include "../contains.hpp"
#include "../error_message.hpp"

namespace image_test {

using qrs::image::Image;

/// tests/golden/units/images.safetensors, which make_images.py writes.
inline const qrs::io::StateDict& golden() {
  static const qrs::io::StateDict file = qrs::io::read_safetensors("tests/golden/units/images.safetensors");
  return file;
}

/// A tensor of (H, W) or (H, W, 3) bytes.
inline Image golden_image(const std::string& name) {
  const qrs::io::Entry& entry = golden().at(name);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(entry.bytes.data());
  return Image(entry.shape.at(0), entry.shape.at(1), entry.shape.size() == 2 ? 1 : entry.shape[2],
               std::span(bytes, entry.bytes.size()));
}

/// The largest difference of two values at the same place; 256 where the sizes differ.
inline int largest_difference(const Image& a, const Image& b) {
  if (a.size_text() != b.size_text()) return 256;
  return static_cast<int>(qrs::difference(a.pixels(), b.pixels()).max_error);
}

/// How many bytes differ, of two images of one size.
inline std::size_t different_bytes(const Image& a, const Image& b) {
  QRS_CHECK(a.size_text() == b.size_text(), "[different_bytes] expected images of one size, got ", a.size_text(),
            " and ", b.size_text());
  std::size_t count = 0;
  for (std::size_t i = 0; i < a.pixels().size(); ++i) count += a.pixels()[i] != b.pixels()[i] ? 1 : 0;
  return count;
}

/// An image of noise, by a fixed rule.
inline Image noise(std::int64_t height, std::int64_t width, std::int64_t channels, std::uint32_t values = 256) {
  Image out(height, width, channels);
  std::uint32_t state = 1;
  for (std::uint8_t& pixel : out.pixels()) {
    state = state * 1664525u + 1013904223u;
    pixel = static_cast<std::uint8_t>((state >> 20) % values);
  }
  return out;
}

using qrs::tests::error_message;

using qrs::tests::contains;

}  // namespace image_test
