#include <doctest/doctest.h>

#include "qrs/tensor/print.hpp"

using qrs::Tensor;

TEST_CASE("a matrix prints row by row under its shape") {
  const auto x = Tensor<float>::from({2, 3}, {1, 2, 3, 4, 5.25F, -6});
  CHECK(qrs::to_text(x) == "Tensor (2, 3) on cpu\n[[1, 2, 3],\n [4, 5.25, -6]]");
}

TEST_CASE("an image prints nested, a channel range prints its own channels") {
  const auto x = Tensor<float>::from({1, 2, 1, 3}, {1, 2, 3, 4, 5, 6});
  CHECK(qrs::to_text(x) == "Tensor (1, 2, 1, 3) on cpu\n[[[[1, 2, 3]],\n  [[4, 5, 6]]]]");
  CHECK(qrs::to_text(x.channel_range(1, 2)) == "Tensor (1, 2, 1, 2) on cpu\n[[[[2, 3]],\n  [[5, 6]]]]");
}

TEST_CASE("long axes lose their middle") {
  Tensor<float> x({100});
  for (int i = 0; i < 100; ++i) x.data()[i] = static_cast<float>(i);
  CHECK(qrs::to_text(x) == "Tensor (100) on cpu\n[0, 1, 2, ..., 97, 98, 99]");
  CHECK(qrs::to_text(x, {.threshold = 10, .edge = 1}) == "Tensor (100) on cpu\n[0, ..., 99]");
}

TEST_CASE("one value, no value, no tensor") {
  CHECK(qrs::to_text(Tensor<double>::full({}, 1.0 / 3.0)) == "Tensor () on cpu\n0.33333");
  CHECK(qrs::to_text(Tensor<double>({0, 2})) == "Tensor (0, 2) on cpu\n[]");
  CHECK(qrs::to_text(Tensor<double>()) == "no tensor");
}
