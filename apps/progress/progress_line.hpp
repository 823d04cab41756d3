// One line on the terminal that says how far a long work is and how long it will take.
//
//   ProgressLine line("search");    observer->progress("fit", 12, 80)    ->    search: fit 12 of 80, about 14 s left
//
// Shown only where the error stream is a terminal and the work has taken over two seconds; rewritten at most ten times a
// second; gone when the object goes.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

#include "qrs/core/timer.hpp"
#include "qrs/ml/observer.hpp"

namespace qrs {

class ProgressLine final : public ml::Observer {
 public:
  explicit ProgressLine(std::string title) : title_(std::move(title)), shown_(isatty(STDERR_FILENO) != 0) {}
  ~ProgressLine() override {
    if (written_) std::fprintf(stderr, "\r\033[K");
  }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  void progress(std::string_view what, std::int64_t done, std::int64_t total) override {
    const double now = timer_.seconds();
    if (!shown_ || done <= 0 || now < 2.0 || now < next_) return;
    next_ = now + 0.1;
    written_ = true;
    const double left = now / static_cast<double>(done) * static_cast<double>(total - done);
    std::fprintf(stderr, "\r\033[K%s: %.*s %lld of %lld, about %s left", title_.c_str(), static_cast<int>(what.size()),
                 what.data(), static_cast<long long>(done), static_cast<long long>(total), duration(left).c_str());
    std::fflush(stderr);
  }

  /// "14 s", "3 min 20 s", "2 h 5 min".
  static std::string duration(double seconds) {
    const auto whole = static_cast<long long>(seconds + 0.5);
    if (whole < 60) return std::to_string(whole) + " s";
    if (whole < 3600) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
    return std::to_string(whole / 3600) + " h " + std::to_string(whole / 60 % 60) + " min";
  }

 private:
  std::string title_;
  Timer timer_;
  bool shown_;
  bool written_ = false;
  double next_ = 0.0;
};

}  // namespace qrs
