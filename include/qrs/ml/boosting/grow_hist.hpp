// Trees from histograms: bins instead of values, level by level or the best leaf first.
//
// All trees of a round (one a class) grow together. A step splits the chosen leaves, moves their rows, and measures the new
// leaves: for each block of features the sums of the smaller child are built from its rows, the other child's are the
// parent's less these, and both are searched while they are in the cache. Threads take blocks and trees, so every sum is
// added in the order of rows and the same bits come out of any number of threads.
// Source: Chen and Guestrin, XGBoost, KDD 2016; subtraction and leaf-wise growth: Ke et al., LightGBM, NeurIPS 2017.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <queue>
#include <span>
#include <utility>
#include <vector>

#include "../../core/error.hpp"
#include "../../core/parallel.hpp"
#include "binned_matrix.hpp"
#include "grow.hpp"
#include "histogram.hpp"

namespace qrs::ml::boosting {

template <class Code>
class HistGrower {
 public:
  /// What it reads must outlive it. `observer` is null or wants traces.
  HistGrower(const BinnedMatrix<Code>& bins, const QuantileCuts& cuts, const TreeParams& params, Observer* observer)
      : bins_(bins),
        cuts_(cuts),
        p_(params),
        layout_(cuts),
        stride_(scratch_stride<Code>(layout_)),
        stored_rows_(layout_.total() / std::max<std::int64_t>(1, bins.features())),
        observer_(observer),
        most_allocated_(std::max<std::int64_t>(16, (std::int64_t{256} << 20) / (16 * layout_.total()))) {}

  /// Grows every task's tree and adds its leaves to the margins: of all rows of the matrix, margin[row * groups + group],
  /// where the group is the task's position.
  void grow(std::span<GrowTask> tasks, float* margin, std::int64_t groups) {
    std::vector<Growth> growths;
    growths.reserve(tasks.size());
    if (buffers_.size() < tasks.size()) buffers_.resize(tasks.size());
    for (std::size_t k = 0; k < tasks.size(); ++k) growths.emplace_back(tasks[k], buffers_[k]);
    std::vector<Family> families;
    for (Growth& growth : growths) families.push_back(start(growth));
    measure(families);
    while (true) {
      std::vector<Expansion> expansions;
      for (Growth& growth : growths) choose(growth, expansions);
      if (expansions.empty()) break;
      families.clear();
      for (const Expansion& expansion : expansions) families.push_back(expand(expansion));
      move_rows(families);
      for (Family& family : families) {
        if (!family.measured) give_back(family.parent_sums);
      }
      std::erase_if(families, [](const Family& family) { return !family.measured; });
      plan_storage(families);
      measure(families);
      for (Family& family : families) give_back(family.parent_sums);
    }
    for (std::size_t k = 0; k < growths.size(); ++k) {
      add_leaves(growths[k], margin + k, groups);
      for (Node& node : growths[k].nodes) give_back(node.stored);
    }
  }

 private:
  struct Node {
    std::int64_t begin = 0;  // its rows in rows[buffer]
    std::int64_t end = 0;
    int buffer = 0;
    std::int32_t depth = 0;
    NodeMeasure measure;
    Split best;
    std::unique_ptr<SumPair[]> stored;  // packed sums, where its children will subtract from them
    std::vector<char> marks;            // features it may split on; empty: all

    std::int64_t rows() const { return end - begin; }
  };

  /// Whether two children could be heavy enough; the margin is for the roundings of sums.
  bool can_split(const Node& node) const {
    return node.measure.sum.h * (1.0 + 1e-9) >= 2.0 * static_cast<double>(p_.min_child_weight);
  }

  /// Leaves that may split: the best first, or the shallowest.
  struct Open {
    std::int32_t node = 0;
    std::int32_t depth = 0;
    float gain = 0.0f;
  };
  struct Later {
    bool lossguide = false;
    bool operator()(const Open& a, const Open& b) const {
      if (lossguide) return a.gain == b.gain ? a.node > b.node : a.gain < b.gain;
      return a.depth == b.depth ? a.node > b.node : a.depth > b.depth;
    }
  };

  /// What moving rows needs beside the task's own lists; kept from round to round.
  struct Buffers {
    std::vector<std::uint32_t> rows;
    std::vector<GradientPair> pairs;
    std::vector<std::uint8_t> goes_left;
  };

