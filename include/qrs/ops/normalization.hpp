// The parts of batch normalisation that are no operation: the statistics of a tensor, the scale and shift they make, and the
// backward pass through them. batch_norm.hpp puts them together.
//
//   training    mean, var over the batch (biased); running = (1 - momentum) running + momentum (mean | unbiased var)
//   evaluation  mean, var are the running ones
//   x_hat = (x - mean) / sqrt(var + eps);   gamma x_hat + beta = x scale + shift
//
// Source: Ioffe and Szegedy 2015, algorithm 1.
#pragma once

#include <cmath>

#include "norm_act.hpp"

namespace qrs {

/// The parameters and buffers of one batch normalisation, as handles: the operation updates the running statistics.
template <class T>
struct BatchNorm {
  Var<T> weight;           // gamma (C)
  Var<T> bias;             // beta (C)
  Tensor<T> running_mean;  // (C)
  Tensor<T> running_var;   // (C)
  bool training = false;   // normalise by the batch and update the running statistics
  double momentum = 0.1;
  double eps = 1e-5;
  bool folded = false;  // a convolution before it has taken it over: only the residual and f are left
};

/// The mean and the biased variance of each channel. A kernel that writes a tensor may hand out its statistics with it.
template <class T>
struct ChannelStatistics {
  Tensor<T> mean;  // (C)
  Tensor<T> var;   // (C)

  bool empty() const { return mean.empty(); }
};

/// The normalisation of one batch: z = x * scale + shift, and what the backward pass needs of it.
template <class T>
struct Normalization {
  Tensor<T> mean;     // (C)
  Tensor<T> inv_std;  // (C)
  Tensor<T> scale;    // (C) gamma inv_std
  Tensor<T> shift;    // (C) beta - mean scale
  bool batch_statistics = false;

