#include <doctest/doctest.h>

#include "qrs/core/named_values.hpp"

TEST_CASE("named values follow the published constants of their two hashes") {
  CHECK(qrs::fnv1a("") == 0xCBF29CE484222325u);
  CHECK(qrs::fnv1a("a") == 0xAF63DC4C8601EC8Cu);       // draft-eastlake-fnv, test vectors
  CHECK(qrs::fnv1a("foobar") == 0x85944171F73967E8u);  // draft-eastlake-fnv, test vectors
}

TEST_CASE("named values are the ones of the reference files") {
  // The first input values of the stored conv2d_0 case, seed 0: x = 2 u - 1.
  const qrs::NamedValues values("0:conv2d_0/x");
  CHECK(2 * values(0) - 1 == -0.37267208099365234);
  CHECK(2 * values(1) - 1 == 0.07414054870605469);
  CHECK(2 * values(763) - 1 == -0.2986224889755249);
}

TEST_CASE("named values are exact in float and depend on the name") {
  const qrs::NamedValues a("0:a");
  const qrs::NamedValues b("0:b");
  int same = 0;
  double sum = 0;
  for (std::int64_t i = 0; i < 1000; ++i) {
    CHECK(static_cast<double>(static_cast<float>(a(i))) == a(i));
    CHECK((a(i) >= 0.0 && a(i) < 1.0));
    same += a(i) == b(i);
    sum += a(i);
  }
  CHECK(same < 3);
  CHECK(sum / 1000 == doctest::Approx(0.5).epsilon(0.1));
}
