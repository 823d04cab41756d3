// The mean squared error: mean((prediction - target)^2), torch.nn.functional.mse_loss.
#pragma once

#include "mul.hpp"
#include "sub.hpp"
#include "sum.hpp"

namespace qrs {

/// Rank 0. Both shapes must be equal: a column beside a row would be repeated to a matrix without a word.
template <class T>
Var<T> mse_loss(const Var<T>& prediction, const Var<T>& target) {
  QRS_CHECK(prediction.shape() == target.shape(), "[mse_loss] expected equal shapes, got ", prediction.shape(), " and ",
            target.shape());
  const Var<T> error = sub(prediction, target);
  return mean(mul(error, error));
}

}  // namespace qrs
