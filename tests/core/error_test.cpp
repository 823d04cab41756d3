// Texts of messages: the same in any locale.
#include "qrs/core/error.hpp"

#include <doctest/doctest.h>

#include <clocale>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>

namespace error_test {

TEST_CASE("numbers in texts read as C's %.9g writes them") {
  for (const double value : {0.0, -0.0, 0.5, 1.0 / 3.0, 1e300, -1e-300, 123456789.0, 1234567890.0, 1e5, 2.5e-5}) {
    char expected[64];
    std::snprintf(expected, sizeof expected, "%.9g", value);
    CHECK(qrs::text(value) == expected);
  }
  CHECK(qrs::text(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(qrs::text(std::abs(std::nan(""))) == "nan");
  CHECK(qrs::text(0.25f) == "0.25");
}

TEST_CASE("a process with a decimal comma has points in its texts") {
  const std::string before = std::setlocale(LC_NUMERIC, nullptr);
  bool comma = false;
  for (const char* name : {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE", "fr_FR"}) {
    comma = comma || std::setlocale(LC_NUMERIC, name) != nullptr;
  }
  if (!comma) MESSAGE("no locale with a decimal comma is installed here");
  CHECK(qrs::text(0.4375) == "0.4375");
  std::setlocale(LC_NUMERIC, before.c_str());
}

}  // namespace error_test
