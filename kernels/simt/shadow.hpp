// Who touched which word of memory last: the emulator's race detector.
//
// Two uses of a word by different threads, one of them a write, need something between them that orders them:
//   __syncthreads for threads of one block, __syncwarp for threads of one warp, nothing at all for threads of two blocks
//   of one launch (blocks may run in any order, or at once).
// Time is a counter that every barrier advances. A use is ordered before now when it lies before the last barrier that
// both threads passed. Per word the last write and the last reads by two different threads are kept: a third reader can
// hide a race from one report, never invent one. The verdict does not depend on the order in which threads really ran.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

namespace qrs::kernels::simt {

inline constexpr int warp_size = 32;
inline constexpr int max_warps = 32;

/// One use of a word: when (0: never) and by which thread of its block.
struct Use {
  std::uint32_t time = 0;
  std::uint32_t thread = 0;
};

/// The barrier times of the block that is running.
struct Clock {
  std::uint32_t now = 1;
  std::uint32_t block_begin = 1;
  std::uint32_t block_barrier = 1;                      // the last __syncthreads
  std::array<std::uint32_t, max_warps> warp_barrier{};  // the last __syncwarp of each warp

  void begin_block() {
    block_begin = block_barrier = ++now;
    warp_barrier.fill(now);
  }
  void pass_block_barrier() { block_barrier = ++now; }
  void pass_warp_barrier(std::uint32_t warp) { warp_barrier[warp] = ++now; }

  /// Whether the use happens before anything `thread` does now.
  bool ordered(const Use& use, std::uint32_t thread) const {
    if (use.time == 0) return true;
    if (use.time < block_begin) return false;  // another block of this launch
    if (use.thread == thread || use.time < block_barrier) return true;
    const std::uint32_t warp = thread / warp_size;
    return use.thread / warp_size == warp && use.time < warp_barrier[warp];
  }
};

/// What is remembered of one word.
struct Record {
  Use write;
  Use read;
  Use other_read;  // by a thread other than the one in `read`
};

/// A use that clashes with the present one; `use` is null where there is none.
struct Clash {
  const Use* use = nullptr;
  bool was_write = false;
};

/// Notes a read by `thread` and returns the unordered write, if any.
inline Clash note_read(Record& word, const Clock& clock, std::uint32_t thread) {
  if (!clock.ordered(word.write, thread)) return {&word.write, true};
  if (word.read.thread != thread || word.read.time < clock.block_begin) word.other_read = word.read;
  word.read = {clock.now, thread};
  return {};
}

/// Notes a write by `thread` and returns the unordered write or read, if any.
inline Clash note_write(Record& word, const Clock& clock, std::uint32_t thread) {
  if (!clock.ordered(word.write, thread)) return {&word.write, true};
  if (!clock.ordered(word.read, thread)) return {&word.read, false};
  if (!clock.ordered(word.other_read, thread)) return {&word.other_read, false};
  word.write = {clock.now, thread};
  return {};
}

/// Records by address, made where first used. A word is `Unit` bytes.
template <std::size_t Unit>
class Shadow {
 public:
  Record& at(const void* address) {
    const auto word = reinterpret_cast<std::uintptr_t>(address) / Unit;
    const std::uintptr_t page = word / page_words;
    Recent& recent = recent_[page % recent_.size()];
    if (recent.page != page || recent.records == nullptr) {
      std::unique_ptr<Page>& made = pages_[page];
      if (!made) made = std::make_unique<Page>();
      recent = {page, made.get()};
    }
    return (*recent.records)[word % page_words];
  }
  void clear() {
    pages_.clear();
    recent_.fill({});
  }

 private:
  static constexpr std::size_t page_words = 512;
  using Page = std::array<Record, page_words>;
  struct Recent {
    std::uintptr_t page = 0;
    Page* records = nullptr;
  };
  std::unordered_map<std::uintptr_t, std::unique_ptr<Page>> pages_;
  std::array<Recent, 64> recent_{};  // spares most look-ups in the map
};

}  // namespace qrs::kernels::simt
