// The best place to cut a node's samples, sorted by one feature.
//
// Samples move from the right side to the left one by one; between two different values stands a candidate. Two scans:
//
//   plain_scan   evaluates the score of every candidate. Any weights, any constraint.
//   quick_scan   whole weights alone. Keeps sum_c L_c^2 and sum_c R_c^2 (or sum_c w log2 w) as it goes, so a candidate
//                costs a few operations and no division; and asks only whether it can be the best. The winner's score is
//                computed as plain_scan does, and where two candidates are closer than rounding, all near the best are:
//                both scans choose the same one.
//
//   gini:     score + W = sum L_c^2 / W_L + sum R_c^2 / W_R         so   s_L W_R + s_R W_L > best W_L W_R
//   entropy:  score     = sum_c l(L_c) + sum_c l(R_c) - l(W_L) - l(W_R),   l(w) = w log2 w, from a table
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

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
  std::vector<double> classes;
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
  std::vector<double> entropy_terms;  // l(w) for w = 0 ... the tree's weight, where quick_scan needs it
  std::vector<double> left;           // class weights of the left side
  std::vector<double> right;
  std::vector<std::int64_t> left_counts;
  std::vector<std::int64_t> all_counts;
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
  if (c.limits.monotonic.empty() || c.limits.monotonic[static_cast<std::size_t>(feature)] == 0) return true;
  const double left = c.left[0] / left_weight;
  const double right = c.right[0] / right_weight;
  return left >= node.lower && right >= node.lower && left <= node.upper && right <= node.upper &&
         (left - right) * c.limits.monotonic[static_cast<std::size_t>(feature)] <= 0.0;
}

/// Scores the cut behind sample i, whose left class weights stand in c.left, and makes it the best where it is better.
template <class Key>
void evaluate(ScanContext& c, const NodeState& node, const SortedFeature<Key>& f, std::int64_t i, double left_weight,
              bool missing_left, Candidate& best) {
  const double right_weight = node.weight - left_weight;
  for (std::size_t k = 0; k < c.left.size(); ++k) c.right[k] = node.classes[k] - c.left[k];
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
    c.left[static_cast<std::size_t>(class_at(c, node, f, i))] += weight;
    left_weight += weight;
  };
  for (std::int64_t i = present; missing_left && i < f.count; ++i) move(i);
  for (std::int64_t i = 0; i < range.last; ++i) {
    move(i);
    if (i >= range.first && f.cut_behind(i)) evaluate(c, node, f, i, left_weight, missing_left, best);
  }
}

/// What quick_scan keeps of the two sides; the measure grows with the score and is exact to a few roundings.
struct GiniSums {
  explicit GiniSums(const ScanContext& c, const NodeState& node) : offset(node.weight), slack(1e-14 * node.weight) {
    for (const std::int64_t count : c.all_counts) all += count * count;
  }
  void move(std::int64_t weight, std::int64_t left_before, std::int64_t in_node, const ScanContext&) {
    left += weight * (2 * left_before + weight);
    cross += weight * in_node;
  }
  /// measure >= bound, without a division.
  bool reaches(double bound, double left_weight, double right_weight, const ScanContext&) const {
    return scaled(left_weight, right_weight) >= bound * (left_weight * right_weight);
  }
  double measure(double left_weight, double right_weight, const ScanContext&) const {
    return scaled(left_weight, right_weight) / (left_weight * right_weight);
  }
  double scaled(double left_weight, double right_weight) const {
    // sum (A - L)^2 = sum A^2 - 2 sum A L + sum L^2
    return static_cast<double>(left) * right_weight + static_cast<double>(all - 2 * cross + left) * left_weight;
  }

  std::int64_t left = 0;   // sum L_c^2
  std::int64_t cross = 0;  // sum A_c L_c
  std::int64_t all = 0;    // sum A_c^2
  double offset;           // measure - score
  double slack;            // more than rounding can part measure and score + offset
};

