// One step of gradient descent, one value after the other: the judge of cpu.hpp.
#pragma once

#include "sgd.hpp"

namespace qrs::kernels {

template <class T>
void sgd_ref(const SgdParams& a, std::span<const SgdTensor<T>> tensors) {
  const SgdScalars<T> s(a);
  for (const SgdTensor<T>& t : tensors) {
    T unused{};
    for (std::int64_t i = 0; i < t.count; ++i) {
      if (t.buffer != nullptr) {
        sgd_element<true>(s, t.first, t.p[i], t.g[i], t.buffer[i]);
      } else {
        sgd_element<false>(s, t.first, t.p[i], t.g[i], unused);
      }
    }
  }
}

}  // namespace qrs::kernels
