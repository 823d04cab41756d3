// The settings of a training run, and the list of those that a run which goes on must share with its beginning.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../io/text_cursor.hpp"
#include "../optim/adam.hpp"
#include "../optim/averaged_model.hpp"
#include "../optim/early_stopping.hpp"
#include "../optim/one_cycle.hpp"
#include "../optim/reduce_lr_on_plateau.hpp"
#include "../optim/schedule.hpp"
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

enum class ScheduleKind { plateau, cosine, one_cycle };

inline std::string_view name(ScheduleKind kind) {
  return kind == ScheduleKind::plateau ? "plateau" : kind == ScheduleKind::cosine ? "cosine" : "one-cycle";
}

/// How the rate moves, beside what FitOptions::plateau says. Cosine and one-cycle move it after every step.
struct ScheduleOptions {
  ScheduleKind kind = ScheduleKind::plateau;
  std::int64_t epochs = 0;  // of cosine and one-cycle, warm-up included; 0: those of the run
  std::int64_t warm_up =
      0;  // epochs in which the rate rises in a line to the optimiser's; not with one-cycle, which has its own
  double warm_up_factor = 1.0 / 3.0;      // of the rate of the first step
  double eta_min = 0.0;                   // where cosine ends
  optim::OneCycleOptions one_cycle = {};  // its max_lr is the optimiser's rate, its total_steps the run's
};

