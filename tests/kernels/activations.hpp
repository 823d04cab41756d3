// Every activation once, for the tests of kernels that end with one.
#pragma once

#include "../../kernels/elementwise/activation.hpp"

namespace qrs::testing {

inline constexpr kernels::Activation activations[] = {
    kernels::Activation::identity, kernels::Activation::relu,      kernels::Activation::relu6,
    kernels::Activation::silu,     kernels::Activation::sigmoid,   kernels::Activation::tanh,
    kernels::Activation::gelu,     kernels::Activation::hardswish, kernels::Activation::leaky_relu(0.25)};
inline constexpr int activation_count = static_cast<int>(sizeof(activations) / sizeof(activations[0]));

/// Whether sixteenths pass through without rounding.
inline bool is_piecewise_linear(const kernels::Activation& f) {
  using K = kernels::ActivationKind;
  return f.kind == K::identity || f.kind == K::relu || f.kind == K::relu6 || f.kind == K::leaky_relu;
}

}  // namespace qrs::testing
