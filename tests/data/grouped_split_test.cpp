// Grouped splits: scikit-learn's against its own, the stratified ones against a search through everything.
#include <doctest/doctest.h>
#include <qrs/data/grouped_split.hpp>

#include <cmath>
#include <map>
#include <set>

#include "golden_splits.hpp"

using namespace qrs::data;
using Labels = std::vector<std::int64_t>;

namespace {

struct Samples {
  Labels y;
  Labels groups;
};

/// `groups` groups of 1 ... largest samples, each with a class or two.
Samples make_samples(int groups, int largest, int classes, std::uint32_t seed) {
  qrs::Mt19937 rng(seed);
  Samples out;
  for (int g = 0; g < groups; ++g) {
    const std::int64_t main = rng.randint(0, classes);
    for (std::int64_t i = rng.randint(1, largest + 1); i > 0; --i) {
      out.y.push_back(rng.randint(0, 4) == 0 ? rng.randint(0, classes) : main);
      out.groups.push_back(1000 - 3 * g);
    }
  }
  return out;
}

std::set<std::int64_t> groups_of(const Labels& groups, const Labels& samples) {
  std::set<std::int64_t> out;
  for (const std::int64_t i : samples) out.insert(groups[static_cast<std::size_t>(i)]);
  return out;
}

void check_apart(const Labels& groups, const Split& split) {
  CHECK(!split.train.empty());
  CHECK(!split.test.empty());
  const std::set<std::int64_t> train = groups_of(groups, split.train);
  for (const std::int64_t group : groups_of(groups, split.test)) CHECK(!train.contains(group));
}

/// The objective from its definition: parts of samples, each with its target.
double objective(const Labels& y, const std::vector<std::pair<Labels, double>>& parts) {
  std::map<std::int64_t, double> total;
  for (const std::int64_t label : y) total[label] += 1.0;
  double sum = 0.0;
  for (const auto& [samples, target] : parts) {
    std::map<std::int64_t, double> here;
    for (const std::int64_t i : samples) here[y[static_cast<std::size_t>(i)]] += 1.0;
    for (const auto& [label, count] : total) sum += std::pow(here[label] / count - target, 2);
  }
  return sum;
}

/// The lowest objective of any assignment of the groups to `parts` parts with these targets, by trying all.
double best_of_all(const Samples& s, const std::vector<double>& targets) {
  std::map<std::int64_t, std::size_t> code;
  for (const std::int64_t group : s.groups) code.emplace(group, code.size());
  std::vector<std::size_t> part(code.size(), 0);
  double best = 1e9;
  for (;;) {
    std::vector<std::pair<Labels, double>> parts;
    for (const double target : targets) parts.push_back({{}, target});
    for (std::size_t i = 0; i < s.y.size(); ++i) {
      parts[part[code.at(s.groups[i])]].first.push_back(static_cast<std::int64_t>(i));
    }
    bool full = true;
    for (const auto& [samples, target] : parts) full = full && !samples.empty();
    if (full) best = std::min(best, objective(s.y, parts));
    std::size_t at = 0;
    while (at < part.size() && ++part[at] == targets.size()) part[at++] = 0;
    if (at == part.size()) return best;
  }
}

}  // namespace

TEST_CASE("group_k_fold, leave_one_group_out and group_shuffle_split are scikit-learn's, index for index") {
  const Labels groups = golden_list("groups");
  CHECK(group_k_fold(groups, {.n_splits = 4}) == golden_case("group_k_fold"));
  CHECK(group_k_fold(groups, {.n_splits = 3, .shuffle = true, .random_state = 12}) ==
        golden_case("group_k_fold_shuffled"));
  CHECK(leave_one_group_out(groups) == golden_case("leave_one_group_out"));
  CHECK(group_shuffle_split(groups, {.n_splits = 3, .test_size = 0.3, .random_state = 13}) ==
        golden_case("group_shuffle_split"));
}

