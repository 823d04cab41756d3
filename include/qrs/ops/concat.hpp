// Channels of several tensors beside each other: (..., C1), (..., C2), ... -> (..., C1 + C2 + ...).
//
// Forward copies every input into its channel range of the result; a dense block that must not copy allocates its width
// once instead (dense_block.hpp). Backward: each input gets its range of dy.
#pragma once

#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

#include "check.hpp"

namespace qrs {

/// Concatenates along the last axis. All other extents must be equal.
template <class T>
Var<T> concat(std::span<const Var<T>> parts) {
  QRS_CHECK(!parts.empty(), "[concat] expected at least one tensor, got none");
  const Var<T>& first = parts.front();
  std::int64_t channels = 0;
  for (const Var<T>& part : parts) {
    detail::check_input("concat", part);
    QRS_CHECK(part.value().rank() > 0 && part.shape().with_channels(1) == first.shape().with_channels(1),
              "[concat] expected shapes equal but for the last axis, got ", first.shape(), " and ", part.shape());
    detail::check_same_device("concat", first, part);
    channels += part.value().channels();
  }
  Tensor<T> y(first.shape().with_channels(channels), first.device());  // (..., C1 + C2 + ...)
  std::int64_t begin = 0;
  bool wanted = false;
  for (const Var<T>& part : parts) {
    part.value().copy_into(y.channel_range(begin, part.value().channels()));
    begin += part.value().channels();
    wanted = wanted || part.requires_grad();
  }
  Tape<T>* tape = wanted ? detail::current_tape<T> : nullptr;
  if (tape == nullptr) return y;
  struct Range {
    std::shared_ptr<GradSlot<T>> slot;
    std::int64_t channels;
  };
  std::vector<Range> ranges;
  for (const Var<T>& part : parts) ranges.push_back({part.slot(), part.value().channels()});
  return tape->record(y, [ranges](const Tensor<T>& dy) {
    std::int64_t at = 0;
    for (const Range& range : ranges) {
      if (range.slot) range.slot->add(dy.channel_range(at, range.channels));
      at += range.channels;
    }
  });
}

template <class T>
Var<T> concat(const std::vector<Var<T>>& parts) {
  return concat(std::span<const Var<T>>(parts));
}
template <class T>
Var<T> concat(std::initializer_list<Var<T>> parts) {
  return concat(std::span<const Var<T>>(parts.begin(), parts.size()));
}

}  // namespace qrs
