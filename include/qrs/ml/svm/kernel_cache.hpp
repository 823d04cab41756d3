// A cache of kernel rows under a byte budget: the row used longest ago makes room.
//
// Rows have one length, that of the active set, and stand in slots of one arena; where the active set shrinks, the rows of
// what stays are shortened in place and the same budget holds more of them. Memory is the system's until a slot is used.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "../../core/array.hpp"
#include "../../core/error.hpp"
#include "../../core/memory.hpp"

namespace qrs::ml::svm {

class KernelCache {
 public:
  /// `variables` rows of `width` floats at most, in `budget` bytes; room for `least` rows there always is.
  KernelCache(std::int64_t budget, std::int64_t variables, std::int64_t width, std::int64_t least) {
    const std::int64_t row = width * static_cast<std::int64_t>(sizeof(float));
    floats_ = std::clamp(budget / row, std::min(least, variables), variables) * width;
    arena_.reset(static_cast<float*>(allocate_host(static_cast<std::size_t>(floats_) * sizeof(float))));
    QRS_CHECK(arena_ != nullptr, "[svc] expected room for a kernel cache of ", floats_ * 4,
              " bytes, got none from the system");
    reset(variables, width);
  }

  /// Forgets all rows.
  void reset(std::int64_t variables, std::int64_t width) {
    width_ = width;
    slots_ = std::min(variables, floats_ / width);
    used_ = 0;
    slot_of_.assign(variables, -1);
    owner_.assign(slots_, -1);
    older_.assign(slots_, -1);
    newer_.assign(slots_, -1);
    oldest_ = newest_ = -1;
  }

  std::int64_t slots() const { return slots_; }
  bool contains(std::int64_t variable) const { return slot_of_[variable] >= 0; }

  /// The row of a variable, which becomes the one used last; null where it is not there.
  const float* find(std::int64_t variable) {
    const std::int32_t slot = slot_of_[variable];
    if (slot < 0) return nullptr;
    unlink(slot);
    link_newest(slot);
    return arena_.get() + slot * width_;
  }

  /// Room for the row of a variable that is not there.
  float* insert(std::int64_t variable) {
    std::int32_t slot = 0;
    if (used_ < slots_) {
      slot = static_cast<std::int32_t>(used_++);
    } else {
      slot = oldest_;
      slot_of_[owner_[slot]] = -1;
      unlink(slot);
    }
    owner_[slot] = static_cast<std::int32_t>(variable);
    slot_of_[variable] = slot;
    link_newest(slot);
    return arena_.get() + slot * width_;
  }

  /// Variables and columns from now on: those of these positions (ascending), renumbered.
  void restrict_to(ArrayView<const std::int32_t> keep, std::int64_t width) {
    Array<std::int32_t> by_age;  // of rows that stay, oldest first
    Array<std::int32_t> renumbered(slot_of_.size(), -1);
    for (std::int64_t k = 0; k < keep.size(); ++k) {
      renumbered[keep[k]] = static_cast<std::int32_t>(k);
    }
    Array<std::int32_t> moved_to(used_, -1);
    std::int32_t next = 0;
    for (std::int32_t slot = 0; slot < used_; ++slot) {
      const std::int32_t owner = renumbered[owner_[slot]];
      if (owner < 0) continue;
      // Slots ascend and rows get shorter: what is written stands before what is still to be read.
      const float* from = arena_.get() + slot * width_;
      float* to = arena_.get() + next * width;
      for (std::int64_t k = 0; k < keep.size(); ++k) to[k] = from[keep[k]];
      std::fill(to + keep.size(), to + width, 0.0F);
      moved_to[slot] = next++;
    }
    for (std::int32_t slot = oldest_; slot >= 0; slot = newer_[slot]) {
      if (moved_to[slot] >= 0) by_age.push_back(slot);
    }
    Array<std::int32_t> owners;
    for (const std::int32_t slot : by_age) {
      owners.push_back(renumbered[owner_[slot]]);
    }
    reset(keep.size(), width);
    used_ = next;
    for (std::int64_t age = 0; age < by_age.size(); ++age) {
      const std::int32_t slot = moved_to[by_age[age]];
      owner_[slot] = owners[age];
      slot_of_[owners[age]] = slot;
      link_newest(slot);
    }
  }

 private:
  void unlink(std::int32_t slot) {
    const std::int32_t older = older_[slot];
    const std::int32_t newer = newer_[slot];
    (older >= 0 ? newer_[older] : oldest_) = newer;
    (newer >= 0 ? older_[newer] : newest_) = older;
  }
  void link_newest(std::int32_t slot) {
    older_[slot] = newest_;
    newer_[slot] = -1;
    (newest_ >= 0 ? newer_[newest_] : oldest_) = slot;
    newest_ = slot;
  }

  struct Release {
    void operator()(float* block) const { release_host(block); }
  };

  std::int64_t floats_ = 0;
  std::unique_ptr<float, Release> arena_;
  std::int64_t width_ = 0;
  std::int64_t slots_ = 0;
  std::int64_t used_ = 0;
  Array<std::int32_t> slot_of_;  // of each variable, -1 for none
  Array<std::int32_t> owner_;    // of each slot
  Array<std::int32_t> older_;
  Array<std::int32_t> newer_;
  std::int32_t oldest_ = -1;
  std::int32_t newest_ = -1;
};

}  // namespace qrs::ml::svm
