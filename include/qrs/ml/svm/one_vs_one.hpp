// Training: a two-class problem for each pair of classes, and for probabilities five more that leave a fifth out.
//
// All are tasks of one parallel loop, the largest first; each depends on its own data and seed alone. The byte budget is
// shared by the tasks that run at a time. Where the kernel matrix of all samples takes at most a quarter of it, it is
// computed once and all tasks read it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <mutex>
#include <numeric>
#include <utility>

#include "../../core/array.hpp"
#include "../../core/parallel.hpp"
#include "../../core/rng.hpp"
#include "machine.hpp"
#include "smo.hpp"

namespace qrs::ml::svm {

struct TrainParams {
  SmoParams smo;
  bool probability = false;
  std::uint32_t seed = 0;
  Observer* observer = nullptr;  // told of progress
  Observer* tracer = nullptr;    // told of steps
};

/// Samples in the order of their classes, and the bound C of each.
struct TrainSet {
  Array<std::int64_t> labels;       // of the classes
  Array<std::int64_t> class_begin;  // k + 1
  Array<double> c;                  // of each point
};

struct OneVsOne {
  Array<SmoResult> pairs;  // (0, 1), (0, 2), ...; alpha of the points of class a, then of class b
  Array<Sigmoid> sigmoids;
};

namespace detail {

inline constexpr std::int64_t probability_folds = 5;

struct Task {
  std::int64_t a = 0;
  std::int64_t b = 0;
  std::int64_t pair = 0;
  std::int64_t fold = -1;  // -1: the pair itself; otherwise the fold left out
  std::int64_t size = 0;
};

/// The fold of each point of a pair: each class is shuffled and dealt in turn, so that every fold has its share of both.
/// (LIBSVM deals without regard to the class; on small data a fold may then miss one, and the sigmoid comes out inverted:
/// cjlin1/libsvm#207.)
inline Array<std::int8_t> deal_folds(std::int64_t count_a, std::int64_t count_b, std::uint32_t seed) {
  Mt19937 random(seed);
  Array<std::int8_t> out(count_a + count_b);
  std::int64_t dealt = 0;
  for (int side = 0; side < 2; ++side) {
    const std::int64_t first = side == 0 ? 0 : count_a;
    for (const std::int64_t i : random.permutation(side == 0 ? count_a : count_b)) {
      out[first + i] = static_cast<std::int8_t>(dealt++ % probability_folds);
    }
  }
  return out;
}

}  // namespace detail

/// Trains all pairs. Does not depend on the number of threads.
template <class T>
class OneVsOneTrainer {
 public:
  OneVsOneTrainer(const KernelSource<T>& source, const TrainSet& set, const TrainParams& params)
      : source_(source), set_(set), params_(params) {}

  OneVsOne train() {
    const auto k = set_.labels.size();
    Array<detail::Task> tasks;
    std::int64_t pair = 0;
    for (std::int64_t a = 0; a < k; ++a) {
      for (std::int64_t b = a + 1; b < k; ++b, ++pair) {
        const std::int64_t size = count(a) + count(b);
        tasks.push_back({a, b, pair, -1, size});
        if (!params_.probability) continue;
        for (std::int64_t fold = 0; fold < detail::probability_folds; ++fold) {
          tasks.push_back({a, b, pair, fold, size - size / detail::probability_folds});
        }
        held_out_.emplace_back(size, 0.0);
        folds_.push_back(detail::deal_folds(count(a), count(b), params_.seed + static_cast<std::uint32_t>(pair)));
      }
    }
    out_.pairs.resize(pair);
    const auto total = tasks.size();
    if (params_.tracer == nullptr) {
      std::stable_sort(tasks.begin(), tasks.end(),
                       [](const detail::Task& x, const detail::Task& y) { return x.size > y.size; });
    }
    const int threads = params_.tracer != nullptr ? 1 : num_threads();
    const std::int64_t at_a_time =
        qrs::detail::inside_parallel ? 1 : std::clamp<std::int64_t>(total, 1, std::max(threads, 1));
    params_.smo.cache_bytes /= at_a_time;
    std::mutex mutex;
    std::int64_t done = 0;
    const auto run_one = [&](std::int64_t i) {
      run(tasks[i]);
      if (params_.observer == nullptr) return;
      const std::lock_guard lock(mutex);
      params_.observer->progress("pair", ++done, total);
    };
    if (total == 1 || params_.tracer != nullptr) {
      for (std::int64_t i = 0; i < total; ++i) run_one(i);  // on this thread: rows may use the others
    } else {
      parallel_for(total, run_one);
    }
    if (params_.probability) fit_sigmoids();
    return std::move(out_);
  }

