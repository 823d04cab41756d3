#include "qrs/core/array.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <type_traits>

#include "qrs/core/argmax.hpp"

TEST_CASE("an array counts in std::int64_t and goes wherever a vector goes") {
  qrs::Array<int> a(3, 7);
  static_assert(std::is_same_v<decltype(a.size()), std::int64_t>);
  a[std::int64_t{1}] = -1;
  a.push_back(2);
  CHECK(a.size() == 4);
  CHECK(a == std::vector<int>{7, -1, 7, 2});
  const std::vector<int>& as_vector = a;
  CHECK(as_vector.size() == 4u);
  const qrs::Array<int> back = as_vector;
  CHECK(back == a);
  std::vector<int> taken = std::move(a);
  CHECK(taken.size() == 4u);
}

TEST_CASE("a view counts as an array does, of an array, a vector or a span") {
  qrs::Array<int> a{1, 2, 3, 4, 5};
  const auto part = qrs::ArrayView<int>(a).part(1, 3);
  CHECK(part.size() == 3);
  part[2] = 40;
  CHECK(a[3] == 40);
  const std::span<const int> span = part;
  CHECK(span.size() == 3u);
  CHECK(qrs::ArrayView<const int>(span)[0] == 2);
  CHECK(qrs::ArrayView<const int>(std::vector<int>{8, 9}).size() == 2);
}

TEST_CASE("argmax is the first of equals") {
  CHECK(qrs::argmax(std::vector<double>{0.2, 0.4, 0.4}) == 1);
  CHECK(qrs::argmax(std::vector<float>{}) == 0);
  const double values[] = {-2.0, -1.0, -INFINITY};
  CHECK(qrs::argmax(values, 3) == 1);
  CHECK(qrs::argmax(values + 2, 1) == 0);
}
