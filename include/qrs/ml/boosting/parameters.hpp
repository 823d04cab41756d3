// The parameters of gradient boosting, by XGBoost's names and with its defaults, and their checks.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../../core/error.hpp"
#include "../parameters.hpp"
#include "train.hpp"

namespace qrs::ml {

struct GradientBoostingParams {
  ParamValue objective = {};        // none: binary:logistic for two classes, multi:softprob for more
  std::int64_t n_estimators = 100;  // rounds
  double learning_rate = 0.3;       // eta
  double gamma = 0.0;               // min_split_loss
  std::int64_t max_depth = 6;       // 0: no limit (hist with max_leaves or lossguide)
  std::int64_t max_leaves = 0;      // 0: no limit
  std::string grow_policy = "depthwise";
  double min_child_weight = 1.0;
  double max_delta_step = 0.0;
  double subsample = 1.0;
  double colsample_bytree = 1.0;
  double colsample_bylevel = 1.0;
  double colsample_bynode = 1.0;
  double reg_lambda = 1.0;
  double reg_alpha = 0.0;
  std::int64_t max_bin = 256;
  std::string tree_method = "auto";       // auto is hist; or exact
  std::optional<double> base_score = {};  // none: estimated from the labels as XGBoost 3 does; XGBoost 1 used 0.5
  double scale_pos_weight = 1.0;
  double missing = std::numeric_limits<double>::quiet_NaN();  // NaN is always missing; this value too
  std::optional<std::int64_t> early_stopping_rounds = {};
  ParamValue monotone_constraints = {};  // none, or one of -1, 0, 1 a feature: "(1,-1,0)"
  std::int64_t random_state = 0;         // of subsample and colsample; there is no hidden generator
};

namespace boosting {

inline void visit(GradientBoostingParams& p, ParamVisitor& visit) {
  visit("objective", p.objective);
  visit("n_estimators", p.n_estimators);
  visit("learning_rate", p.learning_rate);
  visit("gamma", p.gamma);
  visit("max_depth", p.max_depth);
  visit("max_leaves", p.max_leaves);
  visit("grow_policy", p.grow_policy);
  visit("min_child_weight", p.min_child_weight);
  visit("max_delta_step", p.max_delta_step);
  visit("subsample", p.subsample);
  visit("colsample_bytree", p.colsample_bytree);
  visit("colsample_bylevel", p.colsample_bylevel);
  visit("colsample_bynode", p.colsample_bynode);
  visit("reg_lambda", p.reg_lambda);
  visit("reg_alpha", p.reg_alpha);
  visit("max_bin", p.max_bin);
  visit("tree_method", p.tree_method);
  visit("base_score", p.base_score);
  visit("scale_pos_weight", p.scale_pos_weight);
  visit("missing", p.missing);
  visit("early_stopping_rounds", p.early_stopping_rounds);
  visit("monotone_constraints", p.monotone_constraints);
  visit("random_state", p.random_state);
}

/// "(1,-1,0)", with or without the brackets, one number a feature.
inline std::vector<std::int8_t> parse_monotone(const ParamValue& value, std::int64_t features) {
  if (value.is_none()) return {};
  std::string text;
  for (const char c : value.text()) {
    if (c != '(' && c != ')' && c != ' ') text += c;
  }
  std::vector<std::int8_t> out;
  std::string_view rest = text;
  bool any = false;
  while (!rest.empty()) {
    const std::string_view item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    const ParamValue one = parse_param(item);
    QRS_CHECK(one.is_integer() && std::abs(one.as_integer()) <= 1,
              "[boost] expected monotone_constraints of -1, 0 and 1, like (1,-1,0), got ", value.text());
    out.push_back(static_cast<std::int8_t>(one.as_integer()));
    any = any || out.back() != 0;
  }
  QRS_CHECK(static_cast<std::int64_t>(out.size()) == features, "[boost] expected ", features,
            " monotone_constraints, one a feature, got ", out.size());
  return any ? out : std::vector<std::int8_t>{};
}

/// Throws where a number is out of XGBoost's range.
inline void check_ranges(const GradientBoostingParams& p) {
  const auto at_least = [](std::string_view name, double value, double low) {
    QRS_CHECK(std::isfinite(static_cast<float>(value)) && value >= low, "[boost] expected ", name, " >= ", low,
              ", finite in float32, got ", value);
  };
  const auto share = [](std::string_view name, double value) {
    QRS_CHECK(value > 0.0 && value <= 1.0, "[boost] expected ", name, " in (0, 1], got ", value);
  };
  const auto count = [](std::string_view name, std::int64_t value, std::int64_t low, std::int64_t high) {
    QRS_CHECK(value >= low && value <= high, "[boost] expected ", name, " in [", low, ", ", high, "], got ", value);
  };
  count("n_estimators", p.n_estimators, 1, 1 << 24);
  at_least("learning_rate", p.learning_rate, 0.0);
  at_least("gamma", p.gamma, 0.0);
  count("max_depth", p.max_depth, 0, 1 << 20);
  count("max_leaves", p.max_leaves, 0, 1 << 24);
  at_least("min_child_weight", p.min_child_weight, 0.0);
  at_least("max_delta_step", p.max_delta_step, 0.0);
  at_least("reg_lambda", p.reg_lambda, 0.0);
  at_least("reg_alpha", p.reg_alpha, 0.0);
  at_least("scale_pos_weight", p.scale_pos_weight, 0.0);
  share("subsample", p.subsample);
  share("colsample_bytree", p.colsample_bytree);
  share("colsample_bylevel", p.colsample_bylevel);
  share("colsample_bynode", p.colsample_bynode);
  count("max_bin", p.max_bin, 2, 65535);
}

/// Throws where the ways to grow trees do not go together.
inline void check_growth(const GradientBoostingParams& p) {
  const bool exact = p.tree_method == "exact";
  QRS_CHECK(exact || p.tree_method == "hist" || p.tree_method == "auto",
            "[boost] expected tree_method auto, hist or exact, got ", p.tree_method);
  const bool lossguide = p.grow_policy == "lossguide";
  QRS_CHECK(lossguide || p.grow_policy == "depthwise", "[boost] expected grow_policy depthwise or lossguide, got ",
            p.grow_policy);
  QRS_CHECK(p.max_depth > 0 || p.max_leaves > 0, "[boost] expected max_depth or max_leaves > 0, got 0 for both");
  if (exact) {
    QRS_CHECK(!lossguide && p.max_leaves == 0,
              "[boost] expected tree_method hist for grow_policy lossguide or max_leaves, got exact");
    QRS_CHECK(p.max_depth > 0, "[boost] expected max_depth > 0 for tree_method exact, got 0");
    QRS_CHECK(p.colsample_bynode == 1.0, "[boost] expected colsample_bynode 1 for tree_method exact, got ",
              p.colsample_bynode);
  }
}

/// Checks every parameter against XGBoost's range and returns what training needs.
inline TrainSettings settings_of(const GradientBoostingParams& p, Objective objective, std::int64_t groups,
                                 std::int64_t features) {
  check_ranges(p);
  check_growth(p);
  QRS_CHECK(!p.early_stopping_rounds || *p.early_stopping_rounds >= 1,
            "[boost] expected early_stopping_rounds >= 1, got ", p.early_stopping_rounds.value_or(0));
  TrainSettings out;
  out.objective = objective;
  out.groups = groups;
  out.rounds = p.n_estimators;
  out.exact = p.tree_method == "exact";
  out.tree.learning_rate = static_cast<float>(p.learning_rate);
  out.tree.gamma = static_cast<float>(p.gamma);
  out.tree.max_depth = static_cast<std::int32_t>(p.max_depth);
  out.tree.max_leaves = static_cast<std::int32_t>(p.max_leaves);
  out.tree.lossguide = p.grow_policy == "lossguide";
  out.tree.min_child_weight = static_cast<float>(p.min_child_weight);
  out.tree.max_delta_step = static_cast<float>(p.max_delta_step);
  out.tree.reg_lambda = static_cast<float>(p.reg_lambda);
  out.tree.reg_alpha = static_cast<float>(p.reg_alpha);
  out.tree.monotone = parse_monotone(p.monotone_constraints, features);
  out.columns = {p.colsample_bytree, p.colsample_bylevel, p.colsample_bynode};
  out.subsample = p.subsample;
  out.max_bin = p.max_bin;
  out.base_score = p.base_score;
  out.missing = p.missing;
  out.early_stopping_rounds = p.early_stopping_rounds;
  out.random_state = p.random_state;
  if (out.base_score) base_margin(objective, static_cast<float>(*out.base_score));
  return out;
}

}  // namespace boosting

}  // namespace qrs::ml
