// The picture of an explanation: where the colour goes, and that the page stays legible.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "../error_message.hpp"
#include "qrs/explain/overlay.hpp"

namespace qrs::explain {

/// CIE luminance of a colour, 0 to 1.
static double luminance(const image::Colour& c) {
  const auto linear = [](std::uint8_t v) {
    const double x = v / 255.0;
    return x <= 0.04045 ? x / 12.92 : std::pow((x + 0.055) / 1.055, 2.4);
  };
  return 0.2126 * linear(c[0]) + 0.7152 * linear(c[1]) + 0.0722 * linear(c[2]);
}

static image::Image white_page(std::int64_t height, std::int64_t width) {
  image::Image page(height, width, 1);
  std::fill(page.pixels().begin(), page.pixels().end(), std::uint8_t{255});
  return page;
}

/// Distance of a pixel from white.
static int colouring(const image::Image& picture, std::int64_t y, std::int64_t x) {
  const std::uint8_t* p = picture.row(y) + 3 * x;
  return (255 - p[0]) + (255 - p[1]) + (255 - p[2]);
}

TEST_CASE("colours darken evenly with strength, start at white, and the two signs differ") {
  CHECK(heat_colour(0.0) == image::Colour{255, 255, 255});
  for (const double sign : {1.0, -1.0}) {
    double before = 1.1;
    for (int i = 0; i <= 20; ++i) {
      const double y = luminance(heat_colour(sign * i / 20.0));
      CHECK(y < before);
      CHECK(before - y < 0.2);  // no jump
      before = y;
    }
    CHECK(before > 0.03);  // black traces stay visible on the darkest
  }
  CHECK(heat_colour(1.0)[0] > heat_colour(1.0)[2]);    // red above blue: for
  CHECK(heat_colour(-1.0)[2] > heat_colour(-1.0)[0]);  // against
  CHECK(heat_colour(7.0) == heat_colour(1.0));
}

TEST_CASE("the page is tinted where the map is high and as it was where it is 0; black stays black") {
  image::Image page = white_page(200, 300);
  for (std::int64_t x = 0; x < 300; ++x) page.row(10)[x] = 0;
  const Tensor<float> map = Tensor<float>::zeros({4, 6});
  map({0, 0}) = 1.0F;
  const image::Image picture = overlay(page, map, {.longest = 600});
  CHECK(picture.channels() == 3);
  CHECK(picture.width() == 640);
  CHECK(picture.height() == 400 + 48 + 56);
  CHECK(colouring(picture, 48 + 5, 20 + 5) > 150);
  CHECK(colouring(picture, 48 + 300, 20 + 500) == 0);
  const std::uint8_t* trace = picture.row(48 + 21) + 3 * (20 + 5);
  CHECK(trace[0] + trace[1] + trace[2] < 60);
}

TEST_CASE("a map of zeros leaves the page white, whatever its size") {
  for (const Shape& shape : {Shape{1, 1}, Shape{7, 7}, Shape{300, 500}}) {
    const image::Image picture = overlay(white_page(120, 200), Tensor<float>::zeros(shape), {.longest = 400});
    for (std::int64_t y = 48; y < 48 + 240; y += 7) {
      for (std::int64_t x = 20; x < 420; x += 7) CHECK(colouring(picture, y, x) == 0);
    }
  }
}

TEST_CASE("regions, title and scale leave ink") {
  const image::Image page = white_page(157, 221);
  const Tensor<float> map = Tensor<float>::zeros({7, 7});
  const image::Image bare = overlay(page, map);
  std::vector<Region> regions = {{"header", {0.0, 0.0, 442.0, 56.0}}};
  for (int i = 0; i < 12; ++i) {
    const double left = 30.0 + 98.0 * (i % 4);
    const double top = 62.0 + 60.0 * (i / 4);
    regions.push_back({"box " + std::to_string(i), {left, top, left + 98.0, top + 60.0}});
  }
  // The boxes count the pixels of a page of twice the size.
  const std::vector<RegionShare> shares = region_shares<float>(map, regions, 442.0, 314.0);
  const image::Image full =
      overlay(page, map, {.title = "MI", .regions = shares, .region_width = 442.0, .region_height = 314.0});
  REQUIRE(bare.size_text() == full.size_text());
  int title = 0;
  int inside = 0;
  for (std::int64_t y = 0; y < bare.height(); ++y) {
    for (std::int64_t x = 0; x < bare.width(); ++x) {
      if (colouring(bare, y, x) == colouring(full, y, x)) continue;
      ++(y < 48 ? title : inside);
    }
  }
  CHECK(title > 50);
  CHECK(inside > 1000);
}

TEST_CASE("pages of odd shapes are drawn, and values that are not finite refused") {
  CHECK(overlay(white_page(1, 1), Tensor<float>::zeros({7, 7}), {.longest = 64}).height() == 64 + 48 + 56);
  CHECK(overlay(white_page(3000, 10), Tensor<float>::zeros({7, 7}), {.longest = 300}).height() == 300 + 48 + 56);
  const Tensor<float> map = Tensor<float>::zeros({2, 2});
  map({0, 1}) = std::numeric_limits<float>::quiet_NaN();
  CHECK(tests::error_message([&] {
          overlay(white_page(20, 20), map);
        }).starts_with("[overlay] expected finite values, got "));
  CHECK(tests::error_message([&] {
          overlay(white_page(20, 20), Tensor<float>::zeros({2, 2}), {.longest = 9});
        }) == "[overlay] expected a longer side of 64 to 8192, got 9");
}

}  // namespace qrs::explain