  struct Growth {
    Growth(GrowTask& t, Buffers& buffers)
        : task(&t), rows{t.rows, buffers.rows}, pairs{t.pairs, buffers.pairs}, goes_left(buffers.goes_left) {
      buffers.rows.resize(t.rows.size());
      buffers.pairs.resize(t.rows.size());
      goes_left.resize(t.rows.size());
      rows[1] = buffers.rows;
      pairs[1] = buffers.pairs;
    }
    GrowTask* task;
    std::span<std::uint32_t> rows[2];  // of each node together; a split moves them to the other buffer
    std::span<GradientPair> pairs[2];
    std::vector<std::uint8_t>& goes_left;
    std::vector<Node> nodes;  // beside the tree's
    std::vector<Open> open;   // a heap
    std::int32_t leaves = 1;
  };

  struct Expansion {
    Growth* growth;
    std::int32_t node;
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

  Family start(Growth& growth) {
    growth.nodes.resize(1);
    Node& root = growth.nodes[0];
    root.end = static_cast<std::int64_t>(growth.rows[0].size());
    root.marks = growth.task->columns.marks(0);
    for (const GradientPair pair : growth.pairs[0]) root.measure.sum += pair;
    root.measure.score = node_score(root.measure.sum, p_, root.measure.bounds);
    const float weight = leaf_weight(root.measure.sum, p_, root.measure.bounds);
    growth.task->tree = RegressionTree();
    TreeNode& node = growth.task->tree[0];
    node.base_weight = weight;
    node.threshold = weight * p_.learning_rate;
    node.cover = static_cast<float>(root.measure.sum.h);
    if (may_split(growth, 0) && worth_storing(root)) root.stored = new_sums();
    Family family;
    family.growth = &growth;
    family.small = 0;
    return family;
  }

  /// Whether the children of a node will be measured.
  bool may_split(const Growth& growth, std::int32_t parent) const {
    const std::int32_t depth = growth.nodes[static_cast<std::size_t>(parent)].depth;
    return (p_.max_depth == 0 || depth + 1 < p_.max_depth) && (p_.max_leaves == 0 || growth.leaves < p_.max_leaves);
  }
  /// Building the larger child of few rows costs less than reading all bins of its parent.
  bool worth_storing(const Node& node) const { return node.rows() > stored_rows_ && can_split(node); }
  /// Fewer rows than it pays to visit every bin for.
  bool is_few(const Node& node) const { return node.rows() <= stored_rows_ / 3; }

  /// Storage for the sums of a node: from the pool, or new; none where the limit is reached.
  std::unique_ptr<SumPair[]> new_sums() {
    if (!pool_.empty()) {
      std::unique_ptr<SumPair[]> out = std::move(pool_.back());
      pool_.pop_back();
      return out;
    }
    if (allocated_ >= most_allocated_) return nullptr;
    ++allocated_;
    return std::unique_ptr<SumPair[]>(new SumPair[static_cast<std::size_t>(layout_.total())]);
  }
  void give_back(std::unique_ptr<SumPair[]>& sums) {
    if (sums != nullptr) pool_.push_back(std::move(sums));
  }

  bool splits(const Growth& growth, const Open& open) const {
    const Split& best = growth.nodes[static_cast<std::size_t>(open.node)].best;
    return best.gain > smallest_gain && best.left.h != 0.0 && best.right.h != 0.0 && best.gain >= p_.gamma &&
           (p_.max_depth == 0 || open.depth < p_.max_depth) && (p_.max_leaves == 0 || growth.leaves < p_.max_leaves);
  }

  /// The leaves of a tree that split next: the best one, or all of the shallowest level in the order of their numbers.
  void choose(Growth& growth, std::vector<Expansion>& out) {
    std::vector<Open>& open = growth.open;
    const Later later{p_.lossguide};
    std::int32_t level = -1;
    while (!open.empty()) {
      const Open next = open.front();
      if (!p_.lossguide && level >= 0 && next.depth != level) return;
      std::pop_heap(open.begin(), open.end(), later);
      open.pop_back();
      if (splits(growth, next)) {
        ++growth.leaves;
        out.push_back({&growth, next.node});
        level = next.depth;
      } else if (p_.lossguide) {
        open.clear();  // the others gain less
      }
      if (p_.lossguide) return;
    }
  }

