// Where a backward pass that maps dy value by value writes dx: over dy, where it can.
#pragma once

#include "../autograd/tape.hpp"

namespace qrs::detail {

/// The target of a step whose dx[i] depends on dy[i] and has its shape. An empty slot takes dy itself, so that the
/// kernel overwrites memory that is in the cache and nothing is allocated; otherwise as GradSlot::target.
template <class T>
typename GradSlot<T>::Target target_over(GradSlot<T>& slot, const Tensor<T>& dy) {
  if (!slot.adopts(dy)) return slot.target();
  slot.add(dy);
  return {dy, false};
}

}  // namespace qrs::detail
