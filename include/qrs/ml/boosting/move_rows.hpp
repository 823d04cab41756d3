// Sends the rows of split nodes to their children, in order: chunks count first, then each writes to its own place.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>

#include "../../core/array.hpp"
#include "../../core/parallel.hpp"
#include "binned_matrix.hpp"
#include "hist_growth.hpp"
#include "quantile_cuts.hpp"

namespace qrs::ml::boosting {

/// Which side a bin number goes to; `missing` is the number of a missing value.
inline bool goes_left(const Split& split, std::int32_t missing, std::int32_t code) {
  return code == missing ? split.default_left : code <= split.bin;
}

namespace detail {

/// Rows [begin, end) of one split node.
struct RowChunk {
  Family* family;
  std::int64_t begin, end;
  std::int64_t lefts = 0, left_to = 0, right_to = 0;

  Growth& growth() const { return *family->growth; }
  const HistNode& parent() const { return growth().nodes[family->parent]; }
};

inline Array<RowChunk> row_chunks(ArrayView<Family> families) {
  constexpr std::int64_t grain = 8192;
  Array<RowChunk> out;
  for (Family& family : families) {
    const HistNode& parent = family.growth->nodes[family.parent];
    for (std::int64_t at = parent.begin; at < parent.end; at += grain) {
      out.push_back({&family, at, std::min(at + grain, parent.end)});
    }
  }
  return out;
}

/// Marks which rows of a chunk go left, and counts them.
template <class Code>
void mark_rows(RowChunk& chunk, const BinnedMatrix<Code>& bins, const QuantileCuts& cuts) {
  Growth& growth = chunk.growth();
  const HistNode& parent = chunk.parent();
  const std::uint32_t* rows = growth.rows[parent.buffer].data();
  const Code* codes = bins.column(parent.best.feature);
  const std::int32_t missing = cuts.bins(parent.best.feature);
  std::uint8_t* left = growth.goes_left.data();
  std::int64_t lefts = 0;
  for (std::int64_t i = chunk.begin; i < chunk.end; ++i) {
    left[i] = goes_left(parent.best, missing, codes[std::size_t{rows[i]} * block_width]) ? 1 : 0;
    lefts += left[i];
  }
  chunk.lefts = lefts;
}

/// Gives the children of chunk c's family their ranges, and each of its chunks its places there. Returns the first chunk of
/// the next family.
inline std::int64_t place_chunks(Array<RowChunk>& chunks, std::int64_t c) {
  Family& family = *chunks[c].family;
  Array<HistNode>& nodes = family.growth->nodes;
  const HistNode& parent = nodes[family.parent];
  HistNode& a = nodes[family.small];
  HistNode& b = nodes[family.large];
  std::int64_t lefts = 0;
  for (std::int64_t d = c; d < chunks.size() && chunks[d].family == &family; ++d) lefts += chunks[d].lefts;
  a.begin = parent.begin;
  a.end = b.begin = parent.begin + lefts;
  b.end = parent.end;
  std::int64_t left_to = a.begin;
  std::int64_t right_to = b.begin;
  for (; c < chunks.size() && chunks[c].family == &family; ++c) {
    chunks[c].left_to = left_to;
    chunks[c].right_to = right_to;
    left_to += chunks[c].lefts;
    right_to += chunks[c].end - chunks[c].begin - chunks[c].lefts;
  }
  if (a.rows() > b.rows()) std::swap(family.small, family.large);
  return c;
}

inline void write_rows(const RowChunk& chunk) {
  Growth& growth = chunk.growth();
  const int from = chunk.parent().buffer;
  std::int64_t to[2] = {chunk.right_to, chunk.left_to};
  for (std::int64_t i = chunk.begin; i < chunk.end; ++i) {
    const std::int64_t place = to[growth.goes_left[i]]++;
    growth.rows[1 - from][place] = growth.rows[from][i];
    growth.pairs[1 - from][place] = growth.pairs[from][i];
  }
}

}  // namespace detail

/// The children's numbers of rows are known afterwards, and `small` is the child of fewer.
template <class Code>
void move_rows(ArrayView<Family> families, const BinnedMatrix<Code>& bins, const QuantileCuts& cuts) {
  Array<detail::RowChunk> chunks = detail::row_chunks(families);
  parallel_for(chunks.size(), [&](std::int64_t c) { detail::mark_rows(chunks[c], bins, cuts); });
  for (std::int64_t c = 0; c < chunks.size();) c = detail::place_chunks(chunks, c);
  parallel_for(chunks.size(), [&](std::int64_t c) { detail::write_rows(chunks[c]); });
}

}  // namespace qrs::ml::boosting