  Family expand(const Expansion& expansion) {
    Growth& growth = *expansion.growth;
    RegressionTree& tree = growth.task->tree;
    const std::int32_t at = expansion.node;
    growth.nodes.resize(growth.nodes.size() + 2);
    Node& parent = growth.nodes[static_cast<std::size_t>(at)];
    const Split& split = parent.best;
    const float left_weight = leaf_weight(split.left, p_, parent.measure.bounds);
    const float right_weight = leaf_weight(split.right, p_, parent.measure.bounds);
    const std::int32_t left = apply_split(tree, at, split, p_, left_weight, right_weight);
    Node& a = growth.nodes[static_cast<std::size_t>(left)];
    Node& b = growth.nodes[static_cast<std::size_t>(left) + 1];
    a.depth = b.depth = parent.depth + 1;
    a.buffer = b.buffer = 1 - parent.buffer;
    a.measure.sum = split.left;
    b.measure.sum = split.right;
    a.measure.score = node_score(split.left, p_, parent.measure.bounds);
    b.measure.score = node_score(split.right, p_, parent.measure.bounds);
    child_bounds(parent.measure.bounds, p_.direction(split.feature), left_weight, right_weight, a.measure.bounds,
                 b.measure.bounds);
    Family family;
    family.growth = &growth;
    family.parent = at;
    family.small = left;
    family.large = left + 1;
    family.measured = may_split(growth, at);
    family.parent_sums = std::move(parent.stored);
    return family;
  }

  // ---- rows -------------------------------------------------------------------------------------------------------------

  bool goes_left(const Split& split, std::int32_t missing, Code code) const {
    const auto value = static_cast<std::int32_t>(code);
    return value == missing ? split.default_left : value <= split.bin;
  }

  /// Moves the rows of split nodes to their children, in order: chunks count first, then each writes to its place.
  void move_rows(std::span<Family> families) {
    constexpr std::int64_t grain = 8192;
    struct Chunk {
      Family* family;
      std::int64_t begin, end;
      std::int64_t lefts = 0, left_to = 0, right_to = 0;
    };
    std::vector<Chunk> chunks;
    for (Family& family : families) {
      const Node& parent = family.growth->nodes[static_cast<std::size_t>(family.parent)];
      for (std::int64_t at = parent.begin; at < parent.end; at += grain) {
        chunks.push_back({&family, at, std::min(at + grain, parent.end)});
      }
    }
    parallel_for(static_cast<std::int64_t>(chunks.size()), [&](std::int64_t c) {
      Chunk& chunk = chunks[static_cast<std::size_t>(c)];
      Growth& growth = *chunk.family->growth;
      const Node& parent = growth.nodes[static_cast<std::size_t>(chunk.family->parent)];
      const std::uint32_t* rows = growth.rows[parent.buffer].data();
      const Code* codes = bins_.column(parent.best.feature);
      const std::int32_t missing = cuts_.bins(parent.best.feature);
      std::uint8_t* left = growth.goes_left.data();
      std::int64_t lefts = 0;
      for (std::int64_t i = chunk.begin; i < chunk.end; ++i) {
        left[i] = goes_left(parent.best, missing, codes[std::size_t{rows[i]} * block_width]) ? 1 : 0;
        lefts += left[i];
      }
      chunk.lefts = lefts;
    });
    for (std::size_t c = 0; c < chunks.size();) {
      Family& family = *chunks[c].family;
      std::vector<Node>& nodes = family.growth->nodes;
      const Node& parent = nodes[static_cast<std::size_t>(family.parent)];
      Node& a = nodes[static_cast<std::size_t>(family.small)];
      Node& b = nodes[static_cast<std::size_t>(family.large)];
      std::int64_t lefts = 0;
      for (std::size_t d = c; d < chunks.size() && chunks[d].family == &family; ++d) lefts += chunks[d].lefts;
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
    }
    parallel_for(static_cast<std::int64_t>(chunks.size()), [&](std::int64_t c) {
      const Chunk& chunk = chunks[static_cast<std::size_t>(c)];
      Growth& growth = *chunk.family->growth;
      const int from = growth.nodes[static_cast<std::size_t>(chunk.family->parent)].buffer;
      std::int64_t to[2] = {chunk.right_to, chunk.left_to};
      for (std::int64_t i = chunk.begin; i < chunk.end; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const auto place = static_cast<std::size_t>(to[growth.goes_left[at]]++);
        growth.rows[1 - from][place] = growth.rows[from][at];
        growth.pairs[1 - from][place] = growth.pairs[from][at];
      }
    });
  }

  // ---- sums and candidates ----------------------------------------------------------------------------------------------

  void plan_storage(std::span<Family> families) {
    for (Family& family : families) {
      Growth& growth = *family.growth;
      family.subtract_from = family.parent_sums.get();
      for (const std::int32_t child : {std::min(family.small, family.large), std::max(family.small, family.large)}) {
        Node& node = growth.nodes[static_cast<std::size_t>(child)];
        node.marks = growth.task->columns.marks(node.depth);
        if (!may_split(growth, child) || !worth_storing(node)) continue;
        // The large child's sums replace the parent's, slot by slot.
        const bool replaces = child == family.large && family.parent_sums != nullptr;
        node.stored = replaces ? std::move(family.parent_sums) : new_sums();
      }
    }
  }

