// Sizes that no machine has are refused, never rounded down to small ones.
#include "qrs/core/memory.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

#include "../contains.hpp"
#include "../error_message.hpp"

namespace memory_test {

using qrs::tests::contains;
using qrs::tests::error_message;

TEST_CASE("a number of bytes that would wrap around is refused with the count and the size") {
  CHECK(qrs::byte_count(3, 8) == 24);
  CHECK(qrs::byte_count(0, 8) == 0);
  const std::int64_t many = std::int64_t{1} << 61;
  CHECK(contains(error_message([&] { qrs::byte_count(many, 8); }), "got 2305843009213693952 values of 8 bytes"));
  CHECK(contains(error_message([] { qrs::byte_count(-1, 4); }), "got -1 values of 4 bytes"));
  CHECK(contains(error_message([&] { qrs::Scratch<double> s(many); }), "[memory] expected"));
  CHECK(contains(error_message([] { qrs::Scratch<float> s(-1); }), "[memory] expected"));
  CHECK(contains(error_message([] { qrs::host_cache().take(std::numeric_limits<std::size_t>::max() - 8); }),
                 "[memory] expected fewer than 2^62 bytes"));
}

}  // namespace memory_test
