// One step of Adam on the CPU: threads over chunks of all parameters, registers along a chunk.
//
// Bound by memory: 16 bytes read and 12 written per float parameter.
#pragma once

#include "../simd/sqrt.hpp"
#include "../simd/tensor_list.hpp"
#include "adam.hpp"

namespace qrs::kernels {

namespace detail {

template <bool amsgrad, class T>
void adam_chunk(const AdamScalars<T>& s, const AdamTensor<T>& t, std::int64_t begin, std::int64_t count) {
  using V = simd::Vec<T>;
  const auto root = [](V x) { return simd::sqrt(x); };
  const auto step = [&](std::int64_t at, const auto& load, const auto& store) {
    V p = load(t.p + at);
    V m = load(t.m + at);
    V v = load(t.v + at);
    V v_max = amsgrad ? load(t.v_max + at) : v;
    adam_element<amsgrad>(s, p, load(t.g + at), m, v, v_max, root);
    store(t.p + at, p);
    store(t.m + at, m);
    store(t.v + at, v);
    if constexpr (amsgrad) store(t.v_max + at, v_max);
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
void adam_cpu(const AdamParams& a, std::span<const AdamTensor<T>> tensors) {
  for_each_chunk(tensors, [&](const AdamTensor<T>& t, std::int64_t begin, std::int64_t count) {
    const AdamScalars<T> s(a, t.step);
    if (t.v_max != nullptr) {
      detail::adam_chunk<true>(s, t, begin, count);
    } else {
      detail::adam_chunk<false>(s, t, begin, count);
    }
  });
}

}  // namespace qrs::kernels
