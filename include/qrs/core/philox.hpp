// Random numbers that have an address instead of a state: Philox4x32-10.
//
//   u = philox_uniform(seed, stream, index)       in [0, 1), a multiple of 2^-24
//
// The same address gives the same number on every thread, on CPU and on GPU, and in any order: dropout needs no stored
// mask and no generator that somebody must have advanced. A stream is one use in one step (step << 32 | layer, say), an
// index one element of it.
// Source: Salmon, Moraes, Dror and Shaw, Parallel Random Numbers: As Easy as 1, 2, 3, SC 2011, section 3.3; ten rounds.
#pragma once

#include <cstdint>

#include "macros.hpp"

namespace qrs {

/// One result of the generator: four words.
struct PhiloxBlock {
  std::uint32_t words[4];
};

/// The bijection of a 128-bit counter under a 64-bit key. Counter and key as in the published test vectors.
QRS_HD inline PhiloxBlock philox4x32(PhiloxBlock counter, std::uint32_t key0, std::uint32_t key1) {
  std::uint32_t* c = counter.words;
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t a = std::uint64_t{0xD2511F53u} * c[0];
    const std::uint64_t b = std::uint64_t{0xCD9E8D57u} * c[2];
    const std::uint32_t c0 = static_cast<std::uint32_t>(b >> 32) ^ c[1] ^ key0;
    const std::uint32_t c2 = static_cast<std::uint32_t>(a >> 32) ^ c[3] ^ key1;
    c[0] = c0;
    c[1] = static_cast<std::uint32_t>(b);
    c[2] = c2;
    c[3] = static_cast<std::uint32_t>(a);
    key0 += 0x9E3779B9u;  // the golden ratio
    key1 += 0xBB67AE85u;  // sqrt(3) - 1
  }
  return counter;
}

/// The block that holds elements 4 block, ..., 4 block + 3 of a stream.
QRS_HD inline PhiloxBlock philox_block(std::uint64_t seed, std::uint64_t stream, std::uint64_t block) {
  return philox4x32({{static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32),
                      static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)}},
                    static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32));
}

/// The upper 24 bits of a word as a number in [0, 1): exact in float.
QRS_HD inline float unit_float(std::uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24f; }

/// Element `index` of a stream.
QRS_HD inline float philox_uniform(std::uint64_t seed, std::uint64_t stream, std::uint64_t index) {
  return unit_float(philox_block(seed, stream, index / 4).words[index % 4]);
}

}  // namespace qrs
