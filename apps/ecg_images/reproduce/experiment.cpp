#include "experiment.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "../../progress/progress_line.hpp"
#include "../../progress/training_progress.hpp"
#include "../../training/initial_weights.hpp"
#include "../../training/interrupt.hpp"
#include "../../training/run_folder.hpp"
#include "../classes.hpp"
#include "../report/experiment_report.hpp"
#include "../report/predictions_csv.hpp"
#include "../report/results_json.hpp"
#include "../synthetic_ecg/data_set.hpp"
#include "backbone_stage.hpp"
#include "classifier_stage.hpp"
#include "examples.hpp"
#include "provenance.hpp"
#include "qrs/audit/duplicates.hpp"
#include "qrs/audit/leak_split.hpp"
#include "qrs/audit/leakage.hpp"
#include "qrs/core/fixed_text.hpp"
#include "qrs/core/sha256.hpp"
#include "qrs/core/timer.hpp"
#include "qrs/data/image_folder.hpp"
#include "qrs/data/k_fold.hpp"
#include "qrs/infer/network_file.hpp"
#include "qrs/io/csv.hpp"
#include "qrs/io/file.hpp"
#include "qrs/io/json_list.hpp"
#include "weights_folder.hpp"

namespace qrs::reproduce {

namespace {

namespace fs = std::filesystem;

constexpr double drawn_scale = 0.5;  // of the published size: what is left after the resize to 224 is the same picture

/// The file that says of a folder that it holds a run of this verb, written before anything else. Without it nothing in the
/// folder is ours to go on with, or to remove.
constexpr const char* mark_name = "run.json";
constexpr const char* mark_begin = "{\"qrs\": \"reproduce\"";

bool holds_run(const training::RunFolder& folder) {
  const std::string mark = folder / mark_name;
  if (!fs::is_regular_file(mark)) return false;
  const std::vector<std::byte> bytes = io::read_file(mark);
  return io::as_text(bytes).starts_with(mark_begin);
}

/// Makes the folder this run's: new or empty, or with plan.resume one that holds a run. Throws for any other.
void claim(const Plan& plan, const training::RunFolder& folder) {
  training::remove_leftovers(plan.out, {mark_name});
  if (!fs::is_empty(plan.out)) {
    QRS_CHECK(plan.resume, "[reproduce] expected --out to be new or empty, got ", plan.out,
              ": go on with --resume, or choose another folder");
    QRS_CHECK(holds_run(folder), "[reproduce] expected --resume with an --out that holds a run of qrs reproduce, got ",
              plan.out, ", which has no ", mark_name, " of one: choose a new folder");
    return;
  }
  io::write_file(folder / mark_name, io::as_bytes(text(mark_begin, ", \"preset\": \"", plan.preset, "\"}\n")));
}

/// The folder of drawn pages: drawn now, or by the run that this one goes on with.
std::string draw_pages(const Plan& plan) {
  namespace ecg = ecg_images::synthetic_ecg;
  const std::string folder = plan.out + "/drawn";
  if (fs::exists(folder + "/truth.csv")) return folder;  // written last
  fs::remove_all(folder);
  ProgressLine line("drawing");
  ecg::SynthesisOptions options;
  options.out = folder;
  options.per_class = plan.per_class;
  options.seed = static_cast<std::uint64_t>(plan.parts.seed);
  options.page.scale = drawn_scale;
  ecg::synthesize(options, [&](std::int64_t done, std::int64_t total) { line.progress("page", done, total); });
  return folder;
}

/// The hash, label and path of every file, a line each.
std::string manifest(const data::ImageDataset& data) {
  std::string out = "sha256,class,file\n";
  for (std::size_t i = 0; i < data.files.size(); ++i) {
    out += data.hashes[i] + ",";
    io::append_csv_field(out, data.class_names[static_cast<std::size_t>(data.labels[i])]);
    out += ',';
    io::append_csv_field(out, data.files[i]);
    out += '\n';
  }
  return out;
}

std::string source_name(const Plan& plan) {
  if (plan.drawn) return text("pages drawn by qrs synthesize, seed ", plan.parts.seed);
  const fs::path path = fs::path(plan.data.source).lexically_normal();
  return (path.has_filename() ? path : path.parent_path())
      .filename()
      .string();  // the name alone: not whose machine it is on
}

ecg_images::DataRecord data_record(const Plan& plan, const datasets::Loaded& loaded,
                                   const std::vector<std::int64_t>& groups, const std::string& manifest_text) {
  const data::ImageDataset& data = loaded.data;
  ecg_images::DataRecord out{.source = source_name(plan),
                             .drawn = plan.drawn,
                             .files = data.size(),
                             .distinct = audit::distinct_groups(groups),
                             .skipped = static_cast<std::int64_t>(loaded.skipped.size()),
                             .classes = {},
                             .decoder = loaded.decoder,
                             .manifest_sha256 = sha256(io::as_bytes(manifest_text))};
  for (std::int64_t c = 0; c < data.classes(); ++c) {
    std::vector<std::int64_t> members;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      if (data.labels[i] == c) members.push_back(groups[i]);
    }
    out.classes.push_back({.name = data.class_names[static_cast<std::size_t>(c)],
                           .label = c,
                           .files = static_cast<std::int64_t>(members.size()),
                           .distinct = audit::distinct_groups(members)});
  }
  return out;
}

Repeat make_repeat(const Plan& plan, std::int64_t number, const data::ImageDataset& data,
                   const std::vector<std::int64_t>& groups) {
  Repeat out;
  data::PartSplitOptions options = plan.parts;
  options.seed += number - 1;
  out.number = number;
  out.seed = static_cast<std::uint64_t>(options.seed);
  out.parts = data::split_parts(data.labels, options, plan.grouped ? groups : std::vector<std::int64_t>{});
  out.test.classes = data.classes();
  out.test.leaked = audit::leaked_items(out.parts.train, out.parts.test, groups);
  for (const std::int64_t i : out.parts.test) {
    out.test.labels.push_back(data.labels[static_cast<std::size_t>(i)]);
    out.test.contents.push_back(groups[static_cast<std::size_t>(i)]);
  }
  return out;
}

ecg_images::SplitRecord split_record(const Plan& plan, const Repeat& repeat, const data::ImageDataset& data,
                                     const std::vector<std::int64_t>& groups) {
  const auto per_class = [&](const std::vector<std::int64_t>& part) {
    std::vector<std::int64_t> out(static_cast<std::size_t>(data.classes()));
    for (const std::int64_t i : part) ++out[static_cast<std::size_t>(data.labels[static_cast<std::size_t>(i)])];
    return out;
  };
  const data::PartSplit& parts = repeat.parts;
  const TestSet& test = repeat.test;
  const std::vector<std::int64_t> known = audit::lookup_predictions(parts.train, parts.test, groups, data.labels);
  return {.kind = plan.grouped ? "grouped" : "random",
          .seed = static_cast<std::int64_t>(repeat.seed),
          .train = static_cast<std::int64_t>(parts.train.size()),
          .validation = static_cast<std::int64_t>(parts.validation.size()),
          .test = static_cast<std::int64_t>(parts.test.size()),
          .train_per_class = per_class(parts.train),
          .validation_per_class = per_class(parts.validation),
          .test_per_class = per_class(parts.test),
          .leaked_test = std::count(test.leaked.begin(), test.leaked.end(), true),
          .distinct_test = audit::distinct_groups(test.contents),
          .lookup = audit::leak_split(test.labels, known, test.leaked, test.contents)};
}

/// Throws for what would end the run after its first networks are trained: a network without a file of weights, names that no
/// file of a network can hold, classes too small for the folds.
void check_plan(const Plan& plan, const datasets::Loaded& images, const std::vector<std::int64_t>& groups) {
  const data::ImageDataset& data = images.data;
  for (const std::string& name : plan.backbones) {
    if (!plan.weights.empty()) {
      training::initial_network(name, {.classes = data.classes(), .in_channels = 1, .image_size = data.images.dim(1)},
                                {.file = weights_file(plan.weights, name)}, plan.allow_missing);
    }
    infer::check_network_info(best_weights_path(plan, 1, name),
                              {.model = name, .class_names = data.class_names, .preprocessing = images.preprocessing});
  }
  for (std::int64_t number = 1; number <= plan.repeats; ++number) {
    const Repeat repeat = make_repeat(plan, number, data, groups);
    std::vector<std::int64_t> labels;
    for (const std::int64_t i : repeat.parts.train) labels.push_back(data.labels[static_cast<std::size_t>(i)]);
    data::stratified_k_fold(labels, {.n_splits = plan.folds});
  }
}

/// One repeat; *interrupted tells that it was ended. Adds to `seconds` those of epochs that earlier calls trained.
ecg_images::RunRecord run_repeat(const Plan& plan, const Repeat& repeat, const datasets::Loaded& images,
                                 const std::vector<std::int64_t>& groups, double& seconds, bool& interrupted) {
  const data::ImageDataset& data = images.data;
  ecg_images::RunRecord run;
  run.split = split_record(plan, repeat, data, groups);
  run.test_labels = repeat.test.labels;
  run.test_leaked.assign(repeat.test.leaked.begin(), repeat.test.leaked.end());
  run.test_contents = repeat.test.contents;
  for (const std::int64_t i : repeat.parts.test) run.test_files.push_back(data.files[static_cast<std::size_t>(i)]);

  std::string best;
  double best_accuracy = -1.0;
  double best_loss = 0.0;
  for (const std::string& name : plan.backbones) {
    std::printf("\n%s, repeat %lld of %lld\n", name.c_str(), static_cast<long long>(repeat.number),
                static_cast<long long>(plan.repeats));
    std::fflush(stdout);
    TrainingProgress progress(stdout, [] { return training::Interrupt::asked(); });
    Backbone trained = train_backbone(name, plan, repeat, images, progress, interrupted);
    if (interrupted) return run;
    seconds += trained.resumed_seconds;
    const double accuracy = trained.record.validation_accuracy.value;
    if (accuracy > best_accuracy || (accuracy == best_accuracy && trained.validation_loss < best_loss)) {
      best = name;
      best_accuracy = accuracy;
      best_loss = trained.validation_loss;
    }
    run.backbones.push_back(std::move(trained.record));
  }
  std::printf("\nclassifiers on the features of %s\n", best.c_str());
  std::fflush(stdout);
  ProgressLine line("search");
  ClassifierStage stage =
      run_classifiers(plan, repeat, backbone_features(best, plan, repeat.number, data), data.labels, line);
  run.features = std::move(stage.features);
  run.features.backbone = best;
  run.classifiers = std::move(stage.records);
  if (const ecg_images::ModelRecord* chosen = ecg_images::best_model(run)) {
    run.errors = missed_images(run, *chosen, repeat.parts.test, data);
  }
  return run;
}

}  // namespace

