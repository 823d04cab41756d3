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
#include "../tables/evaluation_report.hpp"
#include "../tables/header_option.hpp"
#include "../tables/tables.hpp"
#include "commands.hpp"
#include "qrs/core/error.hpp"
#include "qrs/metrics/evaluate.hpp"

namespace qrs::commands::evaluate_verb {

namespace {

using metrics::Evaluation;

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
  io::CsvNames names = io::CsvNames::detect;
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
  tables::add_header_options(*command, options->names);
  command->add_flag("--json", options->json, "Print one JSON object");
  command->footer(
      "Accuracy, recall and precision of a class have Wilson's interval, the AUC of a class DeLong's, the others the\n"
      "bootstrap's; with --groups all are the bootstrap's. One column of scores tells the classes apart at 0.5\n"
      "where all are in [0, 1], else at 0. A score that the data do not define is '-', with the reason.\n\n"
      "  qrs evaluate --y test_y.npy --scores proba.npy\n"
      "  qrs evaluate --y run.safetensors:y --scores run.safetensors:proba --groups patients.csv --json");
  command->callback([options] {
    metrics::EvaluateOptions& evaluate = options->evaluate;
    const ml::Matrix<double> scores = tables::read_scores(options->scores, options->names);
    const auto column = [&](const std::string& what) {
      return tables::Column{.what = what, .rows = scores.rows(), .names = options->names};
    };
    const std::vector<std::int64_t> y = tables::read_labels(options->y, column("labels"));
    const std::vector<std::int64_t> labels = parse_labels(options->labels);
    std::vector<std::int64_t> predicted, groups;
    if (!options->predicted.empty()) predicted = tables::read_labels(options->predicted, column("labels"));
    if (!options->groups.empty()) groups = tables::read_labels(options->groups, column("groups"));
    evaluate.labels = labels;
    evaluate.predicted = predicted;
    evaluate.groups = groups;
    evaluate.method = options->interval == "bca" ? metrics::BootstrapMethod::bca : metrics::BootstrapMethod::percentile;
    const Evaluation result = metrics::evaluate(y, {scores.values(), scores.cols()}, evaluate);
    if (options->json) {
      outputs::print_json(tables::evaluation_json(result, evaluate));
    } else {
      tables::print_evaluation(result, evaluate);
    }
  });
}

}  // namespace qrs::commands::evaluate_verb
