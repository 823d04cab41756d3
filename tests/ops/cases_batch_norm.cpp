#include "op_case.hpp"
#include "qrs/ops/batch_norm.hpp"

namespace qrs::testing {

/// A batch norm with fresh running statistics: mean 0.25, variance 1.5.
template <class T>
BatchNorm<T> norm_of(const Var<T>& weight, const Var<T>& bias, bool training) {
  return {.weight = weight,
          .bias = bias,
          .running_mean = Tensor<T>::full(weight.shape(), T(0.25)),
          .running_var = Tensor<T>::full(weight.shape(), T(1.5)),
          .training = training};
}

static const Register batch_norm_cases({
    {"batch_norm/training",
     {{batch, 5, 4, tail}, weights({tail}), weights({tail})},
     [](const auto& in) { return batch_norm(in[0], norm_of(in[1], in[2], true)); }},
    {"batch_norm/evaluation",
     {{batch, 5, 4, tail}, weights({tail}), weights({tail})},
     [](const auto& in) { return batch_norm(in[0], norm_of(in[1], in[2], false)); }},
    {"batch_norm/silu",
     {{batch, 5, 4, tail}, weights({tail}), weights({tail})},
     [](const auto& in) { return batch_norm(in[0], norm_of(in[1], in[2], true), Activation::silu); }},
    {"batch_norm/residual and silu",
     {{batch, 5, 4, tail}, weights({tail}), weights({tail}), {batch, 5, 4, tail}},
     [](const auto& in) { return batch_norm(in[0], norm_of(in[1], in[2], true), Activation::silu, in[3]); }},
    {"batch_norm/of a matrix",
     {{batch, tail}, weights({tail}), weights({tail})},
     [](const auto& in) { return batch_norm(in[0], norm_of(in[1], in[2], false), Activation::tanh); }},
});

}  // namespace qrs::testing
