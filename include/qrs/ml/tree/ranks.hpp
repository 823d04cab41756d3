// Every feature as ranks: the position of a value among the feature's distinct values. Made once per fit, shared by all
// trees.
//
//   values 0.5  2  -1  0.5  NaN     distinct -1  0.5  2     ranks 1  2  0  1  3
//
// Nothing is binned: a rank stands for exactly one float32 value, so splits on ranks are splits on values, and sorting
// a node's samples by a feature is sorting small integers. Ranks take 2 bytes where a feature has at most 65,535 distinct
// values, 4 bytes elsewhere, and stand column by column: 50,000 x 100 is 10 MB, a column 100 KB, which stays in cache
// while a node gathers from it. A missing value (NaN) ranks behind all others.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "../../core/array.hpp"
#include "../../core/error.hpp"
#include "../../core/parallel.hpp"
#include "../matrix.hpp"

namespace qrs::ml {

/// Values closer than this are one value to a split; scikit-learn's constant, added in float32.
inline constexpr float feature_threshold = 1e-7F;

/// One feature of all samples.
struct RankColumn {
  Array<std::uint16_t> narrow;  // one of the two holds a rank for each row
  Array<std::uint32_t> wide;
  Array<float> values;   // distinct, ascending; NaN is not among them
  bool missing = false;  // whether some rows hold NaN, whose rank is values.size()
  bool close = false;    // whether two neighbours are closer than feature_threshold

  std::uint32_t rank(std::int64_t row) const { return narrow.empty() ? wide[row] : narrow[row]; }
  /// Whether a split may stand between these values.
  bool apart(std::uint32_t lower, std::uint32_t upper) const {
    return values[upper] > values[lower] + feature_threshold;
  }
};

namespace detail {

/// The bits of a float as an unsigned number of the same order; both zeros are one, NaN is the largest.
inline std::uint32_t ordered_bits(float value) {
  if (std::isnan(value)) return 0xffffffffu;
  const auto bits = std::bit_cast<std::uint32_t>(value == 0.0F ? 0.0F : value);
  return (bits & 0x80000000u) != 0 ? ~bits : bits | 0x80000000u;
}
inline float from_ordered_bits(std::uint32_t bits) {
  return std::bit_cast<float>((bits & 0x80000000u) != 0 ? bits & 0x7fffffffu : ~bits);
}

/// Sorts (value bits << 32 | row) by value: three passes of 11 bits, or a comparison sort where there are few.
inline void sort_rows(Array<std::uint64_t>& keys, Array<std::uint64_t>& spare) {
  if (keys.size() < 2048) {
    std::sort(keys.begin(), keys.end());
    return;
  }
  constexpr int digit_bits = 11;
  constexpr std::size_t digits = std::size_t{1} << digit_bits;
  std::array<std::array<std::uint32_t, digits>, 3> counts{};
  for (const std::uint64_t key : keys) {
    for (std::int64_t pass = 0; pass < 3; ++pass) ++counts[pass][(key >> (32 + digit_bits * pass)) % digits];
  }
  spare.resize(keys.size());
  for (std::int64_t pass = 0; pass < 3; ++pass) {
    std::uint32_t start = 0;
    for (std::uint32_t& count : counts[pass]) {
      const std::uint32_t size = count;
      count = start;
      start += size;
    }
    for (const std::uint64_t key : keys) spare[counts[pass][(key >> (32 + digit_bits * pass)) % digits]++] = key;
    keys.swap(spare);
  }
}

/// The ranks of one column, from its values in row order.
inline RankColumn rank_column(const float* values, std::int64_t rows, Array<std::uint64_t>& keys,
                              Array<std::uint64_t>& spare) {
  keys.resize(rows);
  for (std::int64_t i = 0; i < rows; ++i)
    keys[i] = std::uint64_t{ordered_bits(values[i])} << 32 | static_cast<std::uint64_t>(i);
  sort_rows(keys, spare);
  RankColumn out;
  std::int64_t distinct = 0;
  for (std::int64_t i = 0; i < rows; ++i) distinct += i == 0 || keys[i] >> 32 != keys[i - 1] >> 32 ? 1 : 0;
  out.missing = keys[rows - 1] >> 32 == 0xffffffffu;
  out.values.reserve(distinct);
  const bool small = distinct <= 0xffff;
  if (small) {
    out.narrow.resize(rows);
  } else {
    out.wide.resize(rows);
  }
  std::uint32_t rank = 0;
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto bits = static_cast<std::uint32_t>(keys[i] >> 32);
    if (i > 0 && bits != static_cast<std::uint32_t>(keys[i - 1] >> 32)) ++rank;
    if (bits != 0xffffffffu && rank == out.values.size()) {
      out.values.push_back(from_ordered_bits(bits));
      out.close = out.close || (rank > 0 && !out.apart(rank - 1, rank));
    }
    const auto row = static_cast<std::int64_t>(keys[i] & 0xffffffffu);
    if (small) {
      out.narrow[row] = static_cast<std::uint16_t>(rank);
    } else {
      out.wide[row] = rank;
    }
  }
  return out;
}

}  // namespace detail

/// The ranks of all features. Throws on infinite values (after conversion to float32) and where there are no samples.
class RankTable {
 public:
  RankTable() = default;

  template <class T>
  RankTable(std::string_view op, MatrixView<T> x) : rows_(x.rows()), columns_(x.cols()) {
    QRS_CHECK(x.rows() > 0 && x.cols() > 0, "[", op, "] expected at least one row and one column, got ", x.rows(),
              " x ", x.cols());
    QRS_CHECK(x.rows() < 0x7fffffff && x.cols() < 0x7fffffff, "[", op,
              "] expected fewer than 2^31 rows and columns, got ", x.rows(), " x ", x.cols());
    constexpr std::int64_t group = 16;  // columns read together: one cache line of float32
    parallel_chunks(x.cols(), group, [&](std::int64_t begin, std::int64_t end) {
      const std::int64_t rows = x.rows();
      const std::int64_t width = end - begin;
      Array<float> block(rows * width);  // column by column
      for (std::int64_t i = 0; i < rows; ++i) {
        const T* row = x.row(i) + begin;
        for (std::int64_t j = 0; j < width; ++j) {
          const auto value = static_cast<float>(row[j]);
          QRS_CHECK(!std::isinf(value), "[", op, "] expected values that are finite in float32, or NaN, got ", row[j],
                    " in row ", i, ", column ", begin + j);
          block[j * rows + i] = value;
        }
      }
      Array<std::uint64_t> keys;
      Array<std::uint64_t> spare;
      for (std::int64_t j = 0; j < width; ++j) {
        columns_[begin + j] = detail::rank_column(&block[j * rows], rows, keys, spare);
      }
    });
  }

  std::int64_t rows() const { return rows_; }
  std::int64_t cols() const { return columns_.size(); }
  const RankColumn& column(std::int64_t feature) const { return columns_[feature]; }

 private:
  std::int64_t rows_ = 0;
  Array<RankColumn> columns_;
};

}  // namespace qrs::ml
