// Philox against the published vectors, and what an address promises.
#include <doctest/doctest.h>
#include <qrs/core/philox.hpp>

#include <cstdint>

namespace {

void check_block(const qrs::PhiloxBlock& counter, std::uint32_t key0, std::uint32_t key1,
                 const qrs::PhiloxBlock& expected) {
  const qrs::PhiloxBlock got = qrs::philox4x32(counter, key0, key1);
  for (int i = 0; i < 4; ++i) CHECK(got.words[i] == expected.words[i]);
}

}  // namespace

TEST_CASE("philox4x32-10 gives the known answers of Random123") {
  check_block({{0, 0, 0, 0}}, 0, 0, {{0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}});
  check_block({{~0u, ~0u, ~0u, ~0u}}, ~0u, ~0u, {{0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu}});
  check_block({{0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u}}, 0xa4093822u, 0x299f31d0u,
              {{0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u}});
}

TEST_CASE("every part of an address changes the number, none of its bits is lost") {
  const float u = qrs::philox_uniform(1, 2, 3);
  CHECK(qrs::philox_uniform(1, 2, 3) == u);
  for (int bit = 0; bit < 64; ++bit) {
    const std::uint64_t flip = std::uint64_t{1} << bit;
    CHECK(qrs::philox_uniform(1 ^ flip, 2, 3) != u);
    CHECK(qrs::philox_uniform(1, 2 ^ flip, 3) != u);
    CHECK(qrs::philox_uniform(1, 2, 3 ^ flip) != u);
  }
}

TEST_CASE("a stream is uniform on [0, 1)") {
  constexpr int count = 100000;
  double sum = 0.0;
  double squares = 0.0;
  for (int i = 0; i < count; ++i) {
    const double u = static_cast<double>(qrs::philox_uniform(42, 0, static_cast<std::uint64_t>(i)));
    CHECK_UNARY(u >= 0.0 && u < 1.0);
    sum += u;
    squares += u * u;
  }
  CHECK(sum / count == doctest::Approx(0.5).epsilon(0.008));  // 4 standard errors
  CHECK(squares / count == doctest::Approx(1.0 / 3).epsilon(0.012));
}
