// Which features a tree, a level and a node may split on: each a random share of the set above it, at least one feature.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <numeric>
#include <span>

#include "../../core/array.hpp"
#include "../../core/rng.hpp"

namespace qrs::ml::boosting {

/// Shares in (0, 1]; 1 takes all.
struct ColumnShares {
  double by_tree = 1.0;
  double by_level = 1.0;
  double by_node = 1.0;

  bool all() const { return by_tree >= 1.0 && by_level >= 1.0 && by_node >= 1.0; }
};

class ColumnSampler {
 public:
  /// Takes every feature.
  ColumnSampler() : rng_(0) {}
  /// One a tree: the same seed gives the same sets.
  ColumnSampler(const ColumnShares& shares, std::int64_t features, std::uint32_t seed) : shares_(shares), rng_(seed) {
    if (shares_.all()) return;
    Array<std::int32_t> every(features);
    std::iota(every.begin(), every.end(), 0);
    tree_ = drawn(every, shares_.by_tree);
    features_ = features;
  }

  /// Marks, one a feature, of a node at this depth; empty where every feature may be used. Call in the order of nodes.
  Array<char> marks(std::int32_t depth) {
    if (shares_.all()) return {};
    auto level = levels_.find(depth);
    if (level == levels_.end()) level = levels_.emplace(depth, drawn(tree_, shares_.by_level)).first;
    Array<char> out(features_, 0);
    for (const std::int32_t f : drawn(level->second, shares_.by_node)) out[f] = 1;
    return out;
  }

 private:
  Array<std::int32_t> drawn(Array<std::int32_t> from, double share) {
    if (share >= 1.0) return from;
    const auto count = std::max<std::int64_t>(1, static_cast<std::int64_t>(share * static_cast<double>(from.size())));
    rng_.shuffle(std::span(from));
    from.resize(count);
    std::sort(from.begin(), from.end());
    return from;
  }

  ColumnShares shares_;
  Mt19937 rng_;
  std::int64_t features_ = 0;
  Array<std::int32_t> tree_;
  std::map<std::int32_t, Array<std::int32_t>> levels_;
};

}  // namespace qrs::ml::boosting
