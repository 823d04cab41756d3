// One boosted tree in the fewest lines: the exact greedy algorithm, all sums in double.
//
//   score = G^2 / (H + lambda)          gain = score_left + score_right - score_node          leaf weight = -G / (H + lambda)
//
// G and H are the sums of first and second derivatives of a node's rows. Every feature's rows are passed in ascending order
// with a running sum on the left; rows without the value go right in one pass and left in the next.
// The judge of both growers: no bins, no histograms, no levels, no floats.
// Source: Chen and Guestrin, XGBoost, KDD 2016, equations 5 to 7, algorithms 1 and 3.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "../../core/array.hpp"
#include "../matrix.hpp"
#include "split.hpp"

namespace qrs::ml::boosting::ref {

struct Params {
  double lambda = 1.0;
  double gamma = 0.0;  // least gain of a split
  double min_child_weight = 1.0;
  std::int64_t max_depth = 6;
};

/// The data of a round: features (NaN where missing), and both derivatives of each row's loss.
struct Round {
  MatrixView<float> x;
  ArrayView<const double> g;
  ArrayView<const double> h;
};

/// A split as the rows it sends to each side.
struct Parts {
  double gain = 0.0;
  Array<std::int64_t> left;
  Array<std::int64_t> right;
};

inline GradientSum sum_of(const Round& round, const Array<std::int64_t>& rows) {
  GradientSum out;
  for (const std::int64_t i : rows) out += GradientSum{round.g[i], round.h[i]};
  return out;
}

inline double score(const GradientSum& sum, double lambda) { return sum.g * sum.g / (sum.h + lambda); }

/// The split of these rows that gains most. A later one must gain more by a hundred thousandth: the growers compare floats.
inline Parts best_split(const Round& round, const Array<std::int64_t>& rows, const Params& p) {
  Parts best;
  const GradientSum all = sum_of(round, rows);
  for (std::int64_t k = 0; k < round.x.cols(); ++k) {
    Array<std::int64_t> present;
    Array<std::int64_t> missing;
    for (const std::int64_t i : rows) (std::isnan(round.x(i, k)) ? missing : present).push_back(i);
    const auto less = [&](std::int64_t a, std::int64_t b) { return round.x(a, k) < round.x(b, k); };
    std::stable_sort(present.begin(), present.end(), less);
    for (const bool missing_left : {false, true}) {
      GradientSum left = missing_left ? sum_of(round, missing) : GradientSum{};
      for (std::int64_t cut = 0; cut <= present.size(); ++cut) {  // present rows on the left
        if (cut > 0) left += GradientSum{round.g[present[cut - 1]], round.h[present[cut - 1]]};
        if (cut > 0 && cut < present.size() && !less(present[cut - 1], present[cut])) continue;
        const std::int64_t on_left = cut + (missing_left ? missing.size() : 0);
        if (on_left == 0 || on_left == rows.size()) continue;
        const GradientSum right = all - left;
        if (left.h < p.min_child_weight || right.h < p.min_child_weight) continue;
        const double gain = score(left, p.lambda) + score(right, p.lambda) - score(all, p.lambda);
        if (!(gain > best.gain + 1e-5 * std::max(1.0, best.gain))) continue;
        best = {gain, {present.begin(), present.begin() + cut}, {present.begin() + cut, present.end()}};
        auto& side = missing_left ? best.left : best.right;
        side.insert(side.end(), missing.begin(), missing.end());
      }
    }
  }
  return best;
}

/// Writes the weight of each of these rows' leaf; `depth` splits lie above.
inline void grow(const Round& round, const Array<std::int64_t>& rows, std::int64_t depth, const Params& p,
                 Array<double>& weight) {
  const Parts split = depth < p.max_depth ? best_split(round, rows, p) : Parts{};
  if (split.gain > static_cast<double>(smallest_gain) && split.gain >= p.gamma) {
    grow(round, split.left, depth + 1, p, weight);
    grow(round, split.right, depth + 1, p, weight);
    return;
  }
  const GradientSum sum = sum_of(round, rows);
  for (const std::int64_t i : rows) weight[i] = -sum.g / (sum.h + p.lambda);
}

/// What the tree of a round adds to each row's margin, before the learning rate.
inline Array<double> grow_tree(const Round& round, const Params& p) {
  Array<std::int64_t> rows;
  for (std::int64_t i = 0; i < round.x.rows(); ++i) rows.push_back(i);
  Array<double> out(rows.size());
  grow(round, rows, 0, p, out);
  return out;
}

}  // namespace qrs::ml::boosting::ref
