// The scan of whole weights: a candidate costs a few operations and no division.
//
//   gini:     score + W = sum L_c^2 / W_L + sum R_c^2 / W_R         so   s_L W_R + s_R W_L > best W_L W_R
//   entropy:  score     = sum_c l(L_c) + sum_c l(R_c) - l(W_L) - l(W_R),   l(w) = w log2 w, from a table
//
// The sums are kept as samples move from right to left, and only whether a candidate can be the best is asked. The winner's
// score is computed as plain_scan (scan.hpp) does, and where two candidates are closer than rounding, all near the best
// are: both scans choose the same one.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "scan.hpp"

namespace qrs::ml::detail {

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
    for (const std::int64_t count : c.all_counts) right += c.entropy_terms[count];
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
        for (std::int64_t k = 0; k < c.left.size(); ++k) c.left[k] = static_cast<double>(left[k]);
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
      c.left[class_at(c, node, f, i)] += weight;
      left_weight += weight;
    };
    for (std::int64_t i = f.count - f.missing; missing_left && i < f.count; ++i) move(i);
    for (std::int64_t i = 0; i <= pass.at; ++i) move(i);
    evaluate(c, node, f, pass.at, left_weight, missing_left, best);
  }
}

}  // namespace qrs::ml::detail
