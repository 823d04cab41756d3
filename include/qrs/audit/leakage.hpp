// What a test score is worth when test items also stand in training: which do, and how far a mere table of known items gets.
//
//   const std::vector<bool> leaked = leaked_items(train, test, groups);
//   const std::vector<std::int64_t> answers = lookup_predictions(train, test, groups, labels);
//
// The table answers a known content with the label it has in training. For any other it answers the label that is commonest
// among training items whose content stands only once: what an item without a twin most likely is, as far as training tells.
// Source of the question: Kapoor and Narayanan, Leakage and the reproducibility crisis in machine-learning-based science,
// Patterns 4(9), 2023, table 1 (duplicates in training and test).
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

#include "../core/error.hpp"

namespace qrs::audit {

/// For each item of `test`: whether an item of `train` is in the same group. Items are indices of `groups`.
inline std::vector<bool> leaked_items(std::span<const std::int64_t> train, std::span<const std::int64_t> test,
                                      std::span<const std::int64_t> groups) {
  std::set<std::int64_t> known;
  for (const std::int64_t i : train) known.insert(groups[static_cast<std::size_t>(i)]);
  std::vector<bool> out;
  for (const std::int64_t i : test) out.push_back(known.contains(groups[static_cast<std::size_t>(i)]));
  return out;
}

/// What the table of known contents answers for each item of `test`. Of a content with several labels in training, and
/// of labels equally common, the smallest counts among the commonest.
inline std::vector<std::int64_t> lookup_predictions(std::span<const std::int64_t> train,
                                                    std::span<const std::int64_t> test,
                                                    std::span<const std::int64_t> groups,
                                                    std::span<const std::int64_t> labels) {
  QRS_CHECK(!train.empty(), "[lookup] expected at least one training item, got none");
  using Counts = std::map<std::int64_t, std::int64_t>;  // label, items
  std::map<std::int64_t, Counts> table;                 // group, its labels
  for (const std::int64_t i : train) {
    ++table[groups[static_cast<std::size_t>(i)]][labels[static_cast<std::size_t>(i)]];
  }
  const auto commonest = [](const Counts& counts) {
    auto best = counts.begin();
    for (auto it = counts.begin(); it != counts.end(); ++it) {
      if (it->second > best->second) best = it;
    }
    return best->first;
  };
  Counts single;
  Counts all;
  for (const auto& [group, counts] : table) {
    std::int64_t members = 0;
    for (const auto& [label, count] : counts) {
      members += count;
      all[label] += count;
    }
    if (members == 1) ++single[counts.begin()->first];
  }
  const std::int64_t otherwise = commonest(single.empty() ? all : single);
  std::vector<std::int64_t> out;
  for (const std::int64_t i : test) {
    const auto known = table.find(groups[static_cast<std::size_t>(i)]);
    out.push_back(known == table.end() ? otherwise : commonest(known->second));
  }
  return out;
}

}  // namespace qrs::audit
