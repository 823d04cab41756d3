// Decompression for PNG: the bytes of a zlib stream, as many as are asked for and no more.
//
// A stream of a few bytes may grow a thousandfold, so nothing is decompressed that nobody takes: what stands in memory is the
// window of 32 KiB that copies may reach back into, and about as much again.
// Source: RFC 1950 (zlib), RFC 1951 (deflate).
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "deflate.hpp"
#include "file_error.hpp"

namespace qrs::image::detail {

/// Codes of at most 15 bits, the first bit lowest: those of up to `fast_bits` in one look, longer ones bit by bit.
class HuffmanTable {
 public:
  static constexpr int fast_bits = 10;
  static constexpr int longest = 15;

  /// The canonical code of these lengths. False where two codes begin alike, or where bits are left that begin no code; a
  /// single code of one bit, or none at all, may stand alone.
  bool build(std::span<const std::uint8_t> lengths) {
    count_.fill(0);
    for (const std::uint8_t length : lengths) ++count_[length];
    count_[0] = 0;
    int left = 1;
    int codes = 0;
    for (int length = 1; length <= longest; ++length) {
      left = 2 * left - count_[static_cast<std::size_t>(length)];
      if (left < 0) return false;
      codes += count_[static_cast<std::size_t>(length)];
    }
    if (left > 0 && codes > 0 && !(codes == 1 && count_[1] == 1)) return false;
    std::array<int, longest + 2> next{};  // place of the next symbol of a length
    for (std::size_t length = 1; length <= longest; ++length) next[length + 1] = next[length] + count_[length];
    symbols_.assign(lengths.size(), 0);
    for (std::size_t s = 0; s < lengths.size(); ++s) {
      if (lengths[s] != 0) symbols_[static_cast<std::size_t>(next[lengths[s]]++)] = static_cast<std::uint16_t>(s);
    }
    fill_fast();
    return true;
  }

  /// The symbol that the lowest bits begin with and how many of them it takes; {-1, 0} where they begin none.
  std::pair<int, int> find(std::uint64_t bits) const {
    const std::uint16_t entry = fast_[bits & ((1u << fast_bits) - 1)];
    if (entry != 0) return {entry >> 4, entry & 15};
    int code = 0;
    int first = 0;
    int place = 0;
    for (int length = 1; length <= longest; ++length) {
      code |= static_cast<int>(bits >> (length - 1) & 1u);
      const int count = count_[static_cast<std::size_t>(length)];
      if (code - count < first) return {symbols_[static_cast<std::size_t>(place + code - first)], length};
      place += count;
      first = (first + count) << 1;
      code <<= 1;
    }
    return {-1, 0};
  }

 private:
  void fill_fast() {
    fast_.fill(0);
    unsigned code = 0;
    std::size_t place = 0;
    for (int length = 1; length <= fast_bits; ++length) {
      code <<= 1;
      for (int i = 0; i < count_[static_cast<std::size_t>(length)]; ++i, ++code, ++place) {
        unsigned reversed = 0;
        for (int bit = 0; bit < length; ++bit) reversed |= (code >> bit & 1u) << (length - 1 - bit);
        const auto entry = static_cast<std::uint16_t>(symbols_[place] << 4 | length);
        for (std::size_t at = reversed; at < fast_.size(); at += std::size_t{1} << length) fast_[at] = entry;
      }
    }
  }

  std::array<int, longest + 1> count_{};              // codes of each length
  std::vector<std::uint16_t> symbols_;                // in the order of their codes
  std::array<std::uint16_t, 1 << fast_bits> fast_{};  // symbol and length; 0: none of up to fast_bits
};

/// Pieces of a file as one row of bits, the lowest of a byte first.
class BitReader {
 public:
  BitReader(FileBytes file, std::string_view path, std::vector<FileBytes> pieces)
      : file_(file), path_(path), pieces_(std::move(pieces)) {}