  /// Finds the best split of every new leaf and opens those that have one.
  void measure(std::span<Family> families) {
    const std::int64_t blocks = bins_.blocks();
    const auto count = static_cast<std::int64_t>(families.size());
    if (count == 0) return;
    // Tasks of one block stand together: the block's numbers stay in the cache from one tree to the next.
    constexpr std::int64_t families_a_task = 8;
    const std::int64_t parts = (count + families_a_task - 1) / families_a_task;
    std::vector<Split> found(static_cast<std::size_t>(blocks * count * 2));
    const auto task = [&](std::int64_t t) {
      const std::int64_t block = t / parts;
      const std::int64_t first = t % parts * families_a_task;
      Scratch scratch(stride_, layout_.widest());
      for (std::int64_t i = first; i < std::min(count, first + families_a_task); ++i) {
        Split* out = found.data() + (block * count + i) * 2;
        measure_block(families[static_cast<std::size_t>(i)], block, scratch, out[0], out[1]);
      }
    };
    if (observer_ != nullptr) {
      const ThreadLimit serial(1);
      parallel_for(blocks * parts, task);
    } else {
      parallel_for(blocks * parts, task);
    }
    for (std::int64_t i = 0; i < count; ++i) {
      Family& family = families[static_cast<std::size_t>(i)];
      std::int32_t members[2] = {family.small, family.large};
      int order[2] = {0, 1};
      if (family.large >= 0 && family.large < family.small) std::swap(order[0], order[1]);
      for (const int m : order) {
        if (members[m] < 0) continue;
        Node& node = family.growth->nodes[static_cast<std::size_t>(members[m])];
        for (std::int64_t block = 0; block < blocks; ++block) {
          const Split& candidate = found[static_cast<std::size_t>((block * count + i) * 2 + m)];
          if (candidate.feature >= 0 && node.best.loses_to(candidate.gain)) node.best = candidate;
        }
        if (node.best.gain > smallest_gain) {
          family.growth->open.push_back({members[m], node.depth, node.best.gain});
          std::push_heap(family.growth->open.begin(), family.growth->open.end(), Later{p_.lossguide});
        }
      }
    }
  }

  struct Scratch {
    Scratch(std::int64_t stride, std::int64_t slots)
        : one(stride), other(stride), gains(static_cast<std::size_t>(slots) + detail::gain_lanes), touched(slots) {}
    BlockSums one;
    BlockSums other;
    std::vector<float> gains;
    TouchedBins touched;
  };

  void measure_block(Family& family, std::int64_t block, Scratch& scratch, Split& small_best, Split& large_best) {
    Growth& growth = *family.growth;
    const Node& small = growth.nodes[static_cast<std::size_t>(family.small)];
    const bool search_small = can_split(small);
    bool search_large = false;
    bool subtract = false;
    if (family.large >= 0) {
      const Node& large = growth.nodes[static_cast<std::size_t>(family.large)];
      search_large = can_split(large);
      subtract = search_large && !is_few(large) && family.subtract_from != nullptr;
    }
    if (!search_small && !search_large) return;
    const std::int64_t width = bins_.width(block);
    const std::int64_t first = block * block_width;
    std::int32_t slots[block_width] = {};
    for (std::int64_t j = 0; j < width; ++j) slots[j] = layout_.slots(first + j);
    const std::span<const std::int32_t> used(slots, static_cast<std::size_t>(width));
    if (subtract || (search_small && !is_few(small))) build(growth, small, block, scratch.one);
    if (small.stored != nullptr) keep(small.stored.get(), first, used, scratch.one);
    if (search_large) {
      const Node& large = growth.nodes[static_cast<std::size_t>(family.large)];
      if (subtract) {
        for (std::int64_t j = 0; j < width; ++j) {
          const SumPair* parent = family.subtract_from + layout_.begin(first + j);
          const SumPair* part = scratch.one.of(j);
          SumPair* rest = scratch.other.of(j);
          for (std::int32_t s = 0; s < slots[j]; ++s) rest[s] = parent[s] - part[s];
        }
      } else if (!is_few(large)) {
        build(growth, large, block, scratch.other);
      }
      if (large.stored != nullptr) keep(large.stored.get(), first, used, scratch.other);
      search(growth, family.large, block, used, scratch.other, scratch, large_best);
    }
    if (search_small) search(growth, family.small, block, used, scratch.one, scratch, small_best);
  }

