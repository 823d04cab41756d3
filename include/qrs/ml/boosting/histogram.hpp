// Histograms of gradients: sums of (g, h) a bin, one block of eight features at a time, and the best split they hold.
//
// Rows are added in their order, so that sums have the same bits for any number of threads: threads take blocks, never
// parts of a bin. A block's sums are built in a scratch of 8 x 256 pairs; what is kept for the sibling's subtraction is
// packed, without the unused bins.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "binned_matrix.hpp"
#include "quantile_cuts.hpp"
#include "split.hpp"

namespace qrs::ml::boosting {

/// (sum of g, sum of h) in one register.
typedef double SumPair __attribute__((vector_size(16)));

/// Where the bins of each feature stand in packed storage: a feature's bins, then one for missing where there are any.
class HistogramLayout {
 public:
  explicit HistogramLayout(const QuantileCuts& cuts) : begin_{0} {
    for (std::int64_t f = 0; f < cuts.features(); ++f) {
      slots_.push_back(cuts.bins(f) + (cuts.has_missing[static_cast<std::size_t>(f)] != 0 ? 1 : 0));
      begin_.push_back(begin_.back() + slots_.back());
    }
  }
  std::int64_t total() const { return begin_.back(); }
  std::int64_t begin(std::int64_t feature) const { return begin_[static_cast<std::size_t>(feature)]; }
  std::int32_t slots(std::int64_t feature) const { return slots_[static_cast<std::size_t>(feature)]; }
  std::int32_t widest() const { return *std::max_element(slots_.begin(), slots_.end()); }

 private:
  std::vector<std::int64_t> begin_;
  std::vector<std::int32_t> slots_;
};

/// The sums of one block of features: feature j's slot s at j * stride + s.
class BlockSums {
 public:
  explicit BlockSums(std::int64_t stride)
      : stride_(stride), sums_(new SumPair[static_cast<std::size_t>(block_width * stride)]) {}
  std::int64_t stride() const { return stride_; }
  SumPair* of(std::int64_t j) { return sums_.get() + j * stride_; }
  void clear() {
    std::memset(static_cast<void*>(sums_.get()), 0, static_cast<std::size_t>(block_width * stride_) * sizeof(SumPair));
  }

 private:
  std::int64_t stride_;
  std::unique_ptr<SumPair[]> sums_;
};

/// Slots between features of a block: 256 for bytes, so that a slot's address is a mask and a shift away.
template <class Code>
std::int64_t scratch_stride(const HistogramLayout& layout) {
  return sizeof(Code) == 1 ? 256 : (layout.widest() + 7) / 8 * 8;
}

inline SumPair widened(GradientPair pair) { return SumPair{static_cast<double>(pair.g), static_cast<double>(pair.h)}; }

/// sums = those of the rows; pairs stand in the rows' order. `codes` is a block of a BinnedMatrix.
inline void build_block(const std::uint8_t* codes, std::span<const std::uint32_t> rows, const GradientPair* pairs,
                        BlockSums& sums) {
  sums.clear();
  char* const base = reinterpret_cast<char*>(sums.of(0));
  constexpr std::size_t ahead = 24;  // rows; deep nodes skip through the block and would wait for each line
  const std::size_t count = rows.size();
  for (std::size_t i = 0; i < count; ++i) {
    __builtin_prefetch(codes + std::size_t{rows[std::min(i + ahead, count - 1)]} * block_width);
    const SumPair pair = widened(pairs[i]);
    std::uint64_t code = 0;
    std::memcpy(&code, codes + std::size_t{rows[i]} * block_width, sizeof code);
    const auto add = [&](std::size_t offset) { *reinterpret_cast<SumPair*>(base + offset) += pair; };
    add((code << 4 & 0xff0u) + 0 * 4096);  // byte j of code, times the 16 bytes of a slot; 4096 bytes a feature
    add((code >> 4 & 0xff0u) + 1 * 4096);
    add((code >> 12 & 0xff0u) + 2 * 4096);
    add((code >> 20 & 0xff0u) + 3 * 4096);
    add((code >> 28 & 0xff0u) + 4 * 4096);
    add((code >> 36 & 0xff0u) + 5 * 4096);
    add((code >> 44 & 0xff0u) + 6 * 4096);
    add((code >> 52 & 0xff0u) + 7 * 4096);
  }
}

/// The same for wider numbers.
inline void build_block(const std::uint16_t* codes, std::span<const std::uint32_t> rows, const GradientPair* pairs,
                        BlockSums& sums) {
  sums.clear();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::uint16_t* code = codes + std::size_t{rows[i]} * block_width;
    const SumPair pair = widened(pairs[i]);
    for (std::int64_t j = 0; j < block_width; ++j) sums.of(j)[code[j]] += pair;
  }
}

