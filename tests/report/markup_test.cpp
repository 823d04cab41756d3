// Text cannot break markup; numbers are told the same everywhere; bytes become Base64 as the RFC says.
#include "qrs/report/markup.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "../error_message.hpp"
#include "qrs/report/axis.hpp"
#include "qrs/report/base64.hpp"
#include "qrs/report/html.hpp"
#include "qrs/report/svg.hpp"
#include "tag_balance.hpp"

using namespace qrs::report;
using qrs::tests::error_message;
using qrs::tests::TagReader;

TEST_CASE("text in markup is escaped, in elements and in attributes") {
  CHECK(Markup("<script>&'\"").str() == "&lt;script&gt;&amp;&#39;&quot;");
  CHECK(element("b", {{"title", "a\"b"}}, {"<i>"}).str() == "<b title=\"a&quot;b\">&lt;i&gt;</b>");
  CHECK(element("p", {element("b", {"x"}), " & y"}).str() == "<p><b>x</b> &amp; y</p>\n");
  CHECK(element("details", {{"open", ""}}, {"x"}).str() == "<details open>x</details>\n");
}

TEST_CASE("UTF-8 stays, and what is none becomes a replacement character") {
  const std::string good = "\u00E9 \u5FC3\u7535 \U0001F493";
  CHECK(Markup(good).str() == good);
  const std::string mark = "\uFFFD";
  CHECK(Markup("a\xFF"
               "b")
            .str() == "a" + mark + "b");
  CHECK(Markup(std::string("a\0b", 3)).str() == "a" + mark + "b");
  CHECK(Markup("\x1B[1m\x7F").str() == mark + "[1m" + mark);
  CHECK(Markup("\xC0\xAF").str() == mark + mark);                        // overlong
  CHECK(Markup("\xE0\x80\xAF").str() == mark + mark + mark);             // overlong
  CHECK(Markup("\xED\xA0\x80").str() == mark + mark + mark);             // surrogate
  CHECK(Markup("\xF4\x90\x80\x80").str() == mark + mark + mark + mark);  // past the last character
  CHECK(Markup("\xC2\x85").str() == mark + mark);                        // a control character of two bytes
  CHECK(Markup("\xE5\xBF").str() == mark + mark);                        // cut short
}

TEST_CASE("numbers are told with fixed decimals, and what is none as a dash") {
  CHECK(fixed(0.86428571, 4) == "0.8643");
  CHECK(fixed(-0.00001, 2) == "0.00");
  CHECK(fixed(-1.5, 1) == "-1.5");
  CHECK(fixed(std::nan(""), 2) == "-");
  CHECK(fixed(std::numeric_limits<double>::infinity(), 2) == "-");
  CHECK(fixed(1e300, 0).size() == 301);
  CHECK(percent(0.5) == "50.0\u00A0%");
  CHECK(percent(std::nan("")) == "-");
  CHECK(part_text(61, 140) == "61 of 140 (43.6\u00A0%)");
  CHECK(part_text(0, 0) == "0 of 0 (-)");
  CHECK(interval_text({0.5, std::nan("")}) == "-");
  CHECK(short_text(5e-4) == "0.0005");
  CHECK(coordinate_text(3.0) == "3");
  CHECK(coordinate_text(10.04) == "10");
  CHECK(coordinate_text(-0.04) == "0");
  CHECK(error_message([] { coordinate_text(std::nan("")); }).find("finite coordinate") != std::string::npos);
}

TEST_CASE("Base64 is that of RFC 4648") {
  const auto of = [](const std::string& text) { return base64(std::vector<std::uint8_t>(text.begin(), text.end())); };
  CHECK(of("") == "");
  CHECK(of("f") == "Zg==");
  CHECK(of("fo") == "Zm8=");
  CHECK(of("foo") == "Zm9v");
  CHECK(of("foob") == "Zm9vYg==");
  CHECK(of("fooba") == "Zm9vYmE=");
  CHECK(of("foobar") == "Zm9vYmFy");
  CHECK(of("\xFB\xFF\xBF") == "+/+/");
  for (std::size_t n = 0; n < 10; ++n) CHECK(base64(std::vector<std::uint8_t>(n)).size() == base64_size(n));
}

