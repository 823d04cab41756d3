// What a learner tells while it works: progress for people, and traces of its decisions for those who study them.
//
//   struct Bar : qrs::ml::Observer { void progress(std::string_view what, int64_t done, int64_t total) override {...} };
//   Bar bar;  forest.observe(&bar);  forest.fit(x, y);
//
// Off, it costs nothing: a learner asks once, before its loops, whether anyone listens. With `traces()` true a learner runs
// the traced part on one thread, so that lines come in the order of the algorithm; its result keeps the same bits.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace qrs::ml {

/// One step of sequential minimal optimisation (Fan, Chen and Lin 2005).
struct SmoStep {
  std::int64_t negative_class = 0;  // the two labels of the one-vs-one problem
  std::int64_t positive_class = 0;
  std::int64_t step = 0;
  std::int64_t i = 0;  // rows of the problem, the working pair
  std::int64_t j = 0;
  double violation = 0.0;  // m(alpha) - M(alpha), before the step
  double alpha_i = 0.0;    // after the step
  double alpha_j = 0.0;
  double dual_objective = 0.0;  // 1/2 alpha^T Q alpha - e^T alpha, after the step
};

/// One feature tried at one node of a tree: its best split.
struct SplitCandidate {
  std::int64_t tree = 0;
  std::int64_t node = 0;  // in the order the nodes are made
  std::int64_t feature = 0;
  double threshold = 0.0;
  double gain = 0.0;  // decrease of impurity, or of the objective: the unit is the learner's
  std::int64_t samples = 0;
};

/// One round of boosting.
struct BoostingRound {
  std::int64_t round = 0;
  double train_loss = 0.0;
  std::optional<double> evaluation_loss;
  std::int64_t leaves = 0;  // of the trees of this round
};

class Observer {
 public:
  virtual ~Observer() = default;

  /// Whether the traces below are wanted.
  virtual bool traces() const { return false; }
  /// `done` of `total` pieces of `what` ("tree", "round", "fit"). Comes from any thread, one call at a time.
  virtual void progress(std::string_view /*what*/, std::int64_t /*done*/, std::int64_t /*total*/) {}

  virtual void smo_step(const SmoStep& /*event*/) {}
  virtual void split_candidate(const SplitCandidate& /*event*/) {}
  virtual void boosting_round(const BoostingRound& /*event*/) {}
};

}  // namespace qrs::ml
