// How much each feature counts in a model, in XGBoost's five measures.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "../../core/error.hpp"
#include "booster.hpp"

namespace qrs::ml::boosting {

/// One value a feature: "weight" (how many splits), "total_gain", "total_cover" (sums over its splits), "gain", "cover" (means).
/// Of the rounds that prediction uses.
inline std::vector<double> importance(const Booster& booster, std::string_view kind) {
  const bool known =
      kind == "weight" || kind == "gain" || kind == "cover" || kind == "total_gain" || kind == "total_cover";
  QRS_CHECK(known, "[boost] expected an importance of weight, gain, cover, total_gain or total_cover, got ", kind);
  std::vector<double> sum(booster.features, 0.0);
  std::vector<double> count(sum.size(), 0.0);
  const std::int64_t trees = booster.used_rounds() * booster.groups;
  for (std::int64_t t = 0; t < trees; ++t) {
    for (const TreeNode& node : booster.trees[t].nodes()) {
      if (node.is_leaf()) continue;
      count[node.feature] += 1.0;
      sum[node.feature] += static_cast<double>(kind.ends_with("gain") ? node.gain : node.cover);
    }
  }
  if (kind == "weight") return count;
  if (kind.starts_with("total")) return sum;
  for (std::size_t f = 0; f < sum.size(); ++f) sum[f] = count[f] > 0.0 ? sum[f] / count[f] : 0.0;
  return sum;
}

/// The same, divided by its sum (scikit-learn's feature_importances_); all 0 where no tree has a split.
inline std::vector<double> normalized(std::vector<double> values) {
  double sum = 0.0;
  for (const double value : values) sum += value;
  for (double& value : values) value = sum > 0.0 ? value / sum : 0.0;
  return values;
}

}  // namespace qrs::ml::boosting
