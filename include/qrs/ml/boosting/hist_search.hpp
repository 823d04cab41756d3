// The sums and the best splits of new leaves, one block of features at a time.
//
// The sums of a family's smaller child are built from its rows; the other child's are the parent's less these, or built too
// where the parent's were not kept; both are searched while they are in the cache.
// Source of the subtraction: Ke et al., LightGBM, NeurIPS 2017.
#pragma once

#include <algorithm>
#include <cstdint>

#include "../../core/array.hpp"
#include "bin_splits.hpp"
#include "binned_matrix.hpp"
#include "hist_growth.hpp"
#include "histogram.hpp"
#include "quantile_cuts.hpp"
#include "touched_bins.hpp"

namespace qrs::ml::boosting {

template <class Code>
class BlockSearch {
 public:
  /// What a thread works in.
  struct Scratch {
    Scratch(std::int64_t stride, std::int64_t slots)
        : one(stride), other(stride), gains(slots + detail::gain_lanes), touched(slots) {}
    BlockSums one;
    BlockSums other;
    Array<float> gains;
    TouchedBins touched;
  };

  BlockSearch(const BinnedMatrix<Code>& bins, const QuantileCuts& cuts, const TreeParams& params, Observer* observer)
      : bins_(bins),
        cuts_(cuts),
        p_(params),
        layout_(cuts),
        stored_rows_(layout_.total() / std::max<std::int64_t>(1, bins.features())),
        observer_(observer) {}

  const HistogramLayout& layout() const { return layout_; }
  Scratch scratch() const { return Scratch(scratch_stride<Code>(layout_), layout_.widest()); }

  /// Whether two children could be heavy enough; the margin is for the roundings of sums.
  bool can_split(const HistNode& node) const {
    return node.measure.sum.h * (1.0 + 1e-9) >= 2.0 * static_cast<double>(p_.min_child_weight);
  }
  /// Building the larger child of few rows costs less than reading all bins of its parent.
  bool worth_storing(const HistNode& node) const { return node.rows() > stored_rows_ && can_split(node); }

  /// Best splits of a family's children over the features of a block.
  void search_family(Family& family, std::int64_t block, Scratch& scratch, Split& small_best, Split& large_best) const {
    Growth& growth = *family.growth;
    const HistNode& small = growth.nodes[family.small];
    const HistNode* large = family.large >= 0 ? &growth.nodes[family.large] : nullptr;
    const bool search_small = can_split(small);
    const bool search_large = large != nullptr && can_split(*large);
    if (!search_small && !search_large) return;
    const bool subtract = search_large && !is_few(*large) && family.subtract_from != nullptr;
    const std::int64_t first = block * block_width;
    std::int32_t slots[block_width] = {};
    for (std::int64_t j = 0; j < bins_.width(block); ++j) slots[j] = layout_.slots(first + j);
    const auto used = ArrayView<const std::int32_t>(slots).part(0, bins_.width(block));
    if (subtract || (search_small && !is_few(small))) build(growth, small, block, scratch.one);
    if (small.stored != nullptr) keep(small.stored.get(), first, used, scratch.one);
    if (search_large) {
      if (subtract) {
        rest(family.subtract_from, first, used, scratch.one, scratch.other);
      } else if (!is_few(*large)) {
        build(growth, *large, block, scratch.other);
      }
      if (large->stored != nullptr) keep(large->stored.get(), first, used, scratch.other);
      search(growth, family.large, block, used, scratch.other, scratch, large_best);
    }
    if (search_small) search(growth, family.small, block, used, scratch.one, scratch, small_best);
  }

 private:
  /// Fewer rows than it pays to visit every bin for.
  bool is_few(const HistNode& node) const { return node.rows() <= stored_rows_ / 3; }

  static ArrayView<const std::uint32_t> rows_of(const Growth& growth, const HistNode& node) {
    return growth.rows[node.buffer].part(node.begin, node.rows());
  }
  static const GradientPair* pairs_of(const Growth& growth, const HistNode& node) {
    return growth.pairs[node.buffer].data() + node.begin;
  }

  void build(const Growth& growth, const HistNode& node, std::int64_t block, BlockSums& sums) const {
    build_block(bins_.block(block), rows_of(growth, node), pairs_of(growth, node), sums);
  }

  /// rest = whole - part.
  void rest(const SumPair* whole, std::int64_t first, ArrayView<const std::int32_t> slots, BlockSums& part,
            BlockSums& rest) const {
    for (std::int64_t j = 0; j < slots.size(); ++j) {
      const SumPair* from = whole + layout_.begin(first + j);
      const SumPair* less = part.of(j);
      SumPair* to = rest.of(j);
      for (std::int32_t s = 0; s < slots[j]; ++s) to[s] = from[s] - less[s];
    }
  }

  void keep(SumPair* stored, std::int64_t first, ArrayView<const std::int32_t> slots, BlockSums& sums) const {
    for (std::int64_t j = 0; j < slots.size(); ++j) {
      std::copy_n(sums.of(j), slots[j], stored + layout_.begin(first + j));
    }
  }

  /// The best split of a node over the features of a block. `sums` are those of the block, unless the rows are few: then
  /// each feature's are collected from the rows.
  void search(Growth& growth, std::int32_t at, std::int64_t block, ArrayView<const std::int32_t> slots, BlockSums& sums,
              Scratch& scratch, Split& best) const {
    const HistNode& node = growth.nodes[at];
    const bool few = is_few(node);
    if (!few) accumulate_block(sums, slots);
    for (std::int64_t j = 0; j < slots.size(); ++j) {
      const auto feature = static_cast<std::int32_t>(block * block_width + j);
      if (!node.marks.empty() && node.marks[feature] == 0) continue;
      const std::int32_t bins = cuts_.bins(feature);
      const RunningSums running =
          few ? scratch.touched.collect(bins_.column(feature), rows_of(growth, node), pairs_of(growth, node), bins)
              : RunningSums{sums.of(j), bins, nullptr};
      if (observer_ != nullptr) {
        Split alone;
        best_split_of_feature(feature, cuts_, running, node.measure, p_, scratch.gains.data(), alone);
        show_candidate(*observer_, *growth.task, at, feature, alone, node.rows());
      }
      best_split_of_feature(feature, cuts_, running, node.measure, p_, scratch.gains.data(), best);
    }
  }

  const BinnedMatrix<Code>& bins_;
  const QuantileCuts& cuts_;
  const TreeParams& p_;
  HistogramLayout layout_;
  std::int64_t stored_rows_;
  Observer* observer_;
};

}  // namespace qrs::ml::boosting
