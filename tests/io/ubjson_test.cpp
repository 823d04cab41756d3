#include "../../include/qrs/io/ubjson.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "../../include/qrs/io/xgboost_json.hpp"
#include "../contains.hpp"
#include "../error_message.hpp"

using namespace std::string_view_literals;
using nlohmann::json;
using qrs::tests::contains;

namespace {

json parse(std::string_view bytes) { return qrs::io::parse_ubjson(qrs::io::as_bytes(bytes), "m.ubj"); }
std::string message(std::string_view bytes) {
  return qrs::tests::error_message([&] { parse(bytes); });
}

}  // namespace

TEST_CASE("ubjson: every type, big-endian, as the same value as JSON text") {
  CHECK(parse("{i\x01"
              "aZi\x01"
              "bTi\x01"
              "cF}"sv) == json::parse(R"({"a": null, "b": true, "c": false})"));
  CHECK(parse("[i\xFFU\xFFI\x01\x02l\xFF\xFF\xFF\xFEL\0\0\0\x01\0\0\0\0]"sv) ==
        json::parse("[-1, 255, 258, -2, 4294967296]"));
  CHECK(parse("[d\x3F\xC0\0\0D\xBF\xE0\0\0\0\0\0\0SU\x02hiCx]"sv) == json::parse(R"([1.5, -0.5, "hi", "x"])"));
  CHECK(parse("{L\0\0\0\0\0\0\0\x01v[$d#L\0\0\0\0\0\0\0\x02\x3F\x80\0\0\x40\0\0\0}"sv) ==
        json::parse(R"({"v": [1.0, 2.0]})"));
  CHECK(parse("[#i\x02i\x05Ni\x06"sv) == json::parse("[5, 6]"));
}

TEST_CASE("ubjson: what is cut, too long, too deep or said twice is refused at its byte") {
  CHECK(contains(message("{i\x05"
                         "ab"sv),
                 "[ubjson] m.ubj, byte 3: expected the length of a key of at most"));
  CHECK(
      contains(message("[$d#L\x0F\0\0\0\0\0\0\0"sv), "expected the count of a container of at most the 0 bytes left"));
  CHECK(contains(message("[$Z#L\0\0\0\0\x7F\0\0\0"sv), "whose values take bytes"));
  CHECK(contains(message("[d\x3F"sv), "expected 4 bytes"));
  CHECK(contains(message("[q]"sv), "expected a type of UBJSON, got 'q'"));
  CHECK(contains(message("[]x"sv), "expected the end of the file"));
  CHECK(contains(message("{i\x01"
                         "aTi\x01"
                         "aT}"sv),
                 "'a' twice"));
  CHECK(contains(message(std::string(200, '[')), "expected nesting up to 32"));
  CHECK(contains(message(""sv), "expected"));
}

TEST_CASE("XGBoost's JSON: infinite thresholds, keys that stand twice") {
  const auto quoted = qrs::io::detail::quoted_infinities(R"(["Infinity", Infinity,-Infinity])");
  CHECK(json::parse(quoted) == json::parse(R"(["Infinity", "inf", "-inf"])"));
  CHECK(quoted.size() == 32);
  CHECK(contains(qrs::tests::error_message([] { qrs::io::parse_xgboost_json(R"({"a": 1, "a": 2})", "m.json"); }),
                 "expected each key once"));
}

TEST_CASE("ubjson: a file cut or changed anywhere is read or refused, never more") {
  const std::string whole(
      "{L\0\0\0\0\0\0\0\x01v[$d#L\0\0\0\0\0\0\0\x02\x3F\x80\0\0\x40\0\0\0i\x01k[#i\x02TSi\x02hii\x01o{}}"sv);
  REQUIRE(parse(whole).size() == 3);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    CHECK(message(whole.substr(0, at)) != "no error");
    for (const char byte : {'\0', '\x7F', '\xFF', '[', '{', '$', '#', 'L', 'Z', ']'}) {
      std::string changed = whole;
      changed[at] = byte;
      message(changed);
    }
  }
}
