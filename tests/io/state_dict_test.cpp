#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "../../include/qrs/io/state_dict.hpp"
#include "../contains.hpp"
#include "io_files.hpp"

using io_test::error_message;
using qrs::Shape;
using qrs::Tensor;
using namespace qrs::io;

namespace {

template <class T>
Entry entry_of(DType dtype, std::vector<T> values) {
  Entry out{.dtype = dtype, .shape = {static_cast<std::int64_t>(values.size())}, .bytes = {}};
  out.bytes.resize(values.size() * sizeof(T));
  std::memcpy(out.bytes.data(), values.data(), out.bytes.size());
  return out;
}

using qrs::tests::contains;

}  // namespace

TEST_CASE("half and bfloat16 widen exactly, specials included") {
  CHECK(half_to_float(0x3c00) == 1.0F);
  CHECK(half_to_float(0xc000) == -2.0F);
  CHECK(half_to_float(0x7bff) == 65504.0F);
  CHECK(half_to_float(0x0001) == 0x1p-24F);
  CHECK(half_to_float(0x83ff) == -1023 * 0x1p-24F);
  CHECK(half_to_float(0x0400) == 0x1p-14F);
  CHECK(std::isinf(half_to_float(0x7c00)));
  CHECK(half_to_float(0xfc00) == -std::numeric_limits<float>::infinity());
  CHECK(std::isnan(half_to_float(0x7e01)));
  CHECK(std::signbit(half_to_float(0x8000)));
  CHECK(bfloat16_to_float(0x3f80) == 1.0F);
  CHECK(bfloat16_to_float(0xc040) == -3.0F);
}

TEST_CASE("half is monotonic over all finite bit patterns") {
  float last = -1.0F;
  for (std::uint16_t bits = 0; bits < 0x7c00; ++bits) {
    const float value = half_to_float(bits);
    REQUIRE(value > last);
    REQUIRE(half_to_float(static_cast<std::uint16_t>(bits | 0x8000U)) == -value);
    last = value;
  }
}

TEST_CASE("an entry becomes a tensor of another type where the values allow it") {
  CHECK(entry_of<std::uint16_t>(DType::f16, {0x3c00, 0x4248}).to<float>()({1}) == 3.140625F);
  CHECK(entry_of<std::uint16_t>(DType::bf16, {0x4049}).to<double>()({0}) == 3.140625);
  CHECK(entry_of<double>(DType::f64, {0.1}).to<float>()({0}) == 0.1F);
  CHECK(entry_of<std::int64_t>(DType::i64, {-7}).to<float>()({0}) == -7.0F);
  CHECK(entry_of<std::int64_t>(DType::i64, {-7}).to<std::int32_t>()({0}) == -7);
  CHECK(entry_of<std::uint8_t>(DType::u8, {200}).to<std::int64_t>()({0}) == 200);
  CHECK(entry_of<std::uint8_t>(DType::boolean, {2, 0}).to<float>()({0}) == 1.0F);
  CHECK(entry_of<std::uint8_t>(DType::boolean, {2, 0}).to<bool>()({0}) == true);
}

TEST_CASE("unsigned integers are read exactly") {
  CHECK(entry_of<std::uint16_t>(DType::u16, {65535}).to<float>()({0}) == 65535.0F);
  CHECK(entry_of<std::uint32_t>(DType::u32, {4294967295U}).to<std::int64_t>()({0}) == 4294967295);
  CHECK(entry_of<std::uint64_t>(DType::u64, {1ULL << 62}).to<std::int64_t>()({0}) == (1LL << 62));
  CHECK(entry_of<std::uint64_t>(DType::u64, {1ULL << 63}).to<double>()({0}) == 0x1p63);
  CHECK(contains(error_message([] { entry_of<std::uint64_t>(DType::u64, {1ULL << 63}).to<std::int64_t>(); }),
                 "fit int64, got 9223372036854775808"));
  CHECK(contains(error_message([] { entry_of<std::int64_t>(DType::i64, {-1}).to<std::uint16_t>(); }), "fit uint16"));
}

