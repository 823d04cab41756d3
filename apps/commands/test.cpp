// qrs test RUN --data DIR: the scores of a trained network on the images that were kept for the test.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../datasets/datasets.hpp"
#include "../outputs/outputs.hpp"
#include "../progress/progress_line.hpp"
#include "../tables/evaluation_report.hpp"
#include "../tables/predictions_csv.hpp"
#include "../training/calibration.hpp"
#include "../training/split.hpp"
#include "commands.hpp"
#include "qrs/audit/duplicates.hpp"
#include "qrs/audit/leakage.hpp"
#include "qrs/core/argmax.hpp"
#include "qrs/data/preprocessing.hpp"
#include "qrs/infer/network_file.hpp"
#include "qrs/io/file.hpp"

namespace qrs::commands::test_verb {

namespace {

struct Options {
  std::string run;
  datasets::Arguments data;
  std::string part = "test";
  std::string out;
  std::int64_t batch_size = 32;
  metrics::EvaluateOptions evaluate;
  bool json = false;
};

/// What the network says of one part of the data.
struct Tested {
  train::Samples samples;
  std::vector<double> probabilities;    // (N, classes), calibrated where the network's file has a temperature
  std::vector<std::int64_t> labels;     // N
  std::vector<std::int64_t> predicted;  // N
  std::vector<std::int64_t> groups;     // N, one a content; empty where no two images are equal
  std::int64_t equal_to_training = 0;   // images whose bytes are a training image's
};

/// The images are prepared as the network's file says, whatever the defaults of other verbs are.
datasets::Loaded load(const Options& o, const infer::NetworkInfo& info) {
  datasets::Arguments data = o.data;
  datasets::prepare_as(data, info.preprocessing);
  datasets::Loaded images = datasets::load(data);
  QRS_CHECK(data::preprocessing_json(images.preprocessing) == data::preprocessing_json(info.preprocessing),
            "[test] expected images prepared as for the network, ", data::preprocessing_words(info.preprocessing),
            ", got ", data::preprocessing_words(images.preprocessing));
  QRS_CHECK(images.data.class_names == info.class_names, "[test] expected the network's classes, ",
            nlohmann::json(info.class_names).dump(), ", got ", nlohmann::json(images.data.class_names).dump(), " in ",
            o.data.source);
  return images;
}

/// How many images of equal bytes stand among the training images too, and the groups of equal ones within the part.
void find_equal_images(const data::ImageDataset& data, const std::vector<std::string>& parts, Tested& tested) {
  const std::vector<std::int64_t> contents = audit::content_groups(data.hashes);
  const std::vector<bool> leaked =
      audit::leaked_items(training::rows_of_part(parts, "train"), tested.samples.rows, contents);
  tested.equal_to_training = std::count(leaked.begin(), leaked.end(), true);
  std::vector<std::int64_t> groups;
  for (const std::int64_t row : tested.samples.rows) groups.push_back(contents[static_cast<std::size_t>(row)]);
  if (audit::distinct_groups(groups) < tested.samples.size()) tested.groups = std::move(groups);
}

Tested test(const Options& o, const infer::NetworkFile& network, const datasets::Loaded& images) {
  const std::vector<std::string> parts = training::read_split_csv(o.run + "/split.csv", images.data);
  Tested out;
  out.samples = {&images.data, training::rows_of_part(parts, o.part)};
  QRS_CHECK(out.samples.size() > 0, "[test] expected images of the part ", o.part, " in ", o.run,
            "/split.csv, got none");
  find_equal_images(images.data, parts, out);
  ProgressLine line("test");
  const training::Outputs outputs =
      training::outputs_of(*network.net, out.samples, o.batch_size, [&](std::int64_t done, std::int64_t total) {
        line.progress("image", done, total);
        return true;
      });
  out.probabilities = training::probabilities(outputs, network.info.temperature.value_or(1.0));
  out.labels = outputs.labels;
  for (std::int64_t i = 0; i < out.samples.size(); ++i) {
    out.predicted.push_back(argmax(out.probabilities.data() + i * outputs.classes, outputs.classes));
  }
  return out;
}

std::string predictions_csv(const data::ImageDataset& data, const Tested& tested) {
  const auto classes = static_cast<std::size_t>(data.classes());
  std::vector<tables::Prediction> rows;
  for (std::size_t i = 0; i < tested.labels.size(); ++i) {
    rows.push_back({.file = data.files[static_cast<std::size_t>(tested.samples.rows[i])],
                    .label = tested.labels[i],
                    .predicted = tested.predicted[i],
                    .probabilities = std::span(tested.probabilities).subspan(i * classes, classes),
                    .error = {}});
  }
  return tables::predictions_csv(data.class_names, rows);
}

void run(const Options& o) {
  if (!o.out.empty()) outputs::expect_file("test", "--out", o.out, {".csv"});
  const infer::NetworkFile network = infer::load_network(o.run + "/best.safetensors");
  const datasets::Loaded images = load(o, network.info);
  const Tested tested = test(o, network, images);
  metrics::EvaluateOptions options = o.evaluate;
  const std::vector<std::int64_t> labels = training::class_labels(images.data.classes());
  options.labels = labels;
  options.groups = tested.groups;
  const metrics::Evaluation result =
      metrics::evaluate(tested.labels, {tested.probabilities, images.data.classes()}, options);
  if (!o.out.empty()) io::write_file(o.out, io::as_bytes(predictions_csv(images.data, tested)));
  if (o.json) {
    nlohmann::ordered_json out{{"model", network.info.model},
                               {"part", o.part},
                               {"class_names", network.info.class_names},
                               {"calibrated", network.info.temperature.has_value()},
                               {"equal_to_training", tested.equal_to_training}};
    out.update(tables::evaluation_json(result, options));
    outputs::print_json(out);
    return;
  }
  std::printf("%s on the part %s: ", network.info.model.c_str(), o.part.c_str());
  tables::print_evaluation(result, options, network.info.class_names);
  if (!tested.groups.empty()) std::printf("\nImages of equal bytes count as one group: intervals are by group.\n");
  if (tested.equal_to_training > 0 && o.part != "train" && o.part != "all") {
    std::printf(
        "\n%lld of these %lld images are, byte for byte, images that it was trained with: these scores are too "
        "good (train with --split grouped).\n",
        static_cast<long long>(tested.equal_to_training), static_cast<long long>(tested.samples.size()));
  }
  if (!o.out.empty()) std::printf("\nwrote %s\n", o.out.c_str());
}

}  // namespace

void add(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  Options& o = *options;
  CLI::App* verb = program.add_subcommand("test", "Scores of a trained network on the images kept for the test.");
  verb->footer(
      "RUN is a folder that qrs train wrote: its best.safetensors says how images are prepared, its split.csv which "
      "were\n"
      "kept. Every score has its number of images and an interval; images of the same bytes count as one group, and "
      "how\n"
      "many of them stand among the training images too is told.\n"
      "Examples:\n"
      "  qrs test run --data ecg\n"
      "  qrs test run --data ecg --out predictions.csv --json\n"
      "  qrs test run --data images.safetensors --part validation");
  verb->add_option("RUN", o.run, "The folder of a run of qrs train")->required();
  datasets::add_source_arguments(*verb, o.data);
  verb->add_option("--part", o.part, "Which images")
      ->capture_default_str()
      ->check(CLI::IsMember({"test", "validation", "train", "all"}));
  verb->add_option("--out", o.out, "A .csv to write: file, label, predicted, right, probabilities, error");
  verb->add_option("--batch-size", o.batch_size, "Images at a time")->capture_default_str()->check(CLI::PositiveNumber);
  verb->add_option("--confidence", o.evaluate.confidence, "Of the intervals")->capture_default_str();
  verb->add_option("--replicates", o.evaluate.replicates, "Of the bootstrap")->capture_default_str();
  verb->add_flag("--json", o.json, "Print one JSON object");
  verb->callback([options] { run(*options); });
}

}  // namespace qrs::commands::test_verb
