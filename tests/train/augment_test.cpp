// Augmentation: each change by itself, and that draws have an address.
#include "qrs/train/augment.hpp"

#include <doctest/doctest.h>

#include <set>

#include "qrs/core/rng.hpp"

namespace {

using qrs::image::Image;
using qrs::train::augmented;
using qrs::train::AugmentOptions;
using qrs::train::grid_faded;
using qrs::train::turned;

Image noise(std::int64_t height, std::int64_t width) {
  Image out(height, width, 1);
  qrs::Rng rng(1);
  for (std::uint8_t& pixel : out.pixels()) pixel = static_cast<std::uint8_t>(rng.integer(0, 256));
  return out;
}

}  // namespace

TEST_CASE("a quarter turn goes counterclockwise; no turn changes nothing") {
  const Image in = noise(5, 5);
  CHECK(turned(in, 0.0, 0.0, 0.0) == in);
  const Image quarter = turned(in, 90.0, 0.0, 0.0);
  for (std::int64_t y = 0; y < 5; ++y) {
    for (std::int64_t x = 0; x < 5; ++x) CHECK(quarter.row(y)[x] == in.row(x)[4 - y]);
  }
  Image turning = in;
  for (int i = 0; i < 4; ++i) turning = turned(turning, 90.0, 0.0, 0.0);
  CHECK(turning == in);
}

TEST_CASE("a shift goes right and down, between pixels it is bilinear, beyond the edge its pixel is repeated") {
  const Image in = noise(4, 6);
  const Image moved = turned(in, 0.0, 2.0, 1.0);
  for (std::int64_t y = 0; y < 4; ++y) {
    for (std::int64_t x = 0; x < 6; ++x) {
      CHECK(moved.row(y)[x] == in.row(std::max<std::int64_t>(y - 1, 0))[std::max<std::int64_t>(x - 2, 0)]);
    }
  }
  const Image half = turned(in, 0.0, -0.5, 0.0);
  CHECK(half.row(2)[1] == (in.row(2)[1] + in.row(2)[2] + 1) / 2);
}

TEST_CASE("grid fade lightens mid-greys, leaves the dark alone, keeps the order of greys") {
  Image ramp(1, 256, 1);
  for (std::int64_t v = 0; v < 256; ++v) ramp.row(0)[v] = static_cast<std::uint8_t>(v);
  CHECK(grid_faded(ramp, 0.0) == ramp);
  const Image whole = grid_faded(ramp, 1.0);
  const Image part = grid_faded(ramp, 0.5);
  for (std::int64_t v = 0; v < 256; ++v) {
    if (v <= 64) CHECK(part.row(0)[v] == v);
    if (v >= 128) CHECK(whole.row(0)[v] == 255);
    if (v > 0) CHECK(part.row(0)[v] >= part.row(0)[v - 1]);
    CHECK(part.row(0)[v] >= v);
  }
  CHECK(part.row(0)[155] == 205);
}

TEST_CASE("off changes nothing; on, a change depends on seed, epoch and row alone") {
  const Image in = noise(16, 16);
  CHECK(augmented(in, {}, 1, 1, 0) == in);
  for (const AugmentOptions& o :
       {AugmentOptions{.rotation = 20.0}, AugmentOptions{.shift = 0.3}, AugmentOptions{.brightness = 0.5},
        AugmentOptions{.grid_fade = 1.0}, AugmentOptions{.jpeg_quality = 1}}) {
    const Image once = augmented(in, o, 1, 1, 5);
    CHECK(once == augmented(in, o, 1, 1, 5));
    CHECK(once != in);
    CHECK(once != augmented(in, o, 2, 1, 5));
    CHECK(once != augmented(in, o, 1, 2, 5));
    CHECK(once != augmented(in, o, 1, 1, 6));
  }
}

TEST_CASE("strengths stay within their bounds and use their whole range") {
  Image grey(1, 1, 1);
  grey.row(0)[0] = 100;
  std::set<int> seen;
  for (std::int64_t row = 0; row < 2000; ++row) {
    seen.insert(augmented(grey, {.brightness = 0.1}, 3, 1, row).row(0)[0]);
  }
  CHECK(*seen.begin() == 90);
  CHECK(*seen.rbegin() == 110);
  CHECK(seen.size() == 21);
}
