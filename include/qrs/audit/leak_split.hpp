// A test accuracy, and what copies make of it.
//
//   const LeakSplit accuracy = leak_split(labels, predicted, leaked, contents);
//   accuracy.all, .leaked, .clean, .distinct                     each with its n and Wilson's interval
//
// Copies of a content are answered alike, so they are no further evidence: an interval over items takes them for independent
// and comes out too narrow. Counting each content once is the answer to that.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <vector>

#include "../core/error.hpp"
#include "../metrics/evaluate.hpp"

namespace qrs::audit {

/// An accuracy on parts of the test items. n = 0: there are none.
struct LeakSplit {
  metrics::Estimate all;
  metrics::Estimate leaked;    // on items whose content stands in training too
  metrics::Estimate clean;     // on the others
  metrics::Estimate distinct;  // on each content of the test items once
};

/// Right answers to test items. `leaked` says which stand in training too (leaked_items), `contents` which are the same
/// (content_groups); of the copies of a content the first counts. Without contents `distinct` has no value.
inline LeakSplit leak_split(std::span<const std::int64_t> labels, std::span<const std::int64_t> predicted,
                            const std::vector<bool>& leaked, std::span<const std::int64_t> contents) {
  QRS_CHECK(predicted.size() == labels.size() && leaked.size() == labels.size() &&
                (contents.empty() || contents.size() == labels.size()),
            "[leak_split] expected an answer, a mark and a content for each of ", labels.size(), " items, got ",
            predicted.size(), ", ", leaked.size(), " and ", contents.size());
  struct Count {
    std::int64_t right = 0;
    std::int64_t n = 0;
    void add(bool is_right) {
      right += is_right ? 1 : 0;
      ++n;
    }
  };
  Count known;
  Count clean;
  Count distinct;
  std::set<std::int64_t> seen;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const bool right = predicted[i] == labels[i];
    (leaked[i] ? known : clean).add(right);
    if (!contents.empty() && seen.insert(contents[i]).second) distinct.add(right);
  }
  return {.all = metrics::share_estimate("accuracy", known.right + clean.right, known.n + clean.n),
          .leaked = metrics::share_estimate("accuracy, leaked", known.right, known.n),
          .clean = metrics::share_estimate("accuracy, clean", clean.right, clean.n),
          .distinct = metrics::share_estimate("accuracy, each content once", distinct.right, distinct.n)};
}

}  // namespace qrs::audit
