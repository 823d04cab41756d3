// Compression for PNG: a zlib stream of one deflate block with codes made for the data.
//
// Matches of 3 to 258 bytes in the last 32 KiB are found through a hash of three bytes, newest first, a few tries each; then
// the literals, lengths and distances get Huffman codes of at most 15 bits. Small, and within some percent of the usual
// programs on pages and plots.
// Source: RFC 1951 (deflate), sections 3.2.2 to 3.2.7; RFC 1950 (zlib, Adler-32).
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

namespace qrs::image {

namespace detail {

/// Bits into bytes, the lowest first.
class BitWriter {
 public:
  void put(std::uint32_t value, int count) {
    held_ |= static_cast<std::uint64_t>(value) << bits_;
    bits_ += count;
    while (bits_ >= 8) {
      bytes_.push_back(static_cast<std::uint8_t>(held_));
      held_ >>= 8;
      bits_ -= 8;
    }
  }
  /// The bytes, the last one filled up with zeros.
  std::vector<std::uint8_t> finish() {
    if (bits_ > 0) bytes_.push_back(static_cast<std::uint8_t>(held_));
    return std::move(bytes_);
  }

 private:
  std::vector<std::uint8_t> bytes_;
  std::uint64_t held_ = 0;
  int bits_ = 0;
};

/// Huffman's code lengths for these counts, 0 for a count of 0, at most `longest`. Where Huffman's tree is deeper, the
/// counts are halved (and kept above 0) until it is not.
inline std::vector<int> code_lengths(std::vector<std::uint64_t> counts, int longest) {
  while (true) {
    struct Node {
      std::uint64_t count;
      std::size_t parent;
    };
    std::vector<Node> nodes;
    std::vector<std::size_t> symbol_of;  // of the first nodes, the leaves, in the order of their counts
    for (std::size_t s = 0; s < counts.size(); ++s) {
      if (counts[s] > 0) symbol_of.push_back(s);
    }
    std::stable_sort(symbol_of.begin(), symbol_of.end(),
                     [&](std::size_t a, std::size_t b) { return counts[a] < counts[b]; });
    std::vector<int> lengths(counts.size(), 0);
    const std::size_t leaves = symbol_of.size();
    if (leaves == 0) return lengths;
    if (leaves == 1) {
      lengths[symbol_of[0]] = 1;
      return lengths;
    }
    for (const std::size_t s : symbol_of) nodes.push_back({counts[s], 0});
    // The inner nodes come out in the order of their counts, so the two least are always at the two fronts.
    std::size_t leaf = 0;
    std::size_t inner = leaves;
    const auto least = [&] {
      const bool take_leaf = leaf < leaves && (inner >= nodes.size() || nodes[leaf].count <= nodes[inner].count);
      return take_leaf ? leaf++ : inner++;
    };
    for (std::size_t made = 0; made + 1 < leaves; ++made) {
      const std::size_t a = least();
      const std::size_t b = least();
      nodes.push_back({nodes[a].count + nodes[b].count, 0});
      nodes[a].parent = nodes[b].parent = nodes.size() - 1;
    }
    int deepest = 0;
    for (std::size_t i = 0; i < leaves; ++i) {
      int depth = 0;
      for (std::size_t at = i; at != nodes.size() - 1; at = nodes[at].parent) ++depth;
      lengths[symbol_of[i]] = depth;
      deepest = std::max(deepest, depth);
    }
    if (deepest <= longest) return lengths;
    for (std::uint64_t& count : counts) count = count == 0 ? 0 : count / 2 + 1;
  }
}

/// A canonical code: each symbol's bits, the first bit lowest, as deflate writes them.
class HuffmanCode {
 public:
  HuffmanCode(std::vector<std::uint64_t> counts, int longest) : lengths_(code_lengths(std::move(counts), longest)) {
    codes_.resize(lengths_.size());
    std::uint32_t next = 0;
    for (int length = 1; length <= longest; ++length) {
      next <<= 1;
      for (std::size_t s = 0; s < lengths_.size(); ++s) {
        if (lengths_[s] != length) continue;
        std::uint32_t reversed = 0;
        for (int bit = 0; bit < length; ++bit) reversed |= (next >> bit & 1u) << (length - 1 - bit);
        codes_[s] = reversed;
        ++next;
      }
    }
  }
  int length(std::size_t symbol) const { return lengths_[symbol]; }
  void put(BitWriter& out, std::size_t symbol) const { out.put(codes_[symbol], lengths_[symbol]); }

