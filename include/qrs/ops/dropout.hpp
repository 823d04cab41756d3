// dropout and stochastic_depth: while training, zero values (or whole samples) at random and scale up the others.
//
// The mask is a function of (seed, step, layer, index): see philox.hpp. Two dropouts of one model need two layers, the
// next step the next `step`; then a run that is resumed at a step, or moved to another device, draws the same masks.
// Backward: dx += dy under the same mask, drawn again; nothing is kept.
#pragma once

#include "check.hpp"
#include "in_place.hpp"

namespace qrs {

struct DropoutOptions {
  double p = 0.5;           // probability of being dropped, in [0, 1]
  bool training = true;     // otherwise x itself is returned
  std::uint64_t seed = 0;   // of the run
  std::uint64_t step = 0;   // of the training, below 2^32
  std::uint32_t layer = 0;  // which dropout of the model this is
};

namespace detail {

template <class T>
Var<T> drop(const char* op, const Var<T>& x, const DropoutOptions& o, std::int64_t rows_per_sample) {
  check_input(op, x);
  QRS_CHECK(o.p >= 0.0 && o.p <= 1.0, "[", op, "] expected a probability in [0, 1], got ", o.p);
  QRS_CHECK(o.step < (std::uint64_t{1} << 32), "[", op, "] expected a step below 2^32, got ", o.step);
  if (!o.training || o.p == 0.0) return x;
  const Tensor<T>& in = x.value();
  Tensor<T> y(in.shape(), in.device());
  kernels::DropoutParams p{.rows = y.rows(),
                           .cols = y.channels(),
                           .x_pitch = in.pitch(),
                           .y_pitch = y.pitch(),
                           .rows_per_sample = rows_per_sample,
                           .probability = o.p,
                           .seed = o.seed,
                           .stream = o.step << 32 | o.layer};
  on_cpu_only(op, y.device(), [&] { kernels::dropout_cpu(p, in.data(), y.data()); });
  Tape<T>* tape = listening(x);
  if (tape == nullptr) return y;
  return tape->record(y, [p, slot = x.slot()](const Tensor<T>& dy) {
    const auto dx = detail::target_over(*slot, dy);
    kernels::DropoutParams back = p;
    back.x_pitch = dy.pitch();
    back.y_pitch = dx.tensor.pitch();
    back.accumulate = dx.accumulate;
    kernels::dropout_cpu(back, dy.data(), dx.tensor.data());
  });
}

}  // namespace detail

/// Zeroes each value with probability p and multiplies the others by 1 / (1 - p).
template <class T>
Var<T> dropout(const Var<T>& x, const DropoutOptions& o) {
  return detail::drop("dropout", x, o, 0);
}

/// Zeroes each sample (all of x[n, ...]) with probability p and multiplies the others by 1 / (1 - p): torchvision's
/// stochastic_depth in its "row" mode.
template <class T>
Var<T> stochastic_depth(const Var<T>& x, const DropoutOptions& o) {
  detail::check_input("stochastic_depth", x);
  QRS_CHECK(x.value().rank() >= 2, "[stochastic_depth] expected a tensor (N, ..., C), got shape ", x.shape());
  return detail::drop("stochastic_depth", x, o, x.value().rows() / x.dim(0));
}

}  // namespace qrs