TEST_CASE("ticks are at 1, 2 or 5 times a power of ten and cover the values") {
  CHECK(nice_step(1.0, 5) == doctest::Approx(0.2));
  CHECK(nice_step(7.0, 5) == doctest::Approx(2.0));
  CHECK(nice_step(0.03, 6) == doctest::Approx(0.005));
  const Axis axis = axis_over({0.07, 1.23}, 7);
  CHECK(axis.low == 0.0);
  CHECK(axis.high == doctest::Approx(1.4));
  CHECK(axis.label(0.2) == "0.2");
  CHECK(axis.ticks().size() == 8);
  const Axis far = axis_over({1000.2, 1000.9}, 5);
  CHECK(far.low <= 1000.2);
  CHECK(far.high >= 1000.9);
  CHECK(far.high - far.low < 2.0);
}

TEST_CASE("an axis has room whatever the values") {
  const double nan = std::nan("");
  const double infinity = std::numeric_limits<double>::infinity();
  const std::vector<std::vector<double>> all = {{},
                                                {nan},
                                                {infinity, nan},
                                                {0.0},
                                                {5.0, 5.0},
                                                {-3.0},
                                                {1e300, 1e300},
                                                {1e-300},
                                                {1.0, 1.0 + 1e-15},
                                                {-1e9, 1e9},
                                                {1e15, 1e15 + 1.0}};
  for (const std::vector<double>& values : all) {
    const Axis axis = axis_over(values, 6);
    CAPTURE(axis.low);
    CAPTURE(axis.high);
    CHECK(axis.high > axis.low);
    CHECK(axis.step > 0.0);
    CHECK(axis.ticks().size() >= 2);
    CHECK(axis.ticks().size() <= 12);
    for (const double value : values) {
      if (!std::isfinite(value)) continue;
      CHECK(axis(value) >= -1e-6);
      CHECK(axis(value) <= 1.0 + 1e-6);
    }
  }
}

TEST_CASE("text is shortened by characters, not in the middle of one") {
  CHECK(shortened("Abnormal", 8) == "Abnormal");
  CHECK(shortened("Abnormal", 5) == "Abno\u2026");
  CHECK(shortened("\u5FC3\u7535\u56FE\u5F02\u5E38", 3) == "\u5FC3\u7535\u2026");
  CHECK(shortened("", 3) == "");
}

TEST_CASE("a table scrolls in a box of its own, and its heads say what they head") {
  const std::string html =
      table(
          {.caption = "a & b", .columns = {{"x"}, {"y", true}}, .rows = {{{"<r>"}, {{"1.5", true, "small"}}, "best"}}})
          .str();
  CHECK(TagReader::of_fragment(html) == "");
  CHECK(html.starts_with("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"a &amp; b\">"));
  CHECK(html.find("<th scope=\"col\" class=\"n\">y</th>") != std::string::npos);
  CHECK(html.find("<tr class=\"best\"><th scope=\"row\">&lt;r&gt;</th><td class=\"small n\">1.5</td></tr>\n") !=
        std::string::npos);
}

TEST_CASE("the reader of pages finds what is wrong with one") {
  const auto wrong = [](const std::string& fragment) { return TagReader::of_fragment(fragment); };
  CHECK(wrong("<p>a<br>b</p>") == "");
  CHECK(wrong("<p>a") != "");
  CHECK(wrong("<p><b>a</p></b>") != "");
  CHECK(wrong("a</p>") != "");
  CHECK(wrong("a & b") != "");
  CHECK(wrong("a > b") != "");
  CHECK(wrong("<p class=x>a</p>") != "");
  CHECK(wrong("<p class=\"x\" class=\"y\">a</p>") != "");
  CHECK(wrong("<p title=\"a<b\">a</p>") != "");
  CHECK(wrong("<p id=\"a\">a</p><p id=\"a\">b</p>") != "");
  CHECK(wrong("<script>1</script>") != "");
  CHECK(wrong("<p onclick=\"x\">a</p>") != "");
  CHECK(wrong("<img src=\"http://a/b.png\">") != "");
  CHECK(wrong("<style>a{background:url(x)}</style>") != "");
  CHECK(wrong("\x01") != "");
}
