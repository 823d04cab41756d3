// What the report reads out of a record of runs: names, scores that may be missing, the best model, spreads over repeats.
//
// The best model is the one with the highest accuracy on the validation images; the test images choose nothing.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "paper_table.hpp"
#include "qrs/report/number_text.hpp"
#include "results.hpp"

namespace qrs::ecg_images {

using Estimates = std::vector<metrics::Estimate>;  // of one score: one a repeat

inline std::string class_name(const Results& results, std::int64_t label) {
  for (const ClassCount& c : results.data.classes) {
    if (c.label == label) return c.name;
  }
  return "class " + std::to_string(label);
}

inline std::vector<std::string> class_names(const Results& results, const std::vector<std::int64_t>& labels) {
  std::vector<std::string> out;
  for (const std::int64_t label : labels) out.push_back(class_name(results, label));
  return out;
}

/// The score of that name; without a value where the evaluation has none.
inline metrics::Estimate score_of(const metrics::Evaluation& evaluation, std::string_view name) {
  for (const metrics::Estimate& score : evaluation.scores) {
    if (score.name == name) return score;
  }
  return {};
}

inline metrics::Estimate test_accuracy(const ModelRecord& model) {
  return model.accuracy.all.n > 0 ? model.accuracy.all : score_of(model.test, "accuracy");
}
/// The mean of one-against-rest areas over the classes; of two classes that of the second.
inline metrics::Estimate test_auc(const ModelRecord& model) {
  return score_of(model.test, model.test.confusion.size() == 2 ? "roc_auc" : "roc_auc_ovr_macro");
}

/// The models of a run: those of the paper's table in its order, then any others.
inline std::vector<const ModelRecord*> models_of(const RunRecord& run) {
  std::vector<const ModelRecord*> out;
  for (const ModelRecord& model : run.classifiers) out.push_back(&model);
  for (const ModelRecord& model : run.backbones) out.push_back(&model);
  const auto place = [](const ModelRecord* model) {
    const PaperRow* row = paper_row(model->name);
    return row == nullptr ? paper_table().size() : static_cast<std::size_t>(row - paper_table().data());
  };
  std::stable_sort(out.begin(), out.end(), [&](const auto* a, const auto* b) { return place(a) < place(b); });
  return out;
}

inline const ModelRecord* find_model(const RunRecord& run, std::string_view name) {
  for (const ModelRecord* model : models_of(run)) {
    if (model->name == name) return model;
  }
  return nullptr;
}

/// The model with the highest accuracy on the validation images, the earlier one of equals in the order networks,
/// classifiers; null where nothing was run.
inline const ModelRecord* best_model(const RunRecord& run) {
  const ModelRecord* best = nullptr;
  const auto value = [](const ModelRecord& model) {
    return std::isfinite(model.validation_accuracy.value) ? model.validation_accuracy.value : -1.0;
  };
  for (const std::vector<ModelRecord>* models : {&run.backbones, &run.classifiers}) {
    for (const ModelRecord& model : *models) {
      if (best == nullptr || value(model) > value(*best)) best = &model;
    }
  }
  return best;
}

/// One score of one model in each repeat that has the model.
template <class Get>
Estimates over_runs(const Results& results, std::string_view model, const Get& get) {
  Estimates out;
  for (const RunRecord& run : results.runs) {
    if (const ModelRecord* found = find_model(run, model)) out.push_back(get(*found));
  }
  return out;
}

/// Mean, least and greatest of the values that are defined.
struct Spread {
  double mean = metrics::undefined;
  double low = metrics::undefined;
  double high = metrics::undefined;
  std::int64_t count = 0;
};

inline Spread spread_of(const Estimates& estimates) {
  Spread out;
  double sum = 0.0;
  for (const metrics::Estimate& e : estimates) {
    if (!std::isfinite(e.value)) continue;
    out.low = out.count == 0 ? e.value : std::min(out.low, e.value);
    out.high = out.count == 0 ? e.value : std::max(out.high, e.value);
    sum += e.value;
    ++out.count;
  }
  if (out.count > 0) out.mean = sum / static_cast<double>(out.count);
  return out;
}

/// The name of the model with the highest mean accuracy on the validation images; empty where nothing was run.
inline std::string best_name(const Results& results) {
  std::string best;
  double highest = -1.0;
  if (results.runs.empty()) return best;
  const RunRecord& first = results.runs.front();
  for (const std::vector<ModelRecord>* models : {&first.backbones, &first.classifiers}) {
    for (const ModelRecord& model : *models) {
      const Spread spread =
          spread_of(over_runs(results, model.name, [](const ModelRecord& m) { return m.validation_accuracy; }));
      const double mean = spread.count > 0 ? spread.mean : -1.0;
      if (!best.empty() && mean <= highest) continue;
      best = model.name;
      highest = mean;
    }
  }
  return best;
}

/// One repeat: "0.8643 (95 % interval 0.7977 to 0.9110, n = 140)". More: "0.8571 on average over 5 repeats (0.8429 to 0.8714)".
inline std::string told(const Estimates& estimates) {
  const Spread spread = spread_of(estimates);
  if (spread.count == 0) return no_number;
  if (estimates.size() > 1) {
    return score_text(spread.mean) + " on average over " + std::to_string(spread.count) + " repeats (" +
           interval_text({spread.low, spread.high}) + ")";
  }
  const metrics::Estimate& only = estimates.front();
  return score_text(only.value) + " (95\u00A0% interval " + interval_text(only.interval) + ", n\u00A0=\u00A0" +
         std::to_string(only.n) + ")";
}

/// How often a published value lies in our intervals.
struct Verdict {
  std::int64_t inside = 0;
  std::int64_t intervals = 0;

  std::string text() const {
    if (intervals == 0) return "no interval to compare with";
    if (intervals == 1) return inside == 1 ? "inside our interval" : "outside our interval";
    return "inside " + std::to_string(inside) + " of " + std::to_string(intervals) + " intervals";
  }
  bool mostly_inside() const { return 2 * inside > intervals; }
};

inline Verdict verdict_on(double published, const Estimates& ours) {
  Verdict out;
  for (const metrics::Estimate& e : ours) {
    if (!std::isfinite(e.interval.low) || !std::isfinite(e.interval.high)) continue;
    ++out.intervals;
    // The paper prints four decimals: its value may be any that rounds to it.
    if (published >= e.interval.low - 0.5e-4 && published <= e.interval.high + 0.5e-4) ++out.inside;
  }
  return out;
}

}  // namespace qrs::ecg_images
