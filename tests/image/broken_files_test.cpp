// Broken pictures: each file of the golden data cut at many places, and changed at fixed places. Each is read, or refused
// with an Error that names the file and a byte; a cut file is never read.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "../../apps/decoders/jpeg_decoder.hpp"
#include "../../include/qrs/image/decode.hpp"
#include "image_files.hpp"

using namespace qrs::image;
using namespace image_test;

namespace {

/// Reads with both decoders of JPEG; true where one of them gave an image.
bool readable(FileBytes bytes) {
  bool any = false;
  for (const JpegDecoder& decoder : {jpeg_stb(), qrs::jpeg_decoder()}) {
    try {
      any = !decode(bytes, "broken.bin", {.jpeg = decoder, .most_pixels = 1 << 22}).image.empty() || any;
    } catch (const qrs::Error& error) {
      INFO(error.what());
      CHECK(contains(error.what(), "[image] broken.bin, byte "));
      CHECK(contains(error.what(), "expected "));
    }
  }
  return any;
}

}  // namespace

TEST_CASE("a file that is cut short is refused, wherever it is cut") {
  int cuts = 0;
  for (const qrs::io::StateDict::Named& named : golden()) {
    const std::string& name = named.name;
    const qrs::io::Entry& entry = named.entry;
    if (!name.starts_with("file/") || name.starts_with("file/exif_")) continue;
    CAPTURE(name);
    const std::size_t size = entry.bytes.size();
    for (std::size_t length = 0; length < size; length += 1 + size / 40) {
      CAPTURE(length);
      REQUIRE_FALSE(readable(FileBytes(entry.bytes).first(length)));
      ++cuts;
    }
    REQUIRE_FALSE(readable(FileBytes(entry.bytes).first(size - 1)));
  }
  CHECK(cuts > 400);
}

TEST_CASE("a file with changed bytes is read or refused, nothing else") {
  std::uint64_t state = 3;
  const auto below = [&](std::size_t end) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::size_t>((state >> 33) % end);
  };
  int refused = 0;
  int tried = 0;
  for (const qrs::io::StateDict::Named& named : golden()) {
    const std::string& name = named.name;
    const qrs::io::Entry& entry = named.entry;
    if (!name.starts_with("file/") || name.starts_with("file/exif_")) continue;
    for (int i = 0; i < 60; ++i) {
      std::vector<std::byte> bytes = entry.bytes;
      // One bit, or a run of one value; half of them where the headers are.
      const std::size_t at = below(i % 2 == 0 ? std::min<std::size_t>(bytes.size(), 200) : bytes.size());
      if (i % 3 != 0) {
        bytes[at] ^= static_cast<std::byte>(1u << below(8));
      } else {
        const std::size_t run = std::min(bytes.size() - at, 1 + below(6));
        std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at), run,
                    static_cast<std::byte>(i % 2 == 0 ? 0xFF : 0));
      }
      refused += readable(bytes) ? 0 : 1;
      ++tried;
    }
  }
  CHECK(tried >= 900);
  CHECK(refused > tried / 4);  // each PNG is, by its checksums
}

TEST_CASE("a damaged PNG is refused by its checksums") {
  const std::vector<std::byte>& png = golden().at("file/png_RGB").bytes;
  for (std::size_t at = 8; at < png.size(); at += 7) {
    std::vector<std::byte> bytes = png;
    bytes[at] ^= std::byte{4};
    CAPTURE(at);
    CHECK_FALSE(readable(bytes));
  }
}

TEST_CASE("a small file that claims a large picture is refused before memory is asked for") {
  std::vector<std::byte> jpeg = golden().at("file/jpeg_RGB").bytes;
  const std::string_view frame = "\xFF\xC0";
  for (std::size_t at = 0; at + 9 < jpeg.size(); ++at) {
    if (!begins_with(FileBytes(jpeg).subspan(at), frame)) continue;
    jpeg[at + 5] = jpeg[at + 7] = std::byte{0x3F};  // height and width above 16,000
    break;
  }
  const std::string text = error_message([&] { decode(jpeg, "x.jpg"); });
  INFO(text);
  CHECK(contains(text, "bytes of scans for 16"));
}

TEST_CASE("tables of a JPEG that pass their end, or that nobody wrote, do not reach a decoder") {
  const std::vector<std::byte>& jpeg = golden().at("file/jpeg_RGB").bytes;
  const auto changed = [&](std::string_view marker, std::size_t offset, std::uint8_t value) {
    std::vector<std::byte> bytes = jpeg;
    std::size_t at = 0;
    while (!begins_with(FileBytes(bytes).subspan(at), marker)) ++at;
    for (std::size_t i = 0; i < 2; ++i) bytes[at + offset + i] = static_cast<std::byte>(value);
    return error_message([&] { decode(bytes, "x.jpg"); });
  };
  CHECK(contains(changed("\xFF\xC4", 14, 0xFF), "expected a Huffman table of at most 256 codes, got 5"));
  CHECK(contains(changed("\xFF\xDA", 6, 0x33), "expected every DC table of a JPEG scan before it"));
  CHECK(contains(changed("\xFF\xDB", 4, 0x07), "expected a quantization table 0 to 3"));
}
