// What a tensor refuses: sizes that wrap around, ranges outside, and every use of an empty handle.
#include "qrs/tensor/tensor.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>

#include "../contains.hpp"
#include "../error_message.hpp"

namespace tensor_test {

using qrs::Shape;
using qrs::Tensor;
using qrs::tests::contains;
using qrs::tests::error_message;

namespace {

constexpr std::int64_t huge = std::numeric_limits<std::int64_t>::max();

}  // namespace

TEST_CASE("a shape whose bytes are 2^63 or more is refused, and so is one with a zero that hides it") {
  for (const Shape& shape : {Shape{(std::int64_t{1} << 61) + 64}, Shape{std::int64_t{1} << 62}, Shape{huge}}) {
    CAPTURE(shape.text());
    const std::string said = error_message([&] { Tensor<double> t(shape); });
    CHECK(contains(said, "[tensor] expected fewer than 2^63 bytes, got shape " + shape.text()));
    CHECK(contains(error_message([&] { Tensor<float>::zeros(shape); }), "expected fewer than 2^"));
  }
  CHECK(contains(error_message([] {
                   Shape({std::int64_t{1} << 40, 0, std::int64_t{1} << 40});
                 }),
                 "[shape] expected fewer than 2^63 elements"));
}

TEST_CASE("a tensor without values is made, filled, copied and cast at once, whatever its other extents") {
  const Tensor<float> none = Tensor<float>::zeros({std::int64_t{1} << 40, 0});
  CHECK(none.size() == 0);
  none.fill(1.0f);
  CHECK(none.clone().shape() == none.shape());
  CHECK(none.cast<double>().shape() == none.shape());
}

TEST_CASE("ranges near 2^63 and of an empty batch are judged, not computed") {
  const Tensor<float> t = Tensor<float>::zeros({2, 3});
  CHECK(contains(error_message([&] { t.channel_range(1, huge); }),
                 "[channel_range] expected a range inside 3 channels, got 9223372036854775807 from 1"));
  CHECK(contains(error_message([&] { t.channel_range(huge, 1); }), "[channel_range] expected"));
  CHECK(contains(error_message([&] { t.batch_range(1, huge); }), "[batch_range] expected a range inside shape (2, 3)"));
  CHECK(contains(error_message([&] { t.batch_range(huge, huge); }), "[batch_range] expected"));
  CHECK(Tensor<float>::zeros({0, 3}).batch_range(0, 0).shape() == Shape{0, 3});
  CHECK(t.batch_range(2, 0).shape() == Shape{0, 3});
}

TEST_CASE("every use of an empty handle is an error that names the operation") {
  const Tensor<float> none;
  const auto said = [](const auto& body) { return error_message(body); };
  CHECK(contains(said([&] { none.item(); }), "[item] expected a tensor, got an empty handle"));
  CHECK(contains(said([&] { none.fill(1.0f); }), "[fill] expected a tensor"));
  CHECK(contains(said([&] { none.clone(); }), "[clone] expected a tensor"));
  CHECK(contains(said([&] { none.values(); }), "[values] expected a tensor"));
  CHECK(contains(said([&] { none({}); }), "[tensor] expected a tensor"));
  CHECK(contains(said([&] { none.cast<double>(); }), "[cast] expected a tensor"));
  CHECK(contains(said([&] { none.channel_range(0, 1); }), "[channel_range] expected a tensor"));
  CHECK(contains(said([&] { none.batch_range(0, 1); }), "[batch_range] expected a tensor"));
  CHECK(contains(said([&] { none.copy_into(Tensor<float>::zeros({})); }), "[copy] expected a tensor"));
  CHECK(contains(said([&] { Tensor<float>::zeros({}).copy_into(none); }), "[copy] expected a tensor"));
}

}  // namespace tensor_test
