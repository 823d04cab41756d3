// Ends training when a metric has stopped improving, and brings the best weights back.
//
//   qrs::optim::EarlyStopping<float> stopping(net, {.patience = 5, .restore_best_weights = true});
//   for (epoch...) { ...; if (stopping.step(validation_loss)) break; }
//   stopping.restore();                                    // the weights of the best epoch
//
// The rule is Keras's: an epoch improves when the metric beats the best so far by more than min_delta; an improvement
// resets the count of waiting epochs where it also beats the baseline; training stops when `patience` epochs were waited
// (never after the first epoch). Kept and restored are parameters and buffers: a batch norm without its running
// statistics is not the network that was measured.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "optimizer.hpp"
#include "reduce_lr_on_plateau.hpp"

namespace qrs::optim {

struct EarlyStoppingOptions {
  Mode mode = Mode::min;
  double min_delta = 0.0;
  std::int64_t patience = 0;
  std::optional<double> baseline = {};  // an improvement that does not reach it does not end the waiting
  bool restore_best_weights = false;
  std::int64_t start_from_epoch = 0;  // epochs before it are not looked at
};

template <class T>
class EarlyStopping {
 public:
  using NamedTensors = std::vector<std::pair<std::string, Tensor<T>>>;

  /// Watches what `tensors()` returns at each call: names and the live tensors of a network.
  EarlyStopping(std::function<NamedTensors()> tensors, const EarlyStoppingOptions& options)
      : options_(options), tensors_(std::move(tensors)), best_(worst()) {
    QRS_CHECK(options.min_delta >= 0.0, "[early_stopping] expected min_delta >= 0, got ", options.min_delta);
    QRS_CHECK(options.patience >= 0, "[early_stopping] expected patience >= 0, got ", options.patience);
  }
  /// Watches all parameters and buffers of a network, which must outlive this.
  template <class Net>
  requires requires(Net& net) {
    net.named_parameters();
    net.named_buffers();
  }
  explicit EarlyStopping(Net& net, const EarlyStoppingOptions& options = {})
      : EarlyStopping(
            [&net] {
              NamedTensors out;
              for (const auto& [name, parameter] : net.named_parameters()) out.emplace_back(name, parameter.value());
              for (const auto& [name, buffer] : net.named_buffers()) out.emplace_back(name, buffer);
              return out;
            },
            options) {}

  /// Takes the metric of an epoch; true where training should stop.
  bool step(double metric) {
    const std::int64_t epoch = epoch_++;
    if (epoch < options_.start_from_epoch) return false;
    if (options_.restore_best_weights && best_weights_.empty()) keep(epoch);  // if nothing ever improves
    ++wait_;
    if (better(metric, best_)) {
      best_ = metric;
      keep(epoch);
      if (!options_.baseline || better(metric, *options_.baseline)) wait_ = 0;
      return false;
    }
    if (wait_ < options_.patience || epoch == 0) return false;
    stopped_epoch_ = epoch;
    return true;
  }

  /// Puts the weights of the best epoch back; without restore_best_weights it does nothing. False where nothing was done.
  bool restore() const {
    if (best_weights_.empty()) return false;
    for (const auto& [name, tensor] : tensors_()) {
      detail::state_entry("early_stopping", best_weights_, name).copy_into(tensor);
    }
    return true;
  }

  /// The best metric (infinite before one was seen) and its epoch, counted from 0; -1 before.
  double best() const { return best_; }
  std::int64_t best_epoch() const { return best_epoch_; }
  /// The epoch that ended training; -1 while none has.
  std::int64_t stopped_epoch() const { return stopped_epoch_; }
  /// Epochs waited since the last improvement.
  std::int64_t wait() const { return wait_; }

  /// Everything needed to go on, the best weights included; tensors are copies.
  State<T> state() const {
    State<T> out;
    out.numbers = {{"best", best_},
                   {"best_epoch", static_cast<double>(best_epoch_)},
                   {"epoch", static_cast<double>(epoch_)},
                   {"stopped_epoch", static_cast<double>(stopped_epoch_)},
                   {"wait", static_cast<double>(wait_)}};
    for (const auto& [name, tensor] : best_weights_) out.tensors[name] = tensor.clone();
    return out;
  }
  /// Goes on where `state` was taken. Throws where an entry is missing or has another shape, and changes nothing then.
  void load(const State<T>& state) {
    const auto number = [&](const char* key) { return detail::state_entry("early_stopping", state.numbers, key); };
    const auto count = [&](const char* key) { return static_cast<std::int64_t>(number(key)); };
    EarlyStopping loaded(tensors_, options_);
    loaded.best_ = number("best");
    loaded.best_epoch_ = count("best_epoch");
    loaded.epoch_ = count("epoch");
    loaded.stopped_epoch_ = count("stopped_epoch");
    loaded.wait_ = count("wait");
    if (options_.restore_best_weights && !state.tensors.empty()) {
      for (const auto& [name, tensor] : tensors_()) {
        const Tensor<T>& kept = detail::state_entry("early_stopping", state.tensors, name);
        QRS_CHECK(kept.shape() == tensor.shape(), "[early_stopping] expected shape ", tensor.shape(), " for '", name,
                  "', got ", kept.shape());
        loaded.best_weights_[name] = kept.to(tensor.device()).clone();
      }
    }
    *this = std::move(loaded);
  }

 private:
  double worst() const {
    constexpr double infinity = std::numeric_limits<double>::infinity();
    return options_.mode == Mode::min ? infinity : -infinity;
  }
  bool better(double metric, double reference) const {
    return options_.mode == Mode::min ? metric + options_.min_delta < reference
                                      : metric - options_.min_delta > reference;
  }
  void keep(std::int64_t epoch) {
    best_epoch_ = epoch;
    if (!options_.restore_best_weights) return;
    for (const auto& [name, tensor] : tensors_()) {
      Tensor<T>& kept = best_weights_[name];
      if (kept.empty()) kept = Tensor<T>(tensor.shape(), tensor.device());
      tensor.copy_into(kept);
    }
  }

  EarlyStoppingOptions options_;
  std::function<NamedTensors()> tensors_;
  std::map<std::string, Tensor<T>> best_weights_;
  double best_;
  std::int64_t best_epoch_ = -1;
  std::int64_t epoch_ = 0;
  std::int64_t stopped_epoch_ = -1;
  std::int64_t wait_ = 0;
};

}  // namespace qrs::optim
