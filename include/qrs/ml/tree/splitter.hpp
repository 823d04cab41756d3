// The best split of a node: every feature drawn is sorted and scanned, the first of the best wins.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <utility>

#include "../../core/array.hpp"
#include "../observer.hpp"
#include "feature_draw.hpp"
#include "limits.hpp"
#include "local_ranks.hpp"
#include "node_samples.hpp"
#include "quick_scan.hpp"
#include "ranks.hpp"
#include "scan.hpp"
#include "sort_keys.hpp"

namespace qrs::ml {

/// A split that was found, and done: the node's rows are parted at `middle`.
struct Split {
  std::int64_t feature = -1;  // -1: there is none
  double threshold = 0.0;
  bool missing_left = false;
  std::int64_t middle = 0;
  double left_impurity = 0.0;
  double right_impurity = 0.0;
  double decrease = 0.0;      // of the whole tree's impurity
  double middle_value = 0.0;  // mean of both sides' share of the first class
};

class Splitter {
 public:
  /// `trace` hears every feature tried, under the number `tree`; null: no one.
  Splitter(const RankTable& table, NodeSamples& samples, const GrowthLimits& limits, std::uint32_t seed,
           Observer* trace, std::int64_t tree)
      : table_(table),
        samples_(samples),
        draw_(table.cols(), limits.max_features, seed),
        context_{limits, samples, limits.min_weight_fraction_leaf * samples.weight(), {}, {}, {}, {}, {}},
        trace_(trace),
        tree_(tree) {
    const std::int64_t classes = samples.classes();
    node.classes.resize(classes);
    context_.left.resize(classes);
    context_.right.resize(classes);
    context_.left_counts.resize(classes);
    context_.all_counts.resize(classes);
    quick_ = samples.integer() && limits.monotonic.empty();
    local_limit_ = detail::local_rows(table, limits);
    if (quick_ && limits.criterion == Criterion::entropy) {
      context_.entropy_terms.resize(samples.weight() + 1);
      for (std::int64_t w = 2; w < context_.entropy_terms.size(); ++w) {
        context_.entropy_terms[w] = static_cast<double>(w) * std::log2(static_cast<double>(w));
      }
    }
  }

  /// The node in work; begin_node fills it.
  detail::NodeState node;

  /// Counts the classes of rows [begin, end).
  void begin_node(std::int64_t begin, std::int64_t end) {
    node.begin = begin;
    node.end = end;
    node.weight = 0.0;
    std::fill(node.classes.begin(), node.classes.end(), 0.0);
    for (std::int64_t i = begin; i < end; ++i) {
      const double weight = samples_.weight_of(i);
      node.classes[samples_.class_of(i)] += weight;
      node.weight += weight;
    }
    for (std::int64_t k = 0; k < node.classes.size(); ++k) {
      context_.all_counts[k] = static_cast<std::int64_t>(node.classes[k]);
    }
  }
  double node_impurity() const { return impurity(context_.limits.criterion, node.classes, node.weight); }
  double min_weight_leaf() const { return context_.min_weight_leaf; }

  /// Finds the best split of the node and parts its rows. `known_constant` is what its ancestors know, and becomes what its
  /// children shall; `number` is the node's, for traces.
  Split split(double impurity_here, std::int64_t& known_constant, std::int64_t number) {
    local_ = node.begin >= local_begin_ && node.end <= local_end_;
    if (!local_ && node.end - node.begin <= local_limit_) move_close();
    detail::Candidate best;
    known_constant = draw_.draw(known_constant, [&](std::int64_t feature) {
      const RankColumn& column = table_.column(feature);
      const bool small_words = samples_.integer() ? samples_.narrow() : node.end - node.begin <= 0x10000;
      return !column.narrow.empty() && small_words
                 ? try_feature<std::uint32_t>(feature, column, impurity_here, number, narrow_keys_, best)
                 : try_feature<std::uint64_t>(feature, column, impurity_here, number, wide_keys_, best);
    });
    Split out;
    if (best.feature < 0) return out;
    const RankColumn& column = table_.column(best.feature);
    const auto missing = static_cast<std::uint32_t>(column.values.size());
    const std::int64_t left =
        column.narrow.empty()
            ? samples_.partition(node.begin, node.end, ranks(best.feature, column.wide, wide_ranks_), best.last_left,
                                 missing, best.missing_left)
            : samples_.partition(node.begin, node.end, ranks(best.feature, column.narrow, narrow_ranks_),
                                 best.last_left, missing, best.missing_left);
    out.feature = best.feature;
    out.threshold = threshold(column, best);
    out.missing_left = best.missing_left;
    out.middle = node.begin + left;
    out.left_impurity = best.left_impurity;
    out.right_impurity = best.right_impurity;
    out.decrease = decrease(best, impurity_here);
    if (!context_.limits.monotonic.empty()) {
      double left_first = 0.0;
      for (std::int64_t i = node.begin; i < out.middle; ++i) {
        left_first += samples_.class_of(i) == 0 ? samples_.weight_of(i) : 0.0;
      }
      out.middle_value =
          left_first / (2.0 * best.left_weight) + (node.classes[0] - left_first) / (2.0 * best.right_weight);
    }
    return out;
  }

 private:
  template <class Key>
  struct KeyBuffers {
    Array<Key> keys;
    Array<Key> spare;
  };