  /// At least 48 bits where there are so many; zeros behind the last ones, which take() will not give.
  std::uint64_t peek() {
    if constexpr (std::endian::native == std::endian::little) {
      if (bits_ <= 56 && piece_.size() - at_ >= 8) {  // as many whole bytes as fit, at once
        std::uint64_t eight = 0;
        std::memcpy(&eight, piece_.data() + at_, 8);
        held_ |= eight << bits_;  // bits above bits_ are the next ones: to add them again changes nothing
        at_ += static_cast<std::size_t>((63 - bits_) / 8);
        bits_ += (63 - bits_) / 8 * 8;
        return held_;
      }
    }
    while (bits_ <= 56) {
      while (at_ == piece_.size() && next_ < pieces_.size()) {
        piece_ = pieces_[next_++];
        at_ = 0;
      }
      if (at_ == piece_.size()) break;
      held_ |= static_cast<std::uint64_t>(std::to_integer<unsigned>(piece_[at_++])) << bits_;
      bits_ += 8;
    }
    return held_;
  }
  void skip(int count) {
    if (count > bits_) wrong("expected more compressed bytes, got their end: the file is cut short");
    held_ >>= count;
    bits_ -= count;
  }
  unsigned take(int count) {
    const auto value = static_cast<unsigned>(peek() & ((std::uint64_t{1} << count) - 1));
    skip(count);
    return value;
  }
  void to_whole_byte() { skip(bits_ % 8); }

  /// Throws, with the place in the file.
  template <class... Parts>
  [[noreturn]] void wrong(const Parts&... parts) const {
    const auto offset = piece_.empty() ? 0 : static_cast<std::uint64_t>(piece_.data() - file_.data()) + at_;
    fail_in_file(path_, offset, parts...);
  }

 private:
  FileBytes file_;
  std::string_view path_;
  std::vector<FileBytes> pieces_;
  std::size_t next_ = 0;  // piece
  FileBytes piece_;
  std::size_t at_ = 0;
  std::uint64_t held_ = 0;
  int bits_ = 0;
};

}  // namespace qrs::image::detail

namespace qrs::image {

/// Reads the zlib stream that stands in pieces of a file.
class Inflate {
 public:
  /// Throws where the stream does not begin as one. `path` must outlive this.
  Inflate(FileBytes file, std::string_view path, std::vector<FileBytes> pieces)
      : in_(file, path, std::move(pieces)), buffer_(2 * window + longest_copy) {
    const unsigned method = in_.take(8);
    const unsigned flags = in_.take(8);
    if ((method & 15u) != 8 || method >> 4 > 7 || (256 * method + flags) % 31 != 0 || (flags & 32u) != 0) {
      in_.wrong("expected a zlib stream without a dictionary, got one that begins with ", method, " and ", flags);
    }
  }

  /// Fills `out`; returns how many bytes there were, fewer only at the end of the stream. Throws where it is damaged.
  std::size_t read(std::span<std::uint8_t> out) {
    std::size_t done = 0;
    while (done < out.size()) {
      if (begin_ == end_ && !decompress()) break;
      const std::size_t count = std::min(out.size() - done, end_ - begin_);
      std::memcpy(out.data() + done, buffer_.data() + begin_, count);
      begin_ += count;
      done += count;
    }
    return done;
  }

 private:
  static constexpr std::size_t window = 32768;
  static constexpr std::size_t longest_copy = 258;
  enum class Block { none, stored, coded, ended };
  using HuffmanTable = detail::HuffmanTable;

  /// Decompresses up to a window of bytes behind those that were taken; false at the end of the stream.
  bool decompress() {
    if (end_ > window) {  // what copies may reach stays
      std::memmove(buffer_.data(), buffer_.data() + end_ - window, window);
      begin_ = end_ = window;
    }
    while (begin_ == end_ && block_ != Block::ended) {
      if (block_ == Block::none) start_block();
      if (block_ == Block::stored) copy_stored();
      if (block_ == Block::coded) decode();
    }
    return begin_ < end_;
  }

  void start_block() {
    if (last_) {
      block_ = Block::ended;
      return;
    }
    last_ = in_.take(1) != 0;
    const unsigned type = in_.take(2);
    if (type == 0) {
      in_.to_whole_byte();
      stored_ = in_.take(16);
      const unsigned check = in_.take(16);
      if ((stored_ ^ check) != 0xFFFF)
        in_.wrong("expected a stored block's length twice, got ", stored_, " and ", check);
      block_ = Block::stored;
    } else if (type == 3) {
      in_.wrong("expected a deflate block of type 0, 1 or 2, got 3");
    } else {
      type == 1 ? fixed_codes() : own_codes();
      block_ = Block::coded;
    }
  }

  void copy_stored() {
    for (; stored_ > 0 && end_ < 2 * window; --stored_) buffer_[end_++] = static_cast<std::uint8_t>(in_.take(8));
    if (stored_ == 0) block_ = Block::none;
  }