  void build(const Growth& growth, const Node& node, std::int64_t block, BlockSums& sums) const {
    const std::size_t begin = static_cast<std::size_t>(node.begin);
    build_block(bins_.block(block),
                std::span(growth.rows[node.buffer]).subspan(begin, static_cast<std::size_t>(node.rows())),
                growth.pairs[node.buffer].data() + begin, sums);
  }

  void keep(SumPair* stored, std::int64_t first, std::span<const std::int32_t> slots, BlockSums& sums) const {
    for (std::size_t j = 0; j < slots.size(); ++j) {
      std::memcpy(static_cast<void*>(stored + layout_.begin(first + static_cast<std::int64_t>(j))),
                  sums.of(static_cast<std::int64_t>(j)), static_cast<std::size_t>(slots[j]) * sizeof(SumPair));
    }
  }

  /// The best split of a node over the features of a block. `sums` are those of the block, unless the rows are few: then
  /// each feature's are collected from the rows.
  void search(Growth& growth, std::int32_t at, std::int64_t block, std::span<const std::int32_t> slots, BlockSums& sums,
              Scratch& scratch, Split& best) const {
    const Node& node = growth.nodes[static_cast<std::size_t>(at)];
    const bool few = is_few(node);
    const auto begin = static_cast<std::size_t>(node.begin);
    const auto rows = std::span(growth.rows[node.buffer]).subspan(begin, static_cast<std::size_t>(node.rows()));
    if (!few) accumulate_block(sums, slots);
    for (std::size_t j = 0; j < slots.size(); ++j) {
      const auto feature = static_cast<std::int32_t>(block * block_width + static_cast<std::int64_t>(j));
      if (!node.marks.empty() && node.marks[static_cast<std::size_t>(feature)] == 0) continue;
      const std::int32_t bins = cuts_.bins(feature);
      const RunningSums running =
          few ? scratch.touched.collect(bins_.column(feature), rows, growth.pairs[node.buffer].data() + begin, bins)
              : RunningSums{sums.of(static_cast<std::int64_t>(j)), bins, nullptr};
      if (observer_ != nullptr) {
        Split alone;
        best_split_of_feature(feature, cuts_, running, node.measure, p_, scratch.gains.data(), alone);
        show_candidate(*observer_, *growth.task, at, feature, alone, node.rows());
      }
      best_split_of_feature(feature, cuts_, running, node.measure, p_, scratch.gains.data(), best);
    }
  }

  // ---- margins ----------------------------------------------------------------------------------------------------------

  void add_leaves(Growth& growth, float* margin, std::int64_t groups) const {
    const RegressionTree& tree = growth.task->tree;
    parallel_for(tree.size(), [&](std::int64_t n) {
      const TreeNode& leaf = tree[static_cast<std::int32_t>(n)];
      if (!leaf.is_leaf()) return;
      const Node& node = growth.nodes[static_cast<std::size_t>(n)];
      const std::uint32_t* rows = growth.rows[node.buffer].data();
      for (std::int64_t i = node.begin; i < node.end; ++i) margin[rows[i] * groups] += leaf.threshold;
    });
    const auto learned = static_cast<std::int64_t>(growth.rows[0].size());
    if (learned == bins_.rows()) return;
    std::vector<char> done(static_cast<std::size_t>(bins_.rows()), 0);
    for (std::size_t n = 0; n < growth.nodes.size(); ++n) {
      const Node& node = growth.nodes[n];
      if (!tree[static_cast<std::int32_t>(n)].is_leaf()) continue;
      for (std::int64_t i = node.begin; i < node.end; ++i)
        done[growth.rows[node.buffer][static_cast<std::size_t>(i)]] = 1;
    }
    parallel_chunks(bins_.rows(), 4096, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        if (done[static_cast<std::size_t>(i)] != 0) continue;
        std::int32_t at = 0;
        while (!tree[at].is_leaf()) {
          const Split& split = growth.nodes[static_cast<std::size_t>(at)].best;
          const Code code = bins_.column(split.feature)[i * block_width];
          at = goes_left(split, cuts_.bins(split.feature), code) ? tree[at].left : tree[at].right;
        }
        margin[i * groups] += tree[at].threshold;
      }
    });
  }

  const BinnedMatrix<Code>& bins_;
  const QuantileCuts& cuts_;
  const TreeParams& p_;
  HistogramLayout layout_;
  std::int64_t stride_;
  std::int64_t stored_rows_;
  Observer* observer_;
  std::vector<Buffers> buffers_;
  std::vector<std::unique_ptr<SumPair[]>> pool_;
  std::int64_t allocated_ = 0;
  std::int64_t most_allocated_;  // leaf-wise growth would keep the sums of every leaf
};

}  // namespace qrs::ml::boosting
