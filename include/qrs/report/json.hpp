// Scores as JSON, for programs that read what a run found.
//
//   Json out = evaluation_json(evaluation);      {"n": 140, "groups": 0, "scores": {"accuracy": {...}}, "classes": [...], ...}
//
// A score is {"value", "low", "high", "n", "method"}; what is not defined is null. Doubles have the fewest digits that read
// back as the same value.
#pragma once

#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "../audit/leak_split.hpp"
#include "../metrics/evaluate.hpp"

namespace qrs::report {

using Json = nlohmann::ordered_json;

inline Json number_json(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

inline Json estimate_json(const metrics::Estimate& e) {
  return {{"value", number_json(e.value)},
          {"low", number_json(e.interval.low)},
          {"high", number_json(e.interval.high)},
          {"n", e.n},
          {"method", e.method}};
}

inline Json leak_json(const audit::LeakSplit& split) {
  return {{"all", estimate_json(split.all)},
          {"leaked", estimate_json(split.leaked)},
          {"clean", estimate_json(split.clean)},
          {"distinct", estimate_json(split.distinct)}};
}

inline Json evaluation_json(const metrics::Evaluation& evaluation) {
  Json scores = Json::object();
  for (const metrics::Estimate& score : evaluation.scores) scores[score.name] = estimate_json(score);
  Json classes = Json::array();
  for (const metrics::ClassEvaluation& c : evaluation.classes) {
    classes.push_back({{"label", c.label},
                       {"support", c.support},
                       {"precision", estimate_json(c.precision)},
                       {"recall", estimate_json(c.recall)},
                       {"f1", estimate_json(c.f1)},
                       {"roc_auc", estimate_json(c.auc)},
                       {"average_precision", estimate_json(c.average_precision)}});
  }
  Json rows = Json::array();
  for (std::int64_t i = 0; i < evaluation.confusion.size(); ++i) {
    Json row = Json::array();
    for (std::int64_t j = 0; j < evaluation.confusion.size(); ++j) row.push_back(evaluation.confusion.at(i, j));
    rows.push_back(row);
  }
  Json bins = Json::array();
  for (const metrics::ReliabilityBin& bin : evaluation.reliability) {
    if (bin.count == 0) continue;
    bins.push_back({{"low", number_json(bin.low)},
                    {"high", number_json(bin.high)},
                    {"count", bin.count},
                    {"mean_probability", number_json(bin.mean_probability)},
                    {"share_true", number_json(bin.share_true)}});
  }
  return {{"n", evaluation.n},
          {"groups", evaluation.groups},
          {"scores", scores},
          {"classes", classes},
          {"confusion", {{"labels", evaluation.confusion.labels}, {"counts", rows}}},
          {"reliability", bins}};
}

}  // namespace qrs::report
