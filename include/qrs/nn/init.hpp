// Initial values of parameters, by the names of torch.nn.init.
//
//   kaiming_normal   N(0, gain^2 / fan), gain sqrt(2) for ReLU (He et al. 2015, equation 10)
//   xavier_uniform   U(-bound, bound), bound sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010, equation 16)
//   normal           N(0, deviation^2)
//   trunc_normal     the same, within bounds
//   uniform          U(-bound, bound)
// fan_in of a convolution is KH KW C_in / groups, its fan_out KH KW C_out (as torch counts it: of the weight's own axes).
#pragma once

#include <cmath>
#include <cstdint>

#include "../core/rng.hpp"
#include "../tensor/tensor.hpp"

namespace qrs::nn {

enum class Fan { in, out };

/// Values each output sums over (in), or each input spreads to (out). Weights are (KH, KW, I, O) or (O, I).
inline std::int64_t fan_of(const Shape& weight, Fan fan) {
  QRS_CHECK(weight.rank() == 2 || weight.rank() == 4, "[init] expected a weight (O, I) or (KH, KW, I, O), got ",
            weight);
  if (weight.rank() == 2) return weight[fan == Fan::in ? 1 : 0];
  return weight[0] * weight[1] * weight[fan == Fan::in ? 2 : 3];
}

template <class T>
void uniform(const Tensor<T>& weight, double bound, Rng& rng) {
  for (T& value : weight.values()) value = static_cast<T>(rng.uniform(-bound, bound));
}

template <class T>
void kaiming_normal(const Tensor<T>& weight, Fan fan, Rng& rng) {
  const double deviation = std::sqrt(2.0 / static_cast<double>(fan_of(weight.shape(), fan)));
  for (T& value : weight.values()) value = static_cast<T>(rng.normal(0.0, deviation));
}

template <class T>
void xavier_uniform(const Tensor<T>& weight, Rng& rng) {
  const std::int64_t fans = fan_of(weight.shape(), Fan::in) + fan_of(weight.shape(), Fan::out);
  uniform(weight, std::sqrt(6.0 / static_cast<double>(fans)), rng);
}

template <class T>
void normal(const Tensor<T>& weight, double deviation, Rng& rng) {
  for (T& value : weight.values()) value = static_cast<T>(rng.normal(0.0, deviation));
}

/// N(0, deviation^2) within [low, high]: what falls outside is drawn again. The bounds are torch's, absolute ones.
template <class T>
void trunc_normal(const Tensor<T>& weight, double deviation, Rng& rng, double low = -2.0, double high = 2.0) {
  QRS_CHECK(low < 0.0 && high > 0.0, "[init] expected bounds around 0, got ", low, " and ", high);
  for (T& value : weight.values()) {
    double draw = rng.normal(0.0, deviation);
    while (draw < low || draw > high) draw = rng.normal(0.0, deviation);
    value = static_cast<T>(draw);
  }
}

/// torch's default of a linear or convolution layer, weight and bias alike: U(+-1 / sqrt(fan_in)).
inline double default_bound(const Shape& weight) {
  return 1.0 / std::sqrt(static_cast<double>(fan_of(weight, Fan::in)));
}

}  // namespace qrs::nn
