// Gradients kept within bounds, between backward and the optimiser's step.
//
//   tape.backward(loss);
//   const double norm = qrs::optim::clip_grad_norm_<float>(net.named_parameters(), 1.0);
//   adam.step();
//
//   clip_grad_norm_    norm = (sum |g|^p)^(1/p) over all gradients as one vector; g *= min(1, max_norm / (norm + 1e-6))
//   clip_grad_value_   g = min(max(g, -clip_value), clip_value)
//
// As torch.nn.utils': names, defaults, and what a gradient that is not finite does (the norm is not finite either; an error
// only where asked for). PyTorch adds up in the gradients' type; here sums are double, over chunks of a fixed size that are
// added in order: the same bits for any number of threads.
// Source: Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks, ICML 2013, algorithm 1.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>
#include <vector>

#include "optimizer.hpp"

namespace qrs::optim {

struct ClipGradNormOptions {
  double norm_type = 2.0;  // p; infinity: the largest |g|
  bool error_if_nonfinite = false;
};

namespace detail {

/// A run of gradient values.
template <class T>
struct GradientChunk {
  T* values;
  std::int64_t count;
};

/// The gradients of those (name, Var) pairs that have one, in chunks that depend on their sizes alone.
template <class T, class Range>
std::vector<GradientChunk<T>> gradient_chunks(const char* who, const Range& parameters) {
  constexpr std::int64_t grain = 16384;  // values: some ten microseconds
  std::vector<GradientChunk<T>> out;
  for (const auto& [name, parameter] : parameters) {
    const Tensor<T>& g = parameter.grad();
    if (g.empty()) continue;
    on_cpu_only(who, g.device(), [] {});
    for (std::int64_t begin = 0; begin < g.size(); begin += grain) {
      out.push_back({g.data() + begin, std::min(grain, g.size() - begin)});
    }
  }
  return out;
}

/// The larger of two values, and NaN where either is.
inline double larger(double a, double b) { return b > a || std::isnan(b) ? b : a; }

/// sum |g|^p of a chunk, or its largest |g| for p = infinity. Eight sums side by side, so that an addition need not wait for
/// the one before; in a fixed order.
template <class T>
double chunk_power_sum(const GradientChunk<T>& chunk, double p) {
  constexpr std::int64_t lanes = 8;
  double sums[lanes] = {};
  const auto each = [&](const auto& add) {
    std::int64_t i = 0;
    for (; i + lanes <= chunk.count; i += lanes) {
      for (std::int64_t lane = 0; lane < lanes; ++lane) add(sums[lane], static_cast<double>(chunk.values[i + lane]));
    }
    for (; i < chunk.count; ++i) add(sums[i % lanes], static_cast<double>(chunk.values[i]));
  };
  if (std::isinf(p)) {
    each([](double& largest, double g) { largest = larger(largest, std::fabs(g)); });
    return std::accumulate(sums, sums + lanes, 0.0, larger);
  }
  if (p == 2.0) {
    each([](double& sum, double g) { sum += g * g; });
  } else {
    each([p](double& sum, double g) { sum += std::pow(std::fabs(g), p); });
  }
  return std::accumulate(sums, sums + lanes, 0.0);
}

}  // namespace detail

/// Scales all gradients of the (name, Var) pairs together, so that their norm is at most max_norm. Returns the norm before;
/// 0 where there is no gradient.
template <class T, class Range>
double clip_grad_norm_(const Range& parameters, double max_norm, const ClipGradNormOptions& options = {}) {
  QRS_CHECK(max_norm >= 0.0, "[clip_grad_norm] expected max_norm >= 0, got ", max_norm);
  QRS_CHECK(options.norm_type > 0.0, "[clip_grad_norm] expected norm_type > 0, got ", options.norm_type);
  const auto chunks = detail::gradient_chunks<T>("clip_grad_norm", parameters);
  std::vector<double> sums(chunks.size());
  parallel_for(static_cast<std::int64_t>(chunks.size()), [&](std::int64_t c) {
    const auto i = static_cast<std::size_t>(c);
    sums[i] = detail::chunk_power_sum(chunks[i], options.norm_type);
  });
  const bool largest = std::isinf(options.norm_type);
  double total = 0.0;
  for (const double sum : sums) total = largest ? detail::larger(total, sum) : total + sum;
  const double norm = largest                    ? total
                      : options.norm_type == 2.0 ? std::sqrt(total)
                                                 : std::pow(total, 1.0 / options.norm_type);
  QRS_CHECK(!options.error_if_nonfinite || std::isfinite(norm), "[clip_grad_norm] expected finite gradients, got norm ",
            norm);
  const double scale = max_norm / (norm + 1e-6);
  if (scale >= 1.0) return norm;  // a scale that is not a number goes on: it must not go unseen
  const T factor = static_cast<T>(scale);
  parallel_for(static_cast<std::int64_t>(chunks.size()), [&](std::int64_t c) {
    const detail::GradientChunk<T>& chunk = chunks[static_cast<std::size_t>(c)];
    for (std::int64_t i = 0; i < chunk.count; ++i) chunk.values[i] *= factor;
  });
  return norm;
}

/// Brings every value of the gradients of the (name, Var) pairs into [-clip_value, clip_value]; NaN stays.
template <class T, class Range>
void clip_grad_value_(const Range& parameters, double clip_value) {
  QRS_CHECK(clip_value >= 0.0, "[clip_grad_value] expected clip_value >= 0, got ", clip_value);
  const auto bound = static_cast<T>(clip_value);
  const auto chunks = detail::gradient_chunks<T>("clip_grad_value", parameters);
  parallel_for(static_cast<std::int64_t>(chunks.size()), [&](std::int64_t c) {
    const detail::GradientChunk<T>& chunk = chunks[static_cast<std::size_t>(c)];
    for (std::int64_t i = 0; i < chunk.count; ++i) chunk.values[i] = std::clamp(chunk.values[i], -bound, bound);
  });
}

}  // namespace qrs::optim
