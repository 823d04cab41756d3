// Trees from histograms: bins instead of values, level by level or the best leaf first.
//
// All trees of a round (one a class) grow together. A step chooses the leaves that split, sends their rows on
// (move_rows.hpp), and finds the best splits of the new leaves (hist_search.hpp). Threads take blocks of features and
// trees, so every sum is added in the order of rows and the same bits come out of any number of threads.
// Source: Chen and Guestrin, XGBoost, KDD 2016; leaf-wise growth: Ke et al., LightGBM, NeurIPS 2017.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>

#include "../../core/array.hpp"
#include "../../core/parallel.hpp"
#include "binned_matrix.hpp"
#include "grow.hpp"
#include "hist_growth.hpp"
#include "hist_search.hpp"
#include "move_rows.hpp"
#include "sum_pool.hpp"

namespace qrs::ml::boosting {

template <class Code>
class HistGrower {
 public:
  /// What it reads must outlive it. `observer` is null or wants traces.
  HistGrower(const BinnedMatrix<Code>& bins, const QuantileCuts& cuts, const TreeParams& params, Observer* observer)
      : bins_(bins),
        cuts_(cuts),
        p_(params),
        search_(bins, cuts, params, observer),
        pool_(search_.layout().total()),
        serial_(observer != nullptr) {}

  /// Grows every task's tree and adds its leaves to the margins: of all rows of the matrix, margin[row * groups + group],
  /// where the group is the task's position.
  void grow(ArrayView<GrowTask> tasks, float* margin, std::int64_t groups) {
    Array<Growth> growths;
    growths.reserve(tasks.size());
    if (buffers_.size() < tasks.size()) buffers_.resize(tasks.size());
    for (std::int64_t k = 0; k < tasks.size(); ++k) growths.emplace_back(tasks[k], buffers_[k]);
    Array<Family> families;
    for (Growth& growth : growths) families.push_back(start(growth));
    measure(families);
    for (Array<Expansion> next = choose(growths); !next.empty(); next = choose(growths)) {
      families.clear();
      for (const Expansion& expansion : next) families.push_back(expand(expansion));
      move_rows(ArrayView<Family>(families), bins_, cuts_);
      for (Family& family : families) {
        if (!family.measured) pool_.give_back(family.parent_sums);
      }
      std::erase_if(families, [](const Family& family) { return !family.measured; });
      plan_storage(families);
      measure(families);
      for (Family& family : families) pool_.give_back(family.parent_sums);
    }
    for (std::int64_t k = 0; k < growths.size(); ++k) {
      add_leaves(growths[k], margin + k, groups);
      for (HistNode& node : growths[k].nodes) pool_.give_back(node.stored);
    }
  }

 private:
  struct Expansion {
    Growth* growth;
    std::int32_t node;
  };

  Family start(Growth& growth) {
    growth.nodes.resize(1);
    HistNode& root = growth.nodes[0];
    root.end = growth.rows[0].size();
    root.marks = growth.task->columns.marks(0);
    for (const GradientPair pair : growth.pairs[0]) root.measure.sum += pair;
    root.measure.score = node_score(root.measure.sum, p_, root.measure.bounds);
    const float weight = leaf_weight(root.measure.sum, p_, root.measure.bounds);
    growth.task->tree = RegressionTree();
    TreeNode& node = growth.task->tree[0];
    node.base_weight = weight;
    node.threshold = weight * p_.learning_rate;
    node.cover = static_cast<float>(root.measure.sum.h);
    if (may_split(growth, 0) && search_.worth_storing(root)) root.stored = pool_.take();
    Family family;
    family.growth = &growth;
    family.small = 0;
    return family;
  }

  /// Whether the children of a node will be measured.
  bool may_split(const Growth& growth, std::int32_t parent) const {
    const std::int32_t depth = growth.nodes[parent].depth;
    return (p_.max_depth == 0 || depth + 1 < p_.max_depth) && (p_.max_leaves == 0 || growth.leaves < p_.max_leaves);
  }

  /// The leaves of every tree that split next.
  Array<Expansion> choose(Array<Growth>& growths) const {
    Array<Expansion> out;
    for (Growth& growth : growths) choose(growth, out);
    return out;
  }

  bool splits(const Growth& growth, const OpenLeaf& open) const {
    const Split& best = growth.nodes[open.node].best;
    return best.gain > smallest_gain && best.left.h != 0.0 && best.right.h != 0.0 && best.gain >= p_.gamma &&
           (p_.max_depth == 0 || open.depth < p_.max_depth) && (p_.max_leaves == 0 || growth.leaves < p_.max_leaves);
  }

