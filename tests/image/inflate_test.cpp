// Decompression: what deflate made comes back in pieces of any size, stored and fixed blocks too; damage is named.
#include "../../include/qrs/image/inflate.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "image_files.hpp"

using namespace qrs::image;
using namespace image_test;

namespace {

using Bytes = std::vector<std::uint8_t>;

/// All of a stream, taken `step` bytes at a time.
Bytes inflated(const Bytes& stream, std::size_t step, std::size_t pieces = 1) {
  const FileBytes file = std::as_bytes(std::span(stream));
  std::vector<FileBytes> parts;
  const std::size_t size = stream.size() / pieces + 1;
  for (std::size_t at = 0; at < file.size(); at += size)
    parts.push_back(file.subspan(at, std::min(size, file.size() - at)));
  Inflate inflate(file, "s.png", parts);
  Bytes out;
  Bytes part(step);
  while (const std::size_t got = inflate.read(part)) {
    out.insert(out.end(), part.begin(), part.begin() + static_cast<std::ptrdiff_t>(got));
    if (out.size() > (std::size_t{1} << 22)) break;
  }
  return out;
}

std::string complaint(const Bytes& stream) {
  return error_message([&] { inflated(stream, 100); });
}

}  // namespace

TEST_CASE("what was compressed comes back, in pieces of any size") {
  Bytes data(200'000);
  std::uint32_t state = 1;
  for (std::size_t i = 0; i < data.size(); ++i) {
    state = state * 1664525u + 1013904223u;
    data[i] = i % 7000 < 5000 ? static_cast<std::uint8_t>(state >> 28) : data[i - std::min<std::size_t>(i, 31'000)];
  }
  const Bytes stream = zlib_compress(data);
  for (const std::size_t step : {std::size_t{1}, std::size_t{999}, std::size_t{40'000}, std::size_t{300'000}}) {
    CAPTURE(step);
    CHECK(inflated(stream, step) == data);
    CHECK(inflated(stream, step, 7) == data);
  }
  CHECK(inflated(zlib_compress({}), 10).empty());
}

TEST_CASE("stored blocks and blocks of the fixed code are read") {
  CHECK(inflated({0x78, 0x01, 0x00, 2, 0, 0xFD, 0xFF, 7, 8, 0x01, 1, 0, 0xFE, 0xFF, 9, 0, 0, 0, 0}, 2) ==
        Bytes{7, 8, 9});
  CHECK(inflated({0x78, 0x01, 0x4B, 0x4C, 0x04, 0x81, 0xA4, 0x44, 0, 0x0D, 0xAE, 0x03, 0x0A}, 3) ==
        Bytes{'a', 'a', 'a', 'a', 'a', 'a', 'b', 'a'});
}

TEST_CASE("a damaged stream is refused with the byte") {
  CHECK(complaint({0x78, 0x9D, 0, 0}) ==
        "[image] s.png, byte 4: expected a zlib stream without a dictionary, got one that begins with 120 and 157");
  CHECK(contains(complaint({0x78, 0x9C}), "expected more compressed bytes, got their end"));
  CHECK(contains(complaint({0x78, 0x9C, 7, 0, 0}), "got 3"));
  CHECK(contains(complaint({0x78, 0x01, 0, 2, 0, 2, 0, 0, 0}), "expected a stored block's length twice, got 2 and 2"));
  CHECK(contains(complaint({0x78, 0x9C, 0x03 | 0x80, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}), "expected"));
  const Bytes stream = zlib_compress(Bytes(50'000, 4));
  for (std::size_t length = 2; length + 5 < stream.size(); ++length) {
    CAPTURE(length);
    CHECK(complaint(Bytes(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(length))) != "no error");
  }
}
