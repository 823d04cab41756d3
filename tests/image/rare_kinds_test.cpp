// The rarer kinds of picture files: Pillow's pixels, what stands in a file that is none of them, and how much memory a file
// may take.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "../../apps/decoders/jpeg_decoder.hpp"
#include "../../include/qrs/image/decode.hpp"
#include "../../include/qrs/image/encode.hpp"
#include "image_files.hpp"

using namespace qrs::image;
using namespace image_test;
using namespace std::string_literals;

namespace {

/// tests/golden/units/image_kinds.safetensors, which make_image_kinds.py writes.
const qrs::io::StateDict& kinds() {
  static const qrs::io::StateDict file = qrs::io::read_safetensors("tests/golden/units/image_kinds.safetensors");
  return file;
}

Image pixels_of(const std::string& name) {
  const qrs::io::Entry& entry = kinds().at("pixels/" + name);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(entry.bytes.data());
  return Image(entry.shape.at(0), entry.shape.at(1), entry.shape.size() == 2 ? 1 : 3,
               std::span(bytes, entry.bytes.size()));
}

/// Checks every file whose name begins so; gives their number.
int check_kinds(const std::string& prefix, const JpegDecoder& decoder) {
  int count = 0;
  for (const std::string& key : kinds().names()) {
    if (!key.starts_with("file/" + prefix)) continue;
    const std::string name = key.substr(5);
    CAPTURE(name);
    const Image got = decode(kinds().at(key).bytes, name, {.jpeg = decoder}).image;
    CHECK(largest_difference(got, pixels_of(name)) == 0);
    ++count;
  }
  return count;
}

/// The bytes of a grey PNG of 4 x 4 with this compressed stream.
std::vector<std::byte> small_png(std::span<const std::uint8_t> stream, std::uint32_t side = 4) {
  std::vector<std::byte> header;
  detail::append_big_endian(header, side);
  detail::append_big_endian(header, side);
  for (const int value : {8, 0, 0, 0, 0}) header.push_back(static_cast<std::byte>(value));
  std::vector<std::byte> out;
  for (const char c : png_signature) out.push_back(static_cast<std::byte>(c));
  detail::append_chunk(out, "IHDR", header);
  detail::append_chunk(out, "IDAT", std::as_bytes(stream));
  detail::append_chunk(out, "IEND", {});
  return out;
}

std::string complaint(const std::string& bytes) {
  return error_message([&] { decode(std::as_bytes(std::span(bytes)), "a.jpg"); });
}

}  // namespace

TEST_CASE("PNG of every colour type and depth, interlaced and with short palettes, gives Pillow's pixels") {
  CHECK(check_kinds("png_", jpeg_stb()) == 30);
}

TEST_CASE("BMP of every depth, upper row first, with masks and short palettes, gives Pillow's pixels") {
  CHECK(check_kinds("bmp_", jpeg_stb()) == 14);
}

TEST_CASE("JPEG of four channels gives Pillow's RGB, with Adobe's mark, without it, and as YCCK") {
  const JpegDecoder decoder = qrs::jpeg_decoder();
  if (decoder.name.starts_with("libjpeg-turbo")) {
    CHECK(check_kinds("jpeg_cmyk_", decoder) == 4);
    CHECK(check_kinds("jpeg_plain_cmyk_", decoder) == 4);
    CHECK(check_kinds("jpeg_ycck_", decoder) == 4);
  }
  const Image stb = decode(kinds().at("file/jpeg_cmyk_smooth").bytes, "x.jpg").image;
  CHECK(largest_difference(stb, pixels_of("jpeg_cmyk_smooth")) <= 8);
  CHECK(contains(error_message([&] { decode(kinds().at("file/jpeg_plain_cmyk_smooth").bytes, "x.jpg"); }),
                 "expected grey, RGB, or CMYK with Adobe's mark for stb_image 2"));
}

