// Folds of cross-validation, index for index those of scikit-learn: KFold and StratifiedKFold.
//
//   for (const qrs::data::Split& fold : qrs::data::stratified_k_fold(y, {.n_splits = 5})) ...
//
// Each sample is in the test part of exactly one fold; train and test are ascending (KFold with shuffle too).
// scikit-learn 1.2.1 and 1.9.1 give the same indices. Where scikit-learn warns, a note is written for the caller.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../core/error.hpp"
#include "../core/rng.hpp"
#include "split.hpp"

namespace qrs::data {

struct KFoldOptions {
  std::int64_t n_splits = 5;
  bool shuffle = false;
  std::int64_t random_state = 0;  // has an effect only with shuffle
};

namespace detail {

inline void check_folds(std::string_view op, std::int64_t n_splits, std::int64_t n, std::string_view what) {
  QRS_CHECK(n_splits >= 2, "[", op, "] expected n_splits >= 2, got ", n_splits);
  QRS_CHECK(n_splits <= n, "[", op, "] expected n_splits of at most the number of ", what, ", ", n, ", got ", n_splits);
}

/// The splits that the fold of each sample means; -1 for none.
inline std::vector<Split> splits_of_folds(std::span<const std::int64_t> fold, std::int64_t n_splits) {
  std::vector<Split> out(static_cast<std::size_t>(n_splits));
  for (std::size_t i = 0; i < fold.size(); ++i) {
    for (std::int64_t f = 0; f < n_splits; ++f) {
      Split& split = out[static_cast<std::size_t>(f)];
      (fold[i] == f ? split.test : split.train).push_back(static_cast<std::int64_t>(i));
    }
  }
  return out;
}

/// The fold of each of n things: folds of (nearly) equal size, filled one after the other in this order of the things.
inline std::vector<std::int64_t> even_folds(std::span<const std::int64_t> order, std::int64_t n_splits) {
  const auto n = static_cast<std::int64_t>(order.size());
  std::vector<std::int64_t> fold(order.size());
  std::size_t at = 0;
  for (std::int64_t f = 0; f < n_splits; ++f) {
    const std::int64_t size = n / n_splits + (f < n % n_splits ? 1 : 0);
    for (std::int64_t i = 0; i < size; ++i) fold[static_cast<std::size_t>(order[at++])] = f;
  }
  return fold;
}

}  // namespace detail

/// n samples in n_splits folds of (nearly) equal size, in their order or shuffled.
inline std::vector<Split> k_fold(std::int64_t n, const KFoldOptions& options = {}) {
  constexpr std::string_view op = "k_fold";
  detail::check_folds(op, options.n_splits, n, "samples");
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  if (options.shuffle) order = detail::generator(op, options.random_state).permutation(n);
  return detail::splits_of_folds(detail::even_folds(order, options.n_splits), options.n_splits);
}

/// Folds with each class's share as in y. Throws where every class has fewer members than there are folds; where only
/// some have, the folds are made and *note, if given, says so (otherwise it becomes empty).
inline std::vector<Split> stratified_k_fold(std::span<const std::int64_t> y, const KFoldOptions& options = {},
                                            std::string* note = nullptr) {
  constexpr std::string_view op = "stratified_k_fold";
  const auto n = static_cast<std::int64_t>(y.size());
  const std::int64_t folds = options.n_splits;
  detail::check_folds(op, folds, n, "samples");
  std::vector<std::vector<std::int64_t>> classes = detail::samples_by_class(y);
  // Classes count in the order in which they appear in y.
  std::sort(classes.begin(), classes.end(), [](const auto& a, const auto& b) { return a[0] < b[0]; });
  std::int64_t smallest = n;
  std::int64_t largest = 0;
  for (const std::vector<std::int64_t>& members : classes) {
    smallest = std::min(smallest, static_cast<std::int64_t>(members.size()));
    largest = std::max(largest, static_cast<std::int64_t>(members.size()));
  }
  QRS_CHECK(folds <= largest, "[", op, "] expected a class with at least n_splits = ", folds, " members, got at most ",
            largest);
  if (note != nullptr) {
    note->clear();
    if (folds > smallest) {
      *note = text("The least populated class in y has only ", smallest,
                   " members, which is less than n_splits=", folds, ".");
    }
  }
  Mt19937 rng = detail::generator(op, options.random_state);
  std::vector<std::int64_t> fold(y.size());
  std::int64_t start = 0;  // of the class in the labels sorted by class, which the folds share out in turn
  for (const std::vector<std::int64_t>& members : classes) {
    const auto count = static_cast<std::int64_t>(members.size());
    std::vector<std::int64_t> share(static_cast<std::size_t>(folds));
    for (std::int64_t i = 0; i < count; ++i) ++share[static_cast<std::size_t>((start + i) % folds)];
    start += count;
    std::vector<std::int64_t> of_class;
    for (std::int64_t f = 0; f < folds; ++f) {
      of_class.insert(of_class.end(), static_cast<std::size_t>(share[static_cast<std::size_t>(f)]), f);
    }
    if (options.shuffle) rng.shuffle(std::span(of_class));
    for (std::size_t i = 0; i < members.size(); ++i) fold[static_cast<std::size_t>(members[i])] = of_class[i];
  }
  return detail::splits_of_folds(fold, folds);
}

}  // namespace qrs::data
