// What each model decided: confusion matrices, ROC curves, reliability, and the scores of each class.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "../readings.hpp"
#include "by_run.hpp"
#include "qrs/report/charts/confusion_chart.hpp"
#include "qrs/report/charts/reliability_chart.hpp"
#include "qrs/report/charts/roc_chart.hpp"
#include "qrs/report/html.hpp"

namespace qrs::ecg_images {

inline Markup confusion_section(const Results& results) {
  return paragraph({"Rows are the true classes, columns the predicted ones. Each field holds the number of images and "
                    "its share of the "
                    "row; the stronger its colour, the greater the share."}) +
         by_run(results, [&](const RunRecord& run) {
           Markup charts;
           for (const ModelRecord* model : models_of(run)) {
             const metrics::ConfusionMatrix& matrix = model->test.confusion;
             if (matrix.size() == 0) continue;
             const std::string title = model_title(model->name);
             charts +=
                 figure(confusion_chart("Confusion matrix of " + title, matrix, class_names(results, matrix.labels)),
                        element("b", {title}) + ", " + part_text(matrix.correct(), matrix.total()) + " right");
           }
           return element("div", {{"class", "charts"}}, {charts});
         });
}

inline Markup roc_section(const Results& results) {
  return paragraph(
             {"Each class against all others, with the area under its curve and the 95 % interval of the area."}) +
         by_run(results, [&](const RunRecord& run) {
           Markup charts;
           for (const ModelRecord* model : models_of(run)) {
             const std::vector<metrics::ClassEvaluation>& classes = model->test.classes;
             if (classes.empty()) continue;
             std::vector<std::string> names;
             for (const metrics::ClassEvaluation& c : classes) names.push_back(class_name(results, c.label));
             const std::string title = model_title(model->name);
             const metrics::Estimate area = test_auc(*model);
             charts +=
                 figure(roc_chart("ROC curves of " + title, run.test_labels,
                                  {model->test_scores, static_cast<std::int64_t>(classes.size())}, classes, names),
                        element("b", {title}) + ", mean AUC " + score_text(area.value) + " (" +
                            interval_text(area.interval, 3) + ")");
           }
           return element("div", {{"class", "charts"}}, {charts});
         });
}

namespace detail {

inline Cell estimate_cell(const metrics::Estimate& e) {
  Markup lines = score_text(e.value);
  if (std::isfinite(e.interval.low)) lines += element("small", {interval_text(e.interval, 3)});
  return {lines, true};
}

inline Markup class_scores(const Results& results, const ModelRecord& model) {
  Table out{.caption = "Scores of each class on the test images, with 95 % intervals.",
            .columns = {{"class"},
                        {"images", true},
                        {"precision", true},
                        {"recall", true},
                        {"F1", true},
                        {"AUC", true},
                        {"average precision", true}},
            .rows = {},
            .pinned = true};
  for (const metrics::ClassEvaluation& c : model.test.classes) {
    out.rows.push_back({{class_name(results, c.label)},
                        {{std::to_string(c.support), true},
                         estimate_cell(c.precision),
                         estimate_cell(c.recall),
                         estimate_cell(c.f1),
                         estimate_cell(c.auc),
                         estimate_cell(c.average_precision)}});
  }
  return element("details", {element("summary", {model_title(model.name)}), table(out)});
}

inline Markup all_scores(const RunRecord& run) {
  const std::vector<const ModelRecord*> models = models_of(run);
  std::vector<std::string> names;
  Table out{.caption = "Every score on the test images, with its 95 % interval.",
            .columns = {{"score"}},
            .rows = {},
            .pinned = true};
  for (const ModelRecord* model : models) {
    out.columns.push_back({model_title(model->name), true});
    for (const metrics::Estimate& score : model->test.scores) {
      if (std::find(names.begin(), names.end(), score.name) == names.end()) names.push_back(score.name);
    }
  }
  for (const std::string& name : names) {
    Row row{{name}, {}};
    for (const ModelRecord* model : models) row.cells.push_back(estimate_cell(score_of(model->test, name)));
    out.rows.push_back(std::move(row));
  }
  return element("details", {element("summary", {"All scores"}), table(out)});
}

}  // namespace detail

inline Markup class_section(const Results& results) {
  return by_run(results, [&](const RunRecord& run) {
    Markup out = detail::all_scores(run);
    for (const ModelRecord* model : models_of(run)) out += detail::class_scores(results, *model);
    return out;
  });
}

/// What temperature scaling does to the calibration error, where it was fitted.
inline std::string calibration_text(const ModelRecord& model) {
  if (!std::isfinite(model.temperature) || !std::isfinite(model.calibrated_error)) return "";
  return "; " + score_text(model.calibrated_error) + " at temperature " + short_text(model.temperature) +
         ", which was fitted on the validation images";
}

inline Markup reliability_section(const Results& results) {
  return paragraph({"Of the predictions made with a certain confidence, how many are right? On the dotted line as many "
                    "as the model "
                    "says; below it the model is too sure. The larger a dot, the more images."}) +
         by_run(results, [&](const RunRecord& run) {
           Markup charts;
           for (const ModelRecord* model : models_of(run)) {
             if (model->test.reliability.empty()) continue;
             const std::string title = model_title(model->name);
             const metrics::Estimate gap = score_of(model->test, "expected_calibration_error");
             charts += figure(reliability_chart("Reliability of " + title, model->test.reliability),
                              element("b", {title}) + ", expected calibration error " + score_text(gap.value) + " (" +
                                  interval_text(gap.interval, 3) + ")" + calibration_text(*model));
           }
           return charts.empty() ? paragraph({"No model gave probabilities."})
                                 : element("div", {{"class", "charts"}}, {charts});
         });
}

}  // namespace qrs::ecg_images
