// A loop over many tensors as if they were one: the frame of the optimisers on the CPU.
//
// A network has hundreds of parameters, most of them tiny; one parallel loop over the chunks of all of them costs one
// start of the threads instead of hundreds. The chunks depend on the sizes alone, never on the number of threads.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "../../include/qrs/core/parallel.hpp"

namespace qrs::kernels {

/// Calls body(item, begin, count) until the values [0, item.count) of every item are covered once.
template <class Item, class Body>
void for_each_chunk(std::span<const Item> items, const Body& body) {
  constexpr std::int64_t grain = 16384;  // values: some tens of microseconds
  struct Chunk {
    std::size_t item;
    std::int64_t begin;
  };
  std::vector<Chunk> chunks;
  for (std::size_t i = 0; i < items.size(); ++i) {
    for (std::int64_t begin = 0; begin < items[i].count; begin += grain) chunks.push_back({i, begin});
  }
  parallel_for(static_cast<std::int64_t>(chunks.size()), [&](std::int64_t c) {
    const Chunk& chunk = chunks[static_cast<std::size_t>(c)];
    const Item& item = items[chunk.item];
    body(item, chunk.begin, std::min(grain, item.count - chunk.begin));
  });
}

}  // namespace qrs::kernels