/// Turns the slots of each feature of a block into running sums. Four features go side by side: a running sum waits for
/// the sum before it.
inline void accumulate_block(BlockSums& sums, std::span<const std::int32_t> slots) {
  for (std::size_t first = 0; first < slots.size(); first += 4) {
    SumPair* at[4] = {};
    std::int32_t count[4] = {};
    std::int32_t common = std::numeric_limits<std::int32_t>::max();
    const std::size_t width = std::min<std::size_t>(4, slots.size() - first);
    for (std::size_t j = 0; j < width; ++j) {
      at[j] = sums.of(static_cast<std::int64_t>(first + j));
      count[j] = slots[first + j];
      common = std::min(common, count[j]);
    }
    std::int32_t done = 0;
    if (width == 4) {
      SumPair a{}, b{}, c{}, d{};
      for (; done < common; ++done) {
        a += at[0][done];
        b += at[1][done];
        c += at[2][done];
        d += at[3][done];
        at[0][done] = a;
        at[1][done] = b;
        at[2][done] = c;
        at[3][done] = d;
      }
    }
    for (std::size_t j = 0; j < width; ++j) {
      SumPair sum = done > 0 ? at[j][done - 1] : SumPair{};
      for (std::int32_t s = done; s < count[j]; ++s) {
        sum += at[j][s];
        at[j][s] = sum;
      }
    }
  }
}

