// The traces of learners as JSON lines: one object an event, in the order of the algorithm.
//
//   JsonLinesTrace trace([&](std::string_view line) { file.write(line); });     svc.observe(&trace);  svc.fit(x, y);
//
//   {"event":"smo_step","classes":[0,1],"step":3,"i":17,"j":4,"violation":0.81,"alpha_i":1,"alpha_j":0.2,"dual_objective":-7.4}
//   {"event":"split_candidate","tree":0,"node":2,"feature":5,"threshold":0.35,"gain":0.021,"samples":64}
//   {"event":"boosting_round","round":9,"train_loss":0.14,"evaluation_loss":0.22,"leaves":31}
//
// Numbers have every digit they need; what JSON cannot say (infinities, NaN) is null. Progress is handed on to another
// observer, where there is one.
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "../core/error.hpp"
#include "observer.hpp"

namespace qrs::ml {

class JsonLinesTrace final : public Observer {
 public:
  /// `write` receives each line with its line feed.
  explicit JsonLinesTrace(std::function<void(std::string_view line)> write, Observer* progress = nullptr)
      : write_(std::move(write)), progress_(progress) {}

  bool traces() const override { return true; }
  void progress(std::string_view what, std::int64_t done, std::int64_t total) override {
    if (progress_ != nullptr) progress_->progress(what, done, total);
  }
  void smo_step(const SmoStep& e) override {
    write_(text("{\"event\":\"smo_step\",\"classes\":[", e.negative_class, ",", e.positive_class, "],\"step\":", e.step,
                ",\"i\":", e.i, ",\"j\":", e.j, ",\"violation\":", number(e.violation),
                ",\"alpha_i\":", number(e.alpha_i), ",\"alpha_j\":", number(e.alpha_j),
                ",\"dual_objective\":", number(e.dual_objective), "}\n"));
  }
  void split_candidate(const SplitCandidate& e) override {
    write_(text("{\"event\":\"split_candidate\",\"tree\":", e.tree, ",\"node\":", e.node, ",\"feature\":", e.feature,
                ",\"threshold\":", number(e.threshold), ",\"gain\":", number(e.gain), ",\"samples\":", e.samples,
                "}\n"));
  }
  void boosting_round(const BoostingRound& e) override {
    std::string line =
        text("{\"event\":\"boosting_round\",\"round\":", e.round, ",\"train_loss\":", number(e.train_loss));
    if (e.evaluation_loss) line += text(",\"evaluation_loss\":", number(*e.evaluation_loss));
    write_(line + text(",\"leaves\":", e.leaves, "}\n"));
  }

 private:
  static std::string number(double value) {
    if (!std::isfinite(value)) return "null";
    char digits[40];
    return std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  }

  std::function<void(std::string_view)> write_;
  Observer* progress_;
};

}  // namespace qrs::ml
