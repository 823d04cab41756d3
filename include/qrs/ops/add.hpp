// y = a + b for tensors of one shape: the sum of a residual block.
//
// Backward: da += dy, db += dy. The first slot to ask takes dy itself, without a copy.
#pragma once

#include "../autograd/tape.hpp"

namespace qrs {

/// Elementwise sum. Both shapes must be equal; there is no broadcasting.
template <class T>
Var<T> add(const Var<T>& a, const Var<T>& b) {
  QRS_CHECK(a.shape() == b.shape(), "[add] expected equal shapes, got ", a.shape(), " and ", b.shape());
  QRS_CHECK(a.device() == b.device(), "[add] expected one device, got ", name(a.device()), " and ", name(b.device()));
  Tensor<T> y(a.shape(), a.device());
  const kernels::ElementwiseParams p{.rows = y.rows(),
                                     .cols = y.channels(),
                                     .x_pitch = a.value().pitch(),
                                     .z_pitch = b.value().pitch(),
                                     .y_pitch = y.pitch()};
  on_device(
      y.device(), [&] { kernels::add_cpu(p, a.value().data(), b.value().data(), y.data()); },
      [&] { kernels::add_cuda(p, a.value().data(), b.value().data(), y.data()); });
  Tape<T>* tape = listening(a, b);
  if (tape == nullptr) return y;
  return tape->record(y, [da = a.slot(), db = b.slot()](const Tensor<T>& dy) {
    if (da) da->add(db ? dy.clone() : dy);
    if (db) db->add(dy);
  });
}

}  // namespace qrs
