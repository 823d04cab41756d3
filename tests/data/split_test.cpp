// Random splits against scikit-learn's (tests/golden/units/make_splits.py).
#include <doctest/doctest.h>

#include <limits>

#include "../error_message.hpp"
#include "golden_splits.hpp"

using namespace qrs::data;
using Labels = std::vector<std::int64_t>;

namespace {

void check_one(const std::string& name, const Split& got) {
  CAPTURE(name);
  const std::vector<Split> expected = golden_case(name);
  REQUIRE(expected.size() == 1);
  CHECK(got.train == expected[0].train);
  CHECK(got.test == expected[0].test);
}

}  // namespace

TEST_CASE("train_test_split without labels is scikit-learn's, index for index") {
  check_one("plain_share", train_test_split(61, {.test_size = 0.3, .random_state = 0}));
  check_one("plain_default", train_test_split(61, {.random_state = 42}));
  check_one("plain_count", train_test_split(61, {.test_size = 11, .random_state = 1}));
  check_one("plain_train_share", train_test_split(61, {.train_size = 0.55, .random_state = 2}));
  check_one("plain_both", train_test_split(61, {.test_size = 0.25, .train_size = 20, .random_state = 4294967295}));
  check_one("plain_in_order", train_test_split(61, {.test_size = 0.3, .shuffle = false}));
}

TEST_CASE("train_test_split with labels is scikit-learn's, index for index, equal remainders too") {
  const Labels y = golden_list("y");
  check_one("stratified_share", train_test_split(y, {.test_size = 0.3, .random_state = 0}));
  check_one("stratified_train_count", train_test_split(y, {.train_size = 31, .random_state = 5}));
  check_one("stratified_both", train_test_split(y, {.test_size = 13, .train_size = 0.4, .random_state = 6}));
  Labels tied;
  for (std::int64_t i = 0; i < 35; ++i) tied.push_back(i / 5);
  for (int seed = 0; seed < 4; ++seed) {
    check_one(qrs::text("tied_", seed), train_test_split(tied, {.test_size = 9, .random_state = seed}));
  }
}

TEST_CASE("shuffle splits are scikit-learn's, index for index") {
  const Labels y = golden_list("y");
  Labels tied;
  for (std::int64_t i = 0; i < 35; ++i) tied.push_back(i / 5);
  CHECK(shuffle_split(61, {.n_splits = 3, .test_size = 0.2, .random_state = 7}) == golden_case("shuffle_split"));
  CHECK(shuffle_split(61, {.n_splits = 2, .random_state = 8}) == golden_case("shuffle_split_default"));
  CHECK(stratified_shuffle_split(y, {.n_splits = 3, .test_size = 0.25, .random_state = 9}) ==
        golden_case("stratified_shuffle_split"));
  CHECK(stratified_shuffle_split(tied, {.n_splits = 4, .test_size = 10, .random_state = 1}) ==
        golden_case("stratified_shuffle_split_tied"));
}

TEST_CASE("within names the samples of a subset") {
  const Labels subset{10, 20, 30};
  CHECK(within({{2, 0}, {1}}, subset) == Split{{30, 10}, {20}});
}

TEST_CASE("impossible sizes are one clear error") {
  const auto message = [](std::int64_t n, const TrainTestSplitOptions& options) {
    return qrs::tests::error_message([&] { train_test_split(n, options); });
  };
  CHECK(message(10, {.test_size = 1.0}) ==
        "[train_test_split] expected a test_size in (0, 1) or a count from 1 to 9, got 1 for 10 samples");
  CHECK(message(10, {.test_size = 10}) ==
        "[train_test_split] expected a test_size in (0, 1) or a count from 1 to 9, got 10 for 10 samples");
  CHECK(message(10, {.train_size = 0}) ==
        "[train_test_split] expected a train_size in (0, 1) or a count from 1 to 9, got 0 for 10 samples");
  CHECK(message(10, {.test_size = std::numeric_limits<double>::quiet_NaN()}).find("got nan") != std::string::npos);
  CHECK(message(10, {.test_size = 0.6, .train_size = 0.6}) ==
        "[train_test_split] expected test_size + train_size <= 1, got 1.2");
  CHECK(message(10, {.test_size = 6, .train_size = 5}) ==
        "[train_test_split] expected train_size + test_size <= 10 samples, got 11");
  CHECK(message(1, {}) ==
        "[train_test_split] expected at least one sample to train with, got none of 1 for test_size = 0.25 and "
        "train_size = none");
  CHECK(message(0, {}) != "no error");
  CHECK(message(10, {.random_state = -1}) == "[train_test_split] expected a random_state in [0, 2^32), got -1");
  CHECK_THROWS_AS(shuffle_split(10, {.n_splits = 0}), qrs::Error);
}

TEST_CASE("a stratified split refuses what scikit-learn refuses") {
  const Labels lonely{0, 0, 0, 1, 1, 7};
  CHECK_THROWS_WITH_AS(train_test_split(lonely, {.test_size = 3}),
                       "[train_test_split] expected at least 2 members of each class, got 1 of class 7", qrs::Error);
  const Labels three{0, 0, 0, 1, 1, 1, 2, 2, 2};
  CHECK_THROWS_WITH_AS(train_test_split(three, {.test_size = 2}),
                       "[train_test_split] expected a test_size of at least the number of classes, 3, got 2",
                       qrs::Error);
  CHECK_THROWS_WITH_AS(stratified_shuffle_split(three, {.train_size = 2}),
                       "[stratified_shuffle_split] expected a train_size of at least the number of classes, 3, got 2",
                       qrs::Error);
  CHECK_THROWS_WITH_AS(train_test_split(three, {.shuffle = false}),
                       "[train_test_split] expected shuffle = true for a stratified split, got false", qrs::Error);
  CHECK_THROWS_AS(train_test_split(Labels{}, {}), qrs::Error);
  const Split one_class = train_test_split(Labels(8, 5), {.test_size = 2});
  CHECK(one_class.train.size() == 6);
}
