// The second stage: the principal components kept of the best network's features, and the classifiers chosen on them.
#pragma once

#include <string>

#include "../readings.hpp"
#include "by_run.hpp"
#include "qrs/report/charts/scree_chart.hpp"
#include "qrs/report/html.hpp"

namespace qrs::ecg_images {

namespace detail {

inline Markup components_told(const FeatureRecord& features) {
  double sum = 0.0;
  for (const double ratio : features.explained_variance_ratio) sum += ratio;
  Markup out =
      paragraph({std::to_string(features.columns) + " features of " + model_title(features.backbone) +
                 (features.scaled ? ", scaled to unit variance," : ", not scaled,") + " became " +
                 std::to_string(features.components) +
                 (features.components == 1 ? " principal component" : " principal components") +
                 (features.explained_variance_ratio.empty() ? std::string()
                                                            : ", which hold " + percent(sum) + " of the variance") +
                 ". The paper states principal components, not how many."});
  if (!features.explained_variance_ratio.empty()) {
    out += element(
        "div", {{"class", "wide"}},
        {figure(scree_chart("Share of the variance of each principal component", features.explained_variance_ratio),
                "Share of the variance that each component explains, and the running sum.")});
  }
  return out;
}

inline Markup classifiers_told(const RunRecord& run) {
  Table out{
      .caption = "The parameters that the search chose, and the mean accuracy of its folds.",
      .columns = {{"classifier"}, {"parameters chosen"}, {"candidates", true}, {"cross-validation accuracy", true}},
      .rows = {}};
  for (const ModelRecord& model : run.classifiers) {
    Markup parameters;
    for (const auto& [name, value] : model.best_params) {
      if (!parameters.empty()) parameters += line_break();
      parameters += element("code", {name + " = " + value});
    }
    if (parameters.empty()) parameters = no_number;
    out.rows.push_back({{model_title(model.name)},
                        {{parameters, false, "wide"},
                         {std::to_string(model.candidates), true},
                         {score_text(model.cross_validation_accuracy), true}}});
  }
  return table(out);
}

}  // namespace detail

inline Markup features_section(const Results& results) {
  return by_run(results, [](const RunRecord& run) {
    if (run.classifiers.empty() && run.features.columns == 0)
      return paragraph({"No classifier was fitted on features."});
    return detail::components_told(run.features) + detail::classifiers_told(run);
  });
}

}  // namespace qrs::ecg_images
