// qrs evaluate --y Y --scores S: every score of a prediction, each with its n, its interval and how that was made.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "../outputs/outputs.hpp"
#include "../tables/tables.hpp"
#include "../tables/text_table.hpp"
#include "commands.hpp"
#include "qrs/core/error.hpp"
#include "qrs/core/fixed_text.hpp"
#include "qrs/metrics/evaluate.hpp"

namespace qrs::commands::evaluate_verb {

namespace {

using metrics::Estimate;
using metrics::Evaluation;
using tables::TextTable;

// Each is a number in memory a score.
constexpr int most_replicates = 10000000;
constexpr int most_bins = 1000000;

struct Options {
  std::string y;
  std::string scores;
  std::string predicted;
  std::string groups;
  std::string labels;
  std::string interval = "bca";
  metrics::EvaluateOptions evaluate;
  bool json = false;
};

/// "0,1,5" as labels.
std::vector<std::int64_t> parse_labels(const std::string& list) {
  std::vector<std::int64_t> out;
  const char* at = list.data();
  const char* const end = at + list.size();
  while (at < end) {
    std::int64_t label = 0;
    const auto [next, code] = std::from_chars(at, end, label);
    const bool more = next != end && *next == ',' && next + 1 != end;
    QRS_CHECK(code == std::errc() && (next == end || more),
              "[evaluate] expected --labels as integers like 0,1,2, got '", list, "'");
    out.push_back(label);
    at = next == end ? end : next + 1;
  }
  return out;
}

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

void print_json(const Options& options, const Evaluation& result) {
  Json out;
  out["n"] = result.n;
  out["groups"] = result.groups;
  out["confidence"] = options.evaluate.confidence;
  out["replicates"] = options.evaluate.replicates;
  out["seed"] = options.evaluate.seed;
  out["probabilities"] = result.probabilities;
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
  outputs::print_json(out);
}

// ---- as tables -----------------------------------------------------------------------------------------------------------

std::vector<std::string> cells_of(const std::string& name, const Estimate& e) {
  const std::string interval =
      std::isnan(e.interval.low) ? "-" : fixed(e.interval.low, 4) + " .. " + fixed(e.interval.high, 4);
  return {name, fixed(e.value, 4), interval, std::to_string(e.n), e.method};
}

void print_tables(const Options& options, const Evaluation& result) {
  const std::string percent = text(100.0 * options.evaluate.confidence, " % interval");
  std::printf("%lld samples, %lld classes", static_cast<long long>(result.n),
              static_cast<long long>(result.confusion.size()));
  if (!options.groups.empty()) std::printf(", %lld groups", static_cast<long long>(result.groups));
  std::printf(", %lld bootstrap replicates\n\n", static_cast<long long>(options.evaluate.replicates));

  TextTable scores;
  scores.add({"score", "value", percent, "n", "interval by"});
  for (const Estimate& estimate : result.scores) scores.add(cells_of(estimate.name, estimate));
  scores.print();
  if (!result.probabilities) {
    std::printf("The scores are not probabilities: no log loss, Brier score or calibration error.\n");
  }

  std::printf("\n");
  TextTable classes;
  classes.add({"class", "value", percent, "n", "interval by"});
  for (const metrics::ClassEvaluation& c : result.classes) {
    for (const Estimate* e : {&c.precision, &c.recall, &c.f1, &c.auc, &c.average_precision}) {
      classes.add(cells_of(text(c.label, " ", e->name), *e));
    }
  }
  classes.print();

  std::printf("\nconfusion: a row a true class, a column a predicted one\n");
  TextTable confusion;
  confusion.numbers_only();
  std::vector<std::string> header{""};
  for (const std::int64_t label : result.confusion.labels) header.push_back(std::to_string(label));
  confusion.add(std::move(header));
  for (std::int64_t i = 0; i < result.confusion.size(); ++i) {
    std::vector<std::string> row{std::to_string(result.confusion.labels[static_cast<std::size_t>(i)])};
    for (std::int64_t j = 0; j < result.confusion.size(); ++j) row.push_back(std::to_string(result.confusion.at(i, j)));
    confusion.add(std::move(row));
  }
  confusion.print();
}

}  // namespace

void add(CLI::App& program) {
  auto* command = program.add_subcommand("evaluate", "Every score of a prediction, each with its n and an interval.");
  auto options = std::make_shared<Options>();
  metrics::EvaluateOptions& evaluate = options->evaluate;
  command->add_option("--y", options->y, "True labels, one a row: .npy, CSV, or file.safetensors:name")->required();
  command->add_option("--scores", options->scores, "Scores, a column a class, or one column for two classes")
      ->required();
  command->add_option("--predicted", options->predicted, "Predicted labels, where they are not the greatest score");
  command->add_option("--groups", options->groups, "A group (a patient, say) a row: intervals are then by group");
  command->add_option("--labels", options->labels,
                      "The classes of the columns, like 0,1,2; default: those in Y, ascending");
  command->add_option("--confidence", evaluate.confidence, "Of the intervals")->capture_default_str();
  command->add_option("--interval", options->interval, "Of the bootstrap")
      ->check(CLI::IsMember({"bca", "percentile"}))
      ->capture_default_str();
  command->add_option("--replicates", evaluate.replicates, "Of the bootstrap")
      ->check(CLI::Range(0, most_replicates))
      ->capture_default_str();
  command->add_option("--seed", evaluate.seed, "Of the bootstrap")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_flag("--stratified", evaluate.stratified, "Bootstrap within each true class");
  command->add_option("--bins", evaluate.bins, "Of the calibration error")
      ->check(CLI::Range(1, most_bins))
      ->capture_default_str();
  command->add_flag("--json", options->json, "Print one JSON object");
  command->footer(
      "Accuracy, recall and precision of a class have Wilson's interval, the AUC of a class DeLong's, the others the\n"
      "bootstrap's; with --groups all are the bootstrap's. A score that the data do not define is '-', with the "
      "reason.\n\n"
      "  qrs evaluate --y test_y.npy --scores proba.npy\n"
      "  qrs evaluate --y run.safetensors:y --scores run.safetensors:proba --groups patients.csv --json");
  command->callback([options] {
    metrics::EvaluateOptions& evaluate = options->evaluate;
    const std::vector<std::int64_t> y = tables::read_labels(options->y);
    const ml::Matrix<double> scores = tables::read_scores(options->scores);
    const std::vector<std::int64_t> labels = parse_labels(options->labels);
    std::vector<std::int64_t> predicted, groups;
    if (!options->predicted.empty()) predicted = tables::read_labels(options->predicted);
    if (!options->groups.empty()) groups = tables::read_labels(options->groups);
    evaluate.labels = labels;
    evaluate.predicted = predicted;
    evaluate.groups = groups;
    evaluate.method = options->interval == "bca" ? metrics::BootstrapMethod::bca : metrics::BootstrapMethod::percentile;
    const Evaluation result = metrics::evaluate(y, {scores.values(), scores.cols()}, evaluate);
    (options->json ? print_json : print_tables)(*options, result);
  });
}

}  // namespace qrs::commands::evaluate_verb
