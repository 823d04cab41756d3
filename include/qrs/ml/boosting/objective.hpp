// The three losses that are boosted, by XGBoost's names: gradients, predictions from margins, starting margins, metrics.
//
//   reg:squarederror   1/2 (m - y)^2                            prediction m
//   binary:logistic    -y log p - (1 - y) log(1 - p)            p = 1 / (1 + exp(-m))
//   multi:softprob     -log p_y, one margin a class             p = softmax(m)
//
// The second derivative of softprob is 2 p (1 - p), twice the diagonal of the Hessian, as in XGBoost. All values are
// float32, and the formulas keep its order of operations: the trees that follow depend on the last bits.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "../../core/array.hpp"
#include "../../core/error.hpp"
#include "../../core/parallel.hpp"
#include "split.hpp"

namespace qrs::ml::boosting {

enum class Objective { squared_error, logistic, softprob };

inline std::string_view name_of(Objective objective) {
  switch (objective) {
    case Objective::squared_error:
      return "reg:squarederror";
    case Objective::logistic:
      return "binary:logistic";
    case Objective::softprob:
      return "multi:softprob";
  }
  return "";
}

/// The objective of a name, or none. multi:softmax is softprob: they differ in what XGBoost hands out, a label or
/// probabilities, not in trees.
inline std::optional<Objective> find_objective(std::string_view name) {
  for (const Objective objective : {Objective::squared_error, Objective::logistic, Objective::softprob}) {
    if (name == name_of(objective)) return objective;
  }
  if (name == "multi:softmax") return Objective::softprob;
  return std::nullopt;
}

/// XGBoost's name of the metric of early stopping: the loss itself.
inline std::string_view metric_of(Objective objective) {
  return objective == Objective::squared_error ? "rmse" : (objective == Objective::logistic ? "logloss" : "mlogloss");
}

inline float sigmoid(float margin) {
  const float x = std::min(-margin, 88.7f);  // exp stays finite
  return 1.0f / (std::exp(x) + 1.0f + 1e-16f);
}

/// Turns the margins of one row into its prediction, in place.
inline void predict_from_margin(Objective objective, ArrayView<float> row) {
  if (objective == Objective::logistic) {
    for (float& value : row) value = sigmoid(value);
  } else if (objective == Objective::softprob) {
    float largest = row[0];
    for (const float value : row) largest = std::max(largest, value);
    double sum = 0.0;
    for (float& value : row) {
      value = std::exp(value - largest);
      sum += static_cast<double>(value);
    }
    for (float& value : row) value /= static_cast<float>(sum);
  }
}

/// What is learned: targets (0 or 1, a class number, or a value) and weights (empty: all 1), one a row.
struct Targets {
  Array<float> y;
  Array<float> weight;
  float scale_pos_weight = 1.0f;  // binary:logistic and reg:squarederror: factor of the weight of rows with y = 1

