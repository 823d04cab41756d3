// fit: trains a network by mini-batches, epoch after epoch, until it stops getting better; a run that was stopped is resumed bit for bit.
//
//   train::FitResult result = train::fit(net, {&data, split.train}, {&data, split.validation}, {.epochs = 20});
//
// An epoch: every training image once, in an order drawn for that epoch (batches.hpp); cross-entropy, backward, one step of
// the optimiser a batch. Then the validation images in evaluation mode. Their loss moves the learning rate
// (ReduceLROnPlateau), may end the run (early stopping), and picks the weights that are kept. The state is written after
// every epoch (checkpoint.hpp).
//
// A schedule may set the rate of each step instead, gradients may be clipped, and a moving average of the weights may be
// validated and kept in the weights' place (options.hpp); each is off unless asked for.
//
// What a run gives depends on the network's initial weights, the images, and the settings alone: not on the number of
// threads, and not on how often it was stopped and gone on with.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "../core/argmax.hpp"
#include "../core/timer.hpp"
#include "../io/file.hpp"
#include "../nn/state.hpp"
#include "../optim/clip_grad.hpp"
#include "checkpoint.hpp"
#include "history.hpp"
#include "options.hpp"
#include "predict.hpp"

namespace qrs::train {

/// How far an epoch is.
struct EpochProgress {
  std::int64_t epoch = 0;   // from 1
  std::int64_t images = 0;  // trained with so far
  std::int64_t total = 0;   // of the epoch
  double loss = 0.0;        // means over the images so far
  double accuracy = 0.0;
};

/// Told of a run as it goes; called from the thread that called fit.
class FitObserver {
 public:
  virtual ~FitObserver() = default;
  /// Asked after every step and every batch of the validation: true ends the run there.
  virtual bool stop() { return false; }
  /// Before the first step: how many epochs a checkpoint has brought, and the most there will be.
  virtual void started(std::int64_t /*done*/, std::int64_t /*epochs*/) {}
  virtual void step(const EpochProgress& /*progress*/) {}
  virtual void validated(std::int64_t /*done*/, std::int64_t /*total*/) {}
  /// An epoch is done and its checkpoint written; `best`: its validation loss is the best so far.
  virtual void epoch(const Epoch& /*record*/, bool /*best*/) {}
};

struct FitResult {
  History history;              // of all epochs, those before a resume included
  std::int64_t best_epoch = 0;  // from 1: the lowest validation loss
  std::int64_t resumed = 0;     // epochs that came from a checkpoint
  bool stopped_early = false;
  bool interrupted = false;  // an observer ended it: the network is as its last step left it
};

namespace detail {

template <class T>
class Run {
 public:
  Run(models::Model<T>& net, const Samples& train, const Samples& validation, const FitOptions& options,
      FitObserver* observer)
      : net_(net),
        train_(train),
        validation_(validation),
        options_(options),
        observer_(observer),
        plateau_(options.plateau),
        stopping_(net, without_weights(options.early_stopping)) {
    check();
    if (options.freeze_features) net.freeze_features();
    optimizer_ = make_optimizer<T>(net.named_parameters(), options.optimizer);
    schedule_ = make_schedule(options.schedule, options.optimizer.lr, options.epochs, steps_per_epoch());
    if (options.ema) average_.emplace(net, *options.ema);
    channels_ = net.in_channels();
    settings_ = settings(options);
    settings_.emplace_back("training images", samples_sha256(train));
    settings_.emplace_back("validation images", samples_sha256(validation));
  }

  FitResult operator()() {
    FitResult result;
    if (options_.resume && ::access(options_.checkpoint_path.c_str(), F_OK) == 0) load();
    result.resumed = epochs_done();
    save_history();
    if (observer_ != nullptr) observer_->started(result.resumed, options_.epochs);
    while (!result.interrupted && stopping_.stopped_epoch() < 0 && epochs_done() < options_.epochs) {
      result.interrupted = !run_epoch();
    }
    if (!result.interrupted) leave_best();
    net_.eval();
    result.history = history_;
    result.best_epoch = stopping_.best_epoch() + 1;
    result.stopped_early = stopping_.stopped_epoch() >= 0;
    return result;
  }

 private:
  /// The rule alone: the best weights are kept here, with the counters that belong to them and in the file's layout.
  static optim::EarlyStoppingOptions without_weights(optim::EarlyStoppingOptions options) {
    options.restore_best_weights = false;
    return options;
  }

  std::int64_t epochs_done() const { return static_cast<std::int64_t>(history_.size()); }
  std::int64_t images_per_epoch() const {
    return options_.drop_last ? train_.size() / options_.batch_size * options_.batch_size : train_.size();
  }
  std::int64_t steps_per_epoch() const { return (images_per_epoch() + options_.batch_size - 1) / options_.batch_size; }

