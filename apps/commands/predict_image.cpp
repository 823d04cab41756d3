// qrs predict-image MODEL IMAGE...: what a trained network says of pictures, one by one or folder by folder.
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../datasets/datasets.hpp"
#include "../datasets/pictures.hpp"
#include "../decoders/jpeg_decoder.hpp"
#include "../models/instances.hpp"
#include "../outputs/outputs.hpp"
#include "../progress/progress_line.hpp"
#include "../tables/predictions_csv.hpp"
#include "../tables/text_table.hpp"
#include "commands.hpp"
#include "qrs/core/fixed_text.hpp"
#include "qrs/core/timer.hpp"
#include "qrs/infer/classify_files.hpp"
#include "qrs/io/file.hpp"

namespace qrs::commands::predict_image_verb {

namespace {

using infer::Classified;
using infer::NetworkInfo;

struct Options {
  std::string model;
  std::vector<std::string> images;
  std::string out;
  std::int64_t picture_memory = 160;
  bool json = false;
};

/// The results with the class that each picture's folder tells. Refers to `results`.
std::vector<tables::Prediction> predictions_of(const NetworkInfo& info, const std::vector<Classified>& results) {
  std::vector<tables::Prediction> out;
  for (const Classified& result : results) {
    out.push_back({.file = result.file,
                   .label = datasets::class_by_folder(result.file, info.class_names),
                   .predicted = result.error.empty() ? result.predicted : -1,
                   .probabilities = result.probabilities,
                   .error = result.error});
  }
  return out;
}

void print_json(const NetworkInfo& info, const std::vector<tables::Prediction>& results, const infer::Stages& stages,
                double load_seconds) {
  nlohmann::ordered_json out;
  out["model"] = info.model;
  out["classes"] = info.class_names;
  out["calibrated"] = info.temperature.has_value();
  out["temperature"] = info.temperature ? nlohmann::ordered_json(*info.temperature) : nlohmann::ordered_json();
  out["decoder_of_jpeg"] = jpeg_decoder().name;
  out["images"] = nlohmann::ordered_json::array();
  for (const tables::Prediction& result : results) {
    nlohmann::ordered_json row{{"file", result.file}};
    if (!result.error.empty()) {
      row["error"] = result.error;
    } else {
      if (result.label >= 0) row["label"] = info.class_names[static_cast<std::size_t>(result.label)];
      row["class"] = info.class_names[static_cast<std::size_t>(result.predicted)];
      for (std::size_t c = 0; c < result.probabilities.size(); ++c) {
        row["probabilities"][info.class_names[c]] = result.probabilities[c];
      }
    }
    out["images"].push_back(std::move(row));
  }
  out["load_seconds"] = load_seconds;
  out["seconds_per_image"] = {{"decode", stages.decode},
                              {"preprocess", stages.preprocess},
                              {"network", stages.network},
                              {"total", stages.total}};
  outputs::print_json(out);
}

void print_table(const NetworkInfo& info, const std::vector<tables::Prediction>& results, const infer::Stages& stages,
                 double load_seconds) {
  tables::TextTable table;
  table.numbers_only();
  std::vector<std::string> head{"image", "class"};
  head.insert(head.end(), info.class_names.begin(), info.class_names.end());
  table.add(std::move(head));
  std::size_t predicted = 0;
  std::int64_t known = 0;  // pictures whose folder is called as a class
  std::int64_t right = 0;
  for (const tables::Prediction& result : results) {
    if (!result.error.empty()) continue;
    known += result.label >= 0 ? 1 : 0;
    right += result.label == result.predicted ? 1 : 0;
    std::vector<std::string> row{result.file, info.class_names[static_cast<std::size_t>(result.predicted)]};
    for (const double p : result.probabilities) row.push_back(fixed(p, 4));
    table.add(std::move(row));
    ++predicted;
  }
  if (predicted > 0) {
    table.print();
    if (known > 0) {
      std::printf("\nRight for %lld of the %lld pictures whose folder is called as a class.\n",
                  static_cast<long long>(right), static_cast<long long>(known));
    }
    if (info.temperature) {
      std::printf("\nProbabilities are calibrated with temperature %.4g, fitted on validation images.\n",
                  *info.temperature);
    } else {
      std::printf("\nProbabilities are not calibrated: the model file has no temperature.\n");
    }
    std::printf("%s loaded in %.2f s; %.0f ms an image: decode %.0f, preprocess %.0f (a core each), network %.0f\n",
                info.model.c_str(), load_seconds, 1e3 * stages.total, 1e3 * stages.decode, 1e3 * stages.preprocess,
                1e3 * stages.network);
  }
}

}  // namespace

void add(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = program.add_subcommand("predict-image", "Class and probabilities of pictures of ECG pages.");
  verb->footer(
      "MODEL is a .safetensors with the network's name, class names and preprocessing in its metadata, as qrs train\n"
      "writes it. A picture that cannot be read is reported by name; the others are predicted, and the exit status is\n"
      "1. Not a medical device: what it prints is research, no diagnosis.\n"
      "Examples:\n"
      "  qrs predict-image best.safetensors page.jpg\n"
      "  qrs predict-image best.safetensors pages --out predictions.csv\n"
      "  qrs predict-image best.safetensors pages/*.jpg --json");
  verb->add_option("MODEL", options->model, "The trained network")->required();
  verb->add_option("IMAGE", options->images, "PNG, JPEG, BMP, PGM or PPM files, or folders of them")->required();
  verb->add_option("--out", options->out, "A .csv to write: file, label, predicted, right, probabilities, error");
  datasets::add_picture_memory_argument(*verb, options->picture_memory);
  verb->add_flag("--json", options->json, "Print one JSON object");
  verb->callback([options] {
    if (!options->out.empty()) outputs::expect_file("predict-image", "--out", options->out, {".csv"});
    const Timer timer;
    infer::NetworkFile file = infer::load_network(options->model);
    nn::fold_batch_norm(*file.net);
    const double load_seconds = timer.seconds();
    infer::Stages stages;
    std::vector<Classified> results;
    {
      ProgressLine line("predict-image");
      results = infer::classify(
          file, datasets::pictures_of(options->images), stages, jpeg_decoder(),
          [&](std::int64_t done, std::int64_t total) { line.progress("image", done, total); },
          datasets::most_bytes_of(options->picture_memory));
    }
    const std::vector<tables::Prediction> predictions = predictions_of(file.info, results);
    if (!options->out.empty()) {
      io::write_file(options->out, io::as_bytes(tables::predictions_csv(file.info.class_names, predictions)));
    }
    (options->json ? print_json : print_table)(file.info, predictions, stages, load_seconds);
    bool failed = false;
    for (const Classified& result : results) {
      if (result.error.empty()) continue;
      std::fprintf(stderr, "qrs: %s\n", result.error.c_str());
      failed = true;
    }
    if (failed) finish(1);
  });
}

}  // namespace qrs::commands::predict_image_verb
