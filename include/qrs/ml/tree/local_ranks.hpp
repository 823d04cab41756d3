// Copies of the ranks of one small subtree, so that its nodes read from near memory.
//
// Far down, a node's few rows lie scattered over columns that together exceed the cache, and every rank read waits for
// memory. Where a node becomes small enough, its rows are numbered from 0, and each column it or a descendant tries is
// copied once in that numbering. Depth-first growth finishes a subtree before it begins the next, so one set of copies is
// enough.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>
#include <utility>

#include "../../core/array.hpp"
#include "limits.hpp"
#include "ranks.hpp"

namespace qrs::ml::detail {

template <class Rank>
class LocalRanks {
 public:
  using Rows = std::shared_ptr<const Array<std::uint32_t>>;

  /// Begins a subtree: local row i is row (*rows)[i] of the table.
  void begin(Rows rows, std::int64_t features) {
    rows_ = std::move(rows);
    copied_.assign(features, 0);
  }

  /// The ranks of a feature by local row.
  const Rank* of(std::int64_t feature, const Array<Rank>& column) {
    const std::int64_t size = rows_->size();
    if (ranks_.size() < copied_.size() * size) ranks_.resize(copied_.size() * size);
    Rank* to = ranks_.data() + feature * size;
    if (copied_[feature] == 0) {
      copied_[feature] = 1;
      for (std::int64_t i = 0; i < size; ++i) to[i] = column[(*rows_)[i]];
    }
    return to;
  }

 private:
  Rows rows_;
  Array<std::uint8_t> copied_;
  Array<Rank> ranks_;  // (features, rows of the subtree)
};

/// How many rows a subtree may have to be copied: half a megabyte of ranks. 0 where copies do not pay: the table is that
/// small itself, or most columns would be read too seldom before the leaves.
inline std::int64_t local_rows(const RankTable& table, const GrowthLimits& limits) {
  constexpr std::int64_t budget = std::int64_t{1} << 18;  // ranks
  const std::int64_t rows = budget / table.cols();
  const auto levels = static_cast<std::int64_t>(std::bit_width(static_cast<std::uint64_t>(rows)));
  const bool often = std::min(limits.max_features, table.cols()) * levels >= table.cols();
  return limits.max_leaf_nodes < 0 && often && table.rows() > 4 * rows ? rows : 0;
}

}  // namespace qrs::ml::detail
