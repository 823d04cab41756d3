// Numbered names stand in the order people expect, and the order is total.
#include "qrs/core/natural_order.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

using qrs::natural_less;

TEST_CASE("numbers in names compare as numbers") {
  std::vector<std::string> names = {"MI(10).png", "MI(2).png", "MI(1).png", "HB(100)", "HB(20)",
                                    "a",          "B",         "a1b10",     "a1b9"};
  std::sort(names.begin(), names.end(), natural_less);
  CHECK(names == std::vector<std::string>{"B", "HB(20)", "HB(100)", "MI(1).png", "MI(2).png", "MI(10).png", "a", "a1b9",
                                          "a1b10"});
  CHECK(natural_less("x99999999999999999999998", "x99999999999999999999999"));  // longer than any integer
  CHECK_FALSE(natural_less("x10", "x9"));
}

TEST_CASE("the order is total: of two different names one comes first, also with leading zeros") {
  const std::vector<std::string> names = {"", "0", "00", "1", "01", "001", "1a", "01a", "a", "a0", "a00", "10", "1b"};
  for (const std::string& a : names) {
    CHECK_FALSE(natural_less(a, a));
    for (const std::string& b : names) {
      if (a != b) CHECK(natural_less(a, b) != natural_less(b, a));
      for (const std::string& c : names) {
        if (natural_less(a, b) && natural_less(b, c)) CHECK(natural_less(a, c));
      }
    }
  }
}
