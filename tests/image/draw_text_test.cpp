// Text on images: legible, where it was asked for, and nowhere else.
#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "../error_message.hpp"
#include "qrs/image/draw_text.hpp"

namespace qrs::image {

static Image white(std::int64_t height, std::int64_t width, std::int64_t channels) {
  Image out(height, width, channels);
  std::fill(out.pixels().begin(), out.pixels().end(), std::uint8_t{255});
  return out;
}

TEST_CASE("every letter, digit and sign leaves ink inside its box, and no two leave the same") {
  std::set<std::vector<std::uint8_t>> seen;
  const std::string all = "!\"%'()+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz|";
  for (const char c : all) {
    CAPTURE(c);
    Image image = white(40, 40, 1);
    draw_text(image, std::string(1, c), {.x = 10, .y = 10, .height = 12});
    std::int64_t ink = 0;
    for (std::int64_t y = 0; y < 40; ++y) {
      for (std::int64_t x = 0; x < 40; ++x) {
        if (image.row(y)[x] == 255) continue;
        ++ink;
        CHECK(y >= 8);
        CHECK(y <= 10 + 16 + 2);
        CHECK(x >= 8);
        CHECK(static_cast<double>(x) <= 10 + text_width(std::string(1, c), 12));
      }
    }
    CHECK(ink >= 2);
    const std::span<const std::uint8_t> pixels = image.pixels();
    CHECK(seen.insert({pixels.begin(), pixels.end()}).second);
  }
}

TEST_CASE("a stroke has its colour in the middle and is smooth at its edge") {
  Image image = white(30, 30, 3);
  draw_text(image, "l", {.x = 10.0, .y = 5.0, .height = 18.0, .pen = 3.0, .colour = {200, 0, 50}});
  const std::uint8_t* middle = image.row(14) + 3 * 10;
  CHECK(middle[0] == 200);
  CHECK(middle[1] == 0);
  CHECK(middle[2] == 50);
  CHECK(image.row(14)[3 * 7 + 1] == 255);
  int partly = 0;
  for (const std::uint8_t v : image.pixels()) partly += v > 60 && v < 195 ? 1 : 0;
  CHECK(partly > 0);
}

TEST_CASE("widths add up, a text without ink draws nothing, and one outside is cut off") {
  CHECK(std::abs(text_width("aVR", 12) - text_width("a", 12) - text_width("V", 12) - text_width("R", 12)) < 1e-12);
  CHECK(text_width("", 12) == 0.0);
  const Image blank = white(10, 10, 1);
  Image image = blank;
  draw_text(image, "   ", {.x = 1, .y = 1, .height = 6});
  draw_text(image, "far", {.x = 500, .y = -90, .height = 6});
  CHECK(image == blank);
  draw_text(image, "\xC3\xA4", {.x = 3, .y = 3, .height = 30});  // no glyph: boxes, cut off at the edge
  CHECK_FALSE(image == blank);
  CHECK(tests::error_message([&] { draw_text(image, "a", {.height = 0.0}); }) ==
        "[draw_text] expected a height and a pen above 0, got 0 and 1.7");
}

}  // namespace qrs::image
