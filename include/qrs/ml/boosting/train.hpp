// Training: round by round, gradients of the margins so far, one tree a group, margins moved by its leaves.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <utility>
#include <variant>

#include "../../core/array.hpp"
#include "../../core/error.hpp"
#include "../../core/parallel.hpp"
#include "../../core/rng.hpp"
#include "../../core/splitmix.hpp"
#include "../matrix.hpp"
#include "../observer.hpp"
#include "binned_matrix.hpp"
#include "booster.hpp"
#include "grow_exact.hpp"
#include "grow_hist.hpp"
#include "objective.hpp"

namespace qrs::ml::boosting {

struct TrainSettings {
  Objective objective = Objective::squared_error;
  std::int64_t groups = 1;
  std::int64_t rounds = 100;
  bool exact = false;
  TreeParams tree;
  ColumnShares columns;
  double subsample = 1.0;
  std::int64_t max_bin = 256;
  std::optional<double> base_score;  // none: estimated
  double missing = std::numeric_limits<double>::quiet_NaN();
  std::optional<std::int64_t> early_stopping_rounds;
  std::int64_t random_state = 0;
};

/// Rows that are watched, never learned from.
template <class T>
struct Evaluation {
  MatrixView<T> x;
  Targets targets;
};

/// A seed for each (tree, use), far apart for near numbers.
inline std::uint32_t tree_seed(std::int64_t random_state, std::int64_t tree, std::uint32_t use) {
  return static_cast<std::uint32_t>(splitmix_mixed(static_cast<std::uint64_t>(random_state) * splitmix_step +
                                                   static_cast<std::uint64_t>(tree) * 2 + use));
}

/// What a grower reads, made once a training: sorted columns, or bins as bytes or as wider numbers.
template <class T>
class TreeMaker {
 public:
  TreeMaker(MatrixView<T> x, ArrayView<const float> weight, const TrainSettings& settings, Observer* tracer)
      : x_(x), settings_(settings), tracer_(tracer) {
    if (settings.exact) {
      data_.template emplace<SortedColumns>(x, settings.missing);
      return;
    }
    cuts_ = make_cuts(x, weight, settings.max_bin, settings.missing);
    const HistogramLayout layout(cuts_);
    if (layout.widest() <= 256) {
      data_ = std::make_unique<Hist<std::uint8_t>>(x, cuts_, settings, tracer);
    } else {
      data_ = std::make_unique<Hist<std::uint16_t>>(x, cuts_, settings, tracer);
    }
    const std::int64_t open = std::int64_t{1} << std::clamp(settings.tree.max_depth - 1, 0, 10);
    const std::int64_t kept = std::min(open, 1 + x.rows() * x.cols() / std::max<std::int64_t>(1, layout.total()));
    constexpr std::int64_t budget = 64 << 20;  // bytes of histograms of the trees that grow together
    together_ = std::clamp<std::int64_t>(budget / (kept * layout.total() * 16), 1, settings.groups);
  }

  /// Grows the trees of a round and moves the margins (rows, groups) of x by their leaves.
  void grow(Array<GrowTask>& tasks, std::int64_t round, float* margin) {
    const std::int64_t groups = settings_.groups;
    if (const auto* columns = std::get_if<SortedColumns>(&data_)) {
      ExactGrower(*columns, settings_.tree, tracer_).grow(tasks);
      Array<RegressionTree> trees;
      for (const GrowTask& task : tasks) trees.push_back(task.tree);
      add_trees(FlatTrees(trees), round * groups, x_, settings_.missing, margin, groups);
    } else if (auto* bytes = std::get_if<std::unique_ptr<Hist<std::uint8_t>>>(&data_)) {
      grow_hist((*bytes)->grower, tasks, margin);
    } else {
      grow_hist(std::get<std::unique_ptr<Hist<std::uint16_t>>>(data_)->grower, tasks, margin);
    }
  }

 private:
  template <class Code>
  struct Hist {
    Hist(MatrixView<T> x, const QuantileCuts& cuts, const TrainSettings& settings, Observer* tracer)
        : bins(x, cuts, settings.missing), grower(bins, cuts, settings.tree, tracer) {}
    BinnedMatrix<Code> bins;
    HistGrower<Code> grower;
  };

  template <class Code>
  void grow_hist(HistGrower<Code>& grower, Array<GrowTask>& tasks, float* margin) const {
    for (std::int64_t first = 0; first < tasks.size(); first += together_) {
      const std::int64_t count = std::min(tasks.size() - first, together_);
      grower.grow(ArrayView<GrowTask>(tasks).part(first, count), margin + first, settings_.groups);
    }
  }