  void fixed_codes() {
    std::array<std::uint8_t, 288> lengths{};
    for (std::size_t s = 0; s < lengths.size(); ++s) {
      lengths[s] = static_cast<std::uint8_t>(s < 144 ? 8 : s < 256 ? 9 : s < 280 ? 7 : 8);
    }
    symbols_.build(lengths);
    distances_.build(std::array<std::uint8_t, 32>{5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5,
                                                  5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5});
  }

  /// The codes of a block, whose lengths stand before it, themselves in a code.
  void own_codes() {
    constexpr std::array<std::size_t, 19> order = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    const std::size_t symbols = 257 + in_.take(5);
    const std::size_t distances = 1 + in_.take(5);
    const std::size_t count = 4 + in_.take(4);
    if (symbols > 286 || distances > 30) {
      in_.wrong("expected at most 286 and 30 codes, got ", symbols, " and ", distances);
    }
    std::array<std::uint8_t, 19> of_lengths{};
    for (std::size_t i = 0; i < count; ++i) of_lengths[order[i]] = static_cast<std::uint8_t>(in_.take(3));
    HuffmanTable code;
    if (!code.build(of_lengths)) in_.wrong("expected a complete code of code lengths, got another");
    std::array<std::uint8_t, 286 + 30> lengths{};
    for (std::size_t i = 0; i < symbols + distances;) {
      const int symbol = next(code);
      std::size_t times = 1;
      std::uint8_t length = static_cast<std::uint8_t>(symbol);
      if (symbol >= 16) {
        if (symbol == 16 && i == 0) in_.wrong("expected a code length to repeat, got none before it");
        length = symbol == 16 ? lengths[i - 1] : std::uint8_t{0};
        times = symbol == 16 ? 3 + in_.take(2) : symbol == 17 ? 3 + in_.take(3) : 11 + in_.take(7);
      }
      if (times > symbols + distances - i) in_.wrong("expected ", symbols + distances, " code lengths, got more");
      std::fill_n(lengths.begin() + static_cast<std::ptrdiff_t>(i), times, length);
      i += times;
    }
    const std::span<const std::uint8_t> all(lengths);
    if (lengths[256] == 0 || !symbols_.build(all.first(symbols)) ||
        !distances_.build(all.subspan(symbols, distances))) {
      in_.wrong("expected complete codes of symbols and distances, got others");
    }
  }

  int next(const HuffmanTable& code) {
    const auto [symbol, bits] = code.find(in_.peek());
    if (symbol < 0) in_.wrong("expected a code of the block, got other bits");
    in_.skip(bits);
    return symbol;
  }

  void decode() {
    constexpr int end_of_block = 256;
    while (end_ < 2 * window) {
      const int symbol = next(symbols_);
      if (symbol < end_of_block) {
        buffer_[end_++] = static_cast<std::uint8_t>(symbol);
      } else if (symbol == end_of_block) {
        block_ = Block::none;
        return;
      } else {
        copy(symbol - end_of_block - 1);
      }
    }
  }

  /// A copy of earlier bytes, byte by byte: it may reach into what it writes.
  void copy(int place) {
    if (place >= static_cast<int>(detail::length_ranges.size()))
      in_.wrong("expected a length's symbol, got ", place + 257);
    const detail::Range& length = detail::length_ranges[static_cast<std::size_t>(place)];
    const std::size_t count = static_cast<std::size_t>(length.first) + in_.take(length.extra_bits);
    const int symbol = next(distances_);
    if (symbol >= static_cast<int>(detail::distance_ranges.size()))
      in_.wrong("expected a distance's symbol, got ", symbol);
    const detail::Range& range = detail::distance_ranges[static_cast<std::size_t>(symbol)];
    const std::size_t distance = static_cast<std::size_t>(range.first) + in_.take(range.extra_bits);
    if (distance > end_) in_.wrong("expected a copy of bytes that are there, got a distance of ", distance);
    std::uint8_t* to = buffer_.data() + end_;
    for (std::size_t i = 0; i < count; ++i)
      to[i] = to[static_cast<std::ptrdiff_t>(i) - static_cast<std::ptrdiff_t>(distance)];
    end_ += count;
  }

  detail::BitReader in_;
  std::vector<std::uint8_t> buffer_;  // the window, and what was decompressed behind it
  std::size_t begin_ = 0;             // of the bytes that nobody took yet
  std::size_t end_ = 0;
  Block block_ = Block::none;
  bool last_ = false;
  unsigned stored_ = 0;  // bytes left of a stored block
  HuffmanTable symbols_;
  HuffmanTable distances_;
};

}  // namespace qrs::image
