// Splits that never put one group (a patient, a recording) on both sides: scikit-learn's, and stratified ones that keep
// class shares as near as whole groups allow.
//
//   auto folds = qrs::data::stratified_group_k_fold(y, patient, {.n_splits = 5});
//   auto [train, test] = qrs::data::stratified_group_shuffle_split(y, patient, {.n_splits = 1, .test_size = 0.15})[0];
//
// group_k_fold, leave_one_group_out and group_shuffle_split are index for index scikit-learn's 1.9.1. In 1.2.1 GroupKFold
// has no shuffle, and orders groups of equal size by an unstable sort: there the folds may differ where sizes tie.
// The stratified ones are not scikit-learn's: it has no StratifiedGroupShuffleSplit, and its StratifiedGroupKFold places one
// group after the other and never reconsiders. Ours search (group_balance.hpp). Indices are ascending.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/rng.hpp"
#include "group_balance.hpp"
#include "k_fold.hpp"
#include "split.hpp"

namespace qrs::data {

namespace detail {

inline void check_groups(std::string_view op, std::size_t groups, std::size_t samples) {
  QRS_CHECK(groups > 0, "[", op, "] expected at least one sample, got none");
  QRS_CHECK(groups == samples, "[", op, "] expected ", samples, " groups, one a sample, got ", groups);
}

/// The group of each sample, counted 0 ... in ascending order of its name.
inline std::vector<std::int64_t> group_codes(const std::vector<std::vector<std::int64_t>>& members, std::size_t n) {
  std::vector<std::int64_t> codes(n);
  for (std::size_t g = 0; g < members.size(); ++g) {
    for (const std::int64_t i : members[g]) codes[static_cast<std::size_t>(i)] = static_cast<std::int64_t>(g);
  }
  return codes;
}

/// Folds from the fold of each group.
inline std::vector<Split> splits_of_groups(std::span<const std::int64_t> codes,
                                           const std::vector<std::int64_t>& fold_of_group, std::int64_t n_splits) {
  std::vector<std::int64_t> fold;
  fold.reserve(codes.size());
  for (const std::int64_t code : codes) fold.push_back(fold_of_group[static_cast<std::size_t>(code)]);
  return splits_of_folds(fold, n_splits);
}

}  // namespace detail

/// Folds of about equal size: the largest group goes to the lightest fold, and so on; with shuffle, folds of about equally
/// many groups in random order.
inline std::vector<Split> group_k_fold(std::span<const std::int64_t> groups, const KFoldOptions& options = {}) {
  constexpr std::string_view op = "group_k_fold";
  detail::check_groups(op, groups.size(), groups.size());
  const auto members = detail::samples_by_class(groups);
  const auto count = static_cast<std::int64_t>(members.size());
  detail::check_folds(op, options.n_splits, static_cast<std::int64_t>(groups.size()), "samples");
  detail::check_folds(op, options.n_splits, count, "groups");
  std::vector<std::int64_t> fold_of_group(members.size());
  if (options.shuffle) {
    fold_of_group =
        detail::even_folds(detail::generator(op, options.random_state).permutation(count), options.n_splits);
  } else {
    std::vector<std::size_t> order(members.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return members[a].size() < members[b].size(); });
    std::vector<std::size_t> weight(static_cast<std::size_t>(options.n_splits));
    for (std::size_t i = order.size(); i-- > 0;) {
      const auto lightest = std::min_element(weight.begin(), weight.end()) - weight.begin();
      weight[static_cast<std::size_t>(lightest)] += members[order[i]].size();
      fold_of_group[order[i]] = lightest;
    }
  }
  return detail::splits_of_groups(detail::group_codes(members, groups.size()), fold_of_group, options.n_splits);
}

/// One fold a group, in ascending order of its name. Throws where there are fewer than 2.
inline std::vector<Split> leave_one_group_out(std::span<const std::int64_t> groups) {
  constexpr std::string_view op = "leave_one_group_out";
  detail::check_groups(op, groups.size(), groups.size());
  const auto members = detail::samples_by_class(groups);
  QRS_CHECK(members.size() >= 2, "[", op, "] expected at least 2 groups, got ", members.size());
  return detail::splits_of_folds(detail::group_codes(members, groups.size()),
                                 static_cast<std::int64_t>(members.size()));
}

