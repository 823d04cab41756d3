// Which features a node tries, in which order: drawn without replacement, features known to be constant set aside.
//
// The order decides between equally good splits of different features, so it is scikit-learn's, draw for draw: a
// xorshift generator (Marsaglia, Xorshift RNGs, Journal of Statistical Software 8(14), 2003) seeded from the tree's
// RandomState, and a Fisher-Yates shuffle over one permutation that lives as long as the tree. The permutation is kept in
// four ranges:
//
//   [0, drawn_constant)             features known to be constant that were drawn at this node
//   [drawn_constant, known)         known to be constant in an ancestor, not drawn yet
//   [known, known + found)          found to be constant at this node
//   [known + found, left)           not drawn yet;   [left, features): drawn and tried
//
// A feature that is constant among a node's samples is so in every descendant. At least one feature that is not constant
// is tried, even past max_features.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>

#include "../../core/array.hpp"

namespace qrs::ml {

/// Marsaglia's xorshift with shifts 13, 17 and 5, cut to 31 bits.
class Xorshift31 {
 public:
  explicit Xorshift31(std::uint32_t seed) : state_(seed == 0 ? 1u : seed) {}

  /// An integer in [low, high), by remainder.
  std::int64_t integer(std::int64_t low, std::int64_t high) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return low + static_cast<std::int64_t>(state_ % 0x80000000u) % (high - low);
  }

 private:
  std::uint32_t state_;
};

class FeatureDraw {
 public:
  FeatureDraw(std::int64_t features, std::int64_t max_features, std::uint32_t seed)
      : random_(seed), max_features_(max_features), order_(features) {
    std::iota(order_.begin(), order_.end(), std::int32_t{0});
    constant_.resize(order_.size());
  }

  /// Calls try_feature(feature) for each feature drawn; it returns false where the feature is constant in this node.
  /// `known` is how many features the ancestors found constant; returns how many the children shall know.
  template <class Try>
  std::int64_t draw(std::int64_t known, const Try& try_feature) {
    std::int64_t left = order_.size();
    std::int64_t visited = 0;
    std::int64_t found = 0;
    std::int64_t drawn_constant = 0;
    while (left > known + found && (visited < max_features_ || visited <= found + drawn_constant)) {
      ++visited;
      std::int64_t at = random_.integer(drawn_constant, left - found);
      if (at < known) {
        std::swap(order_[drawn_constant], order_[at]);
        ++drawn_constant;
        continue;
      }
      at += found;
      if (try_feature(std::int64_t{order_[at]})) {
        --left;
        std::swap(order_[left], order_[at]);
      } else {
        std::swap(order_[at], order_[known + found]);
        ++found;
      }
    }
    // Siblings share the list of what the parent knew, in its order.
    std::copy_n(constant_.begin(), known, order_.begin());
    std::copy_n(order_.begin() + known, found, constant_.begin() + known);
    return known + found;
  }

 private:
  Xorshift31 random_;
  std::int64_t max_features_;
  Array<std::int32_t> order_;
  Array<std::int32_t> constant_;
};

}  // namespace qrs::ml
