// Trees from sorted values: every boundary between two different values of every feature is a candidate.
//
// Level by level; a level passes once over each sorted column and keeps running sums for all its leaves at a time. The
// threshold is the middle of both values, rounded to float32 as XGBoost rounds it. Afterwards splits of too small a gain
// are pruned from the leaves up. Source: Chen and Guestrin, XGBoost, KDD 2016, algorithm 1 (exact greedy) and 3.4.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "../../core/array.hpp"
#include "../../core/parallel.hpp"
#include "grow.hpp"
#include "quantile_cuts.hpp"

namespace qrs::ml::boosting {

/// The present values of every feature in ascending order, equal ones in the order of rows.
class SortedColumns {
 public:
  struct Item {
    float value;
    std::uint32_t row;
  };

  template <class T>
  SortedColumns(MatrixView<T> x, double missing) : rows_(x.rows()), columns_(x.cols()) {
    for_each_column(x, missing, [&](std::int64_t feature, Array<std::uint64_t>& items) {
      Array<std::uint64_t> scratch;
      detail::radix_sort(items, scratch);
      Array<Item>& column = columns_[feature];
      column.reserve(items.size());
      for (const std::uint64_t item : items) {
        column.push_back(
            {detail::from_ordered_bits(static_cast<std::uint32_t>(item >> 32)), static_cast<std::uint32_t>(item)});
      }
    });
  }

  std::int64_t rows() const { return rows_; }
  std::int64_t features() const { return columns_.size(); }
  ArrayView<const Item> operator[](std::int64_t feature) const { return columns_[feature]; }

 private:
  std::int64_t rows_ = 0;
  Array<Array<Item>> columns_;
};

class ExactGrower {
 public:
  /// What it reads must outlive it. `observer` is null or wants traces.
  ExactGrower(const SortedColumns& columns, const TreeParams& params, Observer* observer)
      : columns_(columns), p_(params), observer_(observer) {}

  /// Grows every task's tree. Margins are not touched: a pruned tree is applied by prediction.
  void grow(ArrayView<GrowTask> tasks) const {
    if (tasks.size() == 1 || observer_ != nullptr) {
      for (GrowTask& task : tasks) grow_one(task);
    } else {
      parallel_for(tasks.size(), [&](std::int64_t t) { grow_one(tasks[t]); });
    }
  }

 private:
  struct Leaf {
    std::int32_t node = 0;
    NodeMeasure measure;
    Split best;
    std::int64_t rows = 0;
  };
  /// A leaf in the middle of a pass over one column.
  struct Pass {
    GradientSum sum;  // of the values passed
    float last = 0.0f;
    Split best;
  };

  void grow_one(GrowTask& task) const {
    const auto count = columns_.rows();
    Array<GradientPair> pairs(count);
    Array<std::int32_t> place(count, -1);  // the row's leaf among those of the level; -1: settled, or not drawn
    for (std::int64_t i = 0; i < task.rows.size(); ++i) {
      pairs[task.rows[i]] = task.pairs[i];
      place[task.rows[i]] = 0;
    }
    task.tree = RegressionTree();
    Array<Leaf> level(1);
    measure(task, level, place, pairs);
    for (std::int32_t depth = 0; depth < p_.max_depth && !level.empty(); ++depth) {
      find_splits(task, depth, level, place, pairs);
      level = split_level(task, level, place);
      measure(task, level, place, pairs);
    }
    task.tree.prune(p_.gamma, p_.learning_rate);
  }

  /// Sums, scores and weights of new leaves. The bounds of a child's weight are its parent's until it is weighed.
  void measure(GrowTask& task, Array<Leaf>& level, ArrayView<const std::int32_t> place,
               ArrayView<const GradientPair> pairs) const {
    for (std::int64_t i = 0; i < place.size(); ++i) {
      if (place[i] < 0) continue;
      Leaf& leaf = level[place[i]];
      leaf.measure.sum += pairs[i];
      ++leaf.rows;
    }
    for (Leaf& leaf : level) {
      const float weight = leaf_weight(leaf.measure.sum, p_, leaf.measure.bounds);
      leaf.measure.score = score(leaf.measure.sum, weight, p_);
      TreeNode& node = task.tree[leaf.node];
      node.base_weight = weight;
      node.threshold = weight * p_.learning_rate;
      node.cover = static_cast<float>(leaf.measure.sum.h);
    }
    for (std::int64_t i = 0; i + 1 < level.size(); i += 2) {  // siblings stand together
      const TreeNode& parent = task.tree[task.tree[level[i].node].parent];
      const WeightBounds bounds = level[i].measure.bounds;
      child_bounds(bounds, p_.direction(parent.feature), task.tree[level[i].node].base_weight,
                   task.tree[level[i + 1].node].base_weight, level[i].measure.bounds, level[i + 1].measure.bounds);
    }
  }

  void find_splits(GrowTask& task, std::int32_t depth, Array<Leaf>& level, ArrayView<const std::int32_t> place,
                   ArrayView<const GradientPair> pairs) const {
    const Array<char> marks = task.columns.marks(depth);
    const std::int64_t width = level.size();
    constexpr std::int64_t batch = 64;  // features measured before their best splits are combined
    Array<Split> best(batch * width);
    for (std::int64_t first = 0; first < columns_.features(); first += batch) {
      const std::int64_t last = std::min(columns_.features(), first + batch);
      parallel_for(last - first, [&](std::int64_t j) {
        ArrayView<Split> out(best.data() + j * width, width);
        std::fill(out.begin(), out.end(), Split{});
        const std::int64_t feature = first + j;
        if (!marks.empty() && marks[feature] == 0) return;
        search_feature(static_cast<std::int32_t>(feature), level, place, pairs, out);
      });
      for (std::int64_t j = 0; j < last - first; ++j) {
        for (std::int64_t n = 0; n < width; ++n) {
          const Split& candidate = best[j * width + n];
          if (candidate.feature < 0) continue;
          if (observer_ != nullptr) {
            show_candidate(*observer_, task, level[n].node, candidate.feature, candidate, level[n].rows);
          }
          if (level[n].best.loses_to(candidate.gain)) level[n].best = candidate;
        }
      }
    }
  }