/// shuffle_split of the groups: the sizes are shares or counts of groups; where none is given, a fifth of them is test.
inline std::vector<Split> group_shuffle_split(std::span<const std::int64_t> groups,
                                              const ShuffleSplitOptions& options = {.n_splits = 5}) {
  constexpr std::string_view op = "group_shuffle_split";
  detail::check_splits(op, options.n_splits);
  detail::check_groups(op, groups.size(), groups.size());
  const auto members = detail::samples_by_class(groups);
  const auto count = static_cast<std::int64_t>(members.size());
  const detail::Sizes sizes = detail::split_sizes(op, count, options.test_size, options.train_size, 0.2);
  Mt19937 rng = detail::generator(op, options.random_state);
  std::vector<Split> out;
  for (std::int64_t s = 0; s < options.n_splits; ++s) {
    const Split of_groups = detail::one_shuffle_split(count, sizes, rng);
    const auto samples_of = [&](const std::vector<std::int64_t>& chosen) {
      std::vector<std::int64_t> samples;
      for (const std::int64_t g : chosen) {
        const std::vector<std::int64_t>& of_group = members[static_cast<std::size_t>(g)];
        samples.insert(samples.end(), of_group.begin(), of_group.end());
      }
      std::sort(samples.begin(), samples.end());
      return samples;
    };
    out.push_back({samples_of(of_groups.train), samples_of(of_groups.test)});
  }
  return out;
}

// ---- stratified: not in scikit-learn ------------------------------------------------------------------------------------

namespace detail {

inline GroupProblem group_problem(const std::vector<std::vector<std::int64_t>>& classes,
                                  std::span<const std::int64_t> codes, std::int64_t groups,
                                  std::vector<double> targets) {
  GroupProblem out;
  out.groups = groups;
  out.classes = static_cast<std::int64_t>(classes.size());
  out.share.assign(static_cast<std::size_t>(out.groups * out.classes), 0.0);
  for (std::int64_t c = 0; c < out.classes; ++c) {
    const std::vector<std::int64_t>& members = classes[static_cast<std::size_t>(c)];
    out.totals.push_back(static_cast<std::int64_t>(members.size()));
    std::vector<std::int64_t> counts(static_cast<std::size_t>(groups));
    for (const std::int64_t i : members) ++counts[static_cast<std::size_t>(codes[static_cast<std::size_t>(i)])];
    for (std::int64_t g = 0; g < groups; ++g) {
      out.share[static_cast<std::size_t>(g * out.classes + c)] =
          static_cast<double>(counts[static_cast<std::size_t>(g)]) / static_cast<double>(members.size());
    }
  }
  out.targets = std::move(targets);
  return out;
}

}  // namespace detail

/// Folds of whole groups, each with as near to 1/n_splits of every class as the search finds. Which of equally good folds
/// come, and the order of the folds, depends on random_state with shuffle; without shuffle random_state counts as 0. Throws
/// where there are fewer groups than folds, or every class has fewer members than folds. *balance, if given, says how near.
inline std::vector<Split> stratified_group_k_fold(std::span<const std::int64_t> y, std::span<const std::int64_t> groups,
                                                  const KFoldOptions& options = {}, GroupBalance* balance = nullptr) {
  constexpr std::string_view op = "stratified_group_k_fold";
  detail::check_groups(op, groups.size(), y.size());
  const std::int64_t folds = options.n_splits;
  const auto members = detail::samples_by_class(groups);
  const auto count = static_cast<std::int64_t>(members.size());
  const auto classes = detail::samples_by_class(y);
  detail::check_folds(op, folds, count, "groups");
  std::size_t largest = 0;
  for (const std::vector<std::int64_t>& of_class : classes) largest = std::max(largest, of_class.size());
  QRS_CHECK(folds <= static_cast<std::int64_t>(largest), "[", op, "] expected a class with at least n_splits = ", folds,
            " members, got at most ", largest);
  const std::vector<std::int64_t> codes = detail::group_codes(members, groups.size());
  std::vector<double> targets(static_cast<std::size_t>(folds), 1.0 / static_cast<double>(folds));
  const detail::GroupProblem problem = detail::group_problem(classes, codes, count, std::move(targets));
  Mt19937 rng = detail::generator(op, options.shuffle ? options.random_state : 0);
  GroupBalance found;
  const auto assignment = detail::GroupSearch(problem, rng).run({}, found);
  if (balance != nullptr) *balance = found;
  std::vector<std::int64_t> name(static_cast<std::size_t>(folds), -1);  // of each fold of the search
  if (options.shuffle) {
    name = rng.permutation(folds);
  } else {  // in the order of each fold's first sample
    std::int64_t next = 0;
    for (const std::int64_t code : codes) {
      std::int64_t& of_fold = name[static_cast<std::size_t>(assignment[static_cast<std::size_t>(code)])];
      if (of_fold < 0) of_fold = next++;
    }
  }
  std::vector<std::int64_t> fold_of_group;
  for (const std::int32_t part : assignment) fold_of_group.push_back(name[static_cast<std::size_t>(part)]);
  return detail::splits_of_groups(codes, fold_of_group, folds);
}