  MatrixView<T> x_;
  const TrainSettings& settings_;
  Observer* tracer_;
  QuantileCuts cuts_;
  std::variant<std::monostate, SortedColumns, std::unique_ptr<Hist<std::uint8_t>>, std::unique_ptr<Hist<std::uint16_t>>>
      data_;
  std::int64_t together_ = 1;  // trees of a round that grow at a time; the result does not depend on it
};

namespace detail {

/// Margins of `count` rows before the first tree.
inline Array<float> starting_margins(const Booster& booster, std::int64_t count) {
  const Array<float> base = booster.base_margins();
  Array<float> out(count * booster.groups);
  for (std::int64_t i = 0; i < out.size(); ++i) out[i] = base[i % booster.groups];
  return out;
}

/// Leaves a tree the share `subsample` of the rows, drawn by the tree's own seed.
inline void draw_rows(GrowTask& task, const TrainSettings& settings) {
  if (settings.subsample >= 1.0) return;
  Mt19937 rng(tree_seed(settings.random_state, task.index, 1));
  std::int64_t kept = 0;
  for (std::int64_t i = 0; i < task.rows.size(); ++i) {
    if (rng.random_sample() >= settings.subsample) continue;
    task.rows[kept] = task.rows[i];
    task.pairs[kept++] = task.pairs[i];
  }
  task.rows.resize(kept);
  task.pairs.resize(kept);
}

/// The tasks of a round: every tree's rows, features, and gradients at the margins so far.
inline void begin_round(Array<GrowTask>& tasks, std::int64_t round, std::int64_t features, const Targets& targets,
                        const TrainSettings& settings, const float* margin) {
  const std::int64_t rows = targets.y.size();
  Array<GradientPair*> pairs;
  for (std::int64_t k = 0; k < tasks.size(); ++k) {
    GrowTask& task = tasks[k];
    task.index = round * tasks.size() + k;
    task.columns = ColumnSampler(settings.columns, features, tree_seed(settings.random_state, task.index, 0));
    task.pairs.resize(rows);
    task.rows.resize(rows);
    std::iota(task.rows.begin(), task.rows.end(), 0u);
    pairs.push_back(task.pairs.data());
  }
  parallel_chunks(rows, 4096, [&](std::int64_t begin, std::int64_t end) {
    gradients(settings.objective, targets, margin, tasks.size(), begin, end, pairs);
  });
  for (GrowTask& task : tasks) draw_rows(task, settings);
}

/// Keeps the best round; true where the last `patience` rounds were no better.
inline bool stops_early(Booster& booster, double metric, std::int64_t round, std::int64_t patience) {
  if (!booster.best_score || metric < *booster.best_score) {
    booster.best_score = metric;
    booster.best_iteration = round;
    return false;
  }
  return round - *booster.best_iteration >= patience;
}

}  // namespace detail

/// Trains a model. `history` receives the metric of the evaluation rows after each round; `observer` may be null.
template <class T>
Booster train(MatrixView<T> x, const Targets& targets, const TrainSettings& settings, const Evaluation<T>* evaluation,
              Array<double>& history, Observer* observer) {
  const std::int64_t groups = settings.groups;
  Booster out;
  out.objective = settings.objective;
  out.features = x.cols();
  out.groups = groups;
  out.base_score = settings.base_score ? Array<float>(groups, static_cast<float>(*settings.base_score))
                                       : estimate_base_score(settings.objective, targets, groups);
  Array<float> margin = detail::starting_margins(out, x.rows());
  Array<float> watched = detail::starting_margins(out, evaluation != nullptr ? evaluation->x.rows() : 0);
  Observer* const tracer = observer != nullptr && observer->traces() ? observer : nullptr;
  TreeMaker<T> maker(x, targets.weight, settings, tracer);
  history.clear();

  Array<GrowTask> tasks(groups);
  for (std::int64_t round = 0; round < settings.rounds; ++round) {
    detail::begin_round(tasks, round, x.cols(), targets, settings, margin.data());
    maker.grow(tasks, round, margin.data());
    std::int64_t leaves = 0;
    Array<RegressionTree> grown;
    for (GrowTask& task : tasks) {
      leaves += task.tree.leaves();
      grown.push_back(std::move(task.tree));
    }
    if (evaluation != nullptr) {
      add_trees(FlatTrees(grown), round * groups, evaluation->x, settings.missing, watched.data(), groups);
      history.push_back(loss(settings.objective, evaluation->targets, watched.data(), groups));
    }
    for (RegressionTree& tree : grown) out.trees.push_back(std::move(tree));
    if (tracer != nullptr) {
      tracer->boosting_round({.round = round,
                              .train_loss = loss(settings.objective, targets, margin.data(), groups),
                              .evaluation_loss = history.empty() ? std::nullopt : std::optional(history.back()),
                              .leaves = leaves});
    }
    if (observer != nullptr) observer->progress("round", round + 1, settings.rounds);
    const bool stop = settings.early_stopping_rounds &&
                      detail::stops_early(out, history.back(), round, *settings.early_stopping_rounds);
    if (stop) break;
  }
  return out;
}

}  // namespace qrs::ml::boosting
