// The best place to cut a node's samples, sorted by one feature.
//
// Samples move from the right side to the left one by one; between two different values stands a candidate. plain_scan
// evaluates the score of every one, for any weights and any constraint; quick_scan.hpp is for whole weights alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

#include "../../core/array.hpp"
#include "criterion.hpp"
#include "limits.hpp"
#include "node_samples.hpp"
#include "ranks.hpp"

namespace qrs::ml::detail {

/// A cut and what it is worth.
struct Candidate {
  double score = -std::numeric_limits<double>::infinity();
  std::int64_t feature = -1;
  std::uint32_t last_left = 0;    // rank of the last value on the left
  std::uint32_t first_right = 0;  // rank of the first on the right; behind the last value: only NaN is there
  bool missing_left = false;
  double left_weight = 0.0;
  double right_weight = 0.0;
  double left_impurity = 0.0;
  double right_impurity = 0.0;
};

/// A node: its range, its class weights, the bounds that monotonic ancestors set on the first class's share.
struct NodeState {
  std::int64_t begin = 0;
  std::int64_t end = 0;
  double weight = 0.0;
  Array<double> classes;
  double lower = -std::numeric_limits<double>::infinity();
  double upper = std::numeric_limits<double>::infinity();
};

/// The samples of a node sorted by one feature. The last `missing` of `count` keys are those of NaN.
template <class Key>
struct SortedFeature {
  static constexpr int shift = sizeof(Key) * 4;
  static constexpr Key low_half = (Key{1} << shift) - 1;

  const Key* keys = nullptr;  // rank above; below the word of a sample, or its position in the node
  std::int64_t count = 0;
  std::int64_t missing = 0;
  std::int64_t feature = 0;
  const RankColumn* column = nullptr;

  std::uint32_t rank(std::int64_t i) const { return static_cast<std::uint32_t>(keys[i] >> shift); }
  std::uint32_t word(std::int64_t i) const { return static_cast<std::uint32_t>(keys[i] & low_half); }
  /// Whether the samples 0 ... i may be parted from i + 1.
  bool cut_behind(std::int64_t i) const {
    if (rank(i) == rank(i + 1)) return false;
    return !column->close || i + 1 >= count - missing || column->apart(rank(i), rank(i + 1));
  }
};

/// What a scan needs besides the samples, with room for its sums.
struct ScanContext {
  const GrowthLimits& limits;
  const NodeSamples& samples;
  double min_weight_leaf = 0.0;
  Array<double> entropy_terms;  // l(w) for w = 0 ... the tree's weight, where quick_scan needs it
  Array<double> left;           // class weights of the left side
  Array<double> right;
  Array<std::int64_t> left_counts;
  Array<std::int64_t> all_counts;
};

template <class Key>
std::int64_t class_at(const ScanContext& c, const NodeState& node, const SortedFeature<Key>& f, std::int64_t i) {
  if (c.samples.integer()) return f.word(i) & ((1u << c.samples.class_bits()) - 1);
  return c.samples.class_of(node.begin + f.word(i));
}
template <class Key>
double weight_at(const ScanContext& c, const NodeState& node, const SortedFeature<Key>& f, std::int64_t i) {
  if (c.samples.integer()) return f.word(i) >> c.samples.class_bits();
  return c.samples.weight_of(node.begin + f.word(i));
}

/// Whether the class shares of both sides keep to the feature's sign and the node's bounds.
inline bool keeps_monotonic(const ScanContext& c, const NodeState& node, std::int64_t feature, double left_weight,
                            double right_weight) {
  if (c.limits.monotonic.empty() || c.limits.monotonic[feature] == 0) return true;
  const double left = c.left[0] / left_weight;
  const double right = c.right[0] / right_weight;
  return left >= node.lower && right >= node.lower && left <= node.upper && right <= node.upper &&
         (left - right) * c.limits.monotonic[feature] <= 0.0;
}

/// Scores the cut behind sample i, whose left class weights stand in c.left, and makes it the best where it is better.
template <class Key>
void evaluate(ScanContext& c, const NodeState& node, const SortedFeature<Key>& f, std::int64_t i, double left_weight,
              bool missing_left, Candidate& best) {
  const double right_weight = node.weight - left_weight;
  for (std::int64_t k = 0; k < c.left.size(); ++k) c.right[k] = node.classes[k] - c.left[k];
  if (!keeps_monotonic(c, node, f.feature, left_weight, right_weight)) return;
  if (left_weight < c.min_weight_leaf || right_weight < c.min_weight_leaf) return;
  const double left_impurity = impurity(c.limits.criterion, c.left, left_weight);
  const double right_impurity = impurity(c.limits.criterion, c.right, right_weight);
  const double score = split_score(left_weight, left_impurity, right_weight, right_impurity);
  if (!(score > best.score)) return;
  // Without missing values in the node, those met later follow the larger side.
  const bool missing_follow_left = f.missing == 0 ? 2 * (i + 1) > f.count : missing_left;
  const auto behind = static_cast<std::uint32_t>(f.column->values.size());
  best = {score,
          f.feature,
          f.rank(i),
          i + 1 < f.count - f.missing ? f.rank(i + 1) : behind,
          missing_follow_left,
          left_weight,
          right_weight,
          left_impurity,
          right_impurity};
}

/// The cuts that leave min_samples_leaf on both sides: behind samples first ... last - 1 of those that hold a number.
struct CutRange {
  std::int64_t first = 0;
  std::int64_t last = 0;
};
template <class Key>
CutRange cut_range(const ScanContext& c, const SortedFeature<Key>& f, bool missing_left) {
  const std::int64_t present = f.count - f.missing;
  const std::int64_t before = missing_left ? f.missing : 0;
  const std::int64_t leaf = c.limits.min_samples_leaf;
  // With NaN on the right, all numbers may be on the left.
  const std::int64_t end = missing_left || f.missing == 0 ? present - 1 : present;
  return {std::max<std::int64_t>(0, leaf - before - 1), std::min(end, f.count - leaf - before)};
}

/// Tries every cut.
template <class Key>
void plain_scan(ScanContext& c, const NodeState& node, const SortedFeature<Key>& f, bool missing_left,
                Candidate& best) {
  const CutRange range = cut_range(c, f, missing_left);
  const std::int64_t present = f.count - f.missing;
  std::fill(c.left.begin(), c.left.end(), 0.0);
  double left_weight = 0.0;
  const auto move = [&](std::int64_t i) {
    const double weight = weight_at(c, node, f, i);
    c.left[class_at(c, node, f, i)] += weight;
    left_weight += weight;
  };
  for (std::int64_t i = present; missing_left && i < f.count; ++i) move(i);
  for (std::int64_t i = 0; i < range.last; ++i) {
    move(i);
    if (i >= range.first && f.cut_behind(i)) evaluate(c, node, f, i, left_weight, missing_left, best);
  }
}

}  // namespace qrs::ml::detail