/// Splits of whole groups in which test has as near to test_size of every class as the search finds (and train to
/// train_size, where both are given: the rest of the groups is left out). A count is the share that it is of the samples;
/// where no size is given, a fifth is test. The splits of one call differ: the second is the best of those that are not the
/// first, and so on, so with few groups later ones are less well balanced; throws where there are no more. *balances, if
/// given, says how near each is.
inline std::vector<Split> stratified_group_shuffle_split(std::span<const std::int64_t> y,
                                                         std::span<const std::int64_t> groups,
                                                         const ShuffleSplitOptions& options = {.n_splits = 5},
                                                         std::vector<GroupBalance>* balances = nullptr) {
  constexpr std::string_view op = "stratified_group_shuffle_split";
  detail::check_splits(op, options.n_splits);
  detail::check_groups(op, groups.size(), y.size());
  const auto samples = static_cast<std::int64_t>(y.size());
  const detail::Sizes sizes = detail::split_sizes(op, samples, options.test_size, options.train_size, 0.2);
  const auto share = [&](const SplitSize& size, std::int64_t rounded) {
    return size.is_share() ? size.share() : static_cast<double>(rounded) / static_cast<double>(samples);
  };
  // The parts are test, train and, where something is left, what neither has.
  const SplitSize test_size =
      options.test_size.given() || options.train_size.given() ? options.test_size : SplitSize(0.2);
  double test = test_size.given() ? share(test_size, sizes.test) : 1.0 - share(options.train_size, sizes.train);
  double train = options.train_size.given() ? share(options.train_size, sizes.train) : 1.0 - test;
  std::vector<double> targets{test, train};
  if (1.0 - test - train > 1e-9) targets.push_back(1.0 - test - train);
  const auto members = detail::samples_by_class(groups);
  const auto count = static_cast<std::int64_t>(members.size());
  QRS_CHECK(count >= static_cast<std::int64_t>(targets.size()), "[", op, "] expected at least ", targets.size(),
            " groups, got ", count);
  const std::vector<std::int64_t> codes = detail::group_codes(members, groups.size());
  const detail::GroupProblem problem =
      detail::group_problem(detail::samples_by_class(y), codes, count, std::move(targets));
  Mt19937 rng = detail::generator(op, options.random_state);
  detail::GroupSearch search(problem, rng);
  std::set<detail::GroupSearch::Assignment> returned;
  std::vector<Split> out;
  if (balances != nullptr) balances->clear();
  for (std::int64_t s = 0; s < options.n_splits; ++s) {
    GroupBalance found;
    const auto assignment = search.run(returned, found);
    QRS_CHECK(!assignment.empty(), "[", op, "] expected n_splits of at most the number of different splits found, ", s,
              ", got ", options.n_splits);
    returned.insert(assignment);
    Split split;
    for (std::int64_t i = 0; i < samples; ++i) {
      const std::int32_t part = assignment[static_cast<std::size_t>(codes[static_cast<std::size_t>(i)])];
      if (part == 0) split.test.push_back(i);
      if (part == 1) split.train.push_back(i);
    }
    out.push_back(std::move(split));
    if (balances != nullptr) balances->push_back(found);
  }
  return out;
}

}  // namespace qrs::data
