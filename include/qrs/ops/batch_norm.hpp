// Batch normalisation over (N, H, W) per channel, optionally with the residual sum and the activation that follow it.
//
//   training    mean, var over the batch (biased); running = (1 - momentum) running + momentum (mean | unbiased var)
//   evaluation  mean, var are the running ones
//   y = f(gamma (x - mean) / sqrt(var + eps) + beta + residual)
//
// Shapes: x, residual, y (..., C); the rest (C). Equal to torch.nn.functional.batch_norm followed by the sum and f.
// One backward serves all of it, and recomputes what goes into f from x: y is never saved. Source: Ioffe and Szegedy 2015.
#pragma once

#include <cmath>

#include "activation.hpp"

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

template <class T>
void check_batch_norm(const Tensor<T>& x, const BatchNorm<T>& norm) {
  const Shape channels{x.channels()};
  QRS_CHECK(x.rank() >= 2, "[batch_norm] expected x of shape (..., C), got ", x.shape());
  QRS_CHECK(norm.weight.shape() == channels && norm.bias.shape() == channels && norm.running_mean.shape() == channels &&
                norm.running_var.shape() == channels,
            "[batch_norm] expected parameters of shape ", channels, " for x ", x.shape(), ", got ", norm.weight.shape(),
            ", ", norm.bias.shape(), ", ", norm.running_mean.shape(), ", ", norm.running_var.shape());
  QRS_CHECK(x.rows() > 0, "[batch_norm] expected at least one value per channel, got x ", x.shape());
  QRS_CHECK(!norm.training || x.rows() > 1,
            "[batch_norm] expected more than one value per channel in training, got 1 in x ", x.shape());
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

/// The normalisation of x: by its own statistics in training, which also updates the running ones, else by those.
template <class T>
Normalization<T> normalize(const Tensor<T>& x, const BatchNorm<T>& norm) {
  detail::check_batch_norm(x, norm);
  if (!norm.training) return running_normalization(norm);
  Tensor<T> mean({x.channels()});
  Tensor<T> var({x.channels()});
  on_cpu_only("batch_norm", x.device(), [&] {
    kernels::batch_norm_statistics_cpu(detail::batch_norm_params(x, 0, Tensor<T>(), Activation::identity), x.data(),
                                       mean.data(), var.data());
  });
  update_running_statistics(mean, var, x.rows(), norm);
  return normalization_of(mean, var, norm);
}

/// y = f(x scale + shift + residual) into memory of the caller's; an empty residual adds nothing.
template <class T>
void apply_normalization(const Tensor<T>& x, const Normalization<T>& n, Activation f, const Tensor<T>& residual,
                         const Tensor<T>& y) {
  on_cpu_only("batch_norm", x.device(), [&] {
    kernels::affine_cpu(detail::batch_norm_params(x, y.pitch(), residual, f), x.data(), n.scale.data(), n.shift.data(),
                        residual.data(), y.data());
  });
}

/// The same into new memory.
template <class T>
Tensor<T> apply_normalization(const Tensor<T>& x, const Normalization<T>& n, Activation f,
                              const Tensor<T>& residual = {}) {
  Tensor<T> y(x.shape(), x.device());
  apply_normalization(x, n, f, residual, y);
  return y;
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

/// Backward of apply_normalization (and of the statistics, where they were the batch's).
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

/// Batch normalisation, then the sum with `residual` (where it is not empty), then the activation.
template <class T>
Var<T> batch_norm(const Var<T>& x, const BatchNorm<T>& norm, Activation f = Activation::identity,
                  const Var<T>& residual = {}) {
  const bool has_residual = !residual.value().empty();
  QRS_CHECK(!has_residual || residual.shape() == x.shape(), "[batch_norm] expected a residual of shape ", x.shape(),
            ", got ", residual.shape());
  const Normalization<T> n = normalize(x.value(), norm);
  Tensor<T> y = apply_normalization(x.value(), n, f, residual.value());
  Tape<T>* tape = listening(x, norm.weight, norm.bias, residual);
  if (tape == nullptr) return y;
  return tape->record(y, [xv = x.value(), rv = residual.value(), n, f, dweight = norm.weight.slot(),
                          dbias = norm.bias.slot(), dx = x.slot(), dr = residual.slot()](const Tensor<T>& dy) {
    NormalizationGradients<T> to{.weight = dweight, .bias = dbias, .x = {}, .residual = {}};
    if (dx) {
      auto target = dx->target();
      to.x = target.tensor;
      to.accumulate_x = target.accumulate;
    }
    if (dr && dr != dx) {
      auto target = dr->target();
      to.residual = target.tensor;
      to.accumulate_residual = target.accumulate;
    }
    normalization_backward(dy, xv, n, f, rv, to);
    if (dr && dr == dx) {  // x is its own residual: its second share is added when the first stands
      NormalizationGradients<T> again{.weight = nullptr, .bias = nullptr, .x = {}, .residual = dx->target().tensor};
      again.accumulate_residual = true;
      normalization_backward(dy, xv, n, f, rv, again);
    }
  });
}

}  // namespace qrs