  /// Both directions of one column: upward with missing rows on the right where some are missing and the values differ,
  /// then downward with missing rows on the left.
  void search_feature(std::int32_t feature, ArrayView<const Leaf> level, ArrayView<const std::int32_t> place,
                      ArrayView<const GradientPair> pairs, ArrayView<Split> out) const {
    const ArrayView<const SortedColumns::Item> column = columns_[feature];
    Array<Pass> passes(level.size());
    const bool some_missing = column.size() < columns_.rows();
    const bool constant = !column.empty() && column.front().value == column.back().value;
    if (some_missing && !constant) {
      for (const SortedColumns::Item& item : column) step(feature, item, true, level, place, pairs, passes);
      finish(feature, true, level, passes);
    }
    for (std::int64_t i = column.size(); i-- > 0;) step(feature, column[i], false, level, place, pairs, passes);
    finish(feature, false, level, passes);
    for (std::int64_t n = 0; n < passes.size(); ++n) out[n] = passes[n].best;
  }

  void step(std::int32_t feature, const SortedColumns::Item& item, bool upward, ArrayView<const Leaf> level,
            ArrayView<const std::int32_t> place, ArrayView<const GradientPair> pairs, Array<Pass>& passes) const {
    const std::int32_t at = place[item.row];
    if (at < 0) return;
    Pass& pass = passes[at];
    if (pass.sum.h != 0.0 && item.value != pass.last) {
      const float middle = (item.value + pass.last) * 0.5f;
      consider(feature, upward, middle == item.value ? pass.last : middle, level[at].measure, pass);
    }
    pass.sum += pairs[item.row];
    pass.last = item.value;
  }

  /// The candidate between all present values and the missing ones; then the pass is ready for the other direction.
  void finish(std::int32_t feature, bool upward, ArrayView<const Leaf> level, Array<Pass>& passes) const {
    for (std::int64_t n = 0; n < passes.size(); ++n) {
      Pass& pass = passes[n];
      const float gap = std::abs(pass.last) + smallest_gain;
      consider(feature, upward, upward ? pass.last + gap : pass.last - gap, level[n].measure, pass);
      pass.sum = {};
    }
  }

  void consider(std::int32_t feature, bool upward, float threshold, const NodeMeasure& node, Pass& pass) const {
    const double least = static_cast<double>(p_.min_child_weight);
    if (!(pass.sum.h >= least)) return;
    const GradientSum other = node.sum - pass.sum;
    if (!(other.h >= least)) return;
    const GradientSum& left = upward ? pass.sum : other;
    const GradientSum& right = upward ? other : pass.sum;
    const float gain = children_score(left, right, feature, p_, node.bounds) - node.score;
    if (!pass.best.loses_to(gain)) return;
    pass.best.gain = gain;
    pass.best.feature = feature;
    pass.best.threshold = threshold;
    pass.best.default_left = !upward;
    pass.best.left = left;
    pass.best.right = right;
  }

  /// Splits the leaves that gain, sends their rows on, and returns the next level.
  Array<Leaf> split_level(GrowTask& task, const Array<Leaf>& level, ArrayView<std::int32_t> place) const {
    Array<Leaf> next;
    Array<std::int32_t> first_child(level.size(), -1);
    for (std::int64_t n = 0; n < level.size(); ++n) {
      const Leaf& leaf = level[n];
      if (!(leaf.best.gain > smallest_gain)) continue;
      const std::int32_t left = apply_split(task.tree, leaf.node, leaf.best, p_, 0.0f, 0.0f);
      first_child[n] = static_cast<std::int32_t>(next.size());
      for (const std::int32_t child : {left, left + 1}) {
        next.emplace_back();
        next.back().node = child;
        next.back().measure.bounds = leaf.measure.bounds;
      }
    }
    Array<std::int32_t> to(place.size(), -1);
    for (std::int64_t i = 0; i < place.size(); ++i) {  // rows without the value go the default way
      if (place[i] < 0) continue;
      const std::int32_t child = first_child[place[i]];
      if (child >= 0) to[i] = child + (level[place[i]].best.default_left ? 0 : 1);
    }
    Array<char> used(columns_.features(), 0);
    for (std::int64_t n = 0; n < level.size(); ++n) {
      if (first_child[n] >= 0) used[level[n].best.feature] = 1;
    }
    for (std::int64_t f = 0; f < columns_.features(); ++f) {
      if (used[f] == 0) continue;
      for (const SortedColumns::Item& item : columns_[f]) {
        const std::int32_t at = place[item.row];
        if (at < 0 || first_child[at] < 0) continue;
        const Split& split = level[at].best;
        if (split.feature != f) continue;
        to[item.row] = first_child[at] + (item.value < split.threshold ? 0 : 1);
      }
    }
    std::copy(to.begin(), to.end(), place.begin());
    return next;
  }

  const SortedColumns& columns_;
  const TreeParams& p_;
  Observer* observer_;
};

}  // namespace qrs::ml::boosting
