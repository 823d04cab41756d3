// What the growth of a tree from histograms keeps beside the tree: its nodes' rows and sums, and the leaves that may split.
#pragma once

#include <cstdint>
#include <memory>

#include "../../core/array.hpp"
#include "grow.hpp"
#include "histogram.hpp"
#include "split.hpp"

namespace qrs::ml::boosting {

/// One node, beside the tree's.
struct HistNode {
  std::int64_t begin = 0;  // its rows in rows[buffer]
  std::int64_t end = 0;
  int buffer = 0;
  std::int32_t depth = 0;
  NodeMeasure measure;
  Split best;
  std::unique_ptr<SumPair[]> stored;  // packed sums, where its children will subtract from them
  Array<char> marks;                  // features it may split on; empty: all

  std::int64_t rows() const { return end - begin; }
};

/// Leaves that may split: the best first, or the shallowest.
struct OpenLeaf {
  std::int32_t node = 0;
  std::int32_t depth = 0;
  float gain = 0.0f;
};
/// The order of the heap.
struct Later {
  bool lossguide = false;
  bool operator()(const OpenLeaf& a, const OpenLeaf& b) const {
    if (lossguide) return a.gain == b.gain ? a.node > b.node : a.gain < b.gain;
    return a.depth == b.depth ? a.node > b.node : a.depth > b.depth;
  }
};

/// What moving rows needs beside the task's own lists; kept from round to round.
struct GrowthBuffers {
  Array<std::uint32_t> rows;
  Array<GradientPair> pairs;
  Array<std::uint8_t> goes_left;
};

/// One tree of a round while it grows.
struct Growth {
  Growth(GrowTask& t, GrowthBuffers& buffers)
      : task(&t), rows{t.rows, buffers.rows}, pairs{t.pairs, buffers.pairs}, goes_left(buffers.goes_left) {
    buffers.rows.resize(t.rows.size());
    buffers.pairs.resize(t.rows.size());
    goes_left.resize(t.rows.size());
    rows[1] = buffers.rows;
    pairs[1] = buffers.pairs;
  }
  GrowTask* task;
  ArrayView<std::uint32_t> rows[2];  // of each node together; a split moves them to the other buffer
  ArrayView<GradientPair> pairs[2];
  Array<std::uint8_t>& goes_left;
  Array<HistNode> nodes;  // beside the tree's
  Array<OpenLeaf> open;   // a heap
  std::int32_t leaves = 1;
};

/// Two new leaves and their parent; of the root, itself alone.
struct Family {
  Growth* growth = nullptr;
  std::int32_t parent = -1;
  std::int32_t small = -1;  // by rows: built from them
  std::int32_t large = -1;
  bool measured = true;  // whether the children may split at all
  std::unique_ptr<SumPair[]> parent_sums;
  const SumPair* subtract_from = nullptr;  // the parent's sums, also where they are the large child's storage now
};

}  // namespace qrs::ml::boosting