ecg_images::Results run_experiment(const Plan& given, bool& interrupted) {
  const Timer timer;
  Plan plan = given;
  const training::RunFolder folder(plan.out);
  claim(plan, folder);
  training::remove_leftovers(plan.out,
                             {"manifest.csv", "predictions.csv", "report.html", "results.json", "images.safetensors"});
  const training::Interrupt interrupt;
  ecg_images::Results results;
  results.preset = plan.preset;
  results.settings = plan.settings;
  results.provenance = provenance();
  if (plan.drawn) plan.data.source = draw_pages(plan);

  const datasets::Loaded loaded = datasets::load(plan.data);
  const data::ImageDataset& data = loaded.data;
  QRS_CHECK(
      plan.preset != "paper" || std::equal(data.class_names.begin(), data.class_names.end(),
                                           ecg_images::classes.begin(), ecg_images::classes.end(),
                                           [](const std::string& a, const data::KnownClass& b) { return a == b.name; }),
      "[reproduce] expected the classes MI, History_MI, Abnormal and Normal (folders of these or of the published "
      "names) for --preset paper, got ",
      io::json_list(data.class_names), "; --preset quick takes any classes");
  const std::string hashes = manifest(data);
  io::write_file(folder / "manifest.csv", io::as_bytes(hashes));
  const std::vector<std::int64_t> groups = audit::content_groups(data.hashes);
  results.data = data_record(plan, loaded, groups, hashes);
  results.examples = class_examples(plan, data);

  check_plan(plan, loaded, groups);

  for (std::int64_t number = 1; number <= plan.repeats; ++number) {
    const Repeat repeat = make_repeat(plan, number, data, groups);
    results.runs.push_back(run_repeat(plan, repeat, loaded, groups, results.provenance.seconds, interrupted));
    if (interrupted) return results;
  }
  results.provenance.seconds += timer.seconds();
  io::write_file(folder / "predictions.csv", io::as_bytes(ecg_images::predictions_csv(results)));
  io::write_file(folder / "report.html", io::as_bytes(ecg_images::experiment_report(results)));
  io::write_file(folder / "results.json", io::as_bytes(ecg_images::results_json(results)));
  return results;
}

