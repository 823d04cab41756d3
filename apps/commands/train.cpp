// qrs train MODEL: a network on labelled images, into a folder of weights, history and split.
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../datasets/datasets.hpp"
#include "../models/instances.hpp"
#include "../outputs/outputs.hpp"
#include "../progress/training_progress.hpp"
#include "../training/calibration.hpp"
#include "../training/initial_weights.hpp"
#include "../training/interrupt.hpp"
#include "../training/run_folder.hpp"
#include "../training/split.hpp"
#include "commands.hpp"
#include "model_argument.hpp"
#include "qrs/core/timer.hpp"
#include "qrs/infer/network_file.hpp"
#include "qrs/io/json_list.hpp"
#include "qrs/io/text_cursor.hpp"
#include "qrs/nn/weights_hash.hpp"
#include "qrs/train/trainer.hpp"

namespace qrs::commands::train_verb {

namespace {

constexpr int interrupted_status = 130;  // what shells report after SIGINT

/// What a run writes into its folder.
const std::vector<std::string_view> written_names = {"checkpoint.safetensors", "history.jsonl", "split.csv",
                                                     "best.safetensors"};

struct Options {
  std::string model;
  datasets::Arguments data;
  std::string out;
  training::WeightSource weights;
  bool allow_missing = false;
  std::int64_t channels = 1;
  std::string optimizer = "adam";
  std::string schedule = "plateau";
  double clip_norm = 0.0;
  double clip_value = 0.0;
  double ema = 0.0;
  training::SplitArguments split;
  train::FitOptions fit;
  bool json = false;
};

void print(const Options& o, const data::PartSplit& parts, const train::FitResult& result, const std::string& initial,
           const std::string& weights, std::optional<double> temperature, double seconds) {
  const train::Epoch& best = result.history[static_cast<std::size_t>(result.best_epoch - 1)];
  if (o.json) {
    using Json = nlohmann::ordered_json;
    Json out{{"model", o.model},
             {"initial_weights", initial},
             {"out", o.out},
             {"train", parts.train.size()},
             {"validation", parts.validation.size()},
             {"test", parts.test.size()},
             {"epochs", result.history.size()},
             {"resumed_epochs", result.resumed},
             {"stopped_early", result.stopped_early},
             {"best_epoch", result.best_epoch},
             {"validation_loss", best.validation_loss},
             {"validation_accuracy", best.validation_accuracy},
             {"temperature", temperature ? Json(*temperature) : Json()},
             {"weights_sha256", weights},
             {"seconds", seconds}};
    for (const train::Epoch& e : result.history) out["history"].push_back(train::to_json(e));
    outputs::print_json(out);
    return;
  }
  std::printf("best epoch %lld of %zu%s: validation loss %.4f, accuracy %.4f\n",
              static_cast<long long>(result.best_epoch), result.history.size(),
              result.stopped_early ? ", stopped early" : "", best.validation_loss, best.validation_accuracy);
  if (temperature) {
    std::printf("temperature %.4g, fitted on the validation images, calibrates its probabilities\n", *temperature);
  } else {
    std::printf(
        "no temperature: the best one for the validation images lies outside %g to %g, which calibrates nothing\n",
        metrics::least_temperature, metrics::greatest_temperature);
  }
  std::printf("wrote its weights to %s (SHA-256 of the weights %s)\n", (o.out + "/best.safetensors").c_str(),
              weights.c_str());
}

void complete_fit_options(Options& o, const training::RunFolder& folder) {
  o.fit.checkpoint_path = folder / "checkpoint.safetensors";
  o.fit.history_path = folder / "history.jsonl";
  QRS_CHECK(o.fit.resume || !std::filesystem::exists(o.fit.checkpoint_path), "[train] expected an --out without a ",
            "checkpoint, got ", o.fit.checkpoint_path, ": go on with --resume, or choose another folder");
  o.fit.optimizer.kind = o.optimizer == "adam"    ? train::OptimizerKind::adam
                         : o.optimizer == "adamw" ? train::OptimizerKind::adamw
                                                  : train::OptimizerKind::sgd;
  o.fit.schedule.kind = o.schedule == "plateau"  ? train::ScheduleKind::plateau
                        : o.schedule == "cosine" ? train::ScheduleKind::cosine
                                                 : train::ScheduleKind::one_cycle;
  if (o.clip_norm > 0.0) o.fit.clip_grad_norm = o.clip_norm;
  if (o.clip_value > 0.0) o.fit.clip_grad_value = o.clip_value;
  if (o.ema > 0.0) o.fit.ema = optim::EmaOptions{.decay = o.ema, .use_buffers = true};
}

infer::NetworkInfo network_info(const Options& o, const datasets::Loaded& images) {
  return {.model = o.model,
          .class_names = images.data.class_names,
          .in_channels = o.channels,
          .preprocessing = images.preprocessing};
}

void save_best(const Options& o, const std::string& path, const datasets::Loaded& images,
               const training::InitialNetwork& initial, const train::FitResult& result,
               std::optional<double> temperature) {
  std::string loss;
  io::append_number(loss, result.history[static_cast<std::size_t>(result.best_epoch - 1)].validation_loss);
  infer::NetworkInfo info = network_info(o, images);
  info.temperature = temperature;
  infer::save_network(path, *initial.net, info,
                      {{"seed", text(o.fit.seed)},
                       {"initial_weights", initial.words},
                       {"epoch", text(result.best_epoch)},
                       {"validation_loss", loss},
                       {"weights_sha256", nn::weights_sha256(*initial.net)}});
}

void run(Options& o) {
  const Timer timer;
  const training::RunFolder folder(o.out);
  complete_fit_options(o, folder);
  training::remove_leftovers(o.out, written_names);
  for (const std::string_view name : written_names) io::expect_writable(folder / std::string(name));
  const datasets::Loaded images = datasets::load(o.data);
  const data::PartSplit parts = training::split(images.data, o.split);
  infer::check_network_info(folder / "best.safetensors", network_info(o, images));
  const training::InitialNetwork initial = training::initial_network(o.model,
                                                                     {.classes = images.data.classes(),
                                                                      .in_channels = o.channels,
                                                                      .seed = o.fit.seed,
                                                                      .image_size = images.data.images.dim(1)},
                                                                     o.weights, o.allow_missing);
  models::Model<float>& net = *initial.net;
  o.fit.facts = {{"model", o.model},
                 {"channels", text(o.channels)},
                 {"classes", io::json_list(images.data.class_names)},
                 {"initial weights", initial.sha256}};
  std::FILE* lines = o.json ? stderr : stdout;
  std::fprintf(lines, "%s, %s\n%zu images to train with, %zu to validate, %zu kept for the test\n", o.model.c_str(),
               initial.words.c_str(), parts.train.size(), parts.validation.size(), parts.test.size());
  std::fflush(lines);
  io::write_file(folder / "split.csv", io::as_bytes(training::split_csv(images.data, parts)));

  const training::Interrupt interrupt;
  train::FitResult result;
  {
    TrainingProgress progress(lines, [] { return training::Interrupt::asked(); });
    result = train::fit(net, {&images.data, parts.train}, {&images.data, parts.validation}, o.fit, &progress);
  }
  if (result.interrupted) {
    std::fprintf(stderr, "qrs: interrupted in epoch %zu; the same command with --resume goes on after epoch %zu\n",
                 result.history.size() + 1, result.history.size());
    finish(interrupted_status);
  }
  const std::optional<double> temperature =
      training::calibrate(training::outputs_of(net, {&images.data, parts.validation}, o.fit.batch_size));
  save_best(o, folder / "best.safetensors", images, initial, result, temperature);
  print(o, parts, result, initial.words, nn::weights_sha256(net), temperature, timer.seconds());
}

template <class V>
void number(CLI::App& verb, const char* flag, V& value, const char* help, const CLI::Validator& check) {
  verb.add_option(flag, value, help)->capture_default_str()->check(check);
}

void add_step_options(CLI::App& verb, Options& o) {
  number(verb, "--epochs", o.fit.epochs, "The most epochs", CLI::PositiveNumber);
  number(verb, "--batch-size", o.fit.batch_size, "Images a step", CLI::PositiveNumber);
  verb.add_flag("--drop-last", o.fit.drop_last, "Leave out images that do not fill an epoch's last batch");
  verb.add_option("--optimizer", o.optimizer, "How weights move")
      ->capture_default_str()
      ->check(CLI::IsMember({"adam", "adamw", "sgd"}));
  number(verb, "--lr", o.fit.optimizer.lr, "Learning rate; with a warm-up or one-cycle the highest",
         CLI::NonNegativeNumber);
  number(verb, "--weight-decay", o.fit.optimizer.weight_decay, "Weight decay", CLI::NonNegativeNumber);
  number(verb, "--momentum", o.fit.optimizer.momentum, "Momentum of sgd", CLI::NonNegativeNumber);
  verb.add_option("--schedule", o.schedule,
                  "How the rate falls: where the validation loss stays, or step by step over --schedule-epochs")
      ->capture_default_str()
      ->check(CLI::IsMember({"plateau", "cosine", "one-cycle"}));
  number(verb, "--schedule-epochs", o.fit.schedule.epochs,
         "Epochs of cosine and one-cycle; 0: --epochs. Give it where a run may go on for more epochs later",
         CLI::NonNegativeNumber);
  number(verb, "--warm-up", o.fit.schedule.warm_up, "Epochs in which the rate first rises, from a third of --lr",
         CLI::NonNegativeNumber);
  number(verb, "--clip-norm", o.clip_norm, "Scales the gradients of a step to at most this norm; 0: not",
         CLI::NonNegativeNumber);
  number(verb, "--clip-value", o.clip_value, "Brings every gradient into +- this; 0: not", CLI::NonNegativeNumber);
  number(verb, "--ema", o.ema,
         "Validates and keeps an average of the weights that decays by this factor a step; 0: none",
         CLI::Range(0.0, 1.0));
}

void add_patience_options(CLI::App& verb, Options& o) {
  number(verb, "--plateau-factor", o.fit.plateau.factor, "Factor of the rate where the validation loss stays",
         CLI::Range(0.0, 1.0));
  number(verb, "--plateau-patience", o.fit.plateau.patience, "Epochs without progress before that",
         CLI::NonNegativeNumber);
  number(verb, "--patience", o.fit.early_stopping.patience, "Epochs without progress that end the run",
         CLI::NonNegativeNumber);
  number(verb, "--min-delta", o.fit.early_stopping.min_delta, "The least that counts as progress",
         CLI::NonNegativeNumber);
}

void add_augment_options(CLI::App& verb, Options& o) {
  number(verb, "--augment-rotation", o.fit.augment.rotation, "Turns training images by up to so many degrees",
         CLI::Range(0.0, 180.0));
  number(verb, "--augment-shift", o.fit.augment.shift, "Moves them by up to this share of their size",
         CLI::Range(0.0, 1.0));
  number(verb, "--augment-brightness", o.fit.augment.brightness, "Scales their brightness by up to 1 +- this",
         CLI::Range(0.0, 1.0));
  number(verb, "--augment-grid-fade", o.fit.augment.grid_fade, "Fades mid-greys to white by up to this share",
         CLI::Range(0.0, 1.0));
  number(verb, "--augment-jpeg-quality", o.fit.augment.jpeg_quality,
         "Compresses them as JPEG of this quality to 100; 0: not", CLI::Range(0, 100));
}

}  // namespace

void add(CLI::App& program) {
  const auto options = std::make_shared<Options>();
  Options& o = *options;
  CLI::App* verb = program.add_subcommand("train", "Train a network on labelled images.");
  verb->footer(
      "Writes best.safetensors (weights of the epoch with the lowest validation loss), checkpoint.safetensors (all it\n"
      "takes to go on), history.jsonl (a record an epoch) and split.csv (who trained, validated, tests) into --out.\n"
      "Ctrl-C ends the run after the step it is in, with exit status 130; --resume goes on after the last whole epoch "
      "and\n"
      "ends with the same bits as a run that was never stopped, killed runs included.\n"
      "Examples:\n"
      "  qrs train resnet18 --data ecg --out run\n"
      "  qrs train densenet121 --data images.safetensors --out run --weights densenet121-a639ec97.pth --channels 3\n"
      "  qrs train resnet18 --data images.safetensors --out run --resume\n"
      "  qrs train resnet18 --data ecg --out run --optimizer adamw --schedule cosine --warm-up 2 --clip-norm 1 --ema "
      "0.99\n"
      "  qrs train resnet18 --data ecg --out run --optimizer sgd --momentum 0.9 --lr 0.1 --schedule one-cycle");
  add_model_argument(*verb, o.model);
  datasets::add_arguments(*verb, o.data);
  verb->add_option("--out", o.out, "The folder of the run; made where it is missing")->required();
  verb->add_option("--weights", o.weights.file, "Weights to begin with (default: drawn from --seed)");
  training::add_weight_options(*verb, o.weights);
  verb->add_flag("--allow-missing", o.allow_missing, "With --weights: load what fits and list the rest");
  verb->add_option("--channels", o.channels, "Input channels; 3: the grey image three times")
      ->capture_default_str()
      ->check(CLI::IsMember({1, 3}));
  add_step_options(*verb, o);
  add_patience_options(*verb, o);
  number(*verb, "--seed", o.fit.seed, "Of initial weights, order of batches, random layers", CLI::NonNegativeNumber);
  verb->add_flag("--freeze-features", o.fit.freeze_features, "Train the head alone");
  add_augment_options(*verb, o);
  training::add_split_arguments(*verb, o.split);
  verb->add_flag("--resume", o.fit.resume, "Go on from the checkpoint in --out, where there is one");
  verb->add_flag("--json", o.json, "Print one JSON object; epochs go to the error stream");
  verb->callback([options] { run(*options); });
}

}  // namespace qrs::commands::train_verb
