// A function that can be paused and resumed: the emulator runs every CUDA thread of a block as one.
//
// A fibre has its own stack and keeps it between uses. Contexts are the C library's (ucontext); the address and the thread
// sanitiser are told about every change of stack, so the emulated kernels run under both.
#pragma once

#include <sys/mman.h>
#include <ucontext.h>

#include <cstddef>
#include <cstdint>

#include "../../include/qrs/core/error.hpp"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) && !defined(__SANITIZE_ADDRESS__)
#define __SANITIZE_ADDRESS__ 1
#endif
#if __has_feature(thread_sanitizer) && !defined(__SANITIZE_THREAD__)
#define __SANITIZE_THREAD__ 1
#endif
#endif

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#endif

namespace qrs::kernels::simt {

class Fibre {
 public:
  using Body = void (*)(void* argument);

  Fibre() {
    stack_ = mmap(nullptr, mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    QRS_CHECK(stack_ != MAP_FAILED, "[simt] expected room for a stack of ", mapped_bytes, " bytes, got none");
    mprotect(stack_, guard_bytes, PROT_NONE);  // an overflow stops at once instead of spoiling a neighbour
    getcontext(&own_);
    own_.uc_stack.ss_sp = static_cast<char*>(stack_) + guard_bytes;
    own_.uc_stack.ss_size = mapped_bytes - guard_bytes;
    own_.uc_link = nullptr;
    const auto address = reinterpret_cast<std::uintptr_t>(this);
    makecontext(&own_, reinterpret_cast<void (*)()>(&Fibre::enter), 2, static_cast<unsigned>(address >> 32),
                static_cast<unsigned>(address));
#if defined(__SANITIZE_THREAD__)
    own_tsan_ = __tsan_create_fiber(0);
#endif
  }
  ~Fibre() {
#if defined(__SANITIZE_THREAD__)
    __tsan_destroy_fiber(own_tsan_);
#endif
    munmap(stack_, mapped_bytes);
  }
  Fibre(const Fibre&) = delete;
  Fibre& operator=(const Fibre&) = delete;

  /// Names the function the next resume() starts. It must not let an exception escape.
  void assign(Body body, void* argument) {
    body_ = body;
    argument_ = argument;
    finished_ = false;
  }
  bool finished() const { return finished_; }

  /// Runs the function until it pauses or returns.
  void resume() {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&caller_fake_stack_, own_.uc_stack.ss_sp, own_.uc_stack.ss_size);
#endif
#if defined(__SANITIZE_THREAD__)
    caller_tsan_ = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(own_tsan_, 0);
#endif
    swapcontext(&caller_, &own_);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(caller_fake_stack_, nullptr, nullptr);
#endif
  }

  /// Called inside the function: goes back to where resume() was called.
  void pause() {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(&own_fake_stack_, caller_bottom_, caller_bytes_);
#endif
#if defined(__SANITIZE_THREAD__)
    __tsan_switch_to_fiber(caller_tsan_, 0);
#endif
    swapcontext(&own_, &caller_);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(own_fake_stack_, &caller_bottom_, &caller_bytes_);
#endif
  }

 private:
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  static constexpr std::size_t mapped_bytes = 512 * 1024;  // instrumented frames are several times larger
#else
  static constexpr std::size_t mapped_bytes = 128 * 1024;
#endif
  static constexpr std::size_t guard_bytes = 4096;

  /// makecontext passes ints only, so the address of the fibre arrives in two halves.
  static void enter(unsigned high, unsigned low) {
    reinterpret_cast<Fibre*>((static_cast<std::uintptr_t>(high) << 32) | low)->run();
  }
  void run() {
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(nullptr, &caller_bottom_, &caller_bytes_);
#endif
    for (;;) {  // one turn a use: the stack and the context are kept
      body_(argument_);
      finished_ = true;
      pause();
    }
  }

  void* stack_ = nullptr;
  ucontext_t own_{};
  ucontext_t caller_{};
  Body body_ = nullptr;
  void* argument_ = nullptr;
  bool finished_ = true;
#if defined(__SANITIZE_ADDRESS__)
  void* own_fake_stack_ = nullptr;
  void* caller_fake_stack_ = nullptr;
  const void* caller_bottom_ = nullptr;
  std::size_t caller_bytes_ = 0;
#endif
#if defined(__SANITIZE_THREAD__)
  void* own_tsan_ = nullptr;
  void* caller_tsan_ = nullptr;
#endif
};

}  // namespace qrs::kernels::simt
