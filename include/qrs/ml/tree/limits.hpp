// When a tree stops growing: the parameters that a tree and a forest share, checked and turned into counts.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../../core/error.hpp"
#include "../parameters.hpp"
#include "criterion.hpp"

namespace qrs::ml {

/// What the builder asks at every node.
struct GrowthLimits {
  Criterion criterion = Criterion::gini;
  std::int64_t max_depth = std::numeric_limits<std::int32_t>::max();
  std::int64_t min_samples_split = 2;
  std::int64_t min_samples_leaf = 1;
  double min_weight_fraction_leaf = 0.0;  // of the tree's total weight
  std::int64_t max_features = 1;
  std::int64_t max_leaf_nodes = -1;  // -1: as many as it takes
  double min_impurity_decrease = 0.0;
  std::vector<std::int8_t> monotonic;  // of the first class's share, per feature; empty: none
};

namespace detail {

/// A parameter that is a count or a share of `whole`: an integer >= least is itself, a share s in (0, 1] is the ceiling of
/// s * whole.
inline std::int64_t count_or_share(std::string_view op, std::string_view name, const ParamValue& value,
                                   std::int64_t least, std::int64_t whole) {
  if (value.is_integer() && value.as_integer() >= least) return value.as_integer();
  const bool share = !value.is_integer() && value.is_number() && value.as_number() > 0.0 && value.as_number() <= 1.0;
  QRS_CHECK(share, "[", op, "] expected ", name, " to be an integer >= ", least, " or a share in (0, 1], got ",
            value.text());
  return static_cast<std::int64_t>(std::ceil(value.as_number() * static_cast<double>(whole)));
}

/// max_features: none, sqrt, log2, an integer >= 1, or a share in (0, 1] of the features, rounded down.
inline std::int64_t feature_count(std::string_view op, const ParamValue& value, std::int64_t features) {
  if (value.is_none()) return features;
  const auto whole = static_cast<double>(features);
  double count = 0.0;
  if (value.is_word("sqrt")) {
    count = std::sqrt(whole);
  } else if (value.is_word("log2")) {
    count = std::log2(whole);
  } else if (value.is_integer() && value.as_integer() >= 1) {
    return value.as_integer();
  } else {
    const bool share = !value.is_integer() && value.is_number() && value.as_number() > 0.0 && value.as_number() <= 1.0;
    QRS_CHECK(share, "[", op,
              "] expected max_features to be none, sqrt, log2, an integer >= 1 or a share in (0, 1], got ",
              value.text());
    count = value.as_number() * whole;
  }
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(count));
}

/// monotonic_cst, "1,0,-1" with one sign per feature: 1 where the second class's probability may only rise with the
/// feature. Trees constrain the first class's, so the signs turn.
inline std::vector<std::int8_t> monotonic_signs(std::string_view op, const ParamValue& value, std::int64_t features,
                                                std::int64_t classes) {
  std::vector<std::int8_t> out;
  if (value.is_none()) return out;
  QRS_CHECK(classes <= 2, "[", op, "] expected two classes where monotonic_cst is given, got ", classes);
  const std::string all = value.text();
  bool some = false;
  for (std::string_view rest = all; !rest.empty();) {
    const std::string_view item = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), item.size() + 1));
    const ParamValue sign = parse_param(item);
    QRS_CHECK(sign.is_integer() && sign.as_integer() >= -1 && sign.as_integer() <= 1, "[", op,
              "] expected monotonic_cst as a list of -1, 0 and 1, got ", all);
    out.push_back(static_cast<std::int8_t>(-sign.as_integer()));
    some = some || sign.as_integer() != 0;
  }
  QRS_CHECK(static_cast<std::int64_t>(out.size()) == features, "[", op, "] expected monotonic_cst for ", features,
            " features, got ", out.size());
  if (!some) out.clear();
  return out;
}

}  // namespace detail

/// The limits that parameters mean for data of this many rows, features and classes. Throws on values that scikit-learn
/// refuses.
template <class Params>
GrowthLimits growth_limits(std::string_view op, const Params& p, std::int64_t rows, std::int64_t features,
                           std::int64_t classes) {
  GrowthLimits out;
  out.criterion = parse_criterion(op, p.criterion);
  QRS_CHECK(!p.max_depth || *p.max_depth >= 1, "[", op, "] expected max_depth >= 1 or none, got ",
            p.max_depth.value_or(0));
  if (p.max_depth) out.max_depth = *p.max_depth;
  QRS_CHECK(!p.max_leaf_nodes || *p.max_leaf_nodes >= 2, "[", op, "] expected max_leaf_nodes >= 2 or none, got ",
            p.max_leaf_nodes.value_or(0));
  if (p.max_leaf_nodes) out.max_leaf_nodes = *p.max_leaf_nodes;
  out.min_samples_leaf = detail::count_or_share(op, "min_samples_leaf", p.min_samples_leaf, 1, rows);
  QRS_CHECK(p.min_samples_leaf.is_integer() || p.min_samples_leaf.as_number() < 1.0, "[", op,
            "] expected min_samples_leaf as a share under 1, got ", p.min_samples_leaf.text());
  out.min_samples_split =
      std::max({std::int64_t{2}, detail::count_or_share(op, "min_samples_split", p.min_samples_split, 2, rows),
                2 * std::min<std::int64_t>(out.min_samples_leaf, rows)});
  QRS_CHECK(p.min_weight_fraction_leaf >= 0.0 && p.min_weight_fraction_leaf <= 0.5, "[", op,
            "] expected min_weight_fraction_leaf in [0, 0.5], got ", p.min_weight_fraction_leaf);
  out.min_weight_fraction_leaf = p.min_weight_fraction_leaf;
  out.max_features = detail::feature_count(op, p.max_features, features);
  QRS_CHECK(std::isfinite(p.min_impurity_decrease) && p.min_impurity_decrease >= 0.0, "[", op,
            "] expected min_impurity_decrease >= 0, got ", p.min_impurity_decrease);
  out.min_impurity_decrease = p.min_impurity_decrease;
  QRS_CHECK(p.ccp_alpha >= 0.0, "[", op, "] expected ccp_alpha >= 0, got ", p.ccp_alpha);
  out.monotonic = detail::monotonic_signs(op, p.monotonic_cst, features, classes);
  return out;
}

/// random_state as the seed of a RandomState: 0 ... 2^32 - 1.
inline std::uint32_t seed_of(std::string_view op, std::int64_t random_state) {
  QRS_CHECK(random_state >= 0 && random_state <= 0xffffffffLL, "[", op, "] expected random_state in [0, 2^32), got ",
            random_state);
  return static_cast<std::uint32_t>(random_state);
}

}  // namespace qrs::ml