namespace detail {

typedef double Vec8d __attribute__((vector_size(64)));
typedef float Vec8f __attribute__((vector_size(32)));

/// Candidates that are measured at a time; running sums and gains have room up to a multiple of it.
inline constexpr std::int32_t gain_lanes = 8;

inline std::int32_t padded(std::int32_t count) { return (count + gain_lanes - 1) / gain_lanes * gain_lanes; }

/// gains[i] of splitting off running[i] (or, FromEnd, total - running[i]) for i in [0, count): plain_score() of both sides,
/// less the node's. A child that is too light makes it minus infinity, or infinite where lambda is 0: no candidate either
/// way. So are the gains from count up to the next multiple of gain_lanes.
template <bool FromEnd>
inline void plain_gains(const SumPair* running, std::int32_t count, SumPair total, const NodeMeasure& node,
                        const TreeParams& p, float* gains) {
  const double lambda = static_cast<double>(p.reg_lambda);
  const double alpha = static_cast<double>(p.reg_alpha);
  const double least = static_cast<double>(p.min_child_weight);
  const Vec8d nothing = Vec8d{} - std::numeric_limits<double>::infinity();
  for (std::int32_t i = 0; i < count; i += gain_lanes) {
    Vec8d low;
    Vec8d high;
    std::memcpy(&low, running + i, sizeof low);
    std::memcpy(&high, running + i + gain_lanes / 2, sizeof high);
    Vec8d g = __builtin_shufflevector(low, high, 0, 2, 4, 6, 8, 10, 12, 14);
    Vec8d h = __builtin_shufflevector(low, high, 1, 3, 5, 7, 9, 11, 13, 15);
    if constexpr (FromEnd) {
      g = total[0] - g;
      h = total[1] - h;
    }
    Vec8d other_g = node.sum.g - g;
    const Vec8d other_h = node.sum.h - h;
    if (alpha > 0.0) {
      g = g > alpha ? g - alpha : (g < -alpha ? g + alpha : Vec8d{});
      other_g = other_g > alpha ? other_g - alpha : (other_g < -alpha ? other_g + alpha : Vec8d{});
    }
    const Vec8d square = ((h >= least) & (other_h >= least)) ? g * g : nothing;
    const Vec8f one = __builtin_convertvector(square, Vec8f) / __builtin_convertvector(h + lambda, Vec8f);
    const Vec8f other =
        __builtin_convertvector(other_g * other_g, Vec8f) / __builtin_convertvector(other_h + lambda, Vec8f);
    const Vec8f gain = (one + other) - node.score;
    std::memcpy(gains + i, &gain, sizeof gain);
  }
  for (std::int32_t i = count; i < padded(count); ++i) gains[i] = -std::numeric_limits<float>::infinity();
}

/// The same for clipped weights and directions, one at a time.
inline void clipped_gains(const SumPair* running, std::int32_t count, bool from_end, SumPair total,
                          std::int32_t feature, const NodeMeasure& node, const TreeParams& p, float* gains) {
  const double least = static_cast<double>(p.min_child_weight);
  for (std::int32_t i = 0; i < padded(count); ++i) {
    gains[i] = -std::numeric_limits<float>::infinity();
    if (i >= count) continue;
    const SumPair sum = from_end ? total - running[i] : running[i];
    const GradientSum one{sum[0], sum[1]};
    const GradientSum other = node.sum - one;
    if (!(one.h >= least && other.h >= least)) continue;
    const float both = from_end ? children_score(other, one, feature, p, node.bounds)
                                : children_score(one, other, feature, p, node.bounds);
    gains[i] = both - node.score;
  }
}

/// The largest finite gain, minus infinity where there is none.
inline float largest_gain(const float* gains, std::int32_t count) {
  Vec8f best = Vec8f{} - std::numeric_limits<float>::infinity();
  for (std::int32_t i = 0; i < count; i += gain_lanes) {
    Vec8f gain;
    std::memcpy(&gain, gains + i, sizeof gain);
    best = gain > best ? gain : best;  // NaN is never greater
  }
  float largest = best[0];
  for (int lane = 1; lane < gain_lanes; ++lane) largest = std::max(largest, best[lane]);
  if (!std::isinf(largest) || largest < 0.0f) return largest;
  largest = -std::numeric_limits<float>::infinity();
  for (std::int32_t i = 0; i < count; ++i) {
    if (gains[i] > largest && !std::isinf(gains[i])) largest = gains[i];
  }
  return largest;
}

}  // namespace detail

/// Running sums of one feature at a node: after its bin bin_of(k), for k in [0, count). Bins may be left out where no row
/// of the node is in them: they would only repeat a candidate.
struct RunningSums {
  const SumPair* sums = nullptr;  // with room up to a multiple of gain_lanes
  std::int32_t count = 0;
  const std::int32_t* bins = nullptr;  // null: every bin

  std::int32_t bin(std::int32_t k) const { return bins == nullptr ? k : bins[k]; }
};

