// The streams of Philox numbers that a training run draws from, beside those of the network's random layers.
//
// One seed serves a run. Random layers draw from stream (step << 32 | layer); layers count from 0, so the last layer numbers
// are never theirs, and these are the epochs'.
#pragma once

#include <cstdint>

namespace qrs::train {

enum class StreamUse : std::uint32_t { order = 0xffffffff, augmentation = 0xfffffffe };

inline std::uint64_t stream_of(std::int64_t epoch, StreamUse use) {
  return static_cast<std::uint64_t>(epoch) << 32 | static_cast<std::uint32_t>(use);
}

}  // namespace qrs::train