struct EntropySums {
  explicit EntropySums(const ScanContext& c, const NodeState& node) {
    for (const std::int64_t count : c.all_counts) right += c.entropy_terms[static_cast<std::size_t>(count)];
    const auto steps = static_cast<double>(node.end - node.begin);
    slack = (1e-14 + 1e-15 * steps) * node.weight * (2.0 + std::log2(node.weight));
  }
  void move(std::int64_t weight, std::int64_t left_before, std::int64_t in_node, const ScanContext& c) {
    const double* terms = c.entropy_terms.data();
    left += terms[left_before + weight] - terms[left_before];
    right += terms[in_node - left_before - weight] - terms[in_node - left_before];
  }
  bool reaches(double bound, double left_weight, double right_weight, const ScanContext& c) const {
    return measure(left_weight, right_weight, c) >= bound;
  }
  double measure(double left_weight, double right_weight, const ScanContext& c) const {
    const double* terms = c.entropy_terms.data();
    return left + right - terms[static_cast<std::int64_t>(left_weight)] -
           terms[static_cast<std::int64_t>(right_weight)];
  }

  double left = 0.0;
  double right = 0.0;
  double offset = 0.0;
  double slack = 0.0;
};

/// One pass of quick_scan. First (`confirm` false): finds the candidate whose measure is beyond `bound`, the greatest of
/// all, in `at`; or, where another is as near to it (or to the bound) as rounding, sets `tied`. Then, if tied: `confirm`
/// evaluates all that come near the greatest measure.
template <class Sums, class Key>
struct QuickPass {
  double bound;  // in: the greatest measure so far; out: now
  std::int64_t at = -1;
  bool tied = false;

  void run(ScanContext& c, const NodeState& node, const SortedFeature<Key>& f, bool missing_left, bool confirm,
           Candidate& best) {
    const CutRange range = cut_range(c, f, missing_left);
    const int class_bits = c.samples.class_bits();
    const std::uint32_t class_mask = (1u << class_bits) - 1;
    std::int64_t* left = c.left_counts.data();
    const std::int64_t* all = c.all_counts.data();
    std::fill(c.left_counts.begin(), c.left_counts.end(), 0);
    Sums sums(c, node);
    const auto total = static_cast<std::int64_t>(node.weight);
    std::int64_t left_weight = 0;
    const auto move = [&](std::int64_t i) {
      const std::uint32_t word = f.word(i);
      const std::uint32_t k = word & class_mask;
      const std::int64_t weight = word >> class_bits;
      const std::int64_t before = left[k];
      sums.move(weight, before, all[k], c);
      left[k] = before + weight;
      left_weight += weight;
    };
    for (std::int64_t i = f.count - f.missing; missing_left && i < f.count; ++i) move(i);
    std::int64_t i = 0;
    for (; i < std::min(range.first, range.last); ++i) move(i);
    double low = bound - sums.slack;
    double high = bound + sums.slack;
    for (; i < range.last; ++i) {
      move(i);
      const auto l = static_cast<double>(left_weight);
      const auto r = static_cast<double>(total - left_weight);
      if (!sums.reaches(low, l, r, c) || !f.cut_behind(i)) continue;
      if (l < c.min_weight_leaf || r < c.min_weight_leaf) continue;
      if (confirm) {
        for (std::size_t k = 0; k < c.left.size(); ++k) c.left[k] = static_cast<double>(left[k]);
        evaluate(c, node, f, i, l, missing_left, best);
        continue;
      }
      const double measure = sums.measure(l, r, c);
      if (measure > high) {
        at = i;
        tied = false;
        bound = measure;
        low = measure - sums.slack;
        high = measure + sums.slack;
      } else {
        tied = true;
      }
    }
  }
};

template <class Sums, class Key>
void quick_scan(ScanContext& c, const NodeState& node, const SortedFeature<Key>& f, bool missing_left,
                Candidate& best) {
  QuickPass<Sums, Key> pass{best.score + Sums(c, node).offset};
  pass.run(c, node, f, missing_left, false, best);
  if (pass.tied) {
    pass.run(c, node, f, missing_left, true, best);
  } else if (pass.at >= 0) {
    std::fill(c.left.begin(), c.left.end(), 0.0);
    double left_weight = 0.0;
    const auto move = [&](std::int64_t i) {
      const double weight = weight_at(c, node, f, i);
      c.left[static_cast<std::size_t>(class_at(c, node, f, i))] += weight;
      left_weight += weight;
    };
    for (std::int64_t i = f.count - f.missing; missing_left && i < f.count; ++i) move(i);
    for (std::int64_t i = 0; i <= pass.at; ++i) move(i);
    evaluate(c, node, f, pass.at, left_weight, missing_left, best);
  }
}

}  // namespace qrs::ml::detail