TEST_CASE("bytes between the segments of a JPEG that belong to none are passed over, as Pillow does") {
  const JpegDecoder decoder = qrs::jpeg_decoder();
  if (decoder.name.starts_with("libjpeg-turbo")) CHECK(check_kinds("jpeg_stray_", decoder) >= 8);
}

TEST_CASE("a file that is no picture of these says what it is and what to do") {
  const std::string begin = "[image] a.jpg, byte 0: expected a PNG, JPEG, BMP, PGM or PPM picture, got ";
  CHECK(complaint("RIFF\x10\0\0\0WEBPVP8 "s) == begin + "a WebP picture: save it as PNG or JPEG");
  CHECK(complaint("\0\0\0\x18"
                  "ftypheic"s) == begin + "a HEIC picture: save it as PNG or JPEG");
  CHECK(complaint("GIF89a"s) == begin + "a GIF picture: save it as PNG or JPEG");
  CHECK(complaint("II*\0\x08"s) == begin + "a TIFF picture: save it as PNG or JPEG");
  CHECK(contains(complaint("<!DOCTYPE html><html>"), begin + "an HTML page: "));
  CHECK(contains(complaint("version https://git-lfs.github.com/spec/v1\n"), begin + "a Git LFS pointer: "));
}

TEST_CASE("of a PNG's stream no more is decompressed than its rows take") {
  std::vector<std::uint8_t> rows(4 * 5, 0);
  const Image plain = decode(small_png(zlib_compress(rows)), "p.png").image;
  // A copy of bytes that nobody wrote follows the rows: only who reads on would see it.
  const std::vector<std::uint8_t> more = {0x78, 0x01, 0x00, 20, 0, 0xEB, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0,
                                          0,    0,    0,    0,  0, 0,    0,    0, 0, 0, 0, 0, 0, 7};
  CHECK(decode(small_png(more), "p.png").image == plain);
  rows.pop_back();
  CHECK(contains(error_message([&] { decode(small_png(zlib_compress(rows)), "p.png"); }),
                 "expected 5 bytes of row 3 and a filter of 0 to 4, got 4"));
  rows[10] = 5;
  CHECK(contains(error_message([&] { decode(small_png(zlib_compress(rows)), "p.png"); }), "got 5 and filter 5"));
}

TEST_CASE(
    "a picture that takes more memory than the limit is refused before it is asked for, and read where it is raised") {
  const Image page = noise(600, 500, 3);
  const std::vector<std::byte> png = encode_png(page);
  CHECK(error_message([&] { decode(png, "a.png", {.most_bytes = std::uint64_t{1} << 19}); }) ==
        "[image] a.png, byte 0: expected a picture that is read within 0 MiB of memory, got height 600 and width 500, "
        "which take 1: make it smaller, or raise the limit (--picture-memory)");
  CHECK(decode(png, "a.png", {.most_bytes = 900'000}).image == page);
  // A stream of 32 KB that would be 256 MB of pixels.
  const std::vector<std::uint8_t> zeros = zlib_compress(std::vector<std::uint8_t>(std::size_t{1} << 22));
  std::vector<std::uint8_t> long_stream(std::size_t{300} << 10, 0);
  std::copy(zeros.begin(), zeros.end(), long_stream.begin());
  CHECK(contains(error_message([&] { decode(small_png(long_stream, 16384), "b.png"); }), "within 160 MiB"));
}

TEST_CASE("the coefficients of a JPEG in several scans count as memory") {
  const qrs::io::Entry& progressive =
      golden().at("file/jpeg_progressive");  // 21 x 26, chroma halved: 6 blocks of 16 x 16
  const PictureHeader header = jpeg_header(progressive.bytes, "p.jpg", max_pixels);
  CHECK(header.coefficients == 128 * (4 * 4 + 2 * 2 * 2));
  CHECK(jpeg_header(golden().at("file/jpeg_RGB").bytes, "p.jpg", max_pixels).coefficients == 0);
}