  void check() const {
    QRS_CHECK(options_.epochs >= 1, "[fit] expected at least one epoch, got ", options_.epochs);
    QRS_CHECK(options_.batch_size >= 1, "[fit] expected a batch size of at least 1, got ", options_.batch_size);
    QRS_CHECK(options_.plateau.mode == optim::Mode::min && options_.early_stopping.mode == optim::Mode::min,
              "[fit] expected rules for a loss, where less is better, got Mode::max");
    QRS_CHECK(!options_.resume || !options_.checkpoint_path.empty(),
              "[fit] expected a checkpoint_path to resume from, got none");
    check_schedule();
    check_augment_options(options_.augment);
    check_samples("fit", "training", train_, net_.classes());
    check_samples("fit", "validation", validation_, net_.classes());
    QRS_CHECK(images_per_epoch() > 0, "[fit] expected at least one batch of ", options_.batch_size, " images, got ",
              train_.size(), " images and drop_last");
  }

  void check_schedule() const {
    const ScheduleOptions& o = options_.schedule;
    const bool plateau = o.kind == ScheduleKind::plateau;
    const std::int64_t epochs = o.epochs > 0 ? o.epochs : options_.epochs;
    QRS_CHECK(o.warm_up >= 0, "[fit] expected warm_up >= 0, got ", o.warm_up);
    QRS_CHECK(o.warm_up == 0 || o.kind != ScheduleKind::one_cycle,
              "[fit] expected no warm_up with one-cycle, which rises by itself, got ", o.warm_up);
    QRS_CHECK(plateau || options_.epochs <= epochs, "[fit] expected at most the ", epochs,
              " epochs of the schedule, got ", options_.epochs);
    QRS_CHECK(plateau || o.warm_up < epochs, "[fit] expected a warm_up shorter than the ", epochs,
              " epochs of the schedule, got ", o.warm_up);
  }

  /// The rate of the step to come, where a schedule sets it. It follows from the step's number alone, so a run that goes on
  /// finds it again.
  void set_rate() {
    const bool plateau = options_.schedule.kind == ScheduleKind::plateau;
    if (!schedule_ || (plateau && step_ > options_.schedule.warm_up * steps_per_epoch())) return;
    optim::set_rate(*optimizer_, schedule_(options_.optimizer.lr, step_));
  }

  /// False where the observer ended the run.
  bool run_epoch() {
    const Timer timer;
    set_rate();
    EpochProgress at{.epoch = epochs_done() + 1, .total = images_per_epoch()};
    const std::vector<std::int64_t> order = epoch_order(options_.seed, at.epoch, train_.size());
    const double learning_rate = optimizer_->lr();
    net_.train();
    Sums sums;
    while (at.images < at.total) {
      const std::int64_t count = std::min(options_.batch_size, at.total - at.images);
      try {
        step(std::span(order).subspan(static_cast<std::size_t>(at.images), static_cast<std::size_t>(count)), sums);
      } catch (const Error& error) {
        fail(error.what(), " (epoch ", at.epoch, ", step ", at.images / options_.batch_size + 1, " of ",
             (at.total + options_.batch_size - 1) / options_.batch_size, ", ", count, " images, learning rate ",
             learning_rate, last_good());
      }
      at.images += count;
      at.loss = sums.loss / static_cast<double>(at.images);
      at.accuracy = static_cast<double>(sums.right) / static_cast<double>(at.images);
      if (observer_ != nullptr) observer_->step(at);
      if (stop_wanted()) return false;
    }
    const Score validation = with_average([&] { return validate(); });
    if (!validation.whole) return false;
    QRS_CHECK(std::isfinite(validation.loss), "[fit] expected a finite validation loss, got ", validation.loss,
              " (epoch ", at.epoch, ", step ", step_, " of the run, learning rate ", learning_rate, last_good());
    history_.push_back({.epoch = at.epoch,
                        .learning_rate = learning_rate,
                        .train_loss = at.loss,
                        .train_accuracy = at.accuracy,
                        .validation_loss = validation.loss,
                        .validation_accuracy = validation.accuracy,
                        .seconds = timer.seconds()});
    // The plateau looks at no epoch of the warm-up: what it lowered there, the next step would raise again.
    if (options_.schedule.kind == ScheduleKind::plateau && at.epoch > options_.schedule.warm_up) {
      plateau_.step(validation.loss, *optimizer_);
    }
    stopping_.step(validation.loss);
    const bool best = stopping_.best_epoch() == at.epoch - 1;
    if (best && options_.early_stopping.restore_best_weights) {
      best_ = with_average([&] { return nn::state_dict(net_); });
    }
    save();
    if (observer_ != nullptr) observer_->epoch(history_.back(), best);
    return true;
  }

  Score validate() {
    return score(net_, validation_, options_.batch_size, [&](std::int64_t done, std::int64_t total) {
      if (observer_ != nullptr) observer_->validated(done, total);
      return done == total || !stop_wanted();
    });
  }

  /// compute() with the average in the network's place, where there is one.
  template <class Compute>
  auto with_average(const Compute& compute) {
    if (!average_) return compute();
    const auto on = average_->use();
    return compute();
  }

