// Layer normalisation over the last axis, with or without a scale and a shift per channel.
//
//   y = (x - mean) / sqrt(var + eps) * gamma + beta,      mean and var of each row
//
// Shapes: x, y (..., C); gamma, beta (C). Equal to torch.nn.functional.layer_norm over the last axis, default eps included.
// y is a recipe over x: its backward needs x alone, so whoever needs y computes it again. Source: Ba, Kiros, Hinton 2016.
#pragma once

#include "check.hpp"
#include "in_place.hpp"

namespace qrs {

namespace detail {

template <class T>
class LayerNormRecipe final : public Recipe<T> {
 public:
  LayerNormRecipe(const Shape& shape, Device device, Kept<T> x, Tensor<T> gamma, Tensor<T> beta, double eps)
      : Recipe<T>(shape, device), x_(std::move(x)), gamma_(std::move(gamma)), beta_(std::move(beta)), eps_(eps) {}

  Tensor<T> compute() const override {
    const Tensor<T> x = x_.tensor();
    const Tensor<T> y(this->shape(), this->device());
    const kernels::LayerNormParams p{
        .rows = x.rows(), .cols = x.channels(), .x_pitch = x.pitch(), .y_pitch = y.pitch(), .eps = eps_};
    on_cpu_only("layer_norm", x.device(),
                [&] { kernels::layer_norm_forward_cpu(p, x.data(), gamma_.data(), beta_.data(), y.data()); });
    return y;
  }

 private:
  Kept<T> x_;
  Tensor<T> gamma_;
  Tensor<T> beta_;
  double eps_;
};

/// An optional scale or shift has one value per channel and lives where x does.
template <class T>
void check_per_channel(const char* op, const char* what, const Var<T>& x, const Var<T>& v) {
  if (v.empty()) return;
  QRS_CHECK(v.shape() == Shape{x.shape().channels()}, "[", op, "] expected ", what, " of shape ",
            Shape{x.shape().channels()}, " for x ", x.shape(), ", got ", v.shape());
  check_same_device(op, x, v, what);
}

}  // namespace detail

/// Normalises each row of x. An empty weight is 1, an empty bias 0.
template <class T>
Var<T> layer_norm(const Var<T>& x, const Var<T>& weight = {}, const Var<T>& bias = {}, double eps = 1e-5) {
  detail::check_input("layer_norm", x);
  QRS_CHECK(x.shape().rank() >= 1, "[layer_norm] expected x of shape (..., C), got ", x.shape());
  detail::check_per_channel("layer_norm", "weight", x, weight);
  detail::check_per_channel("layer_norm", "bias", x, bias);
  on_cpu_only("layer_norm", x.device(), [] {});
  auto recipe =
      std::make_shared<detail::LayerNormRecipe<T>>(x.shape(), x.device(), x.keep(), weight.value(), bias.value(), eps);
  Tape<T>* tape = listening(x, weight, bias);
  if (tape == nullptr) return Var<T>(std::move(recipe), nullptr);
  const auto backward = [kept = x.keep(), gamma = weight.value(), eps, dx = x.slot(), dgamma = weight.slot(),
                         dbeta = bias.slot()](const Tensor<T>& dy) {
    const Tensor<T> in = kept.tensor();
    const Shape channels{in.channels()};
    const Tensor<T> dweight = dgamma ? Tensor<T>(channels) : Tensor<T>();
    const Tensor<T> dshift = dbeta ? Tensor<T>(channels) : Tensor<T>();
    kernels::LayerNormGradients<T> to{.dgamma = dweight.data(), .dbeta = dshift.data()};
    if (dx) {
      const auto target = detail::target_over(*dx, dy);
      to.dx = target.tensor.data();
      to.dx_pitch = target.tensor.pitch();
      to.accumulate_dx = target.accumulate;
    }
    const kernels::LayerNormParams p{
        .rows = in.rows(), .cols = in.channels(), .x_pitch = in.pitch(), .y_pitch = dy.pitch(), .eps = eps};
    kernels::layer_norm_backward_cpu(p, in.data(), dy.data(), gamma.data(), to);
    if (dgamma) dgamma->add(dweight);
    if (dbeta) dbeta->add(dshift);
  };
  return tape->record(recipe, recipe, backward);
}

}  // namespace qrs