  /// The leaves of a tree that split next: the best one, or all of the shallowest level in the order of their numbers.
  void choose(Growth& growth, Array<Expansion>& out) const {
    Array<OpenLeaf>& open = growth.open;
    const Later later{p_.lossguide};
    std::int32_t level = -1;
    while (!open.empty()) {
      const OpenLeaf next = open.front();
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
    HistNode& parent = growth.nodes[at];
    const Split& split = parent.best;
    const float left_weight = leaf_weight(split.left, p_, parent.measure.bounds);
    const float right_weight = leaf_weight(split.right, p_, parent.measure.bounds);
    const std::int32_t left = apply_split(tree, at, split, p_, left_weight, right_weight);
    HistNode& a = growth.nodes[left];
    HistNode& b = growth.nodes[left + 1];
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

  // ---- sums and candidates ----------------------------------------------------------------------------------------------

  void plan_storage(ArrayView<Family> families) {
    for (Family& family : families) {
      Growth& growth = *family.growth;
      family.subtract_from = family.parent_sums.get();
      for (const std::int32_t child : {std::min(family.small, family.large), std::max(family.small, family.large)}) {
        HistNode& node = growth.nodes[child];
        node.marks = growth.task->columns.marks(node.depth);
        if (!may_split(growth, child) || !search_.worth_storing(node)) continue;
        // The large child's sums replace the parent's, slot by slot.
        const bool replaces = child == family.large && family.parent_sums != nullptr;
        node.stored = replaces ? std::move(family.parent_sums) : pool_.take();
      }
    }
  }

  /// Finds the best split of every new leaf and opens those that have one.
  void measure(ArrayView<Family> families) {
    const std::int64_t blocks = bins_.blocks();
    const std::int64_t count = families.size();
    if (count == 0) return;
    // Tasks of one block stand together: the block's numbers stay in the cache from one tree to the next.
    constexpr std::int64_t families_a_task = 8;
    const std::int64_t parts = (count + families_a_task - 1) / families_a_task;
    Array<Split> found(blocks * count * 2);  // [block][family][small, large]
    const auto task = [&](std::int64_t t) {
      const std::int64_t block = t / parts;
      const std::int64_t first = t % parts * families_a_task;
      auto scratch = search_.scratch();
      for (std::int64_t i = first; i < std::min(count, first + families_a_task); ++i) {
        Split* out = &found[(block * count + i) * 2];
        search_.search_family(families[i], block, scratch, out[0], out[1]);
      }
    };
    const ThreadLimit limit(serial_ ? 1 : num_threads());
    parallel_for(blocks * parts, task);
    for (std::int64_t i = 0; i < count; ++i) open_children(families[i], &found[i * 2], count * 2, blocks);
  }

  /// Gives the children of a family their best splits, those of block b at found[b * pitch], and opens those that gain; in
  /// the order of their numbers.
  void open_children(Family& family, const Split* found, std::int64_t pitch, std::int64_t blocks) const {
    const std::int32_t members[2] = {family.small, family.large};
    int order[2] = {0, 1};
    if (family.large >= 0 && family.large < family.small) std::swap(order[0], order[1]);
    for (const int m : order) {
      if (members[m] < 0) continue;
      HistNode& node = family.growth->nodes[members[m]];
      for (std::int64_t block = 0; block < blocks; ++block) {
        const Split& candidate = found[block * pitch + m];
        if (candidate.feature >= 0 && node.best.loses_to(candidate.gain)) node.best = candidate;
      }
      if (node.best.gain > smallest_gain) {
        family.growth->open.push_back({members[m], node.depth, node.best.gain});
        std::push_heap(family.growth->open.begin(), family.growth->open.end(), Later{p_.lossguide});
      }
    }
  }

  // ---- margins ----------------------------------------------------------------------------------------------------------

  void add_leaves(Growth& growth, float* margin, std::int64_t groups) const {
    const RegressionTree& tree = growth.task->tree;
    parallel_for(tree.size(), [&](std::int64_t n) {
      const TreeNode& leaf = tree[static_cast<std::int32_t>(n)];
      if (!leaf.is_leaf()) return;
      const HistNode& node = growth.nodes[n];
      const std::uint32_t* rows = growth.rows[node.buffer].data();
      for (std::int64_t i = node.begin; i < node.end; ++i) margin[rows[i] * groups] += leaf.threshold;
    });
    const auto learned = growth.rows[0].size();
    if (learned == bins_.rows()) return;
    Array<char> done(bins_.rows(), 0);
    for (std::int64_t n = 0; n < growth.nodes.size(); ++n) {
      const HistNode& node = growth.nodes[n];
      if (!tree[static_cast<std::int32_t>(n)].is_leaf()) continue;
      for (std::int64_t i = node.begin; i < node.end; ++i) done[growth.rows[node.buffer][i]] = 1;
    }
    parallel_chunks(bins_.rows(), 4096, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        if (done[i] != 0) continue;
        std::int32_t at = 0;
        while (!tree[at].is_leaf()) {
          const Split& split = growth.nodes[at].best;
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
  BlockSearch<Code> search_;
  SumPool pool_;
  bool serial_;  // traces are told in order
  Array<GrowthBuffers> buffers_;
};

}  // namespace qrs::ml::boosting
