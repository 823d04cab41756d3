// Folds against scikit-learn's (tests/golden/units/make_splits.py).
#include <doctest/doctest.h>
#include <qrs/data/k_fold.hpp>

#include "golden_splits.hpp"

using namespace qrs::data;
using Labels = std::vector<std::int64_t>;

TEST_CASE("folds are scikit-learn's, index for index") {
  const Labels y = golden_list("y");
  CHECK(k_fold(61, {.n_splits = 4}) == golden_case("k_fold"));
  CHECK(k_fold(61, {.n_splits = 7, .shuffle = true, .random_state = 10}) == golden_case("k_fold_shuffled"));
  CHECK(stratified_k_fold(y, {.n_splits = 5}) == golden_case("stratified_k_fold"));
  CHECK(stratified_k_fold(y, {.n_splits = 3, .shuffle = true, .random_state = 11}) ==
        golden_case("stratified_k_fold_shuffled"));
}

TEST_CASE("a class smaller than the number of folds is noted, and the folds are made") {
  std::string note = "of before";
  CHECK(stratified_k_fold(golden_list("y"), {.n_splits = 5}, &note).size() == 5);
  CHECK(note == "The least populated class in y has only 2 members, which is less than n_splits=5.");
  CHECK(stratified_k_fold(Labels{0, 0, 1, 1}, {.n_splits = 2}, &note).size() == 2);
  CHECK(note.empty());
}

TEST_CASE("folds that cannot be are one clear error") {
  CHECK_THROWS_WITH_AS(k_fold(3, {.n_splits = 4}),
                       "[k_fold] expected n_splits of at most the number of samples, 3, got 4", qrs::Error);
  CHECK_THROWS_WITH_AS(k_fold(3, {.n_splits = 1}), "[k_fold] expected n_splits >= 2, got 1", qrs::Error);
  CHECK_THROWS_AS(k_fold(0), qrs::Error);
  CHECK_THROWS_WITH_AS(stratified_k_fold(Labels{0, 0, 1, 1, 2}, {.n_splits = 3}),
                       "[stratified_k_fold] expected a class with at least n_splits = 3 members, got at most 2",
                       qrs::Error);
  CHECK_THROWS_AS(stratified_k_fold(Labels{}), qrs::Error);
  CHECK(stratified_k_fold(Labels(6, 1), {.n_splits = 3})[0].test == Labels{0, 1});  // one class only
}
