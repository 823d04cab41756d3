// qrs preprocess --data DIR --out FILE: a folder of images as one file of the pixels that networks see.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../datasets/datasets.hpp"
#include "../decoders/jpeg_decoder.hpp"
#include "../outputs/outputs.hpp"
#include "commands.hpp"
#include "qrs/audit/duplicates.hpp"
#include "qrs/core/timer.hpp"
#include "qrs/data/image_cache.hpp"

namespace qrs::commands::preprocess_verb {

namespace {

struct Options {
  datasets::Arguments data;
  std::string out;
  bool json = false;
};

struct ClassRow {
  std::string name;
  std::int64_t files = 0;
  std::int64_t distinct = 0;
};

std::vector<ClassRow> count_classes(const data::ImageDataset& data) {
  const std::vector<std::int64_t> groups = audit::content_groups(data.hashes);
  std::vector<ClassRow> rows;
  for (std::int64_t c = 0; c < data.classes(); ++c) {
    std::vector<std::int64_t> members;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (data.labels[i] == c) members.push_back(groups[i]);
    }
    rows.push_back({data.class_names[static_cast<std::size_t>(c)], static_cast<std::int64_t>(members.size()),
                    audit::distinct_groups(members)});
  }
  return rows;
}

void preprocess(const Options& options) {
  const Timer timer;
  outputs::expect_file("preprocess", "--out", options.out, {".safetensors"});
  datasets::Loaded loaded = datasets::load(options.data);
  const double read_seconds = timer.seconds();
  const std::vector<std::string> skipped = loaded.skipped;
  data::CachedImages cached{.data = std::move(loaded.data),
                            .preprocessing = loaded.preprocessing,
                            .decoder = std::move(loaded.decoder),
                            .key = {}};
  data::write_image_cache(options.out, cached);
  const std::vector<ClassRow> rows = count_classes(cached.data);
  if (options.json) {
    nlohmann::ordered_json out{
        {"out", options.out},
        {"images", cached.data.size()},
        {"preprocessing", nlohmann::ordered_json::parse(data::preprocessing_json(loaded.preprocessing))},
        {"decoder", cached.decoder},
        {"skipped", skipped},
        {"left_out", loaded.left_out},
        {"seconds", read_seconds}};
    for (const ClassRow& row : rows) {
      out["classes"].push_back({{"name", row.name}, {"files", row.files}, {"distinct", row.distinct}});
    }
    outputs::print_json(out);
    return;
  }
  std::printf("%-24s %8s %18s\n", "class", "images", "different contents");
  for (const ClassRow& row : rows) {
    std::printf("%-24s %8lld %18lld\n", row.name.c_str(), static_cast<long long>(row.files),
                static_cast<long long>(row.distinct));
  }
  std::printf("%lld images, %s, JPEG by %s, in %.1f s\nwrote %s\n", static_cast<long long>(cached.data.size()),
              data::preprocessing_words(loaded.preprocessing).c_str(), cached.decoder.c_str(), read_seconds,
              options.out.c_str());
}

}  // namespace

void add(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  CLI::App* verb = program.add_subcommand("preprocess", "Turn a folder of images into one file of prepared pixels.");
  verb->footer(
      "Each image is resized, turned grey and equalised, with the bits of Pillow 13 (--pillow 12: of those before, "
      "which\n"
      "resize tall pictures otherwise). The file holds `images`, uint8\n"
      "[N, H, W], `labels`, int64 [N], and in its metadata `files`, `classes` and `hashes` (SHA-256 of each file),\n"
      "in the order of the classes and then of the names, numbers counted as numbers.\n"
      "Examples:\n"
      "  qrs preprocess --data ecg --out ecg.safetensors\n"
      "  qrs preprocess --data labels.csv --filter lanczos --no-equalize --out ecg.safetensors --json");
  datasets::add_arguments(*verb, options->data);
  verb->add_option("--out", options->out, "The .safetensors file to write")->required();
  verb->add_flag("--json", options->json, "Print one JSON object");
  verb->callback([options] { preprocess(*options); });
}

}  // namespace qrs::commands::preprocess_verb
