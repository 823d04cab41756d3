// The emulated device: runs the blocks of a launch one after another, and the threads of a block as fibres.
//
// A thread runs until it waits at a barrier or leaves the kernel; the last one to arrive lets the others go on. Barriers
// are __syncthreads (all threads of a block) and the warp operations (the 32 lanes of a warp). Threads that wait at
// different barriers, or that leave while others wait, are reported with both places: on a real device that is undefined.
// Everything a launch finds out is thrown as qrs::Error after the other threads of the block have been unwound.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../../include/qrs/core/error.hpp"
#include "fibre.hpp"
#include "shadow.hpp"

namespace qrs::kernels {

/// Extents of a grid or block, and positions in them.
struct dim3 {
  unsigned x = 1;
  unsigned y = 1;
  unsigned z = 1;
  constexpr dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
  std::string text() const { return qrs::text("(", x, ", ", y, ", ", z, ")"); }
};

// What a kernel asks about itself; set before its thread runs on.
inline thread_local constinit dim3 threadIdx{0, 0, 0};
inline thread_local constinit dim3 blockIdx{0, 0, 0};
inline thread_local constinit dim3 blockDim{1, 1, 1};
inline thread_local constinit dim3 gridDim{1, 1, 1};

namespace simt {

/// A place in a kernel where threads wait for each other. Two calls of one operation on different lines are two barriers.
struct Barrier {
  const char* operation = nullptr;  // nullptr: not waiting
  int line = 0;
  bool whole_block = false;

  bool operator==(const Barrier& other) const {
    return line == other.line && std::strcmp(operation, other.operation) == 0;
  }
};

/// What the lanes of a warp hand each other. Two slots in turn: a lane that is already at the next exchange cannot
/// overwrite what a slower lane has yet to read, for the one after next needs them both.
struct Exchange {
  static constexpr std::size_t lane_bytes = 32;
  alignas(16) std::byte slot[2][warp_size][lane_bytes];
};

inline dim3 unflatten(std::uint32_t i, const dim3& extent) {
  return {i % extent.x, i / extent.x % extent.y, i / extent.x / extent.y};
}

class Machine {
 public:
  /// Runs body() for every thread of every block of the grid.
  void run(const char* kernel, const dim3& grid, const dim3& block, std::size_t shared_bytes, void (*body)(void*),
           void* argument) {
    QRS_CHECK(!running_, "[", kernel, "] expected no launch inside a kernel, got one inside ", kernel_);
    const Running scope(*this);
    kernel_ = kernel;
    gridDim = grid;
    blockDim = block;
    body_ = body;
    argument_ = argument;
    shared_.assign(shared_bytes, std::byte{0xff});  // a NaN, should it be read all the same
    prepare_threads(block.x * block.y * block.z);
    for (unsigned z = 0; z < grid.z; ++z) {
      for (unsigned y = 0; y < grid.y; ++y) {
        for (unsigned x = 0; x < grid.x; ++x) {
          blockIdx = {x, y, z};
          run_block();
        }
      }
    }
  }

  // ---- for the running thread

  /// Waits until all threads of the block, or of the warp, have come to this barrier.
  void wait(const Barrier& barrier) {
    Thread& me = *threads_[current_];
    me.barrier = barrier;
    if (arrive(barrier)) return;
    me.fibre.pause();
    if (cancelled_) throw Cancelled{};
  }

  /// Hands `mine` to the lanes of this warp and returns after all 32 have: read theirs with lane_value().
  template <class V>
  void exchange(const V& mine, const Barrier& barrier) {
    static_assert(sizeof(V) <= Exchange::lane_bytes);
    Thread& me = *threads_[current_];
    me.turn ^= 1;
    std::memcpy(exchanges_[current_ / warp_size].slot[me.turn][current_ % warp_size], &mine, sizeof(V));
    wait(barrier);
  }
  template <class V>
  V lane_value(unsigned lane) const {
    V value;
    std::memcpy(&value, exchanges_[current_ / warp_size].slot[threads_[current_]->turn][lane], sizeof(V));
    return value;
  }

  bool running() const { return running_; }
  std::uint32_t thread() const { return current_; }
  unsigned lane() const { return current_ % warp_size; }
  const Clock& clock() const { return clock_; }
  std::byte* shared() { return shared_.data(); }
  std::size_t shared_bytes() const { return shared_.size(); }

  /// The record of a value of `bytes` bytes at this address.
  Record& record(const void* address, std::size_t bytes) {
    return bytes < 4 ? byte_shadow_.at(address) : word_shadow_.at(address);
  }

  /// "[gemm] " and "block (0, 0, 0), thread (5, 0, 0)": the frame of every report.
  std::string head() const { return text("[", kernel_, "] "); }
  std::string place(std::uint32_t thread) const {
    return text("block ", blockIdx, ", thread ", unflatten(thread, blockDim));
  }
  std::string place() const { return place(current_); }
  /// Where an earlier use was made, in this block or one before.
  std::string place(const Use& use) const {
    std::size_t block = block_begins_.size();
    while (block > 0 && block_begins_[block - 1] > use.time) --block;
    return text("block ", unflatten(static_cast<std::uint32_t>(block) - 1, gridDim), ", thread ",
                unflatten(use.thread, blockDim));
  }

 private:
  struct Cancelled {};  // unwinds the threads of a block in which another has failed

  struct Thread {
    Fibre fibre;
    Barrier barrier{};
    unsigned turn = 0;
  };

  struct Running {
    explicit Running(Machine& m) : machine(m) { machine.running_ = true; }
    ~Running() {
      machine.running_ = false;
      machine.word_shadow_.clear();
      machine.byte_shadow_.clear();
      machine.block_begins_.clear();
    }
    Machine& machine;
  };

