// Loops over all cores, with the same bits for any number of threads.
//
// parallel_for(count, body) calls body(i) for i in [0, count) in any order, on any thread. Results are the same bits for
// every thread count because a body may only write what belongs to its own i; where a sum crosses bodies, each body
// writes a partial sum of a chunk of fixed size and the caller adds the partials in index order (never a
// `reduction(+)`, never an atomic on a float).
//
// OpenMP where the compiler has it (-fopenmp), threads of the standard library elsewhere: the latter is what the thread
// sanitiser build uses, because the sanitiser cannot see into the OpenMP runtime. An exception thrown by a body leaves
// the loop on the calling thread (the first one caught; the others are dropped).
//
// fork(): the threads of a process are not in its child. A child whose parent had run a loop on the forking thread runs its
// own loops on that thread alone, with the same bits; threads that the child starts itself run theirs on all cores. A server
// that forks workers is fastest where it forks before its first loop.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <mutex>
#include <utility>

#include "error.hpp"

#if defined(_OPENMP)
#include <omp.h>
#include <unistd.h>
#else
#include <thread>
#include <vector>
#endif

namespace qrs {

namespace detail {

/// The calling thread's own limit, set by ThreadLimit; 0 means the machine's (or OMP_NUM_THREADS).
inline thread_local int thread_limit = 0;

/// True inside a body: a nested loop then runs on the thread it is on.
inline thread_local bool inside_parallel = false;

#if defined(_OPENMP)
/// The process in which this thread first ran a loop, and so had OpenMP start its threads; 0: none yet.
inline thread_local pid_t pool_process = 0;

/// False in the child of a fork whose parent started threads from here: OpenMP would wait for them for ever.
inline bool pool_is_whole() {
  const pid_t here = ::getpid();
  if (pool_process == 0) pool_process = here;
  return pool_process == here;
}
#else
inline bool pool_is_whole() { return true; }
#endif

inline int processors() {
#if defined(_OPENMP)
  return omp_get_num_procs();
#else
  return static_cast<int>(std::thread::hardware_concurrency());
#endif
}

inline int default_threads() {
#if defined(_OPENMP)
  return omp_get_max_threads();
#else
  if (const char* text = std::getenv("OMP_NUM_THREADS")) {
    const int wanted = std::atoi(text);
    if (wanted > 0) return wanted;
  }
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
#endif
}

}  // namespace detail

/// How many threads the next parallel loop started by this thread may use: what a ThreadLimit or OMP_NUM_THREADS asks for, and no
/// more than 256 or the machine's processors, whichever is more. A thousand threads on few cores are a thousand stacks and no gain.
inline int num_threads() {
  constexpr int plenty = 256;
  const int wanted = detail::thread_limit > 0 ? detail::thread_limit : detail::default_threads();
  return wanted <= plenty ? wanted : std::min(wanted, std::max(plenty, detail::processors()));
}

/// Limits the parallel loops started by this thread while it lives; two models in one process may use different counts.
///   qrs::ThreadLimit limit(3);
class ThreadLimit {
 public:
  explicit ThreadLimit(int threads) : before_(std::exchange(detail::thread_limit, threads)) {}
  ~ThreadLimit() { detail::thread_limit = before_; }
  ThreadLimit(const ThreadLimit&) = delete;
  ThreadLimit& operator=(const ThreadLimit&) = delete;

 private:
  int before_;
};

namespace detail {

/// Calls task(body, i) for every i in [0, count). One function for all bodies, so that threads and exceptions are compiled
/// once; a call through a pointer is nothing beside a task.
inline void run_tasks(std::int64_t count, void (*task)(const void* body, std::int64_t i), const void* body) {
  const int threads = static_cast<int>(std::min<std::int64_t>(num_threads(), count));
  if (threads <= 1 || inside_parallel || !pool_is_whole()) {
    for (std::int64_t i = 0; i < count; ++i) task(body, i);
    return;
  }
  std::atomic<std::int64_t> next{0};
  std::exception_ptr failure;
  std::mutex failure_mutex;
  const auto work = [&] {
    inside_parallel = true;
    try {
      for (std::int64_t i = next.fetch_add(1, std::memory_order_relaxed); i < count;
           i = next.fetch_add(1, std::memory_order_relaxed)) {
        task(body, i);
      }
    } catch (...) {
      next.store(count, std::memory_order_relaxed);  // the others stop at their next task
      const std::lock_guard lock(failure_mutex);
      if (!failure) failure = std::current_exception();
    }
    inside_parallel = false;
  };
#if defined(_OPENMP)
#pragma omp parallel num_threads(threads)
  work();
#else
  std::vector<std::thread> others;
  others.reserve(static_cast<std::size_t>(threads - 1));
  for (int t = 1; t < threads; ++t) others.emplace_back(work);
  work();
  for (std::thread& other : others) other.join();
#endif
  if (failure) std::rethrow_exception(failure);
}

}  // namespace detail

/// Calls body(i) for every i in [0, count). Tasks are handed out one at a time, so that a core that is slowed down by
/// its neighbours takes fewer; make them coarse (tens of microseconds at least).
template <class Body>
void parallel_for(std::int64_t count, const Body& body) {
  detail::run_tasks(
      count, [](const void* erased, std::int64_t i) { (*static_cast<const Body*>(erased))(i); }, &body);
}

/// Calls body(begin, end) for consecutive chunks of [0, count) of at most `grain` items, at least 1. The chunks depend on
/// count and grain alone, never on the number of threads.
template <class Body>
void parallel_chunks(std::int64_t count, std::int64_t grain, const Body& body) {
  QRS_CHECK(grain >= 1, "[parallel_chunks] expected a grain of at least 1, got ", grain, " for ", count, " items");
  if (count <= 0) return;
  const std::int64_t chunks = (count - 1) / grain + 1;
  parallel_for(chunks, [&](std::int64_t chunk) {
    const std::int64_t begin = chunk * grain;
    body(begin, begin + std::min(grain, count - begin));
  });
}

}  // namespace qrs
