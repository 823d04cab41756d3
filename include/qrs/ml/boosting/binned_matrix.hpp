// The features as bin numbers, laid out for histograms: blocks of eight features, and in a block the eight numbers of a row
// side by side.
//
// A histogram of a block then reads eight bytes a row and adds into 8 x 256 sums that stay in the first-level cache.
// A missing value has the number after the feature's last bin.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "../../core/array.hpp"
#include "../../core/parallel.hpp"
#include "quantile_cuts.hpp"

namespace qrs::ml::boosting {

/// Features of one block.
inline constexpr std::int64_t block_width = 8;

/// The bin of a value: the first whose cut is greater; the last where none is. Halves without a branch: which half is
/// taken cannot be foreseen.
inline std::int32_t bin_of(ArrayView<const float> cuts, float value) {
  const float* first = cuts.data();
  std::size_t count = cuts.size() - 1;  // the answer is one of count + 1 bins from first on
  while (count > 0) {
    const std::size_t half = (count + 1) / 2;
    first += half & (std::size_t{0} - static_cast<std::size_t>(first[half - 1] <= value));
    count -= half;
  }
  return static_cast<std::int32_t>(first - cuts.data());
}

/// Code is std::uint8_t where bins and the number for missing fit, else std::uint16_t.
template <class Code>
class BinnedMatrix {
 public:
  using code_type = Code;

  template <class T>
  BinnedMatrix(MatrixView<T> x, const QuantileCuts& cuts, double missing)
      : rows_(x.rows()), features_(x.cols()), blocks_((x.cols() + block_width - 1) / block_width) {
    codes_.resize(blocks_ * rows_ * block_width);
    constexpr std::int64_t grain = 256;  // rows whose values stay in the cache while columns are read
    parallel_chunks(rows_, grain, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t f = 0; f < features_; ++f) {
        const ArrayView<const float> ends = cuts.of(f);
        Code* out = codes_.data() + (f / block_width * rows_) * block_width + f % block_width;
        for (std::int64_t i = begin; i < end; ++i) {
          const float value = seen_value(x(i, f), missing);
          out[i * block_width] = static_cast<Code>(std::isnan(value) ? ends.size() : bin_of(ends, value));
        }
      }
    });
  }

  std::int64_t rows() const { return rows_; }
  std::int64_t features() const { return features_; }
  std::int64_t blocks() const { return blocks_; }
  /// Features that a block really has.
  std::int64_t width(std::int64_t block) const { return std::min(block_width, features_ - block * block_width); }
  /// (rows, 8) numbers.
  const Code* block(std::int64_t block) const { return codes_.data() + block * rows_ * block_width; }
  /// The numbers of one feature, block_width apart.
  const Code* column(std::int64_t feature) const { return block(feature / block_width) + feature % block_width; }

 private:
  std::int64_t rows_ = 0;
  std::int64_t features_ = 0;
  std::int64_t blocks_ = 0;
  Array<Code> codes_;
};

}  // namespace qrs::ml::boosting