  /// The ranks of a feature by the numbers that the node's rows have now.
  template <class Rank>
  const Rank* ranks(std::int64_t feature, const Array<Rank>& column, detail::LocalRanks<Rank>& copies) {
    return local_ ? copies.of(feature, column) : column.data();
  }
  /// From here down to the leaves, ranks are read from copies.
  void move_close() {
    local_ = true;
    local_begin_ = node.begin;
    local_end_ = node.end;
    const auto rows = std::make_shared<const Array<std::uint32_t>>(samples_.renumber(node.begin, node.end));
    narrow_ranks_.begin(rows, table_.cols());
    wide_ranks_.begin(rows, table_.cols());
  }

  /// Half way between the two values; +infinity where all numbers go left.
  static double threshold(const RankColumn& column, const detail::Candidate& cut) {
    if (cut.first_right >= column.values.size()) return std::numeric_limits<double>::infinity();
    return static_cast<double>(column.values[cut.last_left]) / 2.0 +
           static_cast<double>(column.values[cut.first_right]) / 2.0;
  }
  double decrease(const detail::Candidate& cut, double impurity_here) const {
    return impurity_decrease(samples_.weight(), node.weight, impurity_here, cut.left_weight, cut.left_impurity,
                             cut.right_weight, cut.right_impurity);
  }

  /// Gathers the keys of the node's samples; the least and the greatest come back.
  template <class Key, class Rank>
  std::pair<Key, Key> gather(const Rank* ranks, Key* keys) const {
    constexpr int shift = detail::SortedFeature<Key>::shift;
    const std::uint32_t* rows = samples_.rows() + node.begin;
    const std::uint32_t* words = samples_.words() + node.begin;
    const std::int64_t count = node.end - node.begin;
    Key least = std::numeric_limits<Key>::max();
    Key greatest = 0;
    const bool positions = !samples_.integer();
    for (std::int64_t i = 0; i < count; ++i) {
      const Key key =
          static_cast<Key>(Key{ranks[rows[i]]} << shift | (positions ? static_cast<Key>(i) : Key{words[i]}));
      keys[i] = key;
      least = std::min(least, key);
      greatest = std::max(greatest, key);
    }
    return {least, greatest};
  }

  /// Tries one feature; false where it is constant here.
  template <class Key>
  bool try_feature(std::int64_t feature, const RankColumn& column, double impurity_here, std::int64_t number,
                   KeyBuffers<Key>& buffers, detail::Candidate& best) {
    constexpr int shift = detail::SortedFeature<Key>::shift;
    const std::int64_t count = node.end - node.begin;
    if (buffers.keys.size() < count) {
      buffers.keys.resize(count);
      buffers.spare.resize(count);
    }
    const std::pair<Key, Key> ends = column.narrow.empty()
                                         ? gather(ranks(feature, column.wide, wide_ranks_), buffers.keys.data())
                                         : gather(ranks(feature, column.narrow, narrow_ranks_), buffers.keys.data());
    const auto lowest = static_cast<std::uint32_t>(ends.first >> shift);
    const auto highest = static_cast<std::uint32_t>(ends.second >> shift);
    const auto behind = static_cast<std::uint32_t>(column.values.size());  // the rank of NaN
    if (lowest == highest || (highest < behind && column.close && !column.apart(lowest, highest))) return false;
    if (best.score == 0.0 && trace_ == nullptr) return true;  // nothing is better than pure on both sides

    detail::SortedFeature<Key> sorted;
    sorted.keys =
        detail::sort_keys(buffers.keys.data(), buffers.spare.data(), count, ends.first, ends.second, shift, counters_);
    sorted.count = count;
    sorted.feature = feature;
    sorted.column = &column;
    if (highest == behind) {
      while (sorted.missing < count && sorted.rank(count - 1 - sorted.missing) == behind) ++sorted.missing;
    }
    if (trace_ == nullptr) {
      scan(sorted, best);
      return true;
    }
    detail::Candidate own;  // the best of this feature alone
    scan(sorted, own);
    if (own.feature >= 0) {
      trace_->split_candidate({tree_, number, feature, threshold(column, own), decrease(own, impurity_here), count});
    }
    if (own.score > best.score) best = own;
    return true;
  }

  template <class Key>
  void scan(const detail::SortedFeature<Key>& sorted, detail::Candidate& best) {
    // Missing values are tried on the right, then on the left.
    for (const bool missing_left : {false, true}) {
      if (missing_left && sorted.missing == 0) return;
      if (!quick_) {
        detail::plain_scan(context_, node, sorted, missing_left, best);
      } else if (context_.limits.criterion == Criterion::gini) {
        detail::quick_scan<detail::GiniSums>(context_, node, sorted, missing_left, best);
      } else {
        detail::quick_scan<detail::EntropySums>(context_, node, sorted, missing_left, best);
      }
    }
  }

  const RankTable& table_;
  NodeSamples& samples_;
  FeatureDraw draw_;
  detail::ScanContext context_;
  Observer* trace_;
  std::int64_t tree_;
  bool quick_ = false;
  std::int64_t local_limit_ = 0;  // nodes of at most so many rows are read from copies; 0: none
  bool local_ = false;            // whether the node is in the subtree of the copies
  std::int64_t local_begin_ = 0;
  std::int64_t local_end_ = 0;
  detail::LocalRanks<std::uint16_t> narrow_ranks_;
  detail::LocalRanks<std::uint32_t> wide_ranks_;
  KeyBuffers<std::uint32_t> narrow_keys_;
  KeyBuffers<std::uint64_t> wide_keys_;
  detail::SortCounters counters_;
};

}  // namespace qrs::ml