 private:
  std::int64_t count(std::int64_t c) const { return set_.class_begin[c + 1] - set_.class_begin[c]; }

  /// Points of a pair in order, class a first. `out` receives those of the fold, where one is left out.
  SmoProblem problem(const detail::Task& task, Array<std::int32_t>* out_points,
                     Array<std::int64_t>* out_positions) const {
    SmoProblem out;
    std::int64_t position = 0;
    for (const std::int64_t c : {task.a, task.b}) {
      const std::int64_t end = set_.class_begin[c + 1];
      for (std::int64_t i = set_.class_begin[c]; i < end; ++i, ++position) {
        if (task.fold >= 0 && fold_of(task, position) == task.fold) {
          out_points->push_back(static_cast<std::int32_t>(i));
          out_positions->push_back(position);
          continue;
        }
        out.points.push_back(static_cast<std::int32_t>(i));
        out.y.push_back(c == task.a ? std::int8_t{1} : std::int8_t{-1});
        out.c.push_back(set_.c[i]);
      }
    }
    return out;
  }
  std::int64_t fold_of(const detail::Task& task, std::int64_t position) const { return folds_[task.pair][position]; }

  void run(const detail::Task& task) {
    Array<std::int32_t> out_points;
    Array<std::int64_t> out_positions;
    const SmoProblem problem = this->problem(task, &out_points, &out_positions);
    const SmoStep event{.negative_class = set_.labels[task.b], .positive_class = set_.labels[task.a]};
    if (task.fold < 0) {
      out_.pairs[task.pair] = Smo<T>(source_, problem, params_.smo, params_.tracer, event).solve();
      return;
    }
    Array<double>& values = held_out_[task.pair];
    const bool has_a = std::find(problem.y.begin(), problem.y.end(), std::int8_t{1}) != problem.y.end();
    const bool has_b = std::find(problem.y.begin(), problem.y.end(), std::int8_t{-1}) != problem.y.end();
    if (!has_a || !has_b) {  // a class of one sample, and it is in this fold
      for (const std::int64_t p : out_positions) values[p] = has_a ? 1.0 : has_b ? -1.0 : 0.0;
      return;
    }
    const SmoResult result = Smo<T>(source_, problem, params_.smo).solve();
    Array<std::int32_t> columns;
    Array<double> coefficients;
    for (std::int64_t i = 0; i < result.alpha.size(); ++i) {
      if (result.alpha[i] <= 0.0) continue;
      columns.push_back(problem.points[i]);
      coefficients.push_back(problem.y[i] * result.alpha[i]);
    }
    const Array<double> sums = source_.product(out_points, columns, coefficients);
    for (std::int64_t i = 0; i < sums.size(); ++i) {
      values[out_positions[i]] = sums[i] - result.rho;
    }
  }

  /// Sigmoids of the held-out values. One that falls with the decision value would turn every prediction round; where the
  /// held-out values are that misleading (a handful of samples), the values of the machine itself are used.
  void fit_sigmoids() {
    std::int64_t pair = 0;
    const auto k = set_.labels.size();
    for (std::int64_t a = 0; a < k; ++a) {
      for (std::int64_t b = a + 1; b < k; ++b, ++pair) {
        Array<std::int8_t> y(count(a), std::int8_t{1});
        y.resize(count(a) + count(b), std::int8_t{-1});
        Sigmoid sigmoid = fit_sigmoid(held_out_[pair], y);
        if (!(sigmoid.a < 0.0)) {
          const SmoResult& result = out_.pairs[pair];
          Array<double> own(y.size());
          for (std::int64_t i = 0; i < y.size(); ++i) own[i] = result.w[i] + y[i] - result.rho;
          sigmoid = fit_sigmoid(own, y);
          if (!(sigmoid.a < 0.0)) {  // the machine separates nothing: the share of the classes
            sigmoid = {0.0, std::log((static_cast<double>(count(b)) + 1.0) / (static_cast<double>(count(a)) + 1.0))};
          }
        }
        out_.sigmoids.push_back(sigmoid);
      }
    }
  }

  const KernelSource<T>& source_;
  const TrainSet& set_;
  TrainParams params_;
  OneVsOne out_;
  Array<Array<double>> held_out_;  // of each pair
  Array<Array<std::int8_t>> folds_;
};

}  // namespace qrs::ml::svm
