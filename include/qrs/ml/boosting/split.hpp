// What a split is worth: gradient statistics, leaf weights, gains, bounds of monotone features, and which of two splits wins.
//
// With G and H the sums of first and second derivatives over the rows of a node, L1 the soft threshold by alpha:
//   weight w* = -L1(G) / (H + lambda)          score = L1(G)^2 / (H + lambda)          gain = score_left + score_right - score_node
// Source: Chen and Guestrin, XGBoost: A Scalable Tree Boosting System, KDD 2016, equations 5 to 7. Sums are double; scores,
// weights and gains are rounded to float where XGBoost rounds them, so that candidates tie here when they tie there.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "../../core/rounded.hpp"

namespace qrs::ml::boosting {

/// First and second derivative of the loss of one row by its margin.
struct GradientPair {
  float g = 0.0f;
  float h = 0.0f;
};

/// Their sums over rows.
struct GradientSum {
  double g = 0.0;
  double h = 0.0;

  GradientSum& operator+=(const GradientSum& other) {
    g += other.g;
    h += other.h;
    return *this;
  }
  GradientSum& operator+=(GradientPair pair) {
    g += static_cast<double>(pair.g);
    h += static_cast<double>(pair.h);
    return *this;
  }
  friend GradientSum operator-(const GradientSum& a, const GradientSum& b) { return {a.g - b.g, a.h - b.h}; }
  friend GradientSum operator+(const GradientSum& a, const GradientSum& b) { return {a.g + b.g, a.h + b.h}; }
  bool operator==(const GradientSum&) const = default;
};

/// A gain up to this is none.
inline constexpr float smallest_gain = 1e-6f;

/// How one tree grows. Float, as the peer keeps them.
struct TreeParams {
  float learning_rate = 0.3f;
  float gamma = 0.0f;             // least gain of a split
  std::int32_t max_depth = 6;     // 0: no limit
  std::int32_t max_leaves = 0;    // 0: no limit
  bool lossguide = false;         // the best leaf first, otherwise level by level
  float min_child_weight = 1.0f;  // least sum of h in a child
  float max_delta_step = 0.0f;    // largest |weight| of a leaf before the learning rate; 0: no limit
  float reg_lambda = 1.0f;
  float reg_alpha = 0.0f;
  std::vector<std::int8_t> monotone;  // -1, 0 or 1 a feature; empty: no constraint

  int direction(std::int32_t feature) const { return monotone.empty() ? 0 : monotone[feature]; }
  /// The score is the closed form of the best weight: nothing clips the weight.
  bool plain() const { return monotone.empty() && max_delta_step == 0.0f; }
};

/// Limits of the weights below a node, from the monotone splits above it.
struct WeightBounds {
  float lower = -std::numeric_limits<float>::infinity();
  float upper = std::numeric_limits<float>::infinity();
};

/// Soft threshold.
inline double l1(double g, double alpha) { return g > alpha ? g - alpha : (g < -alpha ? g + alpha : 0.0); }

/// The weight of a leaf with these sums, inside the bounds.
inline float leaf_weight(const GradientSum& sum, const TreeParams& p, const WeightBounds& bounds) {
  double w = 0.0;
  if (sum.h >= static_cast<double>(p.min_child_weight) && sum.h > 0.0) {
    w = -l1(sum.g, static_cast<double>(p.reg_alpha)) / (sum.h + static_cast<double>(p.reg_lambda));
    if (p.max_delta_step != 0.0f && std::abs(w) > static_cast<double>(p.max_delta_step)) {
      w = std::copysign(static_cast<double>(p.max_delta_step), w);
    }
  }
  const float rounded = static_cast<float>(w);
  return rounded < bounds.lower ? bounds.lower : (rounded > bounds.upper ? bounds.upper : rounded);
}

/// The score of a node whose weight nothing clips.
inline float plain_score(const GradientSum& sum, double lambda, double alpha) {
  const double g = l1(sum.g, alpha);
  const float score = static_cast<float>(g * g) / static_cast<float>(sum.h + lambda);
  return sum.h > 0.0 ? score : 0.0f;
}

/// The score of a node that takes weight w. Where a clipped weight leaves a gain of rounding errors alone, how they are
/// rounded decides.
inline float score(const GradientSum& sum, float w, const TreeParams& p) {
  if (p.plain()) return plain_score(sum, static_cast<double>(p.reg_lambda), static_cast<double>(p.reg_alpha));
  if (sum.h <= 0.0) return 0.0f;
  const float g = static_cast<float>(sum.g);
  const float h = static_cast<float>(sum.h);
  return -(rounded(2.0f * g * w) + rounded((h + p.reg_lambda) * (w * w)));
}

inline float node_score(const GradientSum& sum, const TreeParams& p, const WeightBounds& bounds) {
  return score(sum, leaf_weight(sum, p, bounds), p);
}

/// score_left + score_right; minus infinity where the split would go against the feature's direction.
inline float children_score(const GradientSum& left, const GradientSum& right, std::int32_t feature,
                            const TreeParams& p, const WeightBounds& bounds) {
  const float wl = leaf_weight(left, p, bounds);
  const float wr = leaf_weight(right, p, bounds);
  const float sum = score(left, wl, p) + score(right, wr, p);
  const int direction = p.direction(feature);
  const bool against = (direction > 0 && !(wl <= wr)) || (direction < 0 && !(wl >= wr));
  return against ? -std::numeric_limits<float>::infinity() : sum;
}

/// The bounds of both children of a split.
inline void child_bounds(const WeightBounds& bounds, int direction, float left_weight, float right_weight,
                         WeightBounds& left, WeightBounds& right) {
  left = bounds;
  right = bounds;
  const float middle = (left_weight + right_weight) / 2.0f;
  if (direction < 0) {
    left.lower = middle;
    right.upper = middle;
  } else if (direction > 0) {
    left.upper = middle;
    right.lower = middle;
  }
}

/// What a node's candidates are measured by.
struct NodeMeasure {
  GradientSum sum;     // of all its rows
  float score = 0.0f;  // of the node as a leaf
  WeightBounds bounds;
};

/// A candidate: rows with value < threshold go left, missing ones where default_left says.
struct Split {
  float gain = 0.0f;
  std::int32_t feature = -1;  // -1: no candidate yet
  float threshold = 0.0f;
  std::int32_t bin = 0;  // histograms: bins <= bin go left; -1 is none of them
  bool default_left = false;
  GradientSum left;
  GradientSum right;

  /// Whether a later candidate (of this feature or a later one) takes the place: it must be truly better.
  bool loses_to(float other_gain) const { return !std::isinf(other_gain) && other_gain > gain; }
};

}  // namespace qrs::ml::boosting
