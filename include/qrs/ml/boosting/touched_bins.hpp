// Running sums of a node of few rows: of the bins that these are in, found without a pass over all bins.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "../../core/array.hpp"
#include "bin_splits.hpp"
#include "histogram.hpp"

namespace qrs::ml::boosting {

/// Running sums over the bins that the rows of a small node are in: fewer than a pass over all bins would meet.
class TouchedBins {
 public:
  /// `slots`: the most of any feature.
  explicit TouchedBins(std::int64_t slots)
      : sums_(slots), running_(slots + detail::gain_lanes), bins_(slots), marks_((slots + 63) / 64 * 64) {}

  /// Of one feature: `codes` are its numbers, block_width apart; number `missing` and above does not count.
  template <class Code>
  RunningSums collect(const Code* codes, ArrayView<const std::uint32_t> rows, const GradientPair* pairs,
                      std::int32_t missing) {
    for (std::int64_t i = 0; i < rows.size(); ++i) {
      const Code code = codes[std::size_t{rows[i]} * block_width];
      sums_[code].value += widened(pairs[i]);
      marks_[code] = 1;
    }
    std::int32_t count = 0;
    SumPair sum{};
    for (std::int64_t first = 0; first <= missing && first < marks_.size(); first += 64) {
      for (std::uint64_t bits = marks_from(first); bits != 0; bits &= bits - 1) {
        const auto bin = static_cast<std::int32_t>(first) + std::countr_zero(bits);
        SumPair& at = sums_[bin].value;
        sum += at;
        at = SumPair{};
        running_[count].value = sum;
        bins_[count] = bin;
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
  std::uint64_t marks_from(std::int64_t first) {
    std::uint64_t bits = 0;
    for (std::int64_t w = 0; w < 8; ++w) {
      std::uint64_t bytes = 0;
      std::memcpy(&bytes, marks_.data() + first + w * 8, sizeof bytes);
      bits |= (bytes * 0x0102040810204080u >> 56) << (w * 8);
    }
    std::memset(marks_.data() + first, 0, 64);
    return bits;
  }

  Array<Slot> sums_;  // zero between calls
  Array<Slot> running_;
  Array<std::int32_t> bins_;
  Array<std::uint8_t> marks_;
};

}  // namespace qrs::ml::boosting
