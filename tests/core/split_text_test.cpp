#include "../../include/qrs/core/split_text.hpp"

#include <doctest/doctest.h>

using Pieces = std::vector<std::string_view>;

TEST_CASE("a text is cut at every separator, empty pieces stay") {
  CHECK(qrs::split_text("a,bc,d", ',') == Pieces{"a", "bc", "d"});
  CHECK(qrs::split_text("a,,b,", ',') == Pieces{"a", "", "b", ""});
  CHECK(qrs::split_text("abc", ',') == Pieces{"abc"});
  CHECK(qrs::split_text("", ',') == Pieces{""});
}