/// The best split of one feature, after `best` (which must be of an earlier feature, or none): strictly better gains only.
/// `gains` is scratch of the room of the sums. Candidates in the order of XGBoost: cuts upward with missing rows on the
/// right, then, where the feature has missing values, cuts downward with missing rows on the left.
inline void best_split_of_feature(std::int32_t feature, const QuantileCuts& cuts, const RunningSums& running,
                                  const NodeMeasure& node, const TreeParams& p, float* gains, Split& best) {
  if (running.count == 0) return;
  const std::span<const float> ends = cuts.of(feature);
  const SumPair total = running.sums[running.count - 1];
  const auto take = [&](float gain, std::int32_t bin, bool default_left, SumPair sum) {
    best.gain = gain;
    best.feature = feature;
    best.bin = bin;
    best.threshold = bin < 0 ? cuts.minimum[static_cast<std::size_t>(feature)] : ends[static_cast<std::size_t>(bin)];
    best.default_left = default_left;
    const GradientSum one{sum[0], sum[1]};
    best.left = default_left ? node.sum - one : one;
    best.right = default_left ? one : node.sum - one;
  };
  if (p.plain()) {
    detail::plain_gains<false>(running.sums, running.count, total, node, p, gains);
  } else {
    detail::clipped_gains(running.sums, running.count, false, total, feature, node, p, gains);
  }
  if (const float gain = detail::largest_gain(gains, running.count); best.loses_to(gain)) {
    std::int32_t k = 0;
    while (gains[k] != gain) ++k;
    take(gain, running.bin(k), false, running.sums[k]);
  }
  if (cuts.has_missing[static_cast<std::size_t>(feature)] == 0) return;
  if (p.plain()) {
    detail::plain_gains<true>(running.sums, running.count - 1, total, node, p, gains);
  } else {
    detail::clipped_gains(running.sums, running.count - 1, true, total, feature, node, p, gains);
  }
  if (const float gain = detail::largest_gain(gains, running.count - 1); best.loses_to(gain)) {
    std::int32_t k = running.count - 2;
    while (gains[k] != gain) --k;
    take(gain, running.bin(k + 1) - 1, true, total - running.sums[k]);
  }
  const SumPair nothing[detail::gain_lanes] = {};  // all present values right, the missing ones left
  float gain[detail::gain_lanes];
  detail::clipped_gains(nothing, 1, true, total, feature, node, p, gain);
  if (best.loses_to(gain[0])) take(gain[0], running.bin(0) - 1, true, total);
}

/// Running sums over the bins that the rows of a small node are in: fewer than a pass over all bins would meet.
class TouchedBins {
 public:
  /// `slots`: the most of any feature.
  explicit TouchedBins(std::int64_t slots)
      : sums_(static_cast<std::size_t>(slots)),
        running_(static_cast<std::size_t>(slots) + detail::gain_lanes),
        bins_(static_cast<std::size_t>(slots)),
        marks_(static_cast<std::size_t>((slots + 63) / 64 * 64)) {}

  /// Of one feature: `codes` are its numbers, block_width apart; number `missing` and above does not count.
  template <class Code>
  RunningSums collect(const Code* codes, std::span<const std::uint32_t> rows, const GradientPair* pairs,
                      std::int32_t missing) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Code code = codes[std::size_t{rows[i]} * block_width];
      sums_[code].value += widened(pairs[i]);
      marks_[code] = 1;
    }
    std::int32_t count = 0;
    SumPair sum{};
    for (std::size_t first = 0; first <= static_cast<std::size_t>(missing) && first < marks_.size(); first += 64) {
      for (std::uint64_t bits = marks_from(first); bits != 0; bits &= bits - 1) {
        const auto bin = static_cast<std::int32_t>(first) + std::countr_zero(bits);
        SumPair& at = sums_[static_cast<std::size_t>(bin)].value;
        sum += at;
        at = SumPair{};
        running_[static_cast<std::size_t>(count)].value = sum;
        bins_[static_cast<std::size_t>(count)] = bin;
        count += bin < missing ? 1 : 0;
      }
    }
    return {&running_[0].value, count, bins_.data()};
  }

 private:
  struct Slot {
    SumPair value;  // a vector of bare registers would lose their alignment attribute
  };

  /// The marks of 64 bins as bits, and clears them. Each byte is 0 or 1; the product gathers eight of them in its top byte.
  std::uint64_t marks_from(std::size_t first) {
    std::uint64_t bits = 0;
    for (std::size_t w = 0; w < 8; ++w) {
      std::uint64_t bytes = 0;
      std::memcpy(&bytes, marks_.data() + first + w * 8, sizeof bytes);
      bits |= (bytes * 0x0102040810204080u >> 56) << (w * 8);
    }
    std::memset(marks_.data() + first, 0, 64);
    return bits;
  }

  std::vector<Slot> sums_;  // zero between calls
  std::vector<Slot> running_;
  std::vector<std::int32_t> bins_;
  std::vector<std::uint8_t> marks_;
};

}  // namespace qrs::ml::boosting
