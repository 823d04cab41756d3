// Kernel rows of the active variables: from a cache, and on a miss a tile of them is computed.
//
// A tile of rows costs little more than one row, so the row wanted is computed together with those of the variables that
// violate the optimality conditions most: the next steps will likely ask for them. Neither the cache nor the tile changes a
// bit of the result.
#pragma once

#include <algorithm>
#include <cstdint>

#include "../../core/array.hpp"
#include "active_set.hpp"
#include "kernel_cache.hpp"
#include "kernel_source.hpp"

namespace qrs::ml::svm {

template <class T>
class RowCache {
 public:
  RowCache(const KernelSource<T>& source, const ActiveSet<T>& active, std::int64_t bytes)
      : active_(active),
        rows_(source),
        cache_(bytes, active.size(), ActiveSet<T>::padded(active.size()), 3 * tile::rows) {
    rows_.restrict_to(active.points());
  }

  /// The row of an active variable, over the active columns. It stays where it is while the next row is fetched.
  const float* row(std::int64_t position, const Extremes& extremes) {
    if (const float* found = cache_.find(position)) return found;
    choose_batch(position, extremes);
    batch_points_.clear();
    batch_rows_.clear();
    for (auto p = batch_.rbegin(); p != batch_.rend(); ++p) {  // the wanted row, the first, becomes the newest
      batch_points_.push_back(active_.point(*p));
      batch_rows_.push_back(cache_.insert(*p));
    }
    rows_.compute(batch_points_, batch_rows_);
    return batch_rows_.back();
  }

  /// After the active set has shrunk to these positions.
  void restrict_to(const Array<std::int32_t>& keep) {
    cache_.restrict_to(keep, ActiveSet<T>::padded(keep.size()));
    rows_.restrict_to(active_.points());
  }
  /// After it has become whole again: no rows.
  void reset() {
    cache_.reset(active_.size(), ActiveSet<T>::padded(active_.size()));
    rows_.restrict_to(active_.points());
  }

 private:
  struct Candidate {
    double violation;
    std::int32_t position;
  };
  /// The most violating variables of one side, the worst first.
  struct Worst {
    explicit Worst(std::int64_t at_most) : most(at_most) {}
    double least() const { return count == most ? found[most - 1].violation : 0.0; }
    void insert(double violation, std::int64_t position) {
      std::int64_t to = count < most ? count++ : most - 1;
      for (; to > 0 && found[to - 1].violation < violation; --to) found[to] = found[to - 1];
      found[to] = {violation, static_cast<std::int32_t>(position)};
    }

    Candidate found[tile::rows];
    std::int64_t count = 0;
    std::int64_t most;
  };

  /// batch_ = the position and those of the most violating variables, from both sides, whose rows are not there.
  void choose_batch(std::int64_t position, const Extremes& extremes) {
    batch_.assign(1, static_cast<std::int32_t>(position));
    const std::int64_t wanted = std::min(rows_.batch(), cache_.slots() / 4) - 1;
    if (wanted < 2) return;
    Worst sides[2] = {Worst(wanted / 2), Worst(wanted / 2)};
    for (std::int64_t p = 0; p < active_.size(); ++p) {
      const double violation[2] = {active_.rise_violation(p, extremes), active_.fall_violation(p, extremes)};
      for (int side = 0; side < 2; ++side) {
        if (!(violation[side] > sides[side].least()) || p == position || cache_.contains(p)) continue;
        sides[side].insert(violation[side], p);
      }
    }
    for (const Worst& side : sides) {
      for (std::int64_t c = 0; c < side.count; ++c) {
        const std::int32_t p = side.found[c].position;
        if (std::find(batch_.begin(), batch_.end(), p) == batch_.end()) batch_.push_back(p);
      }
    }
  }

  const ActiveSet<T>& active_;
  KernelRows<T> rows_;
  KernelCache cache_;
  // Of one batch of rows.
  Array<std::int32_t> batch_;
  Array<std::int32_t> batch_points_;
  Array<float*> batch_rows_;
};

}  // namespace qrs::ml::svm
