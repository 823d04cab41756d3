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
  CHECK(message("1,oops\n3,4\n") ==
        "[csv] t.csv, line 1, column 2: expected a number, got 'oops'; where the line holds the names of columns, "
        "numbers "
        "among them, say so (--header)");
  CHECK(parse("1,+2\n").values == std::vector<double>{1, 2});
  CHECK(message("1,+-2\n") == "[csv] t.csv, line 1, column 2: expected a number, got '+-2'");
  CHECK(message("1,2e9999\n").find("line 1, column 2") != std::string::npos);
  CHECK(message("").find("an empty file") != std::string::npos);
  CHECK(message("a,b\n").find("names alone") != std::string::npos);
}

TEST_CASE("csv: names that count from 0 above decimals, as pandas writes columns without names") {
  const auto table = parse("0,1,2\n0.5,-1.5,2\n1,2,3.25\n");
  CHECK(table.names == std::vector<std::string>{"0", "1", "2"});
  CHECK(table.rows == 2);
  CHECK(parse("0,1\n1,0\n").rows == 2);  // two columns of flags
  CHECK(parse("0\n0.5\n1.5\n").rows == 2);
  CHECK(parse("0\n0.5\n1\n").rows == 3);
  CHECK(message("0,1,2\n1,2,3\n").find("--no-header") != std::string::npos);
  CHECK(qrs::io::parse_csv(qrs::io::as_bytes("0,1,2\n1,2,3\n"), "t", qrs::io::CsvNames::no).rows == 2);
  CHECK(qrs::io::parse_csv(qrs::io::as_bytes("0,1,2\n1,2,3\n"), "t", qrs::io::CsvNames::yes).rows == 1);
  const auto column = parse("0\n1\n0\n");
  CHECK(column.rows == 3);
  CHECK(column.first_may_be_name);
}

TEST_CASE("csv: an index of pandas and row names of R are left out") {
  for (const char* text :
       {",a,b\n0,1.5,2\n1,3,4\n", "\"\",\"a\",\"b\"\n\"x\",1.5,2\n\"y\",3,4\n", ",0,1\n7,1.5,2\n3,3,4\n",
        "\"a\" \"b\"\n\"1\" 1.5 2\n\"2\" 3 4\n", "Unnamed: 0,a,b\n0,1.5,2\n1,3,4\n"}) {
    CAPTURE(text);
    const auto table = parse(text);
    CHECK(table.without_index);
    CHECK(table.names.size() == 2);
    CHECK(table.values == std::vector<double>{1.5, 2, 3, 4});
  }
  CHECK(message(",a\n1.5,2\n").find("name the column, or leave it out") != std::string::npos);
  CHECK(message(",a\n1,2\n1,3\n").find("line 3, column 1") != std::string::npos);
}

TEST_CASE("csv: decimal commas where columns are apart by something else; blanks; other ends of lines") {
  CHECK(parse("0,5;-1,25\n2;3\n").values == std::vector<double>{0.5, -1.25, 2, 3});
  CHECK(parse("a\tb\n0,5\t1\n").values == std::vector<double>{0.5, 1});
  CHECK(message("0,5;1\n0.5;1\n").find("one decimal mark") != std::string::npos);
  CHECK(message("a;b\n1.234,5;1\n").find("marks of thousands") != std::string::npos);
  CHECK(parse("1.5e+00 -2\n  3   4\n").values == std::vector<double>{1.5, -2, 3, 4});
  CHECK(parse("1,2\r3,4\r").values == std::vector<double>{1, 2, 3, 4});
  CHECK(parse("a,b,\n1,2,\n3,4,\n").values == std::vector<double>{1, 2, 3, 4});
  CHECK(parse("heart rate\n70\n").names == std::vector<std::string>{"heart rate"});
}

TEST_CASE("csv: UTF-16 with its mark is read, without it named") {
  const std::string_view plain = "a,b\n0.5,1\n";
  for (const bool little : {true, false}) {
    std::string text = little ? "\xFF\xFE" : "\xFE\xFF";
    for (const char c : plain) text += little ? std::string{c, '\0'} : std::string{'\0', c};
    CHECK(parse(text).values == std::vector<double>{0.5, 1});
    CHECK(message(text.substr(2)).find("UTF-16 without its mark") != std::string::npos);
  }
}

TEST_CASE("csv: the usual words for a missing value") {
  for (const char* word : {"?", "null", "NULL", "None", "#N/A", "N/A", "<NA>", "-nan"}) {
    CAPTURE(word);
    const auto first = parse(std::string(word) + ",2\n3,4\n");
    CHECK(first.rows == 2);
    CHECK(std::isnan(first.values[0]));
    const auto table = parse("a,b\n1,2\n" + std::string(word) + ",4\n");
    CHECK(table.rows == 2);
    CHECK(std::isnan(table.values[2]));
  }
  CHECK(message("a,b\n1,2\n#DIV/0!,4\n").find("line 3, column 1: expected a number, got '#DIV/0!'; a spreadsheet's") !=
        std::string::npos);
  CHECK(message("a,b\n1,2\n#3,4\n").find("line 3") != std::string::npos);  // a row, not a remark
  CHECK(parse("a,b\n1,2\n# between rows\n3,4\n").rows == 2);
  CHECK(message("a,b\n1,TRUE\n").find("write 1 and 0") != std::string::npos);
}

TEST_CASE("csv: numbers below the least double are 0, whole ones from 2^53 on are kept exactly") {
  CHECK(parse("1e-400,1\n").values[0] == 0.0);
  const auto table = parse("id\n9007199254740993\n5\n");
  REQUIRE(table.large.size() == 1);
  CHECK(table.large[0] == std::pair<std::size_t, std::int64_t>(0, 9007199254740993));
}

TEST_CASE("csv: quotes are doubled inside quotes, and hold line breaks") {
  std::vector<std::string> fields;
  const auto read = [&](std::string_view text) {
    fields.clear();
    qrs::io::for_each_csv_row(qrs::io::as_bytes(text), "t.csv", [&](std::int64_t, const qrs::io::CsvFields& row) {
      for (const std::string_view field : row) fields.emplace_back(field);
    });
    return fields;
  };
  CHECK(read("\"a\"\"b.png\",cat\n#2.png,dog\n") == std::vector<std::string>{"a\"b.png", "cat", "#2.png", "dog"});
  CHECK(read("\"two\nlines\",x\n") == std::vector<std::string>{"two\nlines", "x"});
  CHECK(read("5\" tube,x\n") == std::vector<std::string>{"5\" tube", "x"});
  CHECK(read("a \"\"b,x\nc,d\n").size() == 4);
  CHECK(message("a,b\n\"1,2\n").find("line 2: expected a closing quote") != std::string::npos);
}
