// Leaks and the table of known contents on small sets whose answers can be counted by hand, and on planted copies.
#include "qrs/audit/leakage.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "../error_message.hpp"
#include "qrs/audit/duplicates.hpp"

using namespace qrs::audit;
using qrs::tests::error_message;
using Ints = std::vector<std::int64_t>;

TEST_CASE("equal contents share a group, numbered by first appearance") {
  const std::vector<std::string> hashes = {"b", "a", "b", "c", "a"};
  const Ints groups = content_groups(hashes);
  CHECK(groups == Ints{0, 1, 0, 2, 1});
  CHECK(distinct_groups(groups) == 3);
  CHECK(distinct_groups({}) == 0);
  CHECK(content_groups({}).empty());
}

TEST_CASE("a test item is leaked where its content stands in training") {
  const Ints groups = {0, 1, 0, 2, 1, 3};
  CHECK(leaked_items(Ints{0, 1}, Ints{2, 3, 4, 5}, groups) == std::vector<bool>{true, false, true, false});
  CHECK(leaked_items(Ints{}, Ints{2}, groups) == std::vector<bool>{false});
}

TEST_CASE("planted copies are found, all of them and nothing else") {
  std::vector<std::string> hashes;
  for (int i = 0; i < 200; ++i) hashes.push_back("content " + std::to_string(i % 150));  // 150..199 copy 0..49
  const Ints groups = content_groups(hashes);
  Ints train;
  Ints test;
  for (std::int64_t i = 0; i < 150; ++i) train.push_back(i);
  for (std::int64_t i = 100; i < 200; ++i) test.push_back(i);
  CHECK(distinct_groups(groups) == 150);
  for (const bool leaked : leaked_items(train, test, groups)) CHECK(leaked);
}

TEST_CASE("the table answers what it knows, and otherwise what an item without a twin most likely is") {
  //                  0  1  2  3  4  5  6  7  8
  const Ints groups = {0, 0, 1, 1, 2, 3, 4, 0, 5};
  const Ints labels = {7, 7, 7, 7, 9, 9, 8, 7, 9};
  // Training has two twins of label 7 and singles 9, 9, 8: a stranger is called 9 though 7 is commonest overall.
  CHECK(lookup_predictions(Ints{0, 1, 2, 3, 4, 5, 6}, Ints{7, 8}, groups, labels) == Ints{7, 9});
  // Only twins: the commonest label of all.
  CHECK(lookup_predictions(Ints{0, 1, 2, 3}, Ints{8}, groups, labels) == Ints{7});
  CHECK(error_message([&] { lookup_predictions(Ints{}, Ints{8}, groups, labels); }).find("at least one") !=
        std::string::npos);
}

TEST_CASE("a content with two labels answers the commoner one") {
  const Ints groups = {0, 0, 0, 0};
  const Ints labels = {1, 2, 2, 1};
  CHECK(lookup_predictions(Ints{0, 1, 2}, Ints{3}, groups, labels) == Ints{2});
  CHECK(lookup_predictions(Ints{0, 1}, Ints{3}, groups, labels) == Ints{1});  // equally common: the smaller
}
