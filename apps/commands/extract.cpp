// qrs extract MODEL.safetensors: what a trained network's head sees of each image, for the learners of `qrs fit`.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../datasets/datasets.hpp"
#include "../models/instances.hpp"
#include "../outputs/outputs.hpp"
#include "../progress/progress_line.hpp"
#include "../training/split.hpp"
#include "commands.hpp"
#include "qrs/core/timer.hpp"
#include "qrs/data/preprocessing.hpp"
#include "qrs/infer/network_file.hpp"
#include "qrs/io/json_list.hpp"
#include "qrs/io/safetensors.hpp"
#include "qrs/nn/weights_hash.hpp"
#include "qrs/train/predict.hpp"

namespace qrs::commands::extract_verb {

namespace {

struct Options {
  std::string model;
  datasets::Arguments data;
  std::string out;
  std::string part = "all";
  std::int64_t batch_size = 32;
  bool json = false;
};

/// The images of the part asked for, by the split.csv that qrs train wrote beside the network.
train::Samples samples_of(const Options& o, const data::ImageDataset& data) {
  if (o.part == "all") return train::all(data);
  const std::string split = (std::filesystem::path(o.model).parent_path() / "split.csv").string();
  train::Samples out{.data = &data, .rows = training::rows_of_part(training::read_split_csv(split, data), o.part)};
  QRS_CHECK(out.size() > 0, "[extract] expected images of the part ", o.part, " in ", split, ", got none");
  return out;
}

void run(const Options& o) {
  const Timer timer;
  outputs::expect_file("extract", "--out", o.out, {".safetensors"});
  const infer::NetworkFile model = infer::load_network(o.model);
  datasets::Arguments data = o.data;
  if (!data.pillow) data.pillow = datasets::pillow_of(model.info.preprocessing);
  const datasets::Loaded images = datasets::load(data);
  QRS_CHECK(data::preprocessing_json(images.preprocessing) == data::preprocessing_json(model.info.preprocessing),
            "[extract] expected images prepared as for the network, ",
            data::preprocessing_words(model.info.preprocessing), ", got ",
            data::preprocessing_words(images.preprocessing));
  const train::Samples samples = samples_of(o, images.data);
  std::vector<std::int64_t> labels;
  std::vector<std::string> files;
  for (const std::int64_t row : samples.rows) {
    labels.push_back(images.data.labels[static_cast<std::size_t>(row)]);
    files.push_back(images.data.files[static_cast<std::size_t>(row)]);
  }
  io::StateDict out;
  out.metadata = {{"files", io::json_list(files)},
                  {"part", o.part},
                  {"classes", io::json_list(images.data.class_names)},
                  {"model", model.info.model},
                  {"weights_sha256", nn::weights_sha256(*model.net)}};
  Tensor<float> features;  // (N, D)
  {
    ProgressLine line("extract");
    features = train::features(*model.net, samples, o.batch_size, [&](std::int64_t done, std::int64_t total) {
      line.progress("image", done, total);
      return true;
    });
  }
  out.add("features", features);
  out.add("labels", Tensor<std::int64_t>::from({samples.size()}, std::span<const std::int64_t>(labels)));
  io::write_safetensors(o.out, out);
  if (o.json) {
    const nlohmann::ordered_json said{{"model", model.info.model},
                                      {"images", features.dim(0)},
                                      {"features", features.dim(1)},
                                      {"out", o.out},
                                      {"seconds", timer.seconds()}};
    outputs::print_json(said);
    return;
  }
  std::printf("%lld features of %lld images in %.1f s; wrote %s\n", static_cast<long long>(features.dim(1)),
              static_cast<long long>(features.dim(0)), timer.seconds(), o.out.c_str());
}

}  // namespace

void add(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = program.add_subcommand("extract", "Features of images: what a trained network's head sees.");
  verb->footer(
      "Examples:\n"
      "  qrs extract run/best.safetensors --data images.safetensors --part train --out train.safetensors\n"
      "  qrs extract run/best.safetensors --data images.safetensors --part test --out test.safetensors\n"
      "  qrs fit svc --x train.safetensors:features --y train.safetensors:labels --out svc.safetensors\n"
      "  qrs predict svc.safetensors --x test.safetensors:features --out labels.csv");
  verb->add_option("MODEL", options->model, "A network that qrs train wrote")->required();
  datasets::add_arguments(*verb, options->data);
  verb->add_option("--out", options->out, "The .safetensors file to write: features (N, D), labels (N)")->required();
  verb->add_option("--part", options->part, "Of these images only the ones that the split.csv beside MODEL names so")
      ->capture_default_str()
      ->check(CLI::IsMember({"all", "train", "validation", "test"}));
  verb->add_option("--batch-size", options->batch_size, "Images at a time")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  verb->add_flag("--json", options->json, "Print one JSON object");
  verb->callback([options] { run(*options); });
}

}  // namespace qrs::commands::extract_verb
