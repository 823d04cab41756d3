// The best split that the running sums of one feature hold: every cut between bins is a candidate, eight at a time.
//
//   gain = score(G_left, H_left) + score(G_right, H_right) - score of the node          split.hpp has the formulas
//
// Candidates stand in the order of XGBoost, and the first of equals wins.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

#include "../../core/array.hpp"
#include "histogram.hpp"
#include "quantile_cuts.hpp"
#include "split.hpp"

namespace qrs::ml::boosting {

namespace detail {

typedef double Vec8d __attribute__((vector_size(64)));
typedef float Vec8f __attribute__((vector_size(32)));

/// Candidates that are measured at a time; running sums and gains have room up to a multiple of it.
inline constexpr std::int32_t gain_lanes = 8;

inline std::int32_t padded(std::int32_t count) { return (count + gain_lanes - 1) / gain_lanes * gain_lanes; }

/// gains[i] of splitting off running[i] (or, FromEnd, total - running[i]) for i in [0, count): plain_score() of both sides,
/// less the node's. A child that is too light makes it minus infinity, or infinite where lambda is 0: no candidate either
/// way. So are the gains from count up to the next multiple of gain_lanes.
template <bool FromEnd>
inline void plain_gains(const SumPair* running, std::int32_t count, SumPair total, const NodeMeasure& node,
                        const TreeParams& p, float* gains) {
  const double lambda = static_cast<double>(p.reg_lambda);
  const double alpha = static_cast<double>(p.reg_alpha);
  const double least = static_cast<double>(p.min_child_weight);
  const Vec8d nothing = Vec8d{} - std::numeric_limits<double>::infinity();
  for (std::int32_t i = 0; i < count; i += gain_lanes) {
    Vec8d low;
    Vec8d high;
    std::memcpy(&low, running + i, sizeof low);
    std::memcpy(&high, running + i + gain_lanes / 2, sizeof high);
    Vec8d g = __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14);
    Vec8d h = __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15);
    if constexpr (FromEnd) {
      g = total[0] - g;
      h = total[1] - h;
    }
    Vec8d other_g = node.sum.g - g;
    const Vec8d other_h = node.sum.h - h;
    if (alpha > 0.0) {
      g = g > alpha ? g - alpha : (g < -alpha ? g + alpha : Vec8d{});
      other_g = other_g > alpha ? other_g - alpha : (other_g < -alpha ? other_g + alpha : Vec8d{});
    }
    const Vec8d square = ((h >= least) & (other_h >= least)) ? g * g : nothing;
    const Vec8f one = __builtin_convertvector(square, Vec8f) / __builtin_convertvector(h + lambda, Vec8f);
    const Vec8f other =
        __builtin_convertvector(other_g * other_g, Vec8f) / __builtin_convertvector(other_h + lambda, Vec8f);
    const Vec8f gain = (one + other) - node.score;
    std::memcpy(gains + i, &gain, sizeof gain);
  }
  for (std::int32_t i = count; i < padded(count); ++i) gains[i] = -std::numeric_limits<float>::infinity();
}

/// The same for clipped weights and directions, one at a time.
inline void clipped_gains(const SumPair* running, std::int32_t count, bool from_end, SumPair total,
                          std::int32_t feature, const NodeMeasure& node, const TreeParams& p, float* gains) {
  const double least = static_cast<double>(p.min_child_weight);
  for (std::int32_t i = 0; i < padded(count); ++i) {
    gains[i] = -std::numeric_limits<float>::infinity();
    if (i >= count) continue;
    const SumPair sum = from_end ? total - running[i] : running[i];
    const GradientSum one{sum[0], sum[1]};
    const GradientSum other = node.sum - one;
    if (!(one.h >= least && other.h >= least)) continue;
    const float both = from_end ? children_score(other, one, feature, p, node.bounds)
                                : children_score(one, other, feature, p, node.bounds);
    gains[i] = both - node.score;
  }
}

/// The largest finite gain, minus infinity where there is none.
inline float largest_gain(const float* gains, std::int32_t count) {
  Vec8f best = Vec8f{} - std::numeric_limits<float>::infinity();
  for (std::int32_t i = 0; i < count; i += gain_lanes) {
    Vec8f gain;
    std::memcpy(&gain, gains + i, sizeof gain);
    best = gain > best ? gain : best;  // NaN is never greater
  }
  float largest = best[0];
  for (int lane = 1; lane < gain_lanes; ++lane) largest = std::max(largest, best[lane]);
  if (!std::isinf(largest) || largest < 0.0f) return largest;
  largest = -std::numeric_limits<float>::infinity();
  for (std::int32_t i = 0; i < count; ++i) {
    if (gains[i] > largest && !std::isinf(gains[i])) largest = gains[i];
  }
  return largest;
}

}  // namespace detail

/// Running sums of one feature at a node: after its bin bin_of(k), for k in [0, count). Bins may be left out where no row
/// of the node is in them: they would only repeat a candidate.
struct RunningSums {
  const SumPair* sums = nullptr;  // with room up to a multiple of gain_lanes
  std::int32_t count = 0;
  const std::int32_t* bins = nullptr;  // null: every bin

  std::int32_t bin(std::int32_t k) const { return bins == nullptr ? k : bins[k]; }
};

/// The best split of one feature, after `best` (which must be of an earlier feature, or none): strictly better gains only.
/// `gains` is scratch of the room of the sums. Candidates in the order of XGBoost: cuts upward with missing rows on the
/// right, then, where the feature has missing values, cuts downward with missing rows on the left.
inline void best_split_of_feature(std::int32_t feature, const QuantileCuts& cuts, const RunningSums& running,
                                  const NodeMeasure& node, const TreeParams& p, float* gains, Split& best) {
  if (running.count == 0) return;
  const ArrayView<const float> ends = cuts.of(feature);
  const SumPair total = running.sums[running.count - 1];
  const auto take = [&](float gain, std::int32_t bin, bool default_left, SumPair sum) {
    best.gain = gain;
    best.feature = feature;
    best.bin = bin;
    best.threshold = bin < 0 ? cuts.minimum[feature] : ends[bin];
    best.default_left = default_left;
    const GradientSum one{sum[0], sum[1]};
    best.left = default_left ? node.sum - one : one;
    best.right = default_left ? one : node.sum - one;
  };
  if (p.plain()) {
    detail::plain_gains<false>(running.sums, running.count, total, node, p, gains);
  } else {
    detail::clipped_gains(running.sums, running.count, false, total, feature, node, p, gains);
  }
  if (const float gain = detail::largest_gain(gains, running.count); best.loses_to(gain)) {
    std::int32_t k = 0;
    while (gains[k] != gain) ++k;
    take(gain, running.bin(k), false, running.sums[k]);
  }
  if (cuts.has_missing[feature] == 0) return;
  if (p.plain()) {
    detail::plain_gains<true>(running.sums, running.count - 1, total, node, p, gains);
  } else {
    detail::clipped_gains(running.sums, running.count - 1, true, total, feature, node, p, gains);
  }
  if (const float gain = detail::largest_gain(gains, running.count - 1); best.loses_to(gain)) {
    std::int32_t k = running.count - 2;
    while (gains[k] != gain) --k;
    take(gain, running.bin(k + 1) - 1, true, total - running.sums[k]);
  }
  const SumPair nothing[detail::gain_lanes] = {};  // all present values right, the missing ones left
  float gain[detail::gain_lanes];
  detail::clipped_gains(nothing, 1, true, total, feature, node, p, gain);
  if (best.loses_to(gain[0])) take(gain[0], running.bin(0) - 1, true, total);
}

}  // namespace qrs::ml::boosting
