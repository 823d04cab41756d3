#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "qrs/tensor/compare.hpp"

using qrs::Tensor;

TEST_CASE("difference finds the largest error, its place and both values") {
  const auto got = Tensor<float>::from({2, 3}, {1, 2, 3, 4, 5.5F, 6});
  const auto expected = Tensor<double>::from({2, 3}, {1, 2, 3, 4, 5, -10});
  const qrs::Difference d = qrs::difference(got, expected);
  CHECK(d.max_error == 16.0);
  CHECK(d.element == 5);
  CHECK(d.got == 6.0);
  CHECK(d.expected == -10.0);
  CHECK(d.max_reference == 10.0);
  CHECK(d.relative() == 1.6);
  CHECK(d.text() == "max error 16 (relative 1.6) at element 5: got 6, expected -10");
}

TEST_CASE("difference against zeros is absolute") {
  const qrs::Difference d = qrs::difference(Tensor<float>::from({2}, {0, 0.25F}), Tensor<float>::from({2}, {0, 0}));
  CHECK(d.relative() == 0.25);
}

TEST_CASE("a value that is not a number never compares well with one that is") {
  const float nan = std::nanf("");
  const auto numbers = Tensor<float>::from({2}, {1, 2});
  CHECK(std::isinf(qrs::difference(Tensor<float>::from({2}, {1, nan}), numbers).max_error));
  CHECK(std::isinf(qrs::difference(numbers, Tensor<float>::from({2}, {1, nan})).max_error));
  CHECK(qrs::mismatch(Tensor<float>::from({2}, {1, nan}), numbers, {.absolute = 1e30}) != "");
  CHECK(qrs::mismatch(numbers, Tensor<float>::from({2}, {1, nan}), {.relative = 1e30}) != "");
  CHECK(qrs::difference(Tensor<float>::from({1}, {nan}), Tensor<float>::from({1}, {nan})).max_error == 0.0);
  const float infinity = std::numeric_limits<float>::infinity();
  CHECK(qrs::difference(Tensor<float>::from({1}, {infinity}), Tensor<float>::from({1}, {infinity})).max_error == 0.0);
  CHECK(std::isinf(qrs::difference(Tensor<float>::from({1}, {1}), Tensor<float>::from({1}, {infinity})).max_error));
}

TEST_CASE("channel ranges compare by their own values") {
  const auto wide = Tensor<float>::from({2, 4}, {9, 1, 2, 9, 9, 3, 4, 9});
  const auto narrow = Tensor<float>::from({2, 2}, {1, 2, 3, 4});
  CHECK(qrs::mismatch(wide.channel_range(1, 2), narrow) == "");
  CHECK(qrs::same_bits(wide.channel_range(1, 2), narrow));
  CHECK(qrs::difference(wide.channel_range(2, 2), narrow).max_error > 0);
}

TEST_CASE("mismatch allows absolute plus relative error, element by element") {
  const auto expected = Tensor<double>::from({2}, {100, 0});
  const auto got = Tensor<double>::from({2}, {100.5, 0.01});
  CHECK(qrs::mismatch(got, expected, {.absolute = 0.01, .relative = 0.005}) == "");
  CHECK(qrs::mismatch(got, expected, {.relative = 0.005}) ==
        "1 of 2 elements differ, the worst is element 1 of (2): got 0.01, expected 0 within 0 + 0.005 |expected|");
  CHECK(qrs::mismatch(got, expected) != "");
  CHECK(qrs::mismatch(got, expected.reshape({2, 1})) == "expected shape (2, 1), got (2)");
}

TEST_CASE("difference of unequal shapes is an error with both") {
  CHECK_THROWS_WITH_AS(qrs::difference(Tensor<float>({2, 3}), Tensor<float>({3, 2})),
                       "[compare] expected shape (3, 2), got (2, 3)", qrs::Error);
}

TEST_CASE("same_bits tells zero from minus zero and accepts equal NaNs") {
  const float nan = std::nanf("");
  CHECK_FALSE(qrs::same_bits(Tensor<float>::from({1}, {0.0F}), Tensor<float>::from({1}, {-0.0F})));
  CHECK(qrs::same_bits(Tensor<float>::from({1}, {nan}), Tensor<float>::from({1}, {nan})));
  CHECK_FALSE(qrs::same_bits(Tensor<float>::from({1}, {1}), Tensor<float>::from({1, 1}, {1})));
  CHECK(qrs::same_bits(Tensor<float>(), Tensor<float>()));
  CHECK_FALSE(qrs::same_bits(Tensor<float>(), Tensor<float>::from({1}, {1})));
}
