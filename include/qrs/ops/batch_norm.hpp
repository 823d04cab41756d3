// Batch normalisation over (N, H, W) per channel, optionally with the residual sum and the activation that follow it.
//
//   y = f(gamma (x - mean) / sqrt(var + eps) + beta + residual)       mean, var: see normalization.hpp
//
// Shapes: x, residual, y (..., C); the rest (C). Equal to torch.nn.functional.batch_norm followed by the sum and f.
// Without a residual y is a recipe over x: nobody keeps it. With one it is kept, because the next block's residual is made of
// it, and a recipe over recipes would be computed back to the first block. Either way backward computes what goes into f
// again from x. Source: Ioffe and Szegedy 2015.
#pragma once

#include "activation.hpp"
#include "add.hpp"
#include "in_place.hpp"
#include "normalization.hpp"

namespace qrs {

namespace detail {

template <class T>
void check_residual(const char* op, const Shape& y, Device device, const Var<T>& residual) {
  if (residual.empty()) return;
  QRS_CHECK(residual.shape() == y, "[", op, "] expected a residual of shape ", y, ", got ", residual.shape());
  QRS_CHECK(residual.device() == device, "[", op, "] expected a residual on ", name(device), ", got one on ",
            name(residual.device()));
}

/// Everything the backward pass of one use keeps.
template <class T>
struct BatchNormStep {
  Kept<T> x;
  Kept<T> residual;
  Normalization<T> n;
  Activation f;
  std::shared_ptr<GradSlot<T>> dweight;
  std::shared_ptr<GradSlot<T>> dbias;
  std::shared_ptr<GradSlot<T>> dx;
  std::shared_ptr<GradSlot<T>> dresidual;

  void operator()(const Tensor<T>& dy) const {
    const Tensor<T> in = x.tensor();
    const Tensor<T> added = residual.tensor();
    NormalizationGradients<T> to{.weight = dweight, .bias = dbias, .x = {}, .residual = {}};
    const bool own_residual = dresidual != nullptr && dresidual == dx;
    if (dresidual && !own_residual) {
      const auto target = dresidual->target();
      to.residual = target.tensor;
      to.accumulate_residual = target.accumulate;
    }
    if (dx) {
      const auto target = own_residual ? dx->target() : target_over(*dx, dy);
      to.x = target.tensor;
      to.accumulate_x = target.accumulate;
    }
    normalization_backward(dy, in, n, f, added, to);
    if (own_residual) {  // x is its own residual: its second share is added when the first stands
      NormalizationGradients<T> again{.weight = nullptr, .bias = nullptr, .x = {}, .residual = dx->target().tensor};
      again.accumulate_residual = true;
      normalization_backward(dy, in, n, f, added, again);
    }
  }
};

}  // namespace detail

/// Batch normalisation, then the sum with `residual` (where it is not empty), then the activation. Statistics of x that are known
/// are used in training in place of computing them.
template <class T>
Var<T> batch_norm(const Var<T>& x, const BatchNorm<T>& norm, Activation f = Activation::identity,
                  const Var<T>& residual = {}, const ChannelStatistics<T>& known = {}) {
  detail::check_present("batch_norm", x);
  detail::check_residual("batch_norm", x.shape(), x.device(), residual);
  if (norm.folded) return activation(residual.empty() ? x : add(x, residual), f);
  on_cpu_only("batch_norm", x.device(), [] {});
  const Normalization<T> n = normalize(x, norm, known);
  Tape<T>* tape = listening(x, norm.weight, norm.bias, residual);
  const auto step = [&] {
    return detail::BatchNormStep<T>{.x = x.keep(),
                                    .residual = residual.keep(),
                                    .n = n,
                                    .f = f,
                                    .dweight = norm.weight.slot(),
                                    .dbias = norm.bias.slot(),
                                    .dx = x.slot(),
                                    .dresidual = residual.slot()};
  };
  const typename NormAct<T>::Parts parts{
      .x = x.keep(), .scale = n.scale, .shift = n.shift, .residual = residual.value(), .f = f};
  auto recipe = std::make_shared<NormAct<T>>(x.shape(), x.device(), parts);
  if (residual.empty()) return tape ? tape->record(recipe, recipe, step()) : Var<T>(std::move(recipe), nullptr);
  Tensor<T> y = recipe->compute();
  return tape ? tape->record(std::move(y), step()) : Var<T>(std::move(y));
}

}  // namespace qrs