 private:
  std::vector<int> lengths_;
  std::vector<std::uint32_t> codes_;
};

/// A range of lengths or distances that share a symbol: its first value and how many extra bits say which one.
struct Range {
  int first;
  int extra_bits;
};

/// The ranges of distances 1 to 32768, symbols 0 to 29: four of one value, then two of each number of extra bits.
constexpr std::array<Range, 30> make_distance_ranges() {
  std::array<Range, 30> ranges{};
  int first = 1;
  for (int s = 0; s < 30; ++s) {
    const int bits = s < 4 ? 0 : s / 2 - 1;
    ranges[static_cast<std::size_t>(s)] = {first, bits};
    first += 1 << bits;
  }
  return ranges;
}

/// The ranges of lengths 3 to 258, symbols 257 to 285: eight of one value, four of each number of extra bits, 258 alone.
constexpr std::array<Range, 29> make_length_ranges() {
  std::array<Range, 29> ranges{};
  int first = 3;
  for (int s = 0; s < 28; ++s) {
    const int bits = s < 8 ? 0 : s / 4 - 1;
    ranges[static_cast<std::size_t>(s)] = {first, bits};
    first += 1 << bits;
  }
  ranges[28] = {258, 0};
  return ranges;
}

inline constexpr auto distance_ranges = make_distance_ranges();
inline constexpr auto length_ranges = make_length_ranges();

/// The last range that begins at or before the value.
template <std::size_t n>
std::size_t range_of(const std::array<Range, n>& ranges, int value) {
  const auto after = std::upper_bound(ranges.begin() + 1, ranges.end(), value,
                                      [](int wanted, const Range& range) { return wanted < range.first; });
  return static_cast<std::size_t>(after - ranges.begin()) - 1;
}

/// A literal (distance 0, `length` its value) or a copy of `length` bytes from `distance` bytes back.
struct Token {
  std::uint16_t length;
  std::uint16_t distance;
};

/// How many bytes two runs have in common from their begins, at most `most`.
inline std::size_t common_length(const std::uint8_t* a, const std::uint8_t* b, std::size_t most) {
  std::size_t same = 0;
  for (; same + 8 <= most; same += 8) {
    if (std::memcmp(a + same, b + same, 8) != 0) break;
  }
  while (same < most && a[same] == b[same]) ++same;
  return same;
}

/// The data as literals and copies.
inline std::vector<Token> find_matches(std::span<const std::uint8_t> data) {
  constexpr std::size_t window = 32768;
  constexpr std::size_t longest = 258;
  constexpr int tries = 24;
  std::vector<Token> tokens;
  std::vector<std::int64_t> newest(std::size_t{1} << 15, -1);  // by hash: the last position
  std::vector<std::int64_t> older(window, -1);                 // by position mod window: the one before with its hash
  const auto hash = [&](std::size_t at) {
    const std::uint32_t three = static_cast<std::uint32_t>(data[at]) | static_cast<std::uint32_t>(data[at + 1]) << 8 |
                                static_cast<std::uint32_t>(data[at + 2]) << 16;
    return static_cast<std::size_t>(three * 2654435761u >> 17);
  };
  const auto remember = [&](std::size_t at) {
    if (at + 3 > data.size()) return;
    std::int64_t& last = newest[hash(at)];
    older[at % window] = last;
    last = static_cast<std::int64_t>(at);
  };
  std::size_t at = 0;
  while (at < data.size()) {
    std::size_t length = 0;
    std::size_t distance = 0;
    if (at + 3 <= data.size()) {
      const std::size_t most = std::min(longest, data.size() - at);
      std::int64_t candidate = newest[hash(at)];
      for (int t = 0; t < tries && candidate >= 0; ++t) {
        const auto from = static_cast<std::size_t>(candidate);
        if (at - from >= window) break;                  // one less than allowed: its place in `older` is still its own
        if (data[from + length] == data[at + length]) {  // else it cannot be longer than what is found
          const std::size_t same = common_length(data.data() + from, data.data() + at, most);
          if (same > length) length = same, distance = at - from;
        }
        if (length == most) break;
        candidate = older[from % window];
      }
    }
    if (length < 3) length = 1, distance = 0;
    tokens.push_back(distance == 0 ? Token{data[at], 0}
                                   : Token{static_cast<std::uint16_t>(length), static_cast<std::uint16_t>(distance)});
    for (std::size_t i = 0; i < length; ++i) remember(at + i);
    at += length;
  }
  return tokens;
}

/// Writes the lengths of both codes, themselves in a Huffman code; runs are not shortened.
inline void put_code_lengths(BitWriter& out, const HuffmanCode& symbols, const HuffmanCode& distances) {
  constexpr std::array<std::size_t, 19> order = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
  constexpr std::size_t symbol_count = 286;
  constexpr std::size_t distance_count = 30;
  std::vector<std::uint64_t> counts(19, 0);
  for (std::size_t s = 0; s < symbol_count; ++s) ++counts[static_cast<std::size_t>(symbols.length(s))];
  for (std::size_t s = 0; s < distance_count; ++s) ++counts[static_cast<std::size_t>(distances.length(s))];
  const HuffmanCode lengths(counts, 7);
  out.put(symbol_count - 257, 5);
  out.put(distance_count - 1, 5);
  out.put(19 - 4, 4);
  for (const std::size_t s : order) out.put(static_cast<std::uint32_t>(lengths.length(s)), 3);
  for (std::size_t s = 0; s < symbol_count; ++s) lengths.put(out, static_cast<std::size_t>(symbols.length(s)));
  for (std::size_t s = 0; s < distance_count; ++s) lengths.put(out, static_cast<std::size_t>(distances.length(s)));
}

inline std::uint32_t adler32(std::span<const std::uint8_t> data) {
  std::uint32_t a = 1;
  std::uint32_t b = 0;
  constexpr std::size_t block = 5552;  // the most bytes whose sums fit 32 bits
  for (std::size_t begin = 0; begin < data.size(); begin += block) {
    for (const std::uint8_t byte : data.subspan(begin, std::min(block, data.size() - begin))) {
      a += byte;
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return b << 16 | a;
}

}  // namespace detail

/// The data as a zlib stream.
inline std::vector<std::uint8_t> zlib_compress(std::span<const std::uint8_t> data) {
  constexpr std::size_t end_of_block = 256;
  const std::vector<detail::Token> tokens = detail::find_matches(data);
  std::vector<std::uint64_t> symbol_counts(286, 0);
  std::vector<std::uint64_t> distance_counts(30, 0);
  for (const detail::Token& token : tokens) {
    if (token.distance == 0) {
      ++symbol_counts[token.length];
    } else {
      ++symbol_counts[257 + detail::range_of(detail::length_ranges, token.length)];
      ++distance_counts[detail::range_of(detail::distance_ranges, token.distance)];
    }
  }
  symbol_counts[end_of_block] = 1;
  // A code of a single symbol is incomplete, which some readers refuse: there are always two.
  if (std::count(distance_counts.begin(), distance_counts.end(), 0u) > 28) {
    ++distance_counts[0];
    ++distance_counts[1];
  }
  if (tokens.empty()) ++symbol_counts[0];
  const detail::HuffmanCode symbols(symbol_counts, 15);
  const detail::HuffmanCode distances(distance_counts, 15);

  detail::BitWriter out;
  out.put(0x78, 8);  // deflate, window of 32 KiB
  out.put(0x9C, 8);  // makes the first two bytes a multiple of 31
  out.put(1, 1);     // the last block
  out.put(2, 2);     // with codes of its own
  detail::put_code_lengths(out, symbols, distances);
  for (const detail::Token& token : tokens) {
    if (token.distance == 0) {
      symbols.put(out, token.length);
      continue;
    }
    const std::size_t l = detail::range_of(detail::length_ranges, token.length);
    const std::size_t d = detail::range_of(detail::distance_ranges, token.distance);
    const detail::Range& length = detail::length_ranges[l];
    const detail::Range& distance = detail::distance_ranges[d];
    symbols.put(out, 257 + l);
    out.put(static_cast<std::uint32_t>(token.length - length.first), length.extra_bits);
    distances.put(out, d);
    out.put(static_cast<std::uint32_t>(token.distance - distance.first), distance.extra_bits);
  }
  symbols.put(out, end_of_block);
  std::vector<std::uint8_t> bytes = out.finish();
  const std::uint32_t checksum = detail::adler32(data);
  for (int shift = 24; shift >= 0; shift -= 8) bytes.push_back(static_cast<std::uint8_t>(checksum >> shift));
  return bytes;
}

}  // namespace qrs::image
