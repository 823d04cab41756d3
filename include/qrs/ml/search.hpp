// Cross-validation and the search for parameters: GridSearchCV, RandomizedSearchCV and cross_val_score of scikit-learn.
//
//   auto found = grid_search(Svc<float>{}, {{"C", {0.1, 1, 10}}, {"gamma", {"scale", 0.01}}}, x, y, {.folds = 5});
//   found.best_params;  found.best_score;  found.best->predict(x_new);
//
// Every (candidate, fold) is one task; tasks run on all cores and each fit then runs on the core it is on, so the scores do
// not depend on the number of threads. Tasks go fold by fold, and the candidates of a fold share what they have in common
// (shared_work.hpp). Ties go to the first candidate. A candidate that fails scores NaN and keeps its message; the search
// goes on, and throws only where no candidate fits on every split. Unlike scikit-learn, a misspelt parameter is an error before the first
// fit, and progress is told while it runs.
#pragma once

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../core/parallel.hpp"
#include "../core/timer.hpp"
#include "../data/k_fold.hpp"
#include "estimator.hpp"
#include "param_grid.hpp"
#include "scoring.hpp"
#include "shared_work.hpp"

namespace qrs::ml {

struct SearchOptions {
  std::int64_t folds = 5;             // stratified, in the order of the rows, as scikit-learn's cv=5
  std::vector<data::Split> splits{};  // these instead of folds, where there are any
  std::string scoring = "accuracy";   // scoring.hpp lists the names; larger is better
  bool refit = true;                  // fit the best candidate on all rows
  bool train_scores = false;          // score the training rows too
  std::vector<double> sample_weight{};
  Observer* observer = nullptr;  // progress("fit", done, total)
};

/// What the search found out about one candidate.
struct CandidateResult {
  Candidate params;
  std::vector<double> scores;        // one a split; NaN where it failed
  std::vector<double> train_scores;  // empty unless asked for
  std::vector<std::string> errors;   // one a split, empty where all went well
  double mean_score = 0.0;           // NaN where a split failed
  double std_score = 0.0;            // over the splits, divided by their number as numpy.std does
  std::int64_t rank = 0;             // 1 is best; equal means share a rank; failed candidates come last
  double fit_seconds = 0.0;          // mean over the splits
  double score_seconds = 0.0;
};

template <class T>
struct SearchResult {
  std::vector<CandidateResult> candidates;
  std::size_t best_index = 0;
  double best_score = 0.0;
  Candidate best_params;
  std::unique_ptr<Classifier<T>> best;  // fitted on all rows; null without refit
  std::vector<data::Split> splits;
  double seconds = 0.0;        // of all of it
  double refit_seconds = 0.0;  // of the last fit
};

namespace detail {

/// The sum of at most 128 values in the order NumPy adds them: candidates that tie there tie here.
inline double sum_as_numpy(std::span<const double> values) {
  const std::size_t n = values.size();
  if (n < 8) {
    double sum = 0.0;
    for (const double v : values) sum += v;
    return sum;
  }
  double lane[8];
  std::size_t i = 8;
  for (std::size_t k = 0; k < 8; ++k) lane[k] = values[k];
  for (; i + 8 <= n; i += 8) {
    for (std::size_t k = 0; k < 8; ++k) lane[k] += values[i + k];
  }
  double sum = ((lane[0] + lane[1]) + (lane[2] + lane[3])) + ((lane[4] + lane[5]) + (lane[6] + lane[7]));
  for (; i < n; ++i) sum += values[i];
  return sum;
}

inline void summarise(CandidateResult& result) {
  const auto n = static_cast<double>(result.scores.size());
  result.mean_score = sum_as_numpy(result.scores) / n;
  std::vector<double> squares;
  for (const double s : result.scores) squares.push_back((s - result.mean_score) * (s - result.mean_score));
  result.std_score = std::sqrt(sum_as_numpy(squares) / n);
}

/// Ranks by mean score, NaN last; returns the first of the best.
inline std::size_t rank_candidates(std::vector<CandidateResult>& results) {
  const auto value = [](const CandidateResult& r) {
    return std::isnan(r.mean_score) ? -std::numeric_limits<double>::infinity() : r.mean_score;
  };
  std::vector<double> sorted;
  for (const CandidateResult& r : results) sorted.push_back(value(r));
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  std::size_t best = results.size();
  for (std::size_t i = 0; i < results.size(); ++i) {
    const auto first = std::lower_bound(sorted.begin(), sorted.end(), value(results[i]), std::greater<>());
    results[i].rank = first - sorted.begin() + 1;
    if (best == results.size() && results[i].rank == 1) best = i;
  }
  return best;
}

/// The rows of one split, made when its first task comes and dropped when its last one has gone.
template <class T>
class Fold {
 public:
  struct Rows {
    Matrix<T> x_train;
    Matrix<T> x_test;
    std::vector<std::int64_t> y_train;
    std::vector<std::int64_t> y_test;
    std::vector<double> weight;
    std::shared_ptr<SharedWork> work = std::make_shared<SharedWork>();
  };

