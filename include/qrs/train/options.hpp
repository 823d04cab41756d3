// The settings of a training run, and the list of those that a run which goes on must share with its beginning.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../io/text_cursor.hpp"
#include "../optim/adam.hpp"
#include "../optim/early_stopping.hpp"
#include "../optim/reduce_lr_on_plateau.hpp"
#include "../optim/sgd.hpp"
#include "augment.hpp"

namespace qrs::train {

enum class OptimizerKind { adam, adamw, sgd };

inline std::string_view name(OptimizerKind kind) {
  return kind == OptimizerKind::adam ? "adam" : kind == OptimizerKind::adamw ? "adamw" : "sgd";
}

/// Names and defaults are PyTorch's; a setting that the kind does not have is not looked at.
struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::adam;
  double lr = 1e-3;
  double weight_decay = 0.0;  // PyTorch's AdamW takes 0.01 where nothing is said; here nothing said is 0
  double beta1 = 0.9;         // Adam, AdamW
  double beta2 = 0.999;
  double eps = 1e-8;
  double momentum = 0.0;  // SGD
  bool nesterov = false;
};

template <class T, class Range>
std::unique_ptr<optim::Optimizer<T>> make_optimizer(const Range& parameters, const OptimizerOptions& o) {
  if (o.kind == OptimizerKind::sgd) {
    return std::make_unique<optim::Sgd<T>>(
        parameters,
        optim::SgdOptions{.lr = o.lr, .momentum = o.momentum, .weight_decay = o.weight_decay, .nesterov = o.nesterov});
  }
  return std::make_unique<optim::Adam<T>>(parameters,
                                          optim::AdamOptions{.lr = o.lr,
                                                             .beta1 = o.beta1,
                                                             .beta2 = o.beta2,
                                                             .eps = o.eps,
                                                             .weight_decay = o.weight_decay,
                                                             .decoupled_weight_decay = o.kind == OptimizerKind::adamw});
}

/// Names and values of settings as text.
using Settings = std::vector<std::pair<std::string, std::string>>;

struct FitOptions {
  std::int64_t epochs = 20;
  std::int64_t batch_size = 32;
  /// Leaves out an epoch's last images where they do not fill a batch. Kept by default, as in PyTorch and Keras. A last batch
  /// of one image trains like any other; only where a batch norm then sees a single value a channel (ResNet on images of
  /// 32 x 32 or less) it throws, as PyTorch does.
  bool drop_last = false;
  OptimizerOptions optimizer = {};
  /// Both watch the validation loss, once an epoch.
  optim::PlateauOptions plateau = {.factor = 0.5, .patience = 2};
  optim::EarlyStoppingOptions early_stopping = {.patience = 5, .restore_best_weights = true};
  std::uint64_t seed = 0;        // of the order of batches, random layers, augmentation
  bool freeze_features = false;  // only the head learns; batch norms keep their statistics
  AugmentOptions augment = {};   // of the training images; off

  /// Where the state is kept after every epoch, written whole or not at all; empty: nowhere.
  std::string checkpoint_path = {};
  /// Where the history is kept as JSON lines; empty: nowhere.
  std::string history_path = {};
  /// Goes on from the checkpoint where there is one. Every setting but the number of epochs and the paths must be the same.
  bool resume = false;
  /// What else must be the same: the network's name, the weights it began with.
  Settings facts = {};
};

/// Everything that decides the result of a run but the data and the number of epochs.
inline Settings settings(const FitOptions& o) {
  Settings out;
  const auto number = [&out](const char* name, auto value) {
    std::string digits;
    io::append_number(digits, value);
    out.emplace_back(name, std::move(digits));
  };
  const auto flag = [&out](const char* name, bool value) { out.emplace_back(name, value ? "true" : "false"); };
  number("batch_size", o.batch_size);
  flag("drop_last", o.drop_last);
  out.emplace_back("optimizer", name(o.optimizer.kind));
  number("lr", o.optimizer.lr);
  number("weight_decay", o.optimizer.weight_decay);
  number("beta1", o.optimizer.beta1);
  number("beta2", o.optimizer.beta2);
  number("eps", o.optimizer.eps);
  number("momentum", o.optimizer.momentum);
  flag("nesterov", o.optimizer.nesterov);
  number("plateau_factor", o.plateau.factor);
  number("plateau_patience", o.plateau.patience);
  number("plateau_threshold", o.plateau.threshold);
  flag("plateau_threshold_abs", o.plateau.threshold_mode == optim::ThresholdMode::abs);
  number("plateau_cooldown", o.plateau.cooldown);
  number("plateau_min_lr", o.plateau.min_lr);
  number("plateau_eps", o.plateau.eps);
  number("patience", o.early_stopping.patience);
  number("min_delta", o.early_stopping.min_delta);
  out.emplace_back("baseline", "none");
  if (o.early_stopping.baseline) {
    out.back().second.clear();
    io::append_number(out.back().second, *o.early_stopping.baseline);
  }
  number("start_from_epoch", o.early_stopping.start_from_epoch);
  number("seed", o.seed);
  flag("freeze_features", o.freeze_features);
  number("augment_rotation", o.augment.rotation);
  number("augment_shift", o.augment.shift);
  number("augment_brightness", o.augment.brightness);
  number("augment_grid_fade", o.augment.grid_fade);
  number("augment_jpeg_quality", o.augment.jpeg_quality);
  out.insert(out.end(), o.facts.begin(), o.facts.end());
  return out;
}

}  // namespace qrs::train
