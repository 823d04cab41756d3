// Grey, equalisation at its edges, the paper's preprocessing, numbers in [0, 1].
#include "../../include/qrs/image/transform.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "image_files.hpp"

using namespace qrs::image;
using namespace image_test;

namespace {

Image flat(std::int64_t side, std::uint8_t value) {
  Image out(side, side, 1);
  std::fill(out.pixels().begin(), out.pixels().end(), value);
  return out;
}

}  // namespace

TEST_CASE("grey is the luma in fixed point; a grey image stays") {
  const std::vector<std::uint8_t> rgb = {255, 255, 255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 10, 20, 30};
  const Image grey = to_grey(Image(1, 6, 3, rgb));
  CHECK(std::vector<std::uint8_t>(grey.pixels().begin(), grey.pixels().end()) ==
        std::vector<std::uint8_t>{255, 0, 76, 150, 29, 18});
  CHECK(to_grey(grey) == grey);
}

TEST_CASE("equalisation leaves alone what has one value, or too few pixels beside the brightest") {
  CHECK(equalize(flat(16, 77)) == flat(16, 77));
  Image two = flat(16, 77);
  two.row(3)[4] = 200;  // 255 pixels below the brightest: a step of 1
  Image expected = flat(16, 0);
  expected.row(3)[4] = 255;
  CHECK(equalize(two) == expected);
  two.row(3)[5] = 200;  // 254: a step of 0
  CHECK(equalize(two) == two);
}

TEST_CASE("equalisation counts each channel by itself") {
  Image page = noise(64, 64, 3, 40);
  for (std::int64_t i = 0; i < 64 * 64; ++i) page.data()[3 * i + 1] = 9;
  const Image out = equalize(page);
  for (std::int64_t i = 0; i < 64 * 64; ++i) REQUIRE(out.data()[3 * i + 1] == 9);
  for (const std::int64_t c : {0, 2}) {
    const Histogram counts = histogram(out, c);
    CHECK(counts[0] + counts[1] + counts[2] + counts[3] > 0);
    CHECK(counts[255] + counts[254] + counts[253] > 0);
    Image channel(64, 64, 1);
    for (std::int64_t i = 0; i < 64 * 64; ++i) channel.data()[i] = page.data()[3 * i + c];
    const Image alone = equalize(channel);
    for (std::int64_t i = 0; i < 64 * 64; ++i) REQUIRE(alone.data()[i] == out.data()[3 * i + c]);
  }
}

TEST_CASE("the paper's preprocessing is resize, grey, equalise, or grey first") {
  const Image page = golden_image("scene");
  CHECK(preprocess(page) == equalize(to_grey(resize(page, 224, 224))));
  CHECK(preprocess(page, {.size = 30, .grey_first = true}) == equalize(resize(to_grey(page), 30, 30)));
  CHECK(preprocess(page, {.equalize = false}) == to_grey(resize(page, 224, 224)));
  CHECK(preprocess(page) != preprocess(page, {.grey_first = true}));
}

TEST_CASE("pixels as numbers are v / 255 in rows, columns, channels") {
  const Image page = noise(3, 5, 3);
  const qrs::Tensor<float> tensor = to_tensor(page);
  CHECK(tensor.shape() == qrs::Shape{3, 5, 3});
  for (std::int64_t i = 0; i < 45; ++i) CHECK(tensor.data()[i] == static_cast<float>(page.data()[i]) / 255.0f);
  std::vector<float> small(44);
  CHECK(error_message([&] { to_unit_range<float>(page, small); }) ==
        "[to_unit_range] expected room for 45 values of 3 x 5 x 3, got 44");
}