/// The rate of every step of a run of steps_per_epoch; with the plateau, of the warm-up's steps alone, and empty without one.
inline optim::Schedule make_schedule(const ScheduleOptions& o, double lr, std::int64_t epochs,
                                     std::int64_t steps_per_epoch) {
  const std::int64_t warm_up = o.warm_up * steps_per_epoch;
  const optim::LinearLR rise{.start_factor = o.warm_up_factor, .total_iters = warm_up};
  if (o.kind == ScheduleKind::plateau) return warm_up > 0 ? optim::Schedule(rise) : optim::Schedule();
  const std::int64_t total = (o.epochs > 0 ? o.epochs : epochs) * steps_per_epoch;
  if (o.kind == ScheduleKind::one_cycle) {
    optim::OneCycleOptions cycle = o.one_cycle;
    cycle.max_lr = lr;
    cycle.total_steps = total;
    return optim::OneCycleLR(cycle);
  }
  const optim::CosineAnnealingLR fall{.t_max = total - warm_up, .eta_min = o.eta_min};
  if (warm_up == 0) return fall;
  return optim::SequentialLR{.schedules = {rise, fall}, .milestones = {warm_up}};
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
  ScheduleOptions schedule = {};
  /// The gradients of a step are brought into [-clip_grad_value, clip_grad_value], then scaled to a norm of at most
  /// clip_grad_norm; empty: they stay as they are. A norm that is not finite ends the run, as such a loss does.
  std::optional<double> clip_grad_value = {};
  std::optional<double> clip_grad_norm = {};
  /// Validates and keeps a moving average of the weights instead of the weights; empty: none. Running statistics can be
  /// averaged too (use_buffers).
  std::optional<optim::EmaOptions> ema = {};
  /// Both watch the validation loss, once an epoch; the first with ScheduleKind::plateau alone.
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

namespace detail {

template <class V>
void add_number(Settings& out, const char* name, V value) {
  out.emplace_back(name, "");
  io::append_number(out.back().second, value);
}
inline void add_flag(Settings& out, const char* name, bool value) { out.emplace_back(name, value ? "true" : "false"); }

inline void add_schedule(Settings& out, const ScheduleOptions& o, std::int64_t epochs) {
  if (o.kind != ScheduleKind::plateau) {
    out.emplace_back("schedule", name(o.kind));
    add_number(out, "schedule_epochs", o.epochs > 0 ? o.epochs : epochs);
  }
  if (o.kind == ScheduleKind::cosine) add_number(out, "eta_min", o.eta_min);
  if (o.kind == ScheduleKind::one_cycle) {
    const optim::OneCycleOptions& cycle = o.one_cycle;
    add_number(out, "pct_start", cycle.pct_start);
    add_flag(out, "anneal_linear", cycle.anneal_strategy == optim::AnnealStrategy::linear);
    add_flag(out, "cycle_momentum", cycle.cycle_momentum);
    add_number(out, "base_momentum", cycle.base_momentum);
    add_number(out, "max_momentum", cycle.max_momentum);
    add_number(out, "div_factor", cycle.div_factor);
    add_number(out, "final_div_factor", cycle.final_div_factor);
    add_flag(out, "three_phase", cycle.three_phase);
  }
  if (o.warm_up > 0) {
    add_number(out, "warm_up", o.warm_up);
    add_number(out, "warm_up_factor", o.warm_up_factor);
  }
}

/// What ends a run and lowers its rate.
inline void add_patience(Settings& out, const optim::PlateauOptions& plateau, const optim::EarlyStoppingOptions& stop) {
  add_number(out, "plateau_factor", plateau.factor);
  add_number(out, "plateau_patience", plateau.patience);
  add_number(out, "plateau_threshold", plateau.threshold);
  add_flag(out, "plateau_threshold_abs", plateau.threshold_mode == optim::ThresholdMode::abs);
  add_number(out, "plateau_cooldown", plateau.cooldown);
  add_number(out, "plateau_min_lr", plateau.min_lr);
  add_number(out, "plateau_eps", plateau.eps);
  add_number(out, "patience", stop.patience);
  add_number(out, "min_delta", stop.min_delta);
  if (stop.baseline) {
    add_number(out, "baseline", *stop.baseline);
  } else {
    out.emplace_back("baseline", "none");
  }
  add_number(out, "start_from_epoch", stop.start_from_epoch);
}

}  // namespace detail

/// Everything that decides the result of a run but the data and the number of epochs. Schedule, clipping and average are
/// named where they are used, so that a checkpoint of a run without them stays what it was before they existed.
inline Settings settings(const FitOptions& o) {
  Settings out;
  detail::add_number(out, "batch_size", o.batch_size);
  detail::add_flag(out, "drop_last", o.drop_last);
  out.emplace_back("optimizer", name(o.optimizer.kind));
  detail::add_number(out, "lr", o.optimizer.lr);
  detail::add_number(out, "weight_decay", o.optimizer.weight_decay);
  detail::add_number(out, "beta1", o.optimizer.beta1);
  detail::add_number(out, "beta2", o.optimizer.beta2);
  detail::add_number(out, "eps", o.optimizer.eps);
  detail::add_number(out, "momentum", o.optimizer.momentum);
  detail::add_flag(out, "nesterov", o.optimizer.nesterov);
  detail::add_patience(out, o.plateau, o.early_stopping);
  detail::add_number(out, "seed", o.seed);
  detail::add_flag(out, "freeze_features", o.freeze_features);
  detail::add_number(out, "augment_rotation", o.augment.rotation);
  detail::add_number(out, "augment_shift", o.augment.shift);
  detail::add_number(out, "augment_brightness", o.augment.brightness);
  detail::add_number(out, "augment_grid_fade", o.augment.grid_fade);
  detail::add_number(out, "augment_jpeg_quality", o.augment.jpeg_quality);
  detail::add_schedule(out, o.schedule, o.epochs);
  if (o.clip_grad_value) detail::add_number(out, "clip_grad_value", *o.clip_grad_value);
  if (o.clip_grad_norm) detail::add_number(out, "clip_grad_norm", *o.clip_grad_norm);
  if (o.ema) {
    detail::add_number(out, "ema_decay", o.ema->decay);
    detail::add_flag(out, "ema_use_buffers", o.ema->use_buffers);
  }
  out.insert(out.end(), o.facts.begin(), o.facts.end());
  return out;
}

}  // namespace qrs::train
