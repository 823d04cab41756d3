// A batch norm for tests of operations: given gamma and beta, fresh running statistics.
#pragma once

#include "qrs/ops/batch_norm.hpp"

namespace qrs::testing {

/// Running mean 0.25, running variance 1.5.
template <class T>
BatchNorm<T> norm_of(const Var<T>& weight, const Var<T>& bias, bool training) {
  return {.weight = weight,
          .bias = bias,
          .running_mean = Tensor<T>::full(weight.shape(), T(0.25)),
          .running_var = Tensor<T>::full(weight.shape(), T(1.5)),
          .training = training};
}

}  // namespace qrs::testing
