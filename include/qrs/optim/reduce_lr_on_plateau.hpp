// Lowers the learning rate when a metric has stopped improving.
//
//   qrs::optim::ReduceLROnPlateau plateau({.factor = 0.5, .patience = 2});
//   plateau.step(validation_loss, adam);                    // once an epoch
//
// An epoch is bad when the metric is not better than the best so far by the threshold:
//   mode min, rel: metric < best (1 - threshold)      mode max, rel: metric > best (1 + threshold)
//   mode min, abs: metric < best - threshold          mode max, abs: metric > best + threshold
// After more than `patience` bad epochs in a row the rate becomes max(lr factor, min_lr), provided that changes it by more
// than eps; then `cooldown` epochs are not counted. Equal to torch.optim.lr_scheduler.ReduceLROnPlateau, a metric that is
// not a number included: it is a bad epoch.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <string>

#include "optimizer.hpp"

namespace qrs::optim {

/// Whether less or more of a metric is better.
enum class Mode { min, max };
/// Whether a threshold counts in shares of the best value or in the metric's own unit.
enum class ThresholdMode { rel, abs };

struct PlateauOptions {
  Mode mode = Mode::min;
  double factor = 0.1;
  std::int64_t patience = 10;
  double threshold = 1e-4;
  ThresholdMode threshold_mode = ThresholdMode::rel;
  std::int64_t cooldown = 0;
  double min_lr = 0.0;
  double eps = 1e-8;
};

class ReduceLROnPlateau {
 public:
  explicit ReduceLROnPlateau(const PlateauOptions& options = {}) : options_(options), best_(worst(options.mode)) {
    QRS_CHECK(options.factor < 1.0, "[plateau] expected factor < 1, got ", options.factor);
  }

  /// The learning rate after an epoch with this metric that was trained with `lr`.
  double step(double metric, double lr) {
    ++last_epoch_;
    if (better(metric)) {
      best_ = metric;
      num_bad_epochs_ = 0;
    } else {
      ++num_bad_epochs_;
    }
    if (cooldown_counter_ > 0) {
      --cooldown_counter_;
      num_bad_epochs_ = 0;
    }
    if (num_bad_epochs_ <= options_.patience) return lr;
    cooldown_counter_ = options_.cooldown;
    num_bad_epochs_ = 0;
    const double lower = std::max(lr * options_.factor, options_.min_lr);
    return lr - lower > options_.eps ? lower : lr;
  }
  /// The same on an optimiser; true where its rate was lowered.
  template <class T>
  bool step(double metric, Optimizer<T>& optimizer) {
    const double before = optimizer.lr();
    optimizer.set_lr(step(metric, before));
    return optimizer.lr() != before;
  }

  double best() const { return best_; }
  std::int64_t num_bad_epochs() const { return num_bad_epochs_; }

  /// Numbers by PyTorch's names; best is infinite before the first epoch.
  std::map<std::string, double> state() const {
    return {{"best", best_},
            {"num_bad_epochs", static_cast<double>(num_bad_epochs_)},
            {"cooldown_counter", static_cast<double>(cooldown_counter_)},
            {"last_epoch", static_cast<double>(last_epoch_)}};
  }
  /// Goes on where `state` was taken.
  void load(const std::map<std::string, double>& state) {
    const auto number = [&](const char* key) { return detail::state_entry("plateau", state, key); };
    const auto count = [&](const char* key) { return static_cast<std::int64_t>(number(key)); };
    ReduceLROnPlateau loaded(options_);
    loaded.best_ = number("best");
    loaded.num_bad_epochs_ = count("num_bad_epochs");
    loaded.cooldown_counter_ = count("cooldown_counter");
    loaded.last_epoch_ = count("last_epoch");
    *this = loaded;
  }

 private:
  static double worst(Mode mode) {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return mode == Mode::min ? infinity : -infinity;
  }

  bool better(double metric) const {
    const bool relative = options_.threshold_mode == ThresholdMode::rel;
    if (options_.mode == Mode::min) {
      return metric < (relative ? best_ * (1.0 - options_.threshold) : best_ - options_.threshold);
    }
    return metric > (relative ? best_ * (1.0 + options_.threshold) : best_ + options_.threshold);
  }

  PlateauOptions options_;
  double best_;
  std::int64_t num_bad_epochs_ = 0;
  std::int64_t cooldown_counter_ = 0;
  std::int64_t last_epoch_ = 0;
};

}  // namespace qrs::optim
