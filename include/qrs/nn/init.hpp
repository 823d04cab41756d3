// Initial values of parameters, by the names of torch.nn.init.
//
//   kaiming_normal   N(0, gain^2 / fan), gain sqrt(2) for ReLU (He et al. 2015, equation 10)
//   xavier_uniform   U(-bound, bound), bound sqrt(6 / (fan_in + fan_out)) (Glorot and Bengio 2010, equation 16)
//   trunc_normal     N(0, deviation^2) given that the value lies in [low, high]
//   normal, uniform  N(0, deviation^2), U(-bound, bound)
// fan_in of a convolution is KH KW C_in / groups, its fan_out KH KW C_out (as torch counts it: of the weight's own axes).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>

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
void normal(const Tensor<T>& weight, double deviation, Rng& rng) {
  for (T& value : weight.values()) value = static_cast<T>(rng.normal(0.0, deviation));
}

template <class T>
void xavier_uniform(const Tensor<T>& weight, Rng& rng) {
  uniform(weight,
          std::sqrt(6.0 / static_cast<double>(fan_of(weight.shape(), Fan::in) + fan_of(weight.shape(), Fan::out))),
          rng);
}

/// x with erf(x) = y, for |y| < 1; infinite at -1 and 1. Giles 2012, Approximating the erfinv function (single precision),
/// then two steps of Newton's method.
inline double erf_inverse(double y) {
  if (y <= -1.0 || y >= 1.0) return y * std::numeric_limits<double>::infinity();
  double w = -std::log((1.0 - y) * (1.0 + y));
  const bool near = w < 5.0;
  w = near ? w - 2.5 : std::sqrt(w) - 3.0;
  constexpr double inner[] = {2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087,
                              -0.00125372503, -0.00417768164, 0.246640727,    1.50140941};
  constexpr double outer[] = {-0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773,
                              -0.0076224613,   0.00943887047,  1.00167406,    2.83297682};
  double p = 0.0;
  for (const double c : near ? inner : outer) p = p * w + c;
  double x = p * y;
  for (int step = 0; step < 2; ++step) {
    x -= (std::erf(x) - y) * 0.5 * std::sqrt(std::numbers::pi) * std::exp(x * x);
  }
  return x;
}

/// torch.nn.init.trunc_normal_ with mean 0: the bounds are values, not deviations. By the inverse of the distribution.
template <class T>
void trunc_normal(const Tensor<T>& weight, double deviation, Rng& rng, double low = -2.0, double high = 2.0) {
  const auto erf_of = [&](double bound) { return std::erf(bound / (deviation * std::sqrt(2.0))); };
  const double from = erf_of(low);
  const double to = erf_of(high);
  for (T& value : weight.values()) {
    const double x = deviation * std::sqrt(2.0) * erf_inverse(rng.uniform(from, to));
    value = static_cast<T>(std::clamp(x, low, high));
  }
}

/// torch's default of a linear or convolution layer, weight and bias alike: U(+-1 / sqrt(fan_in)).
inline double default_bound(const Shape& weight) {
  return 1.0 / std::sqrt(static_cast<double>(fan_of(weight, Fan::in)));
}

}  // namespace qrs::nn
