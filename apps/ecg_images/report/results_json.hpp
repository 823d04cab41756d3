// results.json: everything a run found, for programs.
//
//   {"format": "qrs results 1", "preset": ..., "settings": [...], "data": {...}, "runs": [...], "paper": {...},
//    "provenance": {...}, "machine": {"cpu": ..., "threads": ..., "started": ..., "seconds": ...}}
//
// A score is {"value", "low", "high", "n", "method"}; what is not defined is null. Doubles have the fewest digits that read
// back as the same value. Each value has a line of its own, so two equal runs differ in the lines under "machine" alone. What
// each model said of each image stands in predictions.csv; pictures stand in the page.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "qrs/report/json.hpp"
#include "readings.hpp"

namespace qrs::ecg_images {

namespace detail {

using report::Json;

inline Json model_json(const ModelRecord& model) {
  Json out = {{"name", model.name},
              {"kind", model.kind},
              {"validation_accuracy", estimate_json(model.validation_accuracy)},
              {"accuracy", leak_json(model.accuracy)},
              {"test", evaluation_json(model.test)}};
  if (model.kind == "backbone") {
    out["parameters"] = model.parameters;
    out["initial_weights"] = model.initial_weights;
    out["weights_sha256"] = model.weights_sha256;
    out["temperature"] = number_json(model.temperature);
    out["calibrated_error"] = number_json(model.calibrated_error);
    out["best_epoch"] = model.best_epoch;
    out["stopped_early"] = model.stopped_early;
    out["epochs"] = Json::array();
    for (const EpochRecord& epoch : model.epochs) {
      out["epochs"].push_back({{"epoch", epoch.epoch},
                               {"learning_rate", number_json(epoch.learning_rate)},
                               {"train_loss", number_json(epoch.train_loss)},
                               {"train_accuracy", number_json(epoch.train_accuracy)},
                               {"validation_loss", number_json(epoch.validation_loss)},
                               {"validation_accuracy", number_json(epoch.validation_accuracy)}});
    }
  } else {
    out["best_params"] = Json::object();
    for (const auto& [name, value] : model.best_params) out["best_params"][name] = value;
    out["cross_validation_accuracy"] = number_json(model.cross_validation_accuracy);
    out["candidates"] = model.candidates;
  }
  return out;
}

inline Json example_json(const ExampleRecord& example) {
  Json predicted = Json::object();
  for (const auto& [model, label] : example.predicted) predicted[model] = label;
  return {{"file", example.file}, {"label", example.label}, {"predicted", predicted}, {"leaked", example.leaked}};
}

inline Json split_json(const SplitRecord& split) {
  return {{"kind", split.kind},
          {"seed", split.seed},
          {"train", split.train},
          {"validation", split.validation},
          {"test", split.test},
          {"train_per_class", split.train_per_class},
          {"validation_per_class", split.validation_per_class},
          {"test_per_class", split.test_per_class},
          {"leaked_test", split.leaked_test},
          {"distinct_test", split.distinct_test},
          {"lookup", leak_json(split.lookup)}};
}

inline Json run_json(const RunRecord& run) {
  const ModelRecord* best = best_model(run);
  Json out = {{"split", split_json(run.split)},
              {"best_on_validation", best == nullptr ? Json(nullptr) : Json(best->name)}};
  out["backbones"] = Json::array();
  for (const ModelRecord& model : run.backbones) out["backbones"].push_back(model_json(model));
  Json ratios = Json::array();
  for (const double ratio : run.features.explained_variance_ratio) ratios.push_back(number_json(ratio));
  out["features"] = {{"backbone", run.features.backbone},
                     {"columns", run.features.columns},
                     {"scaled", run.features.scaled},
                     {"components", run.features.components},
                     {"explained_variance_ratio", ratios}};
  out["classifiers"] = Json::array();
  for (const ModelRecord& model : run.classifiers) out["classifiers"].push_back(model_json(model));
  out["errors"] = Json::array();
  for (const ExampleRecord& error : run.errors) out["errors"].push_back(example_json(error));
  return out;
}

inline Json data_json(const DataRecord& data) {
  Json out = {{"source", data.source},     {"drawn", data.drawn},     {"files", data.files},
              {"distinct", data.distinct}, {"skipped", data.skipped}, {"classes", Json::array()}};
  for (const ClassCount& c : data.classes) {
    out["classes"].push_back({{"name", c.name}, {"label", c.label}, {"files", c.files}, {"distinct", c.distinct}});
  }
  out["decoder"] = data.decoder;
  out["manifest_sha256"] = data.manifest_sha256;
  return out;
}

inline Json paper_json() {
  const auto cell = [](double value) { return value < 0.0 ? Json(nullptr) : Json(value); };
  Json rows = Json::array();
  for (const PaperRow& row : paper_table()) {
    rows.push_back({{"name", row.name},
                    {"validation_accuracy", cell(row.validation_accuracy)},
                    {"accuracy", cell(row.accuracy)},
                    {"precision", cell(row.precision)},
                    {"recall", cell(row.recall)},
                    {"f1", cell(row.f1)},
                    {"auc", cell(row.auc)}});
  }
  return {{"citation", paper_citation}, {"doi", paper_doi}, {"table_2", rows}};
}

}  // namespace detail

/// The text of results.json. Text that is no UTF-8 has U+FFFD in its place.
inline std::string results_json(const Results& results) {
  using detail::Json;
  Json settings = Json::array();
  for (const Setting& s : results.settings) {
    settings.push_back({{"name", s.name}, {"value", s.value}, {"source", s.source}, {"note", s.note}});
  }
  Json runs = Json::array();
  for (const RunRecord& run : results.runs) runs.push_back(detail::run_json(run));
  Json examples = Json::array();
  for (const ExampleRecord& example : results.examples) examples.push_back(detail::example_json(example));
  const Provenance& p = results.provenance;
  const Json all = {
      {"format", "qrs results 1"},
      {"preset", results.preset},
      {"settings", settings},
      {"data", detail::data_json(results.data)},
      {"examples", examples},
      {"runs", runs},
      {"paper", detail::paper_json()},
      {"provenance",
       {{"version", p.version},
        {"commit", p.commit},
        {"compiler", p.compiler},
        {"flags", p.flags},
        {"vectors", p.vectors},
        {"decoder", p.decoder}}},
      {"machine",
       {{"cpu", p.cpu}, {"threads", p.threads}, {"started", p.started}, {"seconds", number_json(p.seconds)}}}};
  return all.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace qrs::ecg_images