  std::shared_ptr<const Rows> open(MatrixView<T> x, Labels y, std::span<const double> weight,
                                   const data::Split& split) {
    const std::lock_guard lock(mutex_);
    if (!rows_) {
      auto rows = std::make_shared<Rows>();
      rows->x_train = take_rows<T>(x, split.train);
      rows->x_test = take_rows<T>(x, split.test);
      rows->y_train = take(y, std::span<const std::int64_t>(split.train));
      rows->y_test = take(y, std::span<const std::int64_t>(split.test));
      if (!weight.empty()) rows->weight = take(weight, std::span<const std::int64_t>(split.train));
      rows_ = std::move(rows);
    }
    return rows_;
  }
  /// One of the fold's tasks has ended.
  void close(std::int64_t tasks) {
    const std::lock_guard lock(mutex_);
    if (++closed_ == tasks) rows_.reset();
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<const Rows> rows_;
  std::int64_t closed_ = 0;
};

inline std::vector<data::Split> splits_of(const SearchOptions& options, Labels y) {
  if (options.splits.empty()) return data::stratified_k_fold(y, {.n_splits = options.folds});
  for (const data::Split& split : options.splits) {
    QRS_CHECK(!split.train.empty() && !split.test.empty(), "[search] expected rows on both sides of every split, got ",
              split.train.size(), " and ", split.test.size());
    for (const auto* side : {&split.train, &split.test}) {
      for (const std::int64_t i : *side) {
        QRS_CHECK(i >= 0 && i < static_cast<std::int64_t>(y.size()), "[search] expected split indices in [0, ",
                  y.size(), "), got ", i);
      }
    }
  }
  return options.splits;
}

inline void set_params(Estimator& estimator, const ml::Candidate& candidate) {
  for (const auto& [name, value] : candidate) estimator.set(name, value);
}

/// The results of candidates before any fit. Throws where one names a parameter the model does not have.
template <class T>
std::vector<CandidateResult> open_results(const Classifier<T>& model, const std::vector<ml::Candidate>& candidates,
                                          std::size_t splits, bool train_scores) {
  std::vector<CandidateResult> out;
  for (const ml::Candidate& candidate : candidates) {
    set_params(*model.clone(), candidate);
    CandidateResult result;
    result.params = candidate;
    result.scores.assign(splits, std::numeric_limits<double>::quiet_NaN());
    if (train_scores) result.train_scores = result.scores;
    result.errors.resize(splits);
    out.push_back(std::move(result));
  }
  return out;
}

struct TaskSeconds {
  double fit = 0.0;
  double score = 0.0;
};

/// One candidate on fold f.
template <class T>
void fit_and_score(const Classifier<T>& model, const typename Fold<T>::Rows& rows, const Scorer<T>& score,
                   std::int64_t f, CandidateResult& result, TaskSeconds& seconds) {
  const auto fitted = model.clone();
  fitted->observe(nullptr);
  set_params(*fitted, result.params);
  fitted->share(rows.work);
  const Timer fit_timer;
  fitted->fit(rows.x_train, rows.y_train, rows.weight);
  seconds.fit = fit_timer.seconds();
  const Timer score_timer;
  result.scores[f] = score(*fitted, rows.x_test, rows.y_test);
  seconds.score = score_timer.seconds();
  if (!result.train_scores.empty()) result.train_scores[f] = score(*fitted, rows.x_train, rows.y_train);
}

/// Means over the splits; tasks stand fold by fold.
inline void summarise(std::vector<CandidateResult>& results, std::span<const TaskSeconds> seconds) {
  const std::size_t splits = seconds.size() / results.size();
  for (std::size_t c = 0; c < results.size(); ++c) {
    for (std::size_t f = 0; f < splits; ++f) {
      const TaskSeconds& task = seconds[f * results.size() + c];
      results[c].fit_seconds += task.fit / static_cast<double>(splits);
      results[c].score_seconds += task.score / static_cast<double>(splits);
    }
    summarise(results[c]);
  }
}

inline void check_one_fits(const std::vector<CandidateResult>& results, const CandidateResult& best) {
  for (const std::string& error : best.errors) {
    QRS_CHECK(!std::isnan(best.mean_score) || error.empty(), "[search] expected at least one candidate that fits, got ",
              results.size(), " that fail, the first with: ", error);
  }
}

}  // namespace detail

/// Scores every candidate on every split, and fits the best one on all rows. The model is copied, never changed. Throws
/// where a candidate names a parameter the model does not have, or where no candidate fits on every split.
template <class T>
SearchResult<T> search(const Classifier<T>& model, const std::vector<Candidate>& candidates,
                       std::type_identity_t<MatrixView<T>> x, Labels y, const SearchOptions& options = {}) {
  const Timer timer;
  QRS_CHECK(!candidates.empty(), "[search] expected at least one candidate, got none");
  check_targets("search", x.rows(), y.size(), options.sample_weight);
  const Scorer<T> score = scorer<T>(options.scoring);
  SearchResult<T> out;
  out.splits = detail::splits_of(options, y);
  out.candidates = detail::open_results(model, candidates, out.splits.size(), options.train_scores);

  const auto count = static_cast<std::int64_t>(candidates.size());
  const std::int64_t tasks = count * static_cast<std::int64_t>(out.splits.size());
  std::vector<detail::Fold<T>> folds(out.splits.size());
  std::vector<detail::TaskSeconds> seconds(tasks);
  std::mutex told_mutex;
  std::int64_t done = 0;
  parallel_for(tasks, [&](std::int64_t task) {
    const std::int64_t f = task / count;
    CandidateResult& result = out.candidates[task % count];
    try {
      const auto rows = folds[f].open(x, y, options.sample_weight, out.splits[f]);
      detail::fit_and_score(model, *rows, score, f, result, seconds[task]);
    } catch (const std::exception& error) {
      result.scores[f] = std::numeric_limits<double>::quiet_NaN();
      result.errors[f] = error.what();
    }
    folds[f].close(count);
    const std::lock_guard lock(told_mutex);
    ++done;
    if (options.observer != nullptr) options.observer->progress("fit", done, tasks);
  });

  detail::summarise(out.candidates, seconds);
  out.best_index = detail::rank_candidates(out.candidates);
  const CandidateResult& best = out.candidates[out.best_index];
  detail::check_one_fits(out.candidates, best);
  out.best_score = best.mean_score;
  out.best_params = best.params;
  if (options.refit) {
    const Timer refit_timer;
    out.best = model.clone();
    detail::set_params(*out.best, best.params);
    out.best->fit(x, y, options.sample_weight);
    out.refit_seconds = refit_timer.seconds();
  }
  out.seconds = timer.seconds();
  return out;
}

/// GridSearchCV: every combination of the grid.
template <class T>
SearchResult<T> grid_search(const Classifier<T>& model, const ParamGrid& grid, std::type_identity_t<MatrixView<T>> x,
                            Labels y, const SearchOptions& options = {}) {
  return search(model, grid.candidates(), x, y, options);
}

/// RandomizedSearchCV: `count` draws.
template <class T>
SearchResult<T> randomized_search(const Classifier<T>& model, const ParamDistributions& distributions,
                                  std::int64_t count, std::type_identity_t<MatrixView<T>> x, Labels y,
                                  std::uint32_t seed = 0, const SearchOptions& options = {}) {
  return search(model, distributions.sample(count, seed), x, y, options);
}

/// cross_val_score: the model's score on each split. Unlike in a search, a fit that fails is an Error.
template <class T>
std::vector<double> cross_val_score(const Classifier<T>& model, std::type_identity_t<MatrixView<T>> x, Labels y,
                                    SearchOptions options = {}) {
  options.refit = false;
  const SearchResult<T> found = search(model, {Candidate{}}, x, y, options);
  for (std::size_t f = 0; f < found.splits.size(); ++f) {
    const std::string& error = found.candidates[0].errors[f];
    QRS_CHECK(error.empty(), "[cross_val_score] expected every fit to succeed, got, for split ", f, ": ", error);
  }
  return found.candidates[0].scores;
}

}  // namespace qrs::ml