TEST_CASE("the 8-bit floats are read exactly") {
  const auto value = [](DType dtype, std::uint8_t bits) {
    return entry_of<std::uint8_t>(dtype, {bits}).to<float>()({0});
  };
  CHECK(value(DType::f8_e4m3, 0x38) == 1.0F);
  CHECK(value(DType::f8_e4m3, 0x7e) == 448.0F);
  CHECK(value(DType::f8_e4m3, 0x01) == 0x1p-9F);
  CHECK(value(DType::f8_e4m3, 0xc4) == -3.0F);
  CHECK(std::isnan(value(DType::f8_e4m3, 0xff)));
  CHECK(value(DType::f8_e5m2, 0x7b) == 57344.0F);
  CHECK(value(DType::f8_e5m2, 0x01) == 0x1p-16F);
  CHECK(value(DType::f8_e5m2, 0xfc) == -std::numeric_limits<float>::infinity());
  CHECK(std::isnan(value(DType::f8_e5m2, 0x7d)));
  CHECK(value(DType::f8_e4m3fnuz, 0x7f) == 240.0F);
  CHECK(value(DType::f8_e4m3fnuz, 0x01) == 0x1p-10F);
  CHECK(std::isnan(value(DType::f8_e4m3fnuz, 0x80)));
  CHECK(value(DType::f8_e5m2fnuz, 0x7f) == 57344.0F);
  CHECK(value(DType::f8_e5m2fnuz, 0x01) == 0x1p-17F);
  CHECK(std::isnan(value(DType::f8_e5m2fnuz, 0x80)));
  CHECK(value(DType::f8_e8m0, 127) == 1.0F);
  CHECK(value(DType::f8_e8m0, 0) == 0x1p-127F);
  CHECK(std::isnan(value(DType::f8_e8m0, 255)));
}

TEST_CASE("an entry refuses what would lose values, and says both types") {
  const std::string narrow = error_message([] {
    entry_of<std::int64_t>(DType::i64, {1, 1LL << 40}).to<std::int32_t>();
  });
  CHECK(contains(narrow, "fit int32"));
  CHECK(contains(narrow, "1099511627776 at element 1"));
  const std::string cut = error_message([] { entry_of<float>(DType::f32, {1.5F}).to<std::int64_t>(); });
  CHECK(contains(cut, "int64"));
  CHECK(contains(cut, "float32"));
  Entry deep{.dtype = DType::u8, .shape = {1, 1, 1, 1, 1, 1}, .bytes = {std::byte{1}}};
  CHECK(contains(error_message([&] { deep.to<float>(); }), "at most 5 axes"));
}

TEST_CASE("a tensor and its entry have the same values, a channel range included") {
  const Tensor<float> whole = Tensor<float>::from(Shape{2, 3}, {1, 2, 3, 4, 5, 6});
  const Entry entry = Entry::from(whole.channel_range(1, 2));
  CHECK(entry.shape == std::vector<std::int64_t>{2, 2});
  const Tensor<float> back = entry.to<float>();
  CHECK(back({0, 0}) == 2);
  CHECK(back({1, 1}) == 6);
  CHECK(Entry::from(back) == entry);
  CHECK(Entry::from(Tensor<double>::from(Shape{}, {4.0})).shape.empty());
}

TEST_CASE("a state dict keeps order and names, and says what is nearest to a wrong name") {
  StateDict dict;
  dict.add("features.conv0.weight", Tensor<float>::zeros(Shape{2}));
  dict.add("classifier.bias", Tensor<double>::zeros(Shape{1}));
  CHECK(dict.names() == std::vector<std::string>{"features.conv0.weight", "classifier.bias"});
  CHECK(dict.bytes() == 16);
  CHECK(dict.find("none") == nullptr);
  const std::string missing = error_message([&] { dict.at("features.conv1.weight"); });
  CHECK(contains(missing, "'features.conv1.weight'"));
  CHECK(contains(missing, "nearest being 'features.conv0.weight'"));
  CHECK(contains(error_message([&] { dict.add("classifier.bias", Tensor<float>::zeros(Shape{1})); }), "twice"));
  CHECK(contains(error_message([&] { dict.add("x", Entry{.dtype = DType::f32, .shape = {2}, .bytes = {}}); }),
                 "8 bytes"));
}

TEST_CASE("a prefix is stripped where it stands, and never makes two names one") {
  StateDict dict;
  dict.add("module.a", Tensor<float>::zeros(Shape{1}));
  dict.add("b", Tensor<float>::zeros(Shape{1}));
  CHECK(strip_prefix(dict, "module.").names() == std::vector<std::string>{"a", "b"});
  dict.add("a", Tensor<float>::zeros(Shape{1}));
  CHECK(contains(error_message([&] { strip_prefix(dict, "module."); }), "'a' twice"));
}

TEST_CASE("element counts see overflow and negative extents") {
  const std::vector<std::int64_t> huge = {1LL << 32, 1LL << 32};
  CHECK(element_count(huge) == -1);
  CHECK(element_count(std::vector<std::int64_t>{0, 1LL << 32, 1LL << 32}) == -1);
  CHECK(element_count(std::vector<std::int64_t>{2, -1}) == -1);
  CHECK(element_count(std::vector<std::int64_t>{0, 5}) == 0);
  CHECK(byte_count(DType::f64, std::vector<std::int64_t>{1LL << 60}) == -1);
}
