// How a kernel is timed here: judged once against the plain loops on a small shape, then run for Google Benchmark.
//
//   qrs::bench::add("relu/802816x64", [](benchmark::State& state) {
//     ...
//     qrs::bench::measure(state, fault, flops, bytes, [&] { activation_forward_cpu(...); });
//   });
//
// Times are wall-clock milliseconds of one call, all threads together. FLOP is the rate of the arithmetic that the
// equation asks for (a multiply-add is two), bytes the rate of what must at least be read and written once.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <vector>

#include "qrs/core/compare.hpp"
#include "qrs/core/error.hpp"
#include "qrs/core/rng.hpp"

namespace qrs::bench {

/// `count` values in [low, high), the same in every run.
inline std::vector<float> values(std::int64_t count, double low = -1.0, double high = 1.0) {
  std::vector<float> out(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<float>(low + (high - low) * static_cast<double>(philox_uniform(1, 0, i)));
  }
  return out;
}

/// What is wrong with `got`; empty where every value is within 1e-5 of the largest reference value, which is what sums of
/// the small shapes' few hundred products may differ by when they are added in another order.
inline std::string fault_of(const char* kernel, const std::vector<float>& got, const std::vector<float>& reference) {
  const Difference d = difference(got, reference);
  return d.max_error <= 1e-5 * d.max_reference ? "" : text("[", kernel, "] unlike ref.hpp: ", d.text());
}

/// The first of some faults; empty where there is none.
inline std::string first_fault(const std::vector<std::string>& faults) {
  for (const std::string& fault : faults) {
    if (!fault.empty()) return fault;
  }
  return "";
}

/// Times `call`, or reports the fault in its place. A rate of 0 is not shown.
template <class Call>
void measure(benchmark::State& state, const std::string& fault, double flops, double bytes, const Call& call) {
  if (!fault.empty()) {
    state.SkipWithError(fault.c_str());
    return;
  }
  for ([[maybe_unused]] auto iteration : state) {
    call();
    benchmark::ClobberMemory();
  }
  const auto rate = [&state](const char* name, double per_call) {
    if (per_call > 0.0) {
      state.counters[name] = benchmark::Counter(per_call, benchmark::Counter::kIsIterationInvariantRate);
    }
  };
  rate("FLOP", flops);
  rate("bytes", bytes);
}

/// Adds a benchmark under this name.
template <class Function>
void add(const std::string& name, const Function& function) {
  benchmark::RegisterBenchmark(name.c_str(), function)->UseRealTime()->Unit(benchmark::kMillisecond);
}

}  // namespace qrs::bench
