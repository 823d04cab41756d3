// One step of Adam, one value after the other: the judge of cpu.hpp.
#pragma once

#include "adam.hpp"

namespace qrs::kernels {

template <class T>
void adam_ref(const AdamParams& a, std::span<const AdamTensor<T>> tensors) {
  const auto root = [](T x) { return std::sqrt(x); };
  for (const AdamTensor<T>& t : tensors) {
    const AdamScalars<T> s(a, t.step);
    T unused{};
    for (std::int64_t i = 0; i < t.count; ++i) {
      if (t.v_max != nullptr) {
        adam_element<true>(s, t.p[i], t.g[i], t.m[i], t.v[i], t.v_max[i], root);
      } else {
        adam_element<false>(s, t.p[i], t.g[i], t.m[i], t.v[i], unused, root);
      }
    }
  }
}

}  // namespace qrs::kernels