  kernels::BatchNormChannels<T> channels() const {
    return {.mean = mean.data(), .inv_std = inv_std.data(), .scale = scale.data(), .shift = shift.data()};
  }
};

namespace detail {

template <class T>
kernels::BatchNormParams batch_norm_params(const Tensor<T>& x, std::int64_t y_pitch, const Tensor<T>& residual,
                                           Activation f) {
  return {.rows = x.rows(),
          .cols = x.channels(),
          .x_pitch = x.pitch(),
          .y_pitch = y_pitch,
          .residual_pitch = residual.pitch(),
          .activation = f};
}

/// Every tensor of a norm has one value per channel of x and lives where x does.
template <class T>
void check_norm(const Shape& x, Device device, const BatchNorm<T>& norm) {
  QRS_CHECK(x.rank() >= 2, "[batch_norm] expected x of shape (..., C), got ", x);
  const auto check = [&](const char* what, const Shape& shape, Device where) {
    QRS_CHECK(shape == Shape{x.channels()}, "[batch_norm] expected ", what, " of shape ", Shape{x.channels()},
              " for x ", x, ", got ", shape);
    QRS_CHECK(where == device, "[batch_norm] expected ", what, " on ", name(device), ", got one on ", name(where));
  };
  check("weight", norm.weight.shape(), norm.weight.device());
  check("bias", norm.bias.shape(), norm.bias.device());
  check("running_mean", norm.running_mean.shape(), norm.running_mean.device());
  check("running_var", norm.running_var.shape(), norm.running_var.device());
  QRS_CHECK(x.rows() > 0, "[batch_norm] expected at least one value per channel, got x ", x);
  QRS_CHECK(!norm.training || x.rows() > 1,
            "[batch_norm] expected more than one value per channel in training, got 1 in x ", x);
}

}  // namespace detail

/// Folds a mean and a (biased) variance into scale and shift.
template <class T>
Normalization<T> normalization_of(const Tensor<T>& mean, const Tensor<T>& var, const BatchNorm<T>& norm) {
  on_cpu_only("batch_norm", mean.device(), [] {});
  const Shape& channels = mean.shape();
  Normalization<T> out{.mean = mean.clone(),
                       .inv_std = Tensor<T>(channels),
                       .scale = Tensor<T>(channels),
                       .shift = Tensor<T>(channels),
                       .batch_statistics = norm.training};
  for (std::int64_t c = 0; c < channels.size(); ++c) {
    const double inv_std = 1.0 / std::sqrt(static_cast<double>(var.data()[c]) + norm.eps);
    const double scale = static_cast<double>(norm.weight.value().data()[c]) * inv_std;
    out.inv_std.data()[c] = static_cast<T>(inv_std);
    out.scale.data()[c] = static_cast<T>(scale);
    out.shift.data()[c] =
        static_cast<T>(static_cast<double>(norm.bias.value().data()[c]) - static_cast<double>(mean.data()[c]) * scale);
  }
  return out;
}

/// The normalisation by the running statistics.
template <class T>
Normalization<T> running_normalization(const BatchNorm<T>& norm) {
  return normalization_of(norm.running_mean, norm.running_var, norm);
}

/// running = (1 - momentum) running + momentum batch, with the unbiased variance of `count` values.
template <class T>
void update_running_statistics(const Tensor<T>& mean, const Tensor<T>& var, std::int64_t count,
                               const BatchNorm<T>& norm) {
  const double unbiased = static_cast<double>(count) / static_cast<double>(count - 1);
  const auto blend = [&](T& running, double batch) {
    running = static_cast<T>((1.0 - norm.momentum) * static_cast<double>(running) + norm.momentum * batch);
  };
  for (std::int64_t c = 0; c < mean.size(); ++c) {
    blend(norm.running_mean.data()[c], static_cast<double>(mean.data()[c]));
    blend(norm.running_var.data()[c], static_cast<double>(var.data()[c]) * unbiased);
  }
}

/// The statistics of x into memory that is there: a range of a wider buffer's, for one.
template <class T>
void statistics_into(const Tensor<T>& x, const ChannelStatistics<T>& to) {
  on_cpu_only("batch_norm", x.device(), [&] {
    kernels::batch_norm_statistics_cpu(detail::batch_norm_params(x, 0, Tensor<T>(), Activation::identity), x.data(),
                                       to.mean.data(), to.var.data());
  });
}

/// The normalisation of x: by its own statistics in training, which also updates the running ones, else by those. Statistics
/// that are known already are not computed again, and evaluation does not ask for the values of x.
template <class T>
Normalization<T> normalize(const Var<T>& x, const BatchNorm<T>& norm, ChannelStatistics<T> known = {}) {
  detail::check_norm(x.shape(), x.device(), norm);
  if (!norm.training) return running_normalization(norm);
  const Shape channels{x.shape().channels()};
  if (known.empty()) {
    known = {Tensor<T>(channels), Tensor<T>(channels)};
    statistics_into(x.value(), known);
  }
  QRS_CHECK(known.mean.shape() == channels && known.var.shape() == channels,
            "[batch_norm] expected statistics of shape ", channels, ", got ", known.mean.shape(), " and ",
            known.var.shape());
  update_running_statistics(known.mean, known.var, x.shape().rows(), norm);
  return normalization_of(known.mean, known.var, norm);
}

/// Where a backward pass of a normalisation writes; what is null or empty is not computed. dx may be dy itself.
template <class T>
struct NormalizationGradients {
  std::shared_ptr<GradSlot<T>> weight;
  std::shared_ptr<GradSlot<T>> bias;
  Tensor<T> x;
  bool accumulate_x = false;
  Tensor<T> residual;
  bool accumulate_residual = false;
};

/// Backward of f(x scale + shift + residual), and of the statistics where they were the batch's.
template <class T>
void normalization_backward(const Tensor<T>& dy, const Tensor<T>& x, const Normalization<T>& n, Activation f,
                            const Tensor<T>& residual, const NormalizationGradients<T>& to) {
  const kernels::BatchNormParams p = detail::batch_norm_params(x, dy.pitch(), residual, f);
  Tensor<T> dgamma({x.channels()});
  Tensor<T> dbeta({x.channels()});
  on_cpu_only("batch_norm", x.device(), [&] {
    if (to.weight || to.bias || n.batch_statistics) {
      kernels::batch_norm_backward_sums_cpu(p, x.data(), dy.data(), n.channels(), residual.data(), dgamma.data(),
                                            dbeta.data());
    }
    if (to.x.empty() && to.residual.empty()) return;
    kernels::batch_norm_backward_data_cpu(p, x.data(), dy.data(), n.channels(), residual.data(), dgamma.data(),
                                          dbeta.data(),
                                          kernels::BatchNormGradients<T>{.dx = to.x.data(),
                                                                         .dx_pitch = to.x.pitch(),
                                                                         .accumulate_dx = to.accumulate_x,
                                                                         .dresidual = to.residual.data(),
                                                                         .dresidual_pitch = to.residual.pitch(),
                                                                         .accumulate_dresidual = to.accumulate_residual,
                                                                         .batch_statistics = n.batch_statistics});
  });
  if (to.weight) to.weight->add(dgamma);
  if (to.bias) to.bias->add(dbeta);
}

}  // namespace qrs
