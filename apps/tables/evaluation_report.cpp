#include "evaluation_report.hpp"

#include <cmath>
#include <cstdio>
#include <utility>

#include "qrs/core/fixed_text.hpp"
#include "text_table.hpp"

namespace qrs::tables {

namespace {

using metrics::Estimate;
using metrics::Evaluation;

// ---- as JSON -------------------------------------------------------------------------------------------------------------

using Json = nlohmann::ordered_json;

Json number(double value) { return std::isnan(value) ? Json() : Json(value); }

Json json_of(const Estimate& estimate) {
  return {{"value", number(estimate.value)},
          {"low", number(estimate.interval.low)},
          {"high", number(estimate.interval.high)},
          {"n", estimate.n},
          {"method", estimate.method}};
}

}  // namespace

Json evaluation_json(const Evaluation& result, const metrics::EvaluateOptions& options) {
  Json out;
  out["n"] = result.n;
  out["groups"] = result.groups;
  out["confidence"] = options.confidence;
  out["replicates"] = options.replicates;
  out["seed"] = options.seed;
  out["probabilities"] = result.probabilities;
  out["threshold"] = number(result.threshold);
  out["scores"] = Json::object();
  for (const Estimate& estimate : result.scores) out["scores"][estimate.name] = json_of(estimate);
  out["classes"] = Json::array();
  for (const metrics::ClassEvaluation& c : result.classes) {
    Json row = {{"label", c.label}, {"support", c.support}};
    for (const Estimate* e : {&c.precision, &c.recall, &c.f1, &c.auc, &c.average_precision}) row[e->name] = json_of(*e);
    out["classes"].push_back(std::move(row));
  }
  out["confusion"]["labels"] = result.confusion.labels;
  out["confusion"]["counts"] = Json::array();  // a row a true class, a column a predicted one
  for (std::int64_t i = 0; i < result.confusion.size(); ++i) {
    Json row = Json::array();
    for (std::int64_t j = 0; j < result.confusion.size(); ++j) row.push_back(result.confusion.at(i, j));
    out["confusion"]["counts"].push_back(std::move(row));
  }
  out["reliability"] = Json::array();
  for (const metrics::ReliabilityBin& bin : result.reliability) {
    out["reliability"].push_back({{"low", bin.low},
                                  {"high", bin.high},
                                  {"count", bin.count},
                                  {"mean_probability", number(bin.mean_probability)},
                                  {"share_true", number(bin.share_true)}});
  }
  return out;
}

// ---- as tables -----------------------------------------------------------------------------------------------------------

namespace {

std::vector<std::string> cells_of(const std::string& name, const Estimate& e) {
  const std::string interval =
      std::isnan(e.interval.low) ? "-" : fixed(e.interval.low, 4) + " .. " + fixed(e.interval.high, 4);
  return {name, fixed(e.value, 4), interval, std::to_string(e.n), e.method};
}

/// The name of a label, itself where it has none.
std::string name_of(std::int64_t label, const std::vector<std::string>& class_names) {
  const bool named = label >= 0 && label < static_cast<std::int64_t>(class_names.size());
  return named ? class_names[static_cast<std::size_t>(label)] : std::to_string(label);
}

void print_confusion(const metrics::ConfusionMatrix& counts, const std::vector<std::string>& class_names) {
  std::printf("\nconfusion: a row a true class, a column a predicted one\n");
  TextTable confusion;
  confusion.numbers_only();
  std::vector<std::string> header{""};
  for (const std::int64_t label : counts.labels) header.push_back(name_of(label, class_names));
  confusion.add(std::move(header));
  for (std::int64_t i = 0; i < counts.size(); ++i) {
    std::vector<std::string> row{name_of(counts.labels[static_cast<std::size_t>(i)], class_names)};
    for (std::int64_t j = 0; j < counts.size(); ++j) row.push_back(std::to_string(counts.at(i, j)));
    confusion.add(std::move(row));
  }
  confusion.print();
}

}  // namespace

void print_evaluation(const Evaluation& result, const metrics::EvaluateOptions& options,
                      const std::vector<std::string>& class_names) {
  const std::string percent = text(100.0 * options.confidence, " % interval");
  std::printf("%lld samples, %lld classes", static_cast<long long>(result.n),
              static_cast<long long>(result.confusion.size()));
  if (!options.groups.empty()) std::printf(", %lld groups", static_cast<long long>(result.groups));
  std::printf(", %lld bootstrap replicates\n\n", static_cast<long long>(options.replicates));

  TextTable scores;
  scores.add({"score", "value", percent, "n", "interval by"});
  for (const Estimate& estimate : result.scores) scores.add(cells_of(estimate.name, estimate));
  scores.print();
  if (!result.probabilities) {
    std::printf("The scores are not probabilities (row %lld is none): no log loss, Brier score or calibration error.\n",
                static_cast<long long>(result.not_probability));
  }
  if (!std::isnan(result.threshold)) {
    std::printf("One column of scores: the threshold between the classes is %g.\n", result.threshold);
  }

  std::printf("\n");
  TextTable classes;
  classes.add({"class", "value", percent, "n", "interval by"});
  for (const metrics::ClassEvaluation& c : result.classes) {
    for (const Estimate* e : {&c.precision, &c.recall, &c.f1, &c.auc, &c.average_precision}) {
      classes.add(cells_of(text(name_of(c.label, class_names), " ", e->name), *e));
    }
  }
  classes.print();

  print_confusion(result.confusion, class_names);
}

}  // namespace qrs::tables