std::string results_table(const ecg_images::Results& results) {
  std::string out;
  char line[200];
  std::snprintf(line, sizeof line, "%-18s %10s %10s %22s %10s %10s %10s %10s\n", "model", "val acc", "test acc",
                "95 % interval", "leaked", "clean", "distinct", "AUC");
  out += line;
  for (const ecg_images::RunRecord& run : results.runs) {
    if (results.runs.size() > 1) out += text("seed ", run.split.seed, "\n");
    const auto cell = [](const metrics::Estimate& e) { return e.n == 0 ? std::string(no_number) : fixed(e.value, 4); };
    const auto row = [&](const std::string& name, const std::string& validation, const ecg_images::LeakSplit& accuracy,
                         const std::string& auc) {
      const std::string interval = fixed(accuracy.all.interval.low, 4) + " .. " + fixed(accuracy.all.interval.high, 4);
      std::snprintf(line, sizeof line, "%-18s %10s %10s %22s %10s %10s %10s %10s\n", name.c_str(), validation.c_str(),
                    cell(accuracy.all).c_str(), interval.c_str(), cell(accuracy.leaked).c_str(),
                    cell(accuracy.clean).c_str(), cell(accuracy.distinct).c_str(), auc.c_str());
      out += line;
    };
    for (const ecg_images::ModelRecord* model : ecg_images::models_of(run)) {
      row(model->name, cell(model->validation_accuracy), model->accuracy, cell(ecg_images::test_auc(*model)));
    }
    row("known hashes", "", run.split.lookup, "");
    out += text(run.split.test, " test images, ", run.split.leaked_test, " of which also stand in training; ",
                run.split.distinct_test, " distinct contents\n");
  }
  return out;
}

}  // namespace qrs::reproduce
