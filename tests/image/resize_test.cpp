// Resizing: Pillow's bytes, a plain reference in double, sizes at the edge, threads.
#include "../../include/qrs/image/resize.hpp"

#include <doctest/doctest.h>

#include <charconv>
#include <cmath>
#include <string>
#include <vector>

#include "../../include/qrs/image/transform.hpp"
#include "image_files.hpp"

using namespace qrs::image;
using namespace image_test;

namespace {

/// One axis in double, straight from the formula: a mean weighted by the filter over all pixels.
double weighted_mean(const std::vector<double>& line, Filter filter, double centre, double width) {
  double sum = 0.0;
  double weights = 0.0;
  for (std::size_t x = 0; x < line.size(); ++x) {
    const double w = detail::filter_value(filter, (static_cast<double>(x) - centre + 0.5) * (1.0 / width));
    sum += w * line[x];
    weights += w;
  }
  return sum / weights;
}

/// The whole image in double, rounded and clipped between the passes and after them.
Image reference_resize(const Image& in, std::int64_t height, std::int64_t width, Filter filter) {
  const auto round_clip = [](double v) {
    return static_cast<std::uint8_t>(std::clamp(std::floor(v + 0.5), 0.0, 255.0));
  };
  const double across = static_cast<double>(in.width()) / static_cast<double>(width);
  const double down = static_cast<double>(in.height()) / static_cast<double>(height);
  Image between(in.height(), width, in.channels());
  Image out(height, width, in.channels());
  for (std::int64_t c = 0; c < in.channels(); ++c) {
    for (std::int64_t y = 0; y < in.height(); ++y) {
      std::vector<double> line;
      for (std::int64_t x = 0; x < in.width(); ++x) line.push_back(in.row(y)[x * in.channels() + c]);
      for (std::int64_t x = 0; x < width; ++x) {
        const double centre = (static_cast<double>(x) + 0.5) * across;
        between.row(y)[x * in.channels() + c] = round_clip(weighted_mean(line, filter, centre, std::max(across, 1.0)));
      }
    }
    for (std::int64_t x = 0; x < width; ++x) {
      std::vector<double> line;
      for (std::int64_t y = 0; y < in.height(); ++y) line.push_back(between.row(y)[x * in.channels() + c]);
      for (std::int64_t y = 0; y < height; ++y) {
        const double centre = (static_cast<double>(y) + 0.5) * down;
        out.row(y)[x * in.channels() + c] = round_clip(weighted_mean(line, filter, centre, std::max(down, 1.0)));
      }
    }
  }
  return out;
}

std::int64_t number(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

TEST_CASE("every filter gives Pillow's bytes, grey and RGB, growing, shrinking and along one axis") {
  const Image rgb = golden_image("scene");
  int cases = 0;
  for (const std::string& name : golden().names()) {
    if (!name.starts_with("resize/")) continue;
    CAPTURE(name);
    const std::string what = name.substr(7);  // RGB_bicubic_29x40
    const std::size_t first = what.find('_');
    const std::size_t last = what.rfind('_');
    const std::size_t by = what.rfind('x');
    const Image in = what.starts_with("L") ? to_grey(rgb) : rgb;
    const Filter filter = filter_named(what.substr(first + 1, last - first - 1));
    const Image got = resize(in, number(what.substr(last + 1)), number(what.substr(by + 1)), {.filter = filter});
    CHECK(largest_difference(got, golden_image(name)) == 0);
    ++cases;
  }
  CHECK(cases == 2 * 6 * 4);
}

TEST_CASE("Pillow 13 takes the columns first where the height shrinks much more than the width") {
  const Image tall = golden_image("tall");
  for (const std::string_view filter : filter_names) {
    CAPTURE(filter);
    const Image got = resize(tall, 9, 14, {.filter = filter_named(filter), .order = PassOrder::pillow_13});
    CHECK(largest_difference(got, golden_image("tall_resized/" + std::string(filter))) == 0);
  }
  // The orders differ, and the new one keeps to the old where the height does not shrink more.
  CHECK(resize(tall, 9, 14) != resize(tall, 9, 14, {.order = PassOrder::pillow_13}));
  CHECK(resize(tall, 60, 7) == resize(tall, 60, 7, {.order = PassOrder::pillow_13}));
  CHECK(resize(tall, 90, 40) == resize(tall, 90, 40, {.order = PassOrder::pillow_13}));
}

TEST_CASE("a plain reference in double agrees within one grey value") {
  const Image in = noise(41, 67, 3);
  for (const Filter filter : {Filter::box, Filter::bilinear, Filter::hamming, Filter::bicubic, Filter::lanczos}) {
    for (const std::pair<int, int>& size : {std::pair{21, 31}, {81, 101}, {5, 301}, {1, 1}}) {
      const int height = size.first;
      const int width = size.second;
      // Odd sizes: no pixel lies just at the edge of a box, where the last bit would decide.
      CAPTURE(qrs::image::name(filter));
      CAPTURE(height);
      CHECK(largest_difference(resize(in, height, width, {.filter = filter}),
                               reference_resize(in, height, width, filter)) <= 1);
    }
  }
}

TEST_CASE("one value stays one value, one pixel becomes any size, the same size changes nothing") {
  Image flat(9, 9, 3);
  std::fill(flat.pixels().begin(), flat.pixels().end(), std::uint8_t{200});
  const Image pixel = noise(1, 1, 3);
  const Image page = noise(12, 31, 1);
  for (const std::string_view filter : filter_names) {
    CAPTURE(filter);
    const ResizeOptions options{.filter = filter_named(filter)};
    const Image still_flat = resize(flat, 30, 4, options);
    for (const std::uint8_t v : still_flat.pixels()) REQUIRE(v == 200);
    const Image grown = resize(pixel, 7, 5, options);
    for (std::size_t i = 0; i < grown.pixels().size(); ++i) REQUIRE(grown.pixels()[i] == pixel.pixels()[i % 3]);
    CHECK(resize(page, 12, 31, options) == page);
  }
}

TEST_CASE("the bits are the same for any number of threads") {
  const Image page = noise(700, 500, 3);
  const qrs::ThreadLimit one(1);
  const Image alone = resize(page, 224, 224);
  const Image nearest = resize(page, 224, 224, {.filter = Filter::nearest});
  const Image grey = to_grey(page);
  for (const int threads : {2, 3, 7}) {
    const qrs::ThreadLimit limit(threads);
    CHECK(resize(page, 224, 224) == alone);
    CHECK(resize(page, 224, 224, {.filter = Filter::nearest}) == nearest);
    CHECK(to_grey(page) == grey);
  }
}

TEST_CASE("sizes and names that are none are named") {
  const Image page = noise(4, 4, 1);
  CHECK(error_message([&] { resize(page, 0, 5); }) ==
        "[resize] expected 1 to 268435456 pixels, got height 0 and width 5");
  CHECK(error_message([&] { resize(page, 1 << 20, 1 << 20); }) ==
        "[resize] expected 1 to 268435456 pixels, got height 1048576 and width 1048576");
  CHECK(error_message([&] { resize(Image(), 5, 5); }) == "[resize] expected an image, got an empty one");
  CHECK(error_message([] { filter_named("cubic"); }) ==
        "[resize] expected nearest, box, bilinear, hamming, bicubic or lanczos, got 'cubic'");
  CHECK(error_message([] { Image(2, 2, 4); }) == "[image] expected 1 or 3 channels, got 4");
}
