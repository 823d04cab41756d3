// Sorts the samples of a node by one feature: keys whose upper half is a rank and whose lower half goes with it.
//
// Ranks are small integers, so no comparison sort is needed. Three ways, by the number of keys: insertion for a few; one
// distribution into about as many buckets as keys, then insertion, for hundreds; distribution digit by digit, least
// significant first, for more. Only the bits in which the node's ranks differ are looked at.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace qrs::ml::detail {

/// Counters of the distributions, kept between calls.
struct SortCounters {
  static constexpr std::size_t digits = 2048;
  std::array<std::uint32_t, digits> of;
};

template <class Key>
void insertion_sort(Key* keys, std::size_t count) {
  for (std::size_t i = 1; i < count; ++i) {
    const Key key = keys[i];
    std::size_t at = i;
    for (; at > 0 && keys[at - 1] > key; --at) keys[at] = keys[at - 1];
    keys[at] = key;
  }
}

/// Turns counts into the positions where each bucket begins.
inline void begin_buckets(std::uint32_t* counts, std::size_t buckets) {
  std::uint32_t start = 0;
  for (std::size_t b = 0; b < buckets; ++b) {
    const std::uint32_t size = counts[b];
    counts[b] = start;
    start += size;
  }
}

/// Sorts `count` keys by rank (bits from `shift` up), given the least and the greatest; returns where the sorted keys are,
/// `keys` or `spare`. Keys of one rank come in any order.
template <class Key>
Key* sort_keys(Key* keys, Key* spare, std::size_t count, Key least, Key greatest, int shift, SortCounters& counters) {
  constexpr std::size_t few = 24;
  constexpr std::size_t hundreds = 512;
  if (count <= few) {
    insertion_sort(keys, count);
    return keys;
  }
  const Key base = least >> shift;
  const int bits = std::bit_width(static_cast<Key>((greatest >> shift) - base));
  std::uint32_t* counts = counters.of.data();
  if (count < hundreds) {
    const int drop = std::max(0, bits - static_cast<int>(std::bit_width(count)));
    const int cut = shift + drop;
    const Key first = base >> drop;
    const std::size_t buckets = std::size_t{(greatest >> cut) - first} + 1;
    std::fill_n(counts, buckets, 0u);
    for (std::size_t i = 0; i < count; ++i) ++counts[(keys[i] >> cut) - first];
    const bool crowded = drop > 0 && *std::max_element(counts, counts + buckets) > few;
    begin_buckets(counts, buckets);
    for (std::size_t i = 0; i < count; ++i) spare[counts[(keys[i] >> cut) - first]++] = keys[i];
    if (drop == 0) return spare;
    if (crowded) {
      std::sort(spare, spare + count);
    } else {
      insertion_sort(spare, count);
    }
    return spare;
  }
  const int widest = count >= 8192 ? 11 : 8;
  const int passes = std::max(1, (bits + widest - 1) / widest);
  const int digit = (bits + passes - 1) / passes;
  const std::size_t digits = std::size_t{1} << digit;
  const Key mask = static_cast<Key>(digits - 1);
  for (int pass = 0; pass < passes; ++pass) {
    const int low = digit * pass;
    std::fill_n(counts, digits, 0u);
    for (std::size_t i = 0; i < count; ++i) ++counts[(((keys[i] >> shift) - base) >> low) & mask];
    begin_buckets(counts, digits);
    for (std::size_t i = 0; i < count; ++i) spare[counts[(((keys[i] >> shift) - base) >> low) & mask]++] = keys[i];
    std::swap(keys, spare);
  }
  return keys;
}

}  // namespace qrs::ml::detail
