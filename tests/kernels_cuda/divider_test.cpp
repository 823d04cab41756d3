// Division by a prepared divisor, against the processor's.
#include "../../kernels/cuda/divider.hpp"

#include <doctest/doctest.h>

#include <cstdint>

using qrs::kernels::Divider;

TEST_CASE("a divider divides as the processor does, over the whole range") {
  std::int64_t wrong = 0;
  for (const std::int64_t divisor : {1LL, 2LL, 3LL, 5LL, 7LL, 32LL, 49LL, 56LL, 112LL, 641LL, 1000LL, 65535LL, 65536LL,
                                     65537LL, 1073741824LL, 2147483646LL, 2147483647LL}) {
    const Divider by(divisor);
    const auto check = [&](std::int64_t n) {
      if (n < 0 || n > Divider::limit) return;
      const auto value = static_cast<std::uint32_t>(n);
      const std::uint32_t quotient = by.quotient(value);
      wrong += quotient != n / divisor || by.remainder(value, quotient) != n % divisor;
    };
    for (std::int64_t n = 0; n <= Divider::limit; n += 104729) check(n);
    for (std::int64_t around = 0; around <= Divider::limit; around += (Divider::limit / divisor / 97 + 1) * divisor) {
      for (std::int64_t n = around - 2; n <= around + 2; ++n) check(n);  // where a quotient steps
    }
    for (std::int64_t n = Divider::limit - 100; n <= Divider::limit; ++n) check(n);
  }
  CHECK(wrong == 0);
}

TEST_CASE("a divider refuses zero and what does not fit") {
  CHECK_THROWS_WITH_AS(Divider(0), "[divider] expected a divisor from 1 to 2^31 - 1, got 0", qrs::Error);
  CHECK_THROWS_WITH_AS(Divider(2147483648LL), "[divider] expected a divisor from 1 to 2^31 - 1, got 2147483648",
                       qrs::Error);
}
