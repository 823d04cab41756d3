// The loss of JPEG without its files, beside what Pillow makes of the same image.
#include "qrs/image/jpeg_quality.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>

#include "../error_message.hpp"
#include "image_files.hpp"

namespace {

using image_test::largest_difference;
using qrs::image::at_jpeg_quality;
using qrs::image::Image;

Image pattern(std::int64_t height, std::int64_t width) {
  Image out(height, width, 1);
  for (std::int64_t y = 0; y < height; ++y) {
    for (std::int64_t x = 0; x < width; ++x) {
      out.row(y)[x] = static_cast<std::uint8_t>((x * 37 + y * 11 + x * y % 23 * 5) % 256);
    }
  }
  return out;
}

}  // namespace

TEST_CASE("tables of qualities: the standard's at 50, ones at 100, the steps never past 255") {
  CHECK(qrs::image::jpeg_luminance_table(50) == qrs::image::jpeg_luminance);
  const auto best = qrs::image::jpeg_luminance_table(100);
  CHECK(std::count(best.begin(), best.end(), 1) == 64);
  const auto worst = qrs::image::jpeg_luminance_table(1);
  CHECK(*std::max_element(worst.begin(), worst.end()) == 255);
  CHECK(qrs::image::jpeg_luminance_table(75)[0] == 8);
  CHECK(qrs::image::jpeg_luminance_table(25)[63] == 198);
  CHECK(qrs::tests::error_message([] { qrs::image::jpeg_luminance_table(0); }) ==
        "[jpeg_quality] expected a quality from 1 to 100, got 0");
}

TEST_CASE("the image is Pillow's at quality 30 but for a level of rounding, edges of part blocks included") {
  // Pillow 13, Image.save(quality=30) of the pattern below and read back; libjpeg-turbo's integer transforms.
  constexpr std::array<std::uint8_t, 130> pillow = {17, 0,   105, 127, 116, 241, 161, 10,  44,  86,  74,  141, 190,  //
                                                    25, 75,  86,  178, 154, 153, 82,  41,  69,  150, 222, 232, 29,   //
                                                    0,  59,  111, 116, 249, 0,   54,  73,  122, 216, 219, 0,   229,  //
                                                    48, 94,  186, 174, 255, 17,  86,  145, 87,  120, 185, 244, 41,   //
                                                    28, 89,  111, 221, 40,  98,  0,   81,  105, 230, 190, 41,  221,  //
                                                    81, 121, 193, 205, 78,  179, 77,  124, 189, 210, 185, 255, 52,   //
                                                    52, 102, 226, 38,  199, 77,  144, 115, 108, 255, 231, 14,  11,   //
                                                    60, 198, 213, 16,  255, 38,  134, 118, 165, 215, 195, 55,  53,   //
                                                    88, 184, 180, 200, 67,  73,  74,  131, 188, 201, 30,  28,  93,   //
                                                    86, 160, 111, 193, 65,  110, 100, 171, 185, 218, 54,  47,  123};
  const Image expected(10, 13, 1, pillow);
  CHECK(largest_difference(at_jpeg_quality(pattern(10, 13), 30), expected) <= 1);
  CHECK(largest_difference(pattern(10, 13), expected) > 100);
}

TEST_CASE("quality 100 loses a rounding, lower qualities lose more, a flat image nothing") {
  const Image in = pattern(24, 24);
  CHECK(largest_difference(at_jpeg_quality(in, 100), in) <= 2);
  CHECK(largest_difference(at_jpeg_quality(in, 10), in) > largest_difference(at_jpeg_quality(in, 90), in));
  Image flat(9, 9, 1);
  for (std::uint8_t& pixel : flat.pixels()) pixel = 128;
  CHECK(at_jpeg_quality(flat, 5) == flat);
  CHECK(qrs::tests::error_message([] { at_jpeg_quality(Image(8, 8, 3), 50); }) ==
        "[jpeg_quality] expected a grey image, got 8 x 8 x 3");
}