  float weight_of(std::int64_t row) const { return weight.empty() ? 1.0f : weight[row]; }
};

/// Gradients of the rows [begin, end) from their margins (rows, groups): out[group][row].
inline void gradients(Objective objective, const Targets& targets, const float* margin, std::int64_t groups,
                      std::int64_t begin, std::int64_t end, ArrayView<GradientPair* const> out) {
  Array<float> exponential(groups);
  for (std::int64_t i = begin; i < end; ++i) {
    const float y = targets.y[i];
    float w = targets.weight_of(i);
    const float* m = margin + i * groups;
    if (objective == Objective::softprob) {
      float largest =
          std::numeric_limits<float>::min();  // XGBoost's: just above 0, so that only positive margins shift
      for (std::int64_t k = 0; k < groups; ++k) largest = std::max(largest, m[k]);
      double sum = 0.0;
      for (std::int64_t k = 0; k < groups; ++k) {
        const float e = std::exp(m[k] - largest);
        exponential[k] = e;
        sum += static_cast<double>(e);
      }
      for (std::int64_t k = 0; k < groups; ++k) {
        const float p = exponential[k] / static_cast<float>(sum);
        const float h = std::max(2.0f * p * (1.0f - p) * w, 1e-16f);
        const float g = (y == static_cast<float>(k) ? p - 1.0f : p) * w;
        out[k][i] = {g, h};
      }
      continue;
    }
    if (y == 1.0f) w *= targets.scale_pos_weight;
    if (objective == Objective::logistic) {
      const float p = sigmoid(m[0]);
      out[0][i] = {(p - y) * w, std::max(p * (1.0f - p), 1e-16f) * w};
    } else {
      out[0][i] = {(m[0] - y) * w, 1.0f * w};
    }
  }
}

/// The starting score as XGBoost 3.1 and later estimate it, one a group: the (weighted) mean of y; with scale_pos_weight
/// one Newton step from margin 0; for softprob log class shares less their mean (margins).
inline Array<float> estimate_base_score(Objective objective, const Targets& targets, std::int64_t groups) {
  const std::int64_t n = targets.y.size();
  double total_weight = 0.0;
  for (std::int64_t i = 0; i < n; ++i) total_weight += static_cast<double>(targets.weight_of(i));
  QRS_CHECK(total_weight > 0.0, "[boost] expected sample weights with a sum > 0, got ", total_weight);
  if (objective == Objective::softprob) {
    Array<float> out(groups, 0.0f);
    Array<double> share(groups, 0.0);
    for (std::int64_t i = 0; i < n; ++i) {
      share[static_cast<std::int64_t>(targets.y[i])] += static_cast<double>(targets.weight_of(i));
    }
    float mean = 0.0f;
    for (std::int64_t k = 0; k < out.size(); ++k) {
      out[k] = std::log(static_cast<float>(share[k]) / static_cast<float>(total_weight) + smallest_gain);
      mean += out[k] / static_cast<float>(groups);
    }
    for (float& value : out) value -= mean;
    return out;
  }
  if (std::abs(targets.scale_pos_weight - 1.0f) > smallest_gain) {
    const float start = 0.0f;
    GradientSum sum;
    for (std::int64_t i = 0; i < n; ++i) {
      GradientPair pair;
      Targets one{{targets.y[i]}, {targets.weight_of(i)}, targets.scale_pos_weight};
      GradientPair* to = &pair;
      gradients(objective, one, &start, 1, 0, 1, {&to, 1});
      sum += pair;
    }
    Array<float> out{sum.h <= 0.0 ? 0.0f : static_cast<float>(-sum.g / sum.h)};
    predict_from_margin(objective, out);
    return out;
  }
  double mean = 0.0;
  for (std::int64_t i = 0; i < n; ++i) {
    mean += targets.weight.empty()
                ? static_cast<double>(targets.y[i]) / static_cast<double>(n)
                : static_cast<double>(targets.y[i]) / total_weight * static_cast<double>(targets.weight[i]);
  }
  return {static_cast<float>(mean)};
}

/// The margin of a starting score: its logit for binary:logistic, else itself. Throws where it is not a probability.
inline float base_margin(Objective objective, float base_score) {
  QRS_CHECK(std::isfinite(base_score), "[boost] expected a finite base_score, got ", base_score);
  if (objective != Objective::logistic) return base_score;
  QRS_CHECK(base_score >= 0.0f && base_score <= 1.0f,
            "[boost] expected a base_score in [0, 1] for binary:logistic, got ", base_score);
  const float p = std::min(std::max(base_score, smallest_gain), 1.0f - smallest_gain);
  return -std::log(1.0f / p - 1.0f);
}

/// The metric of early stopping from margins (rows, groups): weighted mean loss, or root mean squared error.
inline double loss(Objective objective, const Targets& targets, const float* margin, std::int64_t groups) {
  const std::int64_t rows = targets.y.size();
  constexpr std::int64_t grain = 8192;
  Array<GradientSum> parts((rows + grain - 1) / grain);  // g: loss, h: weight
  parallel_chunks(rows, grain, [&](std::int64_t begin, std::int64_t end) {
    GradientSum part;
    Array<float> p(groups);
    for (std::int64_t i = begin; i < end; ++i) {
      std::copy_n(margin + i * groups, groups, p.begin());
      predict_from_margin(objective, p);
      const float y = targets.y[i];
      const double w = static_cast<double>(targets.weight_of(i));
      double each = 0.0;
      if (objective == Objective::squared_error) {
        const double d = static_cast<double>(p[0]) - static_cast<double>(y);
        each = d * d;
      } else {
        const double right = objective == Objective::softprob
                                 ? static_cast<double>(p[y])
                                 : (y == 1.0f ? static_cast<double>(p[0]) : 1.0 - static_cast<double>(p[0]));
        each = -std::log(std::max(right, 1e-16));
      }
      part += GradientSum{each * w, w};
    }
    parts[begin / grain] = part;
  });
  GradientSum sum;
  for (const GradientSum& part : parts) sum += part;
  const double mean = sum.h > 0.0 ? sum.g / sum.h : 0.0;
  return objective == Objective::squared_error ? std::sqrt(mean) : mean;
}

}  // namespace qrs::ml::boosting