  void prepare_threads(std::uint32_t count) {
    count_ = count;
    while (threads_.size() < count) threads_.push_back(std::make_unique<Thread>());
    exchanges_.resize(count / warp_size);
    waiting_in_warp_.resize(count / warp_size);
  }

  void run_block() {
    clock_.begin_block();
    block_begins_.push_back(clock_.now);
    failure_ = nullptr;
    cancelled_ = false;
    finished_ = 0;
    waiting_ = 0;
    std::fill(waiting_in_warp_.begin(), waiting_in_warp_.end(), 0);
    for (std::uint32_t t = 0; t < count_; ++t) {
      threads_[t]->barrier = {};
      threads_[t]->turn = 0;
      threads_[t]->fibre.assign(&Machine::thread_main, this);
    }
    while (finished_ < count_) {
      bool progress = false;
      for (std::uint32_t t = 0; t < count_; ++t) {
        Thread& thread = *threads_[t];
        if (thread.fibre.finished() || (thread.barrier.operation != nullptr && !cancelled_)) continue;
        progress = true;
        current_ = t;
        threadIdx = unflatten(t, blockDim);
        thread.fibre.resume();
        if (thread.fibre.finished()) ++finished_;
        if (failure_ != nullptr && !cancelled_) {
          cancelled_ = true;
          t = ~std::uint32_t{0};  // from the first thread again, to unwind them all
        }
      }
      if (!progress) {
        failure_ = std::make_exception_ptr(Error(divergence()));
        cancelled_ = true;
      }
    }
    if (failure_ != nullptr) std::rethrow_exception(std::exchange(failure_, nullptr));
  }

  static void thread_main(void* self) {
    Machine& machine = *static_cast<Machine*>(self);
    if (machine.cancelled_) return;  // not yet begun when another failed
    try {
      machine.body_(machine.argument_);
    } catch (const Cancelled&) {
    } catch (...) {
      if (machine.failure_ == nullptr) machine.failure_ = std::current_exception();
    }
  }

  /// Counts the running thread in; true when it was the last, and then lets the others go on.
  bool arrive(const Barrier& barrier) {
    if (barrier.whole_block) {
      if (++waiting_ < count_ || !all_at(barrier, 0, count_)) return false;
      release(0, count_);
      waiting_ = 0;
      clock_.pass_block_barrier();
      return true;
    }
    const std::uint32_t warp = current_ / warp_size;
    const std::uint32_t begin = warp * warp_size;
    if (++waiting_in_warp_[warp] < warp_size || !all_at(barrier, begin, begin + warp_size)) return false;
    release(begin, begin + warp_size);
    waiting_in_warp_[warp] = 0;
    // Shuffles and votes exchange registers and promise nothing about memory; only __syncwarp does.
    if (std::strcmp(barrier.operation, "__syncwarp") == 0) clock_.pass_warp_barrier(warp);
    return true;
  }
  bool all_at(const Barrier& barrier, std::uint32_t begin, std::uint32_t end) const {
    for (std::uint32_t t = begin; t < end; ++t) {
      if (threads_[t]->barrier.operation == nullptr || !(threads_[t]->barrier == barrier)) return false;
    }
    return true;
  }
  void release(std::uint32_t begin, std::uint32_t end) {
    for (std::uint32_t t = begin; t < end; ++t) threads_[t]->barrier = {};
  }

  std::string where(std::uint32_t t) const {
    const Thread& thread = *threads_[t];
    if (thread.fibre.finished()) return text("thread ", unflatten(t, blockDim), " past the end of the kernel");
    return text("thread ", unflatten(t, blockDim), " at ", thread.barrier.operation, " in line ", thread.barrier.line);
  }
  /// Nobody can go on: names a waiting thread and the first one that it waits for in vain.
  std::string divergence() const {
    for (std::uint32_t t = 0; t < count_; ++t) {
      if (threads_[t]->fibre.finished()) continue;
      const Barrier& barrier = threads_[t]->barrier;
      const std::uint32_t begin = barrier.whole_block ? 0 : t / warp_size * warp_size;
      const std::uint32_t end = barrier.whole_block ? count_ : begin + warp_size;
      for (std::uint32_t other = begin; other < end; ++other) {
        const Thread& o = *threads_[other];
        if (o.fibre.finished() || !(o.barrier == barrier)) {
          return text(head(), "expected all threads of the ", barrier.whole_block ? "block" : "warp",
                      " at one barrier, got in block ", blockIdx, " ", where(t), " and ", where(other));
        }
      }
    }
    return text(head(), "expected a thread that can go on, got none in block ", blockIdx);
  }

  bool running_ = false;
  bool cancelled_ = false;
  const char* kernel_ = "";
  void (*body_)(void*) = nullptr;
  void* argument_ = nullptr;
  std::uint32_t count_ = 0;     // threads of a block
  std::uint32_t current_ = 0;   // the one that runs
  std::uint32_t finished_ = 0;  // those that have left the kernel
  std::uint32_t waiting_ = 0;   // those at __syncthreads
  std::vector<std::uint32_t> waiting_in_warp_;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::vector<Exchange> exchanges_;
  std::vector<std::byte> shared_;
  std::exception_ptr failure_;
  Clock clock_;
  std::vector<std::uint32_t> block_begins_;  // in time order, to name the block of an earlier use
  Shadow<4> word_shadow_;
  Shadow<1> byte_shadow_;
};

/// The emulated device of this host thread.
inline Machine& machine() {
  static thread_local Machine the_machine;
  return the_machine;
}

}  // namespace simt
}  // namespace qrs::kernels
