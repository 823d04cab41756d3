// A training run as people see it: a line that is rewritten on a terminal, and a line an epoch that stays.
//
//   epoch 3 of 20 [=========>          ] loss 0.5231, accuracy 0.812, 23.9 images/s, 12 s left
//   epoch 3 of 20: loss 0.5102, accuracy 0.822, validation loss 0.6011, accuracy 0.779, rate 0.001, 28 s *
//
// The star marks the best validation loss so far. The time left is the epoch's.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <utility>

#include "progress_line.hpp"
#include "qrs/train/trainer.hpp"

namespace qrs {

class TrainingProgress final : public train::FitObserver {
 public:
  /// Lines of epochs go to `lines`; `stop` is asked after each step.
  TrainingProgress(std::FILE* lines, std::function<bool()> stop)
      : lines_(lines), stop_(std::move(stop)), terminal_(isatty(STDERR_FILENO) != 0) {}
  ~TrainingProgress() override { erase(); }
  TrainingProgress(const TrainingProgress&) = delete;
  TrainingProgress& operator=(const TrainingProgress&) = delete;

  bool stop() override { return stop_(); }
  void started(std::int64_t done, std::int64_t epochs) override {
    epochs_ = epochs;
    if (done > 0) std::fprintf(lines_, "going on after epoch %lld\n", static_cast<long long>(done));
  }
  void step(const train::EpochProgress& at) override {
    if (at.epoch != epoch_) {
      epoch_ = at.epoch;
      seen_ = at.images;  // the first step is not timed: it asks the system for its memory
      timer_ = Timer();
    }
    const double seconds = timer_.seconds();
    if (!terminal_ || seconds < next_ || at.images == seen_) return;
    next_ = seconds + 0.1;
    const double speed = static_cast<double>(at.images - seen_) / seconds;
    constexpr int width = 20;
    const int filled = static_cast<int>(at.images * width / at.total);
    std::fprintf(stderr, "\r\033[Kepoch %lld of %lld [%s>%*s] loss %.4f, accuracy %.3f, %.1f images/s, %s left",
                 static_cast<long long>(at.epoch), static_cast<long long>(epochs_),
                 std::string(static_cast<std::size_t>(filled), '=').c_str(), width - filled, "", at.loss, at.accuracy,
                 speed, ProgressLine::duration(static_cast<double>(at.total - at.images) / speed).c_str());
    std::fflush(stderr);
    written_ = true;
  }
  void validated(std::int64_t done, std::int64_t total) override {
    if (!terminal_ || !written_) return;
    std::fprintf(stderr, "\r\033[Kepoch %lld of %lld: validation image %lld of %lld", static_cast<long long>(epoch_),
                 static_cast<long long>(epochs_), static_cast<long long>(done), static_cast<long long>(total));
    std::fflush(stderr);
  }
  void epoch(const train::Epoch& e, bool best) override {
    erase();
    next_ = 0.0;
    std::fprintf(
        lines_,
        "epoch %lld of %lld: loss %.4f, accuracy %.3f, validation loss %.4f, accuracy %.3f, rate %g, %.0f s%s\n",
        static_cast<long long>(e.epoch), static_cast<long long>(epochs_), e.train_loss, e.train_accuracy,
        e.validation_loss, e.validation_accuracy, e.learning_rate, e.seconds, best ? " *" : "");
    std::fflush(lines_);
  }

 private:
  void erase() {
    if (written_) std::fprintf(stderr, "\r\033[K");
    written_ = false;
  }

  std::FILE* lines_;
  std::function<bool()> stop_;
  bool terminal_;
  bool written_ = false;
  std::int64_t epochs_ = 0;
  std::int64_t epoch_ = 0;
  std::int64_t seen_ = 0;
  double next_ = 0.0;
  Timer timer_;
};

}  // namespace qrs
