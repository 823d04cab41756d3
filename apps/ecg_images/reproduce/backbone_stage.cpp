#include "backbone_stage.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "../../models/instances.hpp"
#include "../../training/calibration.hpp"
#include "../../training/initial_weights.hpp"
#include "../../training/run_folder.hpp"
#include "qrs/infer/network_file.hpp"
#include "qrs/io/folder.hpp"
#include "qrs/io/text_cursor.hpp"
#include "qrs/metrics/probability.hpp"
#include "qrs/nn/weights_hash.hpp"
#include "qrs/train/predict.hpp"
#include "weights_folder.hpp"

namespace qrs::reproduce {

namespace {

std::string network_folder(const Plan& plan, std::int64_t repeat, const std::string& name) {
  return repeat_folder(plan, repeat) + "/" + name;
}

}  // namespace

std::string best_weights_path(const Plan& plan, std::int64_t repeat, const std::string& name) {
  return network_folder(plan, repeat, name) + "/best.safetensors";
}

Backbone train_backbone(const std::string& name, const Plan& plan, const Repeat& repeat, const datasets::Loaded& images,
                        train::FitObserver& observer, bool& interrupted) {
  const data::ImageDataset& data = images.data;
  const std::string folder = network_folder(plan, repeat.number, name);
  io::make_folder("[run]", folder);
  training::remove_leftovers(folder, {"checkpoint.safetensors", "history.jsonl", "best.safetensors"});
  const training::InitialNetwork initial = training::initial_network(
      name, {.classes = data.classes(), .in_channels = 1, .seed = repeat.seed, .image_size = data.images.dim(1)},
      {.file = plan.weights.empty() ? std::string() : weights_file(plan.weights, name)}, plan.allow_missing);
  models::Model<float>& net = *initial.net;

  train::FitOptions fit = plan.fit;
  fit.seed = repeat.seed;
  fit.checkpoint_path = folder + "/checkpoint.safetensors";
  fit.history_path = folder + "/history.jsonl";
  fit.resume = plan.resume;
  fit.facts = {{"model", name}, {"initial weights", initial.sha256}};
  const train::Samples validation{&data, repeat.parts.validation};
  const train::FitResult result = train::fit(net, {&data, repeat.parts.train}, validation, fit, &observer);
  Backbone out;
  interrupted = result.interrupted;
  if (interrupted) return out;

  ecg_images::ModelRecord& record = out.record;
  record.name = name;
  record.kind = "backbone";
  record.parameters = net.parameter_count();
  record.initial_weights = initial.words;
  record.weights_sha256 = nn::weights_sha256(net);
  record.best_epoch = result.best_epoch;
  record.stopped_early = result.stopped_early;
  for (const train::Epoch& e : result.history) {
    record.epochs.push_back({.epoch = e.epoch,
                             .learning_rate = e.learning_rate,
                             .train_loss = e.train_loss,
                             .train_accuracy = e.train_accuracy,
                             .validation_loss = e.validation_loss,
                             .validation_accuracy = e.validation_accuracy});
    if (e.epoch <= result.resumed) out.resumed_seconds += e.seconds;
  }
  out.validation_loss = result.history[static_cast<std::size_t>(result.best_epoch - 1)].validation_loss;
  const std::int64_t classes = data.classes();
  const training::Outputs seen = training::outputs_of(net, validation, fit.batch_size);
  record.validation_accuracy = accuracy_of(greatest(seen.logits, classes), seen.labels);
  const std::optional<double> temperature = training::calibrate(seen);
  const training::Outputs test = training::outputs_of(net, {&data, repeat.parts.test}, fit.batch_size);
  if (temperature) {
    record.temperature = *temperature;
    record.calibrated_error = metrics::expected_calibration_error(
        test.labels, {training::probabilities(test, *temperature), classes}, 15, training::class_labels(classes));
  }
  std::vector<double> scores = training::probabilities(test);
  std::vector<std::int64_t> predicted = greatest(scores, classes);
  score_test(record, std::move(scores), std::move(predicted), repeat.test);

  infer::save_network(
      best_weights_path(plan, repeat.number, name), net,
      {.model = name,
       .class_names = data.class_names,
       .preprocessing = images.preprocessing,
       .temperature = temperature},
      {{"epoch", text(result.best_epoch)}, {"initial_weights", initial.words}, {"seed", text(repeat.seed)}});
  return out;
}

ml::Matrix<float> backbone_features(const std::string& name, const Plan& plan, std::int64_t repeat,
                                    const data::ImageDataset& data) {
  const infer::NetworkFile file = infer::load_network(best_weights_path(plan, repeat, name));
  const Tensor<float> z = train::features(*file.net, train::all(data), plan.fit.batch_size);  // (N, D)
  return {z.dim(0), z.dim(1), std::vector<float>(z.data(), z.data() + z.size())};
}

}  // namespace qrs::reproduce
