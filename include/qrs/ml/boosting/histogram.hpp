// Histograms of gradients: sums of (g, h) a bin, one block of eight features at a time.
//
// Rows are added in their order, so that sums have the same bits for any number of threads: threads take blocks, never
// parts of a bin. A block's sums are built in a scratch of 8 x 256 pairs; what is kept for the sibling's subtraction is
// packed, without the unused bins.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>

#include "../../core/array.hpp"
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
      slots_.push_back(cuts.bins(f) + (cuts.has_missing[f] != 0 ? 1 : 0));
      begin_.push_back(begin_.back() + slots_.back());
    }
  }
  std::int64_t total() const { return begin_.back(); }
  std::int64_t begin(std::int64_t feature) const { return begin_[feature]; }
  std::int32_t slots(std::int64_t feature) const { return slots_[feature]; }
  std::int32_t widest() const { return *std::max_element(slots_.begin(), slots_.end()); }

 private:
  Array<std::int64_t> begin_;
  Array<std::int32_t> slots_;
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
inline void build_block(const std::uint8_t* codes, ArrayView<const std::uint32_t> rows, const GradientPair* pairs,
                        BlockSums& sums) {
  sums.clear();
  char* const base = reinterpret_cast<char*>(sums.of(0));
  constexpr std::int64_t ahead = 24;  // rows; deep nodes skip through the block and would wait for each line
  const std::int64_t count = rows.size();
  for (std::int64_t i = 0; i < count; ++i) {
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
inline void build_block(const std::uint16_t* codes, ArrayView<const std::uint32_t> rows, const GradientPair* pairs,
                        BlockSums& sums) {
  sums.clear();
  for (std::int64_t i = 0; i < rows.size(); ++i) {
    const std::uint16_t* code = codes + std::size_t{rows[i]} * block_width;
    const SumPair pair = widened(pairs[i]);
    for (std::int64_t j = 0; j < block_width; ++j) sums.of(j)[code[j]] += pair;
  }
}

/// Turns the slots of each feature of a block into running sums. Four features go side by side: a running sum waits for
/// the sum before it.
inline void accumulate_block(BlockSums& sums, ArrayView<const std::int32_t> slots) {
  for (std::int64_t first = 0; first < slots.size(); first += 4) {
    SumPair* at[4] = {};
    std::int32_t count[4] = {};
    std::int32_t common = std::numeric_limits<std::int32_t>::max();
    const std::int64_t width = std::min<std::int64_t>(4, slots.size() - first);
    for (std::int64_t j = 0; j < width; ++j) {
      at[j] = sums.of(first + j);
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
    for (std::int64_t j = 0; j < width; ++j) {
      SumPair sum = done > 0 ? at[j][done - 1] : SumPair{};
      for (std::int32_t s = done; s < count[j]; ++s) {
        sum += at[j][s];
        at[j][s] = sum;
      }
    }
  }
}

}  // namespace qrs::ml::boosting
