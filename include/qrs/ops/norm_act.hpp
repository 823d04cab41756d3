// NormAct: y = f(x scale + shift + residual) gate, the recipe that operations of networks hand on in place of a tensor.
//
// x is a tensor that somebody keeps anyway (a convolution's output, which its norm keeps) or a recipe itself. A norm and its
// activation, an activation alone and squeeze-and-excitation's gate are all of this form, and applied one after the other
// they stay one pass. A convolution's kernel that can apply it to what it reads finds it as its input's recipe.
#pragma once

#include <memory>
#include <utility>

#include "check.hpp"

namespace qrs {

using kernels::Activation;

/// "relu", "silu", ...: as the messages write it.
constexpr const char* name(const Activation& f) {
  constexpr const char* names[] = {"identity", "relu", "relu6", "leaky_relu", "silu",
                                   "sigmoid",  "tanh", "gelu",  "hardswish"};
  return names[static_cast<int>(f.kind)];
}

template <class T>
class NormAct final : public Recipe<T> {
 public:
  /// What is empty is not applied. The residual is added before f, the gate multiplies after it.
  struct Parts {
    Kept<T> x = {};           // (..., C)
    Tensor<T> scale = {};     // (C)
    Tensor<T> shift = {};     // (C); with scale, or not at all
    Tensor<T> residual = {};  // of x's shape
    Activation f{};
    Tensor<T> gate = {};  // (N, C) for x (N, ..., C), or (C)
  };

  NormAct(const Shape& shape, Device device, Parts parts) : Recipe<T>(shape, device), parts_(std::move(parts)) {}

  const Parts& parts() const { return parts_; }
  Tensor<T> compute() const override {
    const Tensor<T> x = parts_.x.tensor();
    const Tensor<T> y(this->shape(), this->device());
    apply(x, y);
    return y;
  }
  Tensor<T> consume() override {
    const Tensor<T> x = std::exchange(parts_.x, Kept<T>()).tensor();
    const Tensor<T> y = x.unique() ? x : Tensor<T>(this->shape(), this->device());
    apply(x, y);
    return y;
  }

 private:
  void apply(const Tensor<T>& x, const Tensor<T>& y) const {
    if (parts_.scale.empty() && parts_.residual.empty() && parts_.gate.empty()) return apply_activation(x, y);
    const kernels::BatchNormParams p{.rows = x.rows(),
                                     .cols = x.channels(),
                                     .x_pitch = x.pitch(),
                                     .y_pitch = y.pitch(),
                                     .residual_pitch = parts_.residual.pitch(),
                                     .activation = parts_.f};
    const kernels::RowGate<T> gate{.factors = parts_.gate.data(),
                                   .rows = parts_.gate.empty() ? 1 : x.rows() * x.channels() / parts_.gate.size()};
    on_cpu_only("norm_act", x.device(), [&] {
      kernels::affine_cpu(p, x.data(), parts_.scale.data(), parts_.shift.data(), parts_.residual.data(), y.data(),
                          gate);
    });
  }
  void apply_activation(const Tensor<T>& x, const Tensor<T>& y) const {
    const kernels::ElementwiseParams p{
        .rows = x.rows(), .cols = x.channels(), .x_pitch = x.pitch(), .y_pitch = y.pitch()};
    on_device(
        x.device(), [&] { kernels::activation_forward_cpu(p, parts_.f, x.data(), y.data()); },
        [&] { kernels::activation_forward_cuda(p, parts_.f, x.data(), y.data()); });
  }

  Parts parts_;
};

namespace detail {

/// The parts whose value is x: those of x's own recipe where `extends` says that they can take another step, else x itself.
template <class T, class Extends>
typename NormAct<T>::Parts parts_of(const Kept<T>& x, const Extends& extends) {
  const auto* recipe = dynamic_cast<const NormAct<T>*>(x.recipe().get());
  if (recipe != nullptr && extends(recipe->parts())) return recipe->parts();
  return {.x = x};
}

/// x with one more step: add(parts) puts it into the parts whose value is x. A value of x that is there already is where the
/// first pass starts; a backward pass starts from what is kept.
template <class T, class Extends, class Add>
Var<T> with_step(const Var<T>& x, const Extends& extends, const Add& add, Tape<T>* tape = nullptr,
                 typename Tape<T>::Backward backward = nullptr) {
  const auto recipe = [&](const Kept<T>& from) {
    return std::make_shared<NormAct<T>>(x.shape(), x.device(), add(parts_of<T>(from, extends)));
  };
  if (tape == nullptr) return Var<T>(recipe(x.computed() ? Kept<T>(x.value()) : x.keep()), nullptr);
  const std::shared_ptr<NormAct<T>> again = recipe(x.keep());
  const bool ahead = x.computed() && x.keep().recipe() != nullptr;  // the value is there, and only its recipe is kept
  std::shared_ptr<Recipe<T>> first = ahead ? recipe(Kept<T>(x.value())) : again;
  return tape->record(std::move(first), again, std::move(backward));
}

}  // namespace detail

}  // namespace qrs
