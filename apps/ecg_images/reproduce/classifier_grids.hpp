// The classifiers of the second stage and the grids that are searched: the paper states neither grids nor folds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "qrs/ml/param_grid.hpp"

namespace qrs::reproduce {

struct ClassifierPlan {
  std::string_view kind;  // "svc", "forest", "boost"
  const char* grid_name;  // of the setting
  ml::Candidate fixed;    // parameters of every candidate
  std::vector<ml::ParamGrid::Axis> axes;

  /// "C 0.1, 1, 10; gamma scale, 0.01".
  std::string grid_text() const {
    std::string out;
    for (const auto& [name, values] : axes) {
      out += (out.empty() ? "" : "; ") + name;
      for (std::size_t i = 0; i < values.size(); ++i) out += (i == 0 ? " " : ", ") + values[i].text();
    }
    return out;
  }
};

inline const std::vector<ClassifierPlan>& classifier_plans() {
  static const std::vector<ClassifierPlan> plans = {
      {.kind = "svc",
       .grid_name = "SVM grid",
       .fixed = {{"kernel", "rbf"}, {"probability", true}},
       .axes = {{"C", {0.1, 1.0, 10.0, 100.0}}, {"gamma", {"scale", 0.001, 0.01, 0.1}}}},
      {.kind = "forest",
       .grid_name = "random forest grid",
       .fixed = {},
       .axes = {{"n_estimators", {100, 300}}, {"max_depth", {ml::ParamValue(), 10}}, {"min_samples_leaf", {1, 2}}}},
      {.kind = "boost",
       .grid_name = "XGBoost grid",
       .fixed = {{"tree_method", "exact"}},
       .axes = {{"n_estimators", {100, 200}}, {"max_depth", {3, 6}}, {"learning_rate", {0.1, 0.3}}}}};
  return plans;
}

}  // namespace qrs::reproduce
