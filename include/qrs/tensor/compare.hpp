// How far two tensors are from each other, and where: core/compare.hpp over their elements in row-major order.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

#include "../core/compare.hpp"
#include "tensor.hpp"

namespace qrs {

namespace detail {
/// Calls body(got, expected) in row-major order; any pitch, any device.
template <class T, class U, class Body>
void for_pairs(const Tensor<T>& got, const Tensor<U>& expected, const Body& body) {
  QRS_CHECK(got.shape() == expected.shape(), "[compare] expected shape ", expected.shape(), ", got ", got.shape());
  const Tensor<T> a = got.to(Device::cpu);
  const Tensor<U> b = expected.to(Device::cpu);
  for (std::int64_t r = 0; r < a.rows(); ++r) {
    for (std::int64_t c = 0; c < a.channels(); ++c) {
      body(a.data()[r * a.pitch() + c], b.data()[r * b.pitch() + c]);
    }
  }
}
}  // namespace detail

/// Measures. The shapes must be equal; types, pitches and devices may differ.
template <class T, class U>
Difference difference(const Tensor<T>& got, const Tensor<U>& expected) {
  Difference out;
  detail::for_pairs(got, expected, [&out](T g, U e) { out.add(static_cast<double>(g), static_cast<double>(e)); });
  return out;
}

/// Judges: an empty text where every element is within the tolerance, else how many are not and the worst of them.
///   CHECK(mismatch(y, expected, {.relative = 1e-6}) == "");
template <class T, class U>
std::string mismatch(const Tensor<T>& got, const Tensor<U>& expected, Tolerance tolerance = {}) {
  if (!(got.shape() == expected.shape())) return text("expected shape ", expected.shape(), ", got ", got.shape());
  Mismatch out(tolerance);
  detail::for_pairs(got, expected, [&out](T g, U e) { out.add(static_cast<double>(g), static_cast<double>(e)); });
  return out.text(text(" of ", got.shape()));
}

/// True where shapes and all bits are equal. Stricter than ==: it tells 0 from -0 and accepts equal NaNs.
template <class T>
bool same_bits(const Tensor<T>& a, const Tensor<T>& b) {
  if (a.empty() || b.empty()) return a.empty() == b.empty();
  if (!(a.shape() == b.shape())) return false;
  bool same = true;
  detail::for_pairs(a, b, [&same](T x, T y) { same = same && std::memcmp(&x, &y, sizeof(T)) == 0; });
  return same;
}

}  // namespace qrs
