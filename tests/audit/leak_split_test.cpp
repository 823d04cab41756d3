// An accuracy on leaked, clean and distinct items, counted by hand.
#include "qrs/audit/leak_split.hpp"

#include <doctest/doctest.h>

#include <vector>

#include "../error_message.hpp"

using namespace qrs::audit;
using qrs::tests::error_message;
using Ints = std::vector<std::int64_t>;

TEST_CASE("an accuracy is counted on all items, the leaked, the clean, and each content once") {
  const Ints labels = {0, 0, 0, 1, 1, 2};
  const Ints predicted = {0, 0, 0, 1, 0, 0};
  const Ints contents = {4, 4, 4, 7, 8, 9};
  const LeakSplit split = leak_split(labels, predicted, {true, true, true, false, false, false}, contents);
  CHECK(split.all.value == 4.0 / 6.0);
  CHECK(split.all.n == 6);
  CHECK(split.leaked.value == 1.0);
  CHECK(split.leaked.n == 3);
  CHECK(split.clean.value == 1.0 / 3.0);
  CHECK(split.clean.n == 3);
  CHECK(split.distinct.value == 0.5);  // contents 4 and 7 of 4, 7, 8, 9
  CHECK(split.distinct.n == 4);
  CHECK(split.distinct.interval.low < 0.5);
  CHECK(split.distinct.interval.high > 0.5);
}

TEST_CASE("of the copies of a content the first counts") {
  CHECK(leak_split(Ints{0, 1}, Ints{0, 0}, {false, false}, Ints{3, 3}).distinct.value == 1.0);
  CHECK(leak_split(Ints{1, 0}, Ints{0, 0}, {false, false}, Ints{3, 3}).distinct.value == 0.0);
}

TEST_CASE("a part without items has no value, and columns that do not fit are refused") {
  const LeakSplit split = leak_split(Ints{0, 1}, Ints{0, 0}, {false, false}, {});
  CHECK(split.leaked.n == 0);
  CHECK(split.distinct.n == 0);
  CHECK(split.distinct.value != split.distinct.value);
  CHECK(split.clean.value == 0.5);
  CHECK(error_message([] {
          leak_split(Ints{0, 1}, Ints{0, 0}, {false, false}, Ints{1});
        }) == "[leak_split] expected an answer, a mark and a content for each of 2 items, got 2, 2 and 1");
}
