// Aligned memory with a cache in front of the system: a steady-state training step allocates nothing from it.
//
// A block given back goes to the free list of its size class and is handed out again to the next request of that class.
// Classes are eighths of a power of two, so at most one eighth of a block is unused; a request may also take a free block
// of a class at most a quarter larger. The contents of a block are undefined. Nothing here changes a result.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include "error.hpp"

namespace qrs {

/// The bytes of `count` values of `size` bytes. Throws where that is negative, or 2^63 and more: no machine has them, and a
/// product that wrapped around would be a small block with room for far less.
inline std::size_t byte_count(std::int64_t count, std::size_t size) {
  std::int64_t bytes = 0;
  QRS_CHECK(count >= 0 && !__builtin_mul_overflow(count, static_cast<std::int64_t>(size), &bytes),
            "[memory] expected a number of values whose bytes are fewer than 2^63, got ", count, " values of ", size,
            " bytes");
  return static_cast<std::size_t>(bytes);
}

/// A cache of blocks over an allocate/release pair. Safe to call from any thread.
class BlockCache {
 public:
  using Allocate = void* (*)(std::size_t bytes);
  using Release = void (*)(void* block);

  BlockCache(Allocate allocate, Release release) : allocate_(allocate), release_(release) {}
  ~BlockCache() { trim(); }
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;

  /// The capacity a request is rounded up to.
  static std::size_t size_class(std::size_t bytes) {
    if (bytes <= 512) return 512;
    const std::size_t step = std::bit_floor(bytes - 1) / 8;
    return (bytes + step - 1) / step * step;
  }

  /// A block of at least `bytes` bytes and its capacity. Throws Error when the system has none left.
  std::pair<void*, std::size_t> take(std::size_t bytes) {
    QRS_CHECK(bytes < most_bytes, "[memory] expected fewer than 2^62 bytes, got ", bytes);
    const std::size_t wanted = size_class(bytes);
    {
      const std::lock_guard lock(mutex_);
      const auto found = free_.lower_bound(wanted);
      if (found != free_.end() && found->first <= wanted + wanted / 4) {
        const std::pair<void*, std::size_t> block{found->second.back(), found->first};
        found->second.pop_back();
        if (found->second.empty()) free_.erase(found);
        in_use_ += block.second;
        return block;
      }
    }
    void* block = allocate_(wanted);
    if (block == nullptr) {
      trim();  // the free lists may hold what is missing
      block = allocate_(wanted);
    }
    QRS_CHECK(block != nullptr, "[memory] expected room for ", wanted, " bytes, got none from the system (", in_use_,
              " bytes in use)");
    const std::lock_guard lock(mutex_);
    in_use_ += wanted;
    from_system_ += 1;
    return {block, wanted};
  }

  /// Gives a block back to its free list.
  void give(void* block, std::size_t capacity) {
    const std::lock_guard lock(mutex_);
    free_[capacity].push_back(block);
    in_use_ -= capacity;
  }

  /// Returns every free block to the system.
  void trim() {
    const std::lock_guard lock(mutex_);
    for (auto& [capacity, blocks] : free_) {
      for (void* block : blocks) release_(block);
    }
    free_.clear();
  }

  /// How many blocks have been asked of the system so far: constant over steady-state steps.
  std::int64_t system_allocations() const { return from_system_; }
  /// Bytes handed out and not yet given back.
  std::size_t bytes_in_use() const { return in_use_; }

 private:
  static constexpr std::size_t most_bytes = std::size_t{1} << 62;  // far below where rounding up would wrap around

  Allocate allocate_;
  Release release_;
  std::mutex mutex_;
  std::map<std::size_t, std::vector<void*>> free_;
  std::size_t in_use_ = 0;
  std::int64_t from_system_ = 0;
};

/// 64-byte aligned host memory; from 4 MiB on aligned to 2 MiB and marked for huge pages, which spares a step the cost
/// of tens of thousands of page faults and address translations.
inline void* allocate_host(std::size_t bytes) {
  constexpr std::size_t huge = std::size_t{2} << 20;
  const std::size_t alignment = bytes >= 2 * huge ? huge : 64;
  void* block = std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
#if defined(__linux__)
  if (block != nullptr && alignment == huge) madvise(block, bytes, MADV_HUGEPAGE);
#endif
  return block;
}
inline void release_host(void* block) { std::free(block); }

/// The process's cache of host memory. Never destroyed, so that static objects may hold tensors.
inline BlockCache& host_cache() {
  static BlockCache* cache = new BlockCache(allocate_host, release_host);
  return *cache;
}

/// Uninitialised work space of a kernel, from the cache, given back at the end of the scope.
template <class T>
class Scratch {
 public:
  explicit Scratch(std::int64_t count) {
    const auto [block, capacity] = host_cache().take(byte_count(count, sizeof(T)));
    data_ = static_cast<T*>(block);
    capacity_ = capacity;
  }
  ~Scratch() { host_cache().give(data_, capacity_); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  T* data() const { return data_; }
  T& operator[](std::int64_t i) const { return data_[i]; }

 private:
  T* data_;
  std::size_t capacity_;
};

}  // namespace qrs
