// The digests of FIPS 180-4's examples, and the processor's instructions beside the plain rounds.
#include "qrs/core/sha256.hpp"

#include <doctest/doctest.h>

#include <span>
#include <string>
#include <vector>

namespace sha256_test {

namespace {

std::vector<std::byte> counted_bytes(std::size_t count) {
  std::vector<std::byte> out(count);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::byte>(i * 131 + i / 256);
  return out;
}

}  // namespace

TEST_CASE("the digests are those of the standard's examples") {
  const auto of = [](const std::string& message) { return qrs::sha256(std::as_bytes(std::span(message))); };
  CHECK(of("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq") ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(of(std::string(1000000, 'a')) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("a message in pieces has the digest of the whole") {
  const std::vector<std::byte> message = counted_bytes(1000);
  const std::span<const std::byte> whole(message);
  for (const std::size_t cut : {0, 1, 63, 64, 65, 128, 500, 999}) {
    qrs::Sha256 hash;
    hash.update(whole.first(cut));
    hash.update(whole.subspan(cut));
    CHECK(hash.hex() == qrs::sha256(whole));
  }
}

TEST_CASE("many blocks at once end in the state of the plain rounds") {
  const std::vector<std::byte> message = counted_bytes(64 * 5);
  qrs::detail::Sha256State plain = {1, 2, 3, 4, 0xFFFFFFFF, 0x80000000, 7, 8};
  qrs::detail::Sha256State fast = plain;
  qrs::detail::sha256_compress_plain(plain, message.data(), 5);
  qrs::detail::sha256_compress(fast, message.data(), 5);
  CHECK(fast == plain);
}

}  // namespace sha256_test
