// The arithmetic peak of this machine, measured: what a share of the peak refers to.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "qrs/core/parallel.hpp"
#include "qrs/core/timer.hpp"
#include "qrs/kernels.hpp"

namespace qrs::commands {

/// GFLOP/s of float multiply-adds on registers alone, all threads busy; the best of several short runs.
inline double measure_peak_gflops() {
  using Register = simd::Vec<float>;
  constexpr std::int64_t repeats = 1'000'000;
  constexpr int chains = 10;  // independent sums: more than the adders' latency times their number
  const int threads = num_threads();
  std::vector<float> sink(static_cast<std::size_t>(threads));
  double best = 0.0;
  for (int run = 0; run < 9; ++run) {
    const Timer timer;
    parallel_for(threads, [&](std::int64_t t) {
      Register factor = simd::broadcast(0.999F);
      Register sums[chains] = {};
      asm volatile("" : "+m"(factor));  // its value is not known, so nothing can be computed ahead
      for (std::int64_t i = 0; i < repeats; ++i) {
#pragma GCC unroll 10
        for (int c = 0; c < chains; ++c) sums[c] = sums[c] * factor + factor;
      }
      for (const Register& sum : sums) sink[static_cast<std::size_t>(t)] += sum[0];
    });
    const double flops = 2.0 * simd::lanes<float> * chains * static_cast<double>(repeats) * threads;
    best = std::max(best, 1e-9 * flops / timer.seconds());
  }
  asm volatile("" : : "r"(sink.data()) : "memory");
  return best;
}

}  // namespace qrs::commands