  /// The end of a run: the weights of the best epoch, or else the last average, or the weights as they are.
  void leave_best() {
    if (options_.early_stopping.restore_best_weights && !best_.empty()) {
      put_back(best_);
    } else if (average_) {
      average_->swap();
    }
  }

  /// Sums over the images of an epoch so far.
  struct Sums {
    double loss = 0.0;
    std::int64_t right = 0;
  };

  void step(std::span<const std::int64_t> positions, Sums& sums) {
    const Augmentation change{.options = options_.augment, .seed = options_.seed, .epoch = epochs_done() + 1};
    const Batch<T> batch = make_batch<T>(train_, positions, channels_, change);
    net_.set_random({.seed = options_.seed, .step = static_cast<std::uint64_t>(step_)});
    Tape<T> tape;
    Var<T> scores;
    Var<T> loss;
    {
      const Recording<T> on(tape);
      scores = net_.forward(batch.images);
      loss = cross_entropy(scores, batch.labels);
    }
    const auto value = static_cast<double>(loss.value().item());
    QRS_CHECK(std::isfinite(value), "[fit] expected a finite training loss, got ", value);
    sums.loss += value * static_cast<double>(batch.labels.size());
    for (std::int64_t n = 0; n < batch.labels.size(); ++n) {
      sums.right += argmax(scores.value().data() + n * net_.classes(), net_.classes()) == batch.labels.data()[n];
    }
    optimizer_->zero_grad();
    tape.backward(loss);
    if (options_.clip_grad_value) optim::clip_grad_value_<T>(optimizer_->parameters(), *options_.clip_grad_value);
    if (options_.clip_grad_norm) {
      optim::clip_grad_norm_<T>(optimizer_->parameters(), *options_.clip_grad_norm, {.error_if_nonfinite = true});
    }
    set_rate();
    optimizer_->step();
    if (average_) average_->update();
    ++step_;
  }

  bool stop_wanted() const { return observer_ != nullptr && observer_->stop(); }

  /// The end of a message about a run that cannot go on.
  std::string last_good() const {
    if (history_.empty() || options_.checkpoint_path.empty()) return ")";
    return text("); ", options_.checkpoint_path, " keeps epoch ", epochs_done());
  }

  void put_back(const io::StateDict& weights) {
    nn::load(static_cast<nn::Module<T>&>(net_), weights, {}, nn::StateRules{});
  }

  void save() {
    if (!options_.checkpoint_path.empty()) {
      save_checkpoint(options_.checkpoint_path,
                      Checkpoint<T>{.settings = settings_,
                                    .history = history_,
                                    .step = step_,
                                    .network = nn::state_dict(net_),
                                    .best = best_,
                                    .optimizer = optimizer_->state(),
                                    .average = average_ ? average_->state() : optim::State<T>{},
                                    .plateau = plateau_.state(),
                                    .early_stopping = stopping_.state().numbers});
    }
    save_history();
  }
  void save_history() const {
    if (!options_.history_path.empty()) io::write_file(options_.history_path, io::as_bytes(json_lines(history_)));
  }

  void load() {
    const std::string& path = options_.checkpoint_path;
    Checkpoint<T> from = load_checkpoint<T>(path);
    check_same_settings(from.settings, settings_, path);
    const auto done = static_cast<std::int64_t>(from.history.size());
    QRS_CHECK(done <= options_.epochs, "[resume] expected at least the ", done, " epochs that ", path, " holds, got ",
              options_.epochs);
    if (!from.best.empty()) put_back(from.best);  // tells whether it fits before it is needed
    put_back(from.network);
    optimizer_->load(from.optimizer);
    if (average_) average_->load(from.average);
    plateau_.load(from.plateau);
    stopping_.load({.numbers = from.early_stopping, .tensors = {}});
    best_ = std::move(from.best);
    history_ = std::move(from.history);
    step_ = from.step;
  }

  models::Model<T>& net_;
  const Samples& train_;
  const Samples& validation_;
  const FitOptions& options_;
  FitObserver* observer_;
  optim::ReduceLROnPlateau plateau_;
  optim::EarlyStopping<T> stopping_;
  std::unique_ptr<optim::Optimizer<T>> optimizer_;
  optim::Schedule schedule_;  // empty: the plateau alone moves the rate
  std::optional<optim::AveragedModel<T>> average_;
  std::int64_t channels_ = 0;
  Settings settings_;
  History history_;
  io::StateDict best_;
  std::int64_t step_ = 0;
};

}  // namespace detail

/// Trains `net` from the weights it has, and leaves it in evaluation mode with the weights of the best epoch (unless
/// restore_best_weights is off). Throws where a loss is not finite, with epoch, step and learning rate; the checkpoint of the
/// last whole epoch stays.
template <class T>
FitResult fit(models::Model<T>& net, const Samples& train, const Samples& validation, const FitOptions& options = {},
              FitObserver* observer = nullptr) {
  return detail::Run<T>(net, train, validation, options, observer)();
}

}  // namespace qrs::train
