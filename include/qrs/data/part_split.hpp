// The three parts of an experiment: training, validation and test images.
//
//   const PartSplit parts = qrs::data::split_parts(labels, {.seed = 42});             928 images: 648, 140, 140
//   const PartSplit parts = qrs::data::split_parts(labels, {.seed = 42}, groups);     no group on two sides
//
// Two stratified cuts, the test images first: test_size of all, then validation_size of all out of the rest. Without groups
// they are scikit-learn's train_test_split, index for index; with groups, StratifiedGroupShuffleSplit's. Indices within a
// part ascend.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "grouped_split.hpp"
#include "split.hpp"

namespace qrs::data {

struct PartSplit {
  std::vector<std::int64_t> train;
  std::vector<std::int64_t> validation;
  std::vector<std::int64_t> test;

  bool operator==(const PartSplit&) const = default;
};

struct PartSplitOptions {
  double test_size = 0.15;        // share of all
  double validation_size = 0.15;  // share of all
  std::int64_t seed = 42;         // of both cuts
};

/// Throws where the shares are not positive or leave nothing to train with, or a class is too small to stand in every part.
/// `groups`, where given, are one an item.
inline PartSplit split_parts(std::span<const std::int64_t> labels, const PartSplitOptions& options = {},
                             std::span<const std::int64_t> groups = {}) {
  QRS_CHECK(
      options.test_size > 0.0 && options.validation_size > 0.0 && options.test_size + options.validation_size < 1.0,
      "[split] expected test and validation shares above 0 that sum to less than 1, got ", options.test_size, " and ",
      options.validation_size);
  const auto cut = [&](std::span<const std::int64_t> y, std::span<const std::int64_t> of, double share) {
    if (of.empty()) return train_test_split(y, {.test_size = share, .random_state = options.seed});
    return stratified_group_shuffle_split(y, of, {.n_splits = 1, .test_size = share, .random_state = options.seed})[0];
  };
  const auto pick = [](std::span<const std::int64_t> from, const std::vector<std::int64_t>& rows) {
    std::vector<std::int64_t> out;
    if (from.empty()) return out;
    for (const std::int64_t i : rows) out.push_back(from[static_cast<std::size_t>(i)]);
    return out;
  };
  PartSplit out;
  const Split first = cut(labels, groups, options.test_size);
  std::vector<std::int64_t> rest = first.train;
  out.test = first.test;
  std::sort(rest.begin(), rest.end());
  const std::vector<std::int64_t> rest_labels = pick(labels, rest);
  const std::vector<std::int64_t> rest_groups = pick(groups, rest);
  const Split second = cut(rest_labels, rest_groups, options.validation_size / (1.0 - options.test_size));
  out.train = pick(rest, second.train);
  out.validation = pick(rest, second.test);
  for (auto* part : {&out.train, &out.validation, &out.test}) std::sort(part->begin(), part->end());
  return out;
}

}  // namespace qrs::data
