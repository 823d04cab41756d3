// Picture files as Pillow writes them: its pixels, its orientation; PNG files of our own; what is refused, and how.
#include "../../include/qrs/image/decode.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "../../apps/decoders/jpeg_decoder.hpp"
#include "../../include/qrs/image/encode.hpp"
#include "image_files.hpp"

using namespace qrs::image;
using namespace image_test;

namespace {

FileBytes file(const std::string& name) { return golden().at(name).bytes; }

bool as_pillow(const JpegDecoder& decoder) { return decoder.name.starts_with("libjpeg-turbo"); }

}  // namespace

TEST_CASE("PNG, BMP, PGM and PPM give Pillow's pixels") {
  for (const std::string name : {"png_L", "png_RGB", "png_palette", "png_1", "png_LA", "png_RGBA", "bmp_L", "bmp_RGB",
                                 "bmp_palette", "ppm_L", "ppm_RGB"}) {
    CAPTURE(name);
    const Decoded got = decode(file("file/" + name), name);
    CHECK(largest_difference(got.image, golden_image("pixels/" + name)) == 0);
    CHECK(got.orientation == 1);
  }
  CHECK(decode(file("file/png_L"), "x").decoder == "qrs");
  CHECK(decode(file("file/ppm_L"), "x").format == "PNM");
}

TEST_CASE("JPEG gives Pillow's pixels with libjpeg-turbo, and nearly with stb_image") {
  constexpr int stb_most = 24;  // of a noisy picture whose chroma is upsampled otherwise; 1 on pages at 224 x 224
  for (const std::string name : {"jpeg_L", "jpeg_RGB", "jpeg_444", "jpeg_422", "jpeg_progressive"}) {
    CAPTURE(name);
    const Image pillow = golden_image("pixels/" + name);
    const Decoded got = decode(file("file/" + name), name, {.jpeg = qrs::jpeg_decoder()});
    CHECK(got.decoder == qrs::jpeg_decoder().name);
    CHECK(largest_difference(got.image, pillow) <= (as_pillow(qrs::jpeg_decoder()) ? 0 : stb_most));
    const Decoded stb = decode(file("file/" + name), name);
    CHECK(stb.format == "JPEG");
    CHECK(largest_difference(stb.image, pillow) <= stb_most);
  }
  if (!as_pillow(qrs::jpeg_decoder())) MESSAGE("this build has no libjpeg-turbo: equality with Pillow was not tested");
}

TEST_CASE("all eight EXIF orientations come out upright, or as stored where that is wanted") {
  for (int n = 1; n <= 8; ++n) {
    CAPTURE(n);
    const std::string name = "exif_" + std::to_string(n);
    const Decoded got = decode(file("file/" + name), name);
    CHECK(got.orientation == n);
    CHECK(largest_difference(got.image, golden_image("exif/" + std::to_string(n))) == 0);
    CHECK(largest_difference(decode(file("file/" + name), name, {.upright = false}).image,
                             golden_image("pixels/" + name)) == 0);
  }
  const Decoded jpeg = decode(file("file/jpeg_exif_8"), "x", {.jpeg = qrs::jpeg_decoder()});
  CHECK(jpeg.orientation == 8);
  CHECK(jpeg.image.size_text() == "3 x 5 x 3");
  CHECK(error_message([&] { upright(jpeg.image, 9); }) == "[upright] expected an orientation of 1 to 8, got 9");
}

TEST_CASE("what is written as PNG is read back bit for bit") {
  for (const int channels : {1, 3}) {
    for (const int height : {1, 2, 9}) {
      for (const int width : {1, 3, 300}) {
        for (const std::uint32_t values : {1u, 2u, 17u, 256u}) {
          const Image image = noise(height, width, channels, values);
          CAPTURE(image.size_text());
          REQUIRE(decode(encode_png(image), "own.png").image == image);
        }
      }
    }
  }
  const Image page = golden_image("scene");
  CHECK(decode(encode_png(page), "own.png").image == page);
  CHECK(encode_png(page).size() < page.pixels().size());
  CHECK(error_message([] { encode_png(Image()); }) == "[encode_png] expected an image, got an empty one");
}

TEST_CASE("repeated pixels are compressed, over distances up to the window") {
  Image page = noise(150, 150, 3);
  for (std::int64_t y = 60; y < 150; ++y) std::copy_n(page.row(y - 60), 450, page.row(y));
  const std::vector<std::byte> png = encode_png(page);
  CHECK(decode(png, "own.png").image == page);
  CHECK(png.size() < 150 * 150 * 3 / 2);
}

TEST_CASE("files that cannot be used are refused with what to do") {
  const auto message = [](FileBytes bytes, std::int64_t most = max_pixels) {
    return error_message([&] { decode(bytes, "a/b.jpg", {.jpeg = qrs::jpeg_decoder(), .most_pixels = most}); });
  };
  const std::string text = "not a picture at all";
  CHECK(message(std::as_bytes(std::span(text))) ==
        "[image] a/b.jpg, byte 0: expected a PNG, JPEG, BMP, PGM or PPM picture, got a text file");
  CHECK(message({}) == "[image] a/b.jpg, byte 0: expected a PNG, JPEG, BMP, PGM or PPM picture, got an empty file");
  CHECK(message(file("file/png_L"), 100) ==
        "[image] a/b.jpg, byte 16: expected a picture of 1 to 100 pixels, got height 21 and width 26");
  const FileBytes jpeg = file("file/jpeg_RGB");
  CHECK(contains(message(jpeg.first(jpeg.size() - 2)), "got the end of the file: it is cut short"));
  const std::string huge = "P6 20000 20000 255\n";
  CHECK(message(std::as_bytes(std::span(huge))) ==
        "[image] a/b.jpg, byte 2: expected a picture of 1 to 268435456 pixels, got height 20000 and width 20000");
  const std::string deep = "P5 1 1 65535\n..";
  CHECK(contains(message(std::as_bytes(std::span(deep))), "expected 255 as the largest value"));
}
