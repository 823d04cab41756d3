// The first stage: one network trained, or taken up where it was left, and scored.
#pragma once

#include <cstdint>
#include <string>

#include "plan.hpp"
#include "qrs/data/image_dataset.hpp"
#include "qrs/ml/matrix.hpp"
#include "qrs/train/trainer.hpp"
#include "scores.hpp"

namespace qrs::reproduce {

/// One repeat of the experiment: its number, its seed and its parts.
struct Repeat {
  std::int64_t number = 1;
  std::uint64_t seed = 0;
  data::PartSplit parts;
  TestSet test;
};

struct Backbone {
  ecg_images::ModelRecord record;
  double validation_loss = 0.0;  // of the epoch whose weights are kept
  double resumed_seconds = 0.0;  // that the epochs took which an earlier call trained
};

/// Trains `name` and scores it. Its checkpoint, history and best weights stand in the repeat's folder under its name; with
/// plan.resume what stands there is gone on with. Throws where training cannot go on; *interrupted tells that `observer`
/// ended it.
Backbone train_backbone(const std::string& name, const Plan& plan, const Repeat& repeat, const datasets::Loaded& images,
                        train::FitObserver& observer, bool& interrupted);

/// The file that train_backbone leaves the best weights in.
std::string best_weights_path(const Plan& plan, std::int64_t repeat, const std::string& name);

/// What the trained network's head sees of every image, (N, feature count).
ml::Matrix<float> backbone_features(const std::string& name, const Plan& plan, std::int64_t repeat,
                                    const data::ImageDataset& data);

}  // namespace qrs::reproduce
