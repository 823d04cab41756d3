#include "../../include/qrs/io/csv.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <vector>

#include "../error_message.hpp"

namespace {

qrs::io::CsvTable parse(std::string_view text) { return qrs::io::parse_csv(qrs::io::as_bytes(text), "t.csv"); }

std::string message(std::string_view text) {
  return qrs::tests::error_message([&] { parse(text); });
}

}  // namespace

TEST_CASE("csv: numbers with and without a line of names") {
  const auto plain = parse("1,2.5,-3e2\n4,5,6\n");
  CHECK(plain.rows == 2);
  CHECK(plain.cols == 3);
  CHECK(plain.names.empty());
  CHECK(plain.values == std::vector<double>{1, 2.5, -300, 4, 5, 6});
  const auto named = parse("\xEF\xBB\xBF\"width, cm\",height\r\n1,2\r\n");
  CHECK(named.names == std::vector<std::string>{"width, cm", "height"});
  CHECK(named.values == std::vector<double>{1, 2});
}

TEST_CASE("csv: semicolons, tabs, one column, comments and blank lines") {
  CHECK(parse("1;2\n3;4").values == std::vector<double>{1, 2, 3, 4});
  CHECK(parse("a\tb\n1\t2\n").values == std::vector<double>{1, 2});
  CHECK(parse("# a remark\n\n7\n \n8\n").values == std::vector<double>{7, 8});
  CHECK(parse(" +1 , 2 \n").values == std::vector<double>{1, 2});
}

TEST_CASE("csv: empty fields and NaN are NaN") {
  for (const char* text : {"1,,3\n", "1,nan,3\n", "1,NA,3\n", "1\t\t3\n"}) {
    const auto table = parse(text);
    CHECK(table.cols == 3);
    CHECK(std::isnan(table.values[1]));
  }
}

TEST_CASE("csv: what is wrong is named by line and column") {
  CHECK(message("1,2\n3\n") == "[csv] t.csv, line 2: expected 2 fields as in the first line, got 1");
  CHECK(message("a,b\n1,2\n\n1,x\n") == "[csv] t.csv, line 4, column 2: expected a number, got 'x'");
  CHECK(message("1,oops\n3,4\n") == "[csv] t.csv, line 1, column 2: expected a number, got 'oops'");
  CHECK(parse("1,+2\n").values == std::vector<double>{1, 2});
  CHECK(message("1,+-2\n") == "[csv] t.csv, line 1, column 2: expected a number, got '+-2'");
  CHECK(message("1,2e9999\n").find("line 1, column 2") != std::string::npos);
  CHECK(message("").find("an empty file") != std::string::npos);
  CHECK(message("a,b\n").find("names alone") != std::string::npos);
}
