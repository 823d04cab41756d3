#include "qrs/core/compare.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>
#include <span>
#include <vector>

using qrs::Difference;

namespace {
constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();
}  // namespace

TEST_CASE("the error of a pair is infinite where one side alone is no number or no infinity") {
  CHECK(qrs::element_error(1.5, 1.0) == 0.5);
  CHECK(qrs::element_error(-infinity, -infinity) == 0.0);
  CHECK(qrs::element_error(not_a_number, not_a_number) == 0.0);
  for (const double other : {0.0, 1.0, infinity}) {
    CHECK(qrs::element_error(not_a_number, other) == infinity);
    CHECK(qrs::element_error(other, not_a_number) == infinity);
    CHECK(qrs::element_error(-infinity, other) == infinity);
  }
}

TEST_CASE("pairs one by one: the largest error, its place and both values") {
  Difference worst;
  CHECK(worst.pairs == 0);
  CHECK(worst.max_error == 0.0);
  worst.add(1.0, 1.0);
  CHECK(worst.element == -1);
  worst.add(5.5, 5.0);
  worst.add(-9.75, -10.0);
  CHECK(worst.pairs == 3);
  CHECK(worst.max_error == 0.5);
  CHECK(worst.relative() == 0.05);
  CHECK(worst.text() == "max error 0.5 (relative 0.05) at element 1: got 5.5, expected 5");
}

TEST_CASE("a NaN that comes first, between and last among pairs is the worst") {
  for (int at = 0; at < 3; ++at) {
    Difference worst;
    for (int i = 0; i < 3; ++i) worst.add(i == at ? not_a_number : 1.0 + i, 1.0);
    CHECK(worst.max_error == infinity);
    CHECK(worst.relative() == infinity);
    CHECK(worst.element == at);
  }
}

TEST_CASE("an infinite reference does not excuse the other elements") {
  const std::vector<double> expected = {infinity, 1.0};
  CHECK(qrs::difference(std::vector<double>{infinity, 3.0}, expected).relative() == 2.0);
  CHECK(qrs::difference(std::vector<double>{1e300, 1.0}, expected).relative() == infinity);
  CHECK(qrs::mismatch(std::vector<double>{1e300, 1.0}, expected, {.relative = 0.5}) != "");
  CHECK(qrs::mismatch(std::vector<double>{infinity, 1.0}, expected, {.relative = 0.5}) == "");
}

TEST_CASE("vectors, arrays and spans of any number types compare") {
  const std::vector<float> got = {1.0F, 2.0F, 3.5F};
  const std::array<double, 3> expected = {1.0, 2.0, 3.0};
  CHECK(qrs::difference(got, expected).max_error == 0.5);
  CHECK(qrs::difference(std::span<const float>(got).first(2), std::vector<int>{1, 2}).max_error == 0.0);
  CHECK(qrs::mismatch(got, expected, {.absolute = 0.5}) == "");
  CHECK(qrs::mismatch(got, expected, {.absolute = 0.25}) ==
        "1 of 3 elements differ, the worst is element 2: got 3.5, expected 3 within 0.25 + 0 |expected|");
  CHECK(qrs::mismatch(std::span<const float>(got).first(2), expected) == "expected 3 values, got 2");
  CHECK_THROWS_WITH_AS(qrs::difference(std::span<const float>(got).first(2), expected),
                       "[compare] expected 3 values, got 2", qrs::Error);
}

TEST_CASE("a NaN in a span fails within every tolerance, wherever it stands and on whichever side") {
  const std::vector<float> numbers = {1, 2, 3};
  for (std::size_t at = 0; at < 3; ++at) {
    std::vector<float> planted = numbers;
    planted[at] = std::nanf("");
    CHECK(qrs::difference(planted, numbers).relative() == infinity);
    CHECK(qrs::difference(numbers, planted).relative() == infinity);
    CHECK(qrs::mismatch(planted, numbers, {.absolute = infinity, .relative = 1e30}) != "");
    CHECK(qrs::mismatch(numbers, planted, {.absolute = infinity, .relative = 1e30}) != "");
    CHECK(qrs::mismatch(planted, planted) == "");
  }
}

TEST_CASE("the worst element that mismatch names is the one that misses its tolerance by most") {
  const std::vector<double> expected = {100, 1, 1};
  CHECK(qrs::mismatch(std::vector<double>{103, 2, 1}, expected, {.relative = 0.01}) ==
        "2 of 3 elements differ, the worst is element 0: got 103, expected 100 within 0 + 0.01 |expected|");
  CHECK(qrs::mismatch(std::vector<double>{103, 2, not_a_number}, expected, {.relative = 0.01}) ==
        "3 of 3 elements differ, the worst is element 2: got nan, expected 1 within 0 + 0.01 |expected|");
}

TEST_CASE("same_bits of spans tells zero from minus zero and accepts equal NaNs") {
  CHECK(qrs::same_bits(std::vector<float>{1, std::nanf("")}, std::array<float, 2>{1, std::nanf("")}));
  CHECK_FALSE(qrs::same_bits(std::vector<float>{0.0F}, std::vector<float>{-0.0F}));
  CHECK_FALSE(qrs::same_bits(std::vector<float>{1}, std::vector<float>{1, 2}));
  CHECK(qrs::same_bits(std::vector<float>{}, std::vector<float>{}));
}
