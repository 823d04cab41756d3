// What happens to a value between the sum that made it and the memory it goes to:
//
//   y = f(scale[c] v + shift[c] + residual[row, c])
//
// One formula for every kernel that has such an end: convolutions of all kinds, and batch norm's affine, which is an epilogue
// of a value it read. It is how a bias, a folded batch norm, a residual sum and an activation ride on another pass.
#pragma once

#include <cstdint>

#include "activation.hpp"

namespace qrs::kernels {

/// Null pointers mean: no such step.
template <class T>
struct Epilogue {
  const T* scale = nullptr;         // (C)
  const T* shift = nullptr;         // (C); a bias
  const T* residual = nullptr;      // (rows, C)
  std::int64_t residual_pitch = 0;  // values between rows of the residual
  Activation activation{};
};

/// One value from a pointer, or from a checked view of the device.
struct ReadValue {
  template <class From>
  QRS_HD auto operator()(const From& from, std::int64_t at) const {
    return from[at];
  }
};

/// The formula, for one value or a register of values (M::Value). E is an Epilogue, or the same of views; `read(from, at)` gives an
/// M::Value. scale and shift together are one multiply-add wherever they are applied: a norm fused into a convolution and the
/// norm alone give the same bits.
template <class M, class E, class Formula, class Read>
[[gnu::always_inline]] QRS_HD inline typename M::Value apply_epilogue(const E& e, const Formula& f, typename M::Value v,
                                                                      std::int64_t row, std::int64_t channel,
                                                                      const Read& read) {
  if (e.scale != nullptr && e.shift != nullptr) {
    v = M::multiply_add(v, read(e.scale, channel), read(e.shift, channel));
  } else if (e.scale != nullptr) {
    v = v * read(e.scale, channel);
  } else if (e.shift != nullptr) {
    v = v + read(e.shift, channel);
  }
  if (e.residual != nullptr) v = v + read(e.residual, row * e.residual_pitch + channel);
  return f.value(v);
}

/// The formula on one value: the judge's, and the device's.
template <class T, class E>
QRS_HD inline T apply_epilogue(const E& e, std::int64_t row, std::int64_t channel, T v) {
  using M = ScalarMath<T>;
  return with_activation<M>(e.activation,
                            [&](const auto& f) { return apply_epilogue<M>(e, f, v, row, channel, ReadValue{}); });
}

}  // namespace qrs::kernels
