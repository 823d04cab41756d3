// One step of gradient descent on the CPU: threads over chunks of all parameters, registers along a chunk.
#pragma once

#include "../simd/simd.hpp"
#include "../simd/tensor_list.hpp"
#include "sgd.hpp"

namespace qrs::kernels {

namespace detail {

template <bool has_momentum, class T>
void sgd_chunk(const SgdScalars<T>& s, const SgdTensor<T>& t, std::int64_t begin, std::int64_t count) {
  using V = simd::Vec<T>;
  const auto step = [&](std::int64_t at, const auto& load, const auto& store) {
    V p = load(t.p + at);
    V buffer = has_momentum && !t.first ? load(t.buffer + at) : V{};
    sgd_element<has_momentum>(s, t.first, p, load(t.g + at), buffer);
    store(t.p + at, p);
    if constexpr (has_momentum) store(t.buffer + at, buffer);
  };
  std::int64_t i = 0;
  for (; i + simd::lanes<T> <= count; i += simd::lanes<T>) {
    step(
        begin + i, [](const T* from) { return simd::load<T>(from); }, [](T* to, V x) { simd::store<T>(to, x); });
  }
  if (const std::int64_t rest = count - i; rest > 0) {
    step(
        begin + i, [rest](const T* from) { return simd::load_tail<T>(from, rest); },
        [rest](T* to, V x) { simd::store_tail<T>(to, x, rest); });
  }
}

}  // namespace detail

template <class T>
void sgd_cpu(const SgdParams& a, std::span<const SgdTensor<T>> tensors) {
  const SgdScalars<T> s(a);
  for_each_chunk(tensors, [&](const SgdTensor<T>& t, std::int64_t begin, std::int64_t count) {
    if (t.buffer != nullptr) {
      detail::sgd_chunk<true>(s, t, begin, count);
    } else {
      detail::sgd_chunk<false>(s, t, begin, count);
    }
  });
}

}  // namespace qrs::kernels