TEST_CASE("with few groups a stratified grouped split is the best there is") {
  for (std::uint32_t seed = 1; seed <= 6; ++seed) {
    CAPTURE(seed);
    const Samples s = make_samples(9, 7, 3, seed);
    std::vector<GroupBalance> balances;
    const auto splits =
        stratified_group_shuffle_split(s.y, s.groups, {.n_splits = 3, .test_size = 0.3, .random_state = 5}, &balances);
    REQUIRE(splits.size() == 3);
    for (std::size_t i = 0; i < 3; ++i) {
      check_apart(s.groups, splits[i]);
      CHECK(balances[i].proven);
      CHECK(balances[i].objective ==
            doctest::Approx(objective(s.y, {{splits[i].test, 0.3}, {splits[i].train, 0.7}})).epsilon(1e-12));
      for (std::size_t j = 0; j < i; ++j) {
        CHECK(splits[i] != splits[j]);
        CHECK(balances[j].objective <= balances[i].objective + 1e-12);
      }
    }
    CHECK(balances[0].objective == doctest::Approx(best_of_all(s, {0.3, 0.7})).epsilon(1e-9));

    const Samples few = make_samples(8, 5, 2, seed + 50);
    GroupBalance balance;
    const auto folds = stratified_group_k_fold(few.y, few.groups, {.n_splits = 3}, &balance);
    std::vector<std::pair<Labels, double>> parts;
    for (const Split& fold : folds) {
      check_apart(few.groups, fold);
      parts.push_back({fold.test, 1.0 / 3});
    }
    CHECK(balance.proven);
    CHECK(balance.objective == doctest::Approx(objective(few.y, parts)).epsilon(1e-12));
    CHECK(balance.objective == doctest::Approx(best_of_all(few, {1.0 / 3, 1.0 / 3, 1.0 / 3})).epsilon(1e-9));
  }
}

TEST_CASE("with many groups the shares are near, and every sample is tested once") {
  const Samples s = make_samples(400, 4, 4, 3);
  GroupBalance balance;
  const auto folds =
      stratified_group_k_fold(s.y, s.groups, {.n_splits = 5, .shuffle = true, .random_state = 1}, &balance);
  std::vector<int> tested(s.y.size());
  for (const Split& fold : folds) {
    check_apart(s.groups, fold);
    CHECK(fold.train.size() + fold.test.size() == s.y.size());
    for (const std::int64_t i : fold.test) ++tested[static_cast<std::size_t>(i)];
  }
  CHECK(std::count(tested.begin(), tested.end(), 1) == static_cast<std::ptrdiff_t>(tested.size()));
  CHECK(balance.worst_share < 0.01);
  CHECK(balance.lower_bound <= balance.objective + 1e-12);
  // The seed decides, and decides alone.
  CHECK(folds == stratified_group_k_fold(s.y, s.groups, {.n_splits = 5, .shuffle = true, .random_state = 1}));
  CHECK(folds != stratified_group_k_fold(s.y, s.groups, {.n_splits = 5, .shuffle = true, .random_state = 2}));

  std::vector<GroupBalance> balances;
  const auto both = stratified_group_shuffle_split(
      s.y, s.groups, {.n_splits = 2, .test_size = 0.15, .train_size = 0.5, .random_state = 4}, &balances);
  CHECK(both[0] != both[1]);
  for (std::size_t i = 0; i < 2; ++i) {
    check_apart(s.groups, both[i]);
    CHECK(balances[i].worst_share < 0.01);
    CHECK(static_cast<double>(both[i].train.size()) / static_cast<double>(s.y.size()) ==
          doctest::Approx(0.5).epsilon(0.03));
  }
}

TEST_CASE("groups that cannot be split are one clear error") {
  const Labels y{0, 1, 0, 1};
  const Labels groups{5, 5, 6, 6};
  CHECK_THROWS_WITH_AS(group_k_fold(groups, {.n_splits = 3}),
                       "[group_k_fold] expected n_splits of at most the number of groups, 2, got 3", qrs::Error);
  CHECK_THROWS_WITH_AS(leave_one_group_out(Labels(4, 1)), "[leave_one_group_out] expected at least 2 groups, got 1",
                       qrs::Error);
  CHECK_THROWS_WITH_AS(stratified_group_k_fold(y, Labels{1, 2}),
                       "[stratified_group_k_fold] expected 4 groups, one a sample, got 2", qrs::Error);
  CHECK_THROWS_WITH_AS(stratified_group_k_fold(y, groups, {.n_splits = 3}),
                       "[stratified_group_k_fold] expected n_splits of at most the number of groups, 2, got 3",
                       qrs::Error);
  CHECK_THROWS_WITH_AS(stratified_group_shuffle_split(y, Labels(4, 1)),
                       "[stratified_group_shuffle_split] expected at least 2 groups, got 1", qrs::Error);
  CHECK_THROWS_AS(stratified_group_shuffle_split(Labels{}, Labels{}), qrs::Error);
  CHECK_THROWS_WITH_AS(stratified_group_shuffle_split(y, groups, {.n_splits = 3, .test_size = 0.5}),
                       "[stratified_group_shuffle_split] expected n_splits of at most the number of different splits "
                       "found, 2, got 3",
                       qrs::Error);
}
