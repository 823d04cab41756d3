// The inverted residual with squeeze-and-excitation (MBConv) as one operation with one backward.
//
//   a = silu(norm(conv1x1(x)))          expansion; absent where the ratio is 1 (then a = x)
//   b = silu(norm(depthwise(a)))
//   g = sigmoid(fc2(silu(fc1(mean over pixels of b))))             squeeze-and-excitation, (N, 1, 1, C)
//   y = norm(conv1x1(b * g)) [+ x]      the sum where the shapes agree and no stochastic depth stands between
//
// Shapes: x (N, H, W, C_in), y (N, OH, OW, C_out). Kept for the backward pass: x, the outputs of the three convolutions and the
// small tape of the gate; a, b and b * g are computed again.
// Sources: Sandler et al. 2018 (MobileNetV2), section 3; Hu, Shen, Sun 2018 (SE), equation 4; Tan, Le 2019 (EfficientNet).
#pragma once

#include <memory>
#include <optional>

#include "conv_norm.hpp"
#include "gate.hpp"
#include "pool2d.hpp"

namespace qrs {

template <class T>
struct MbConvUse {
  std::optional<ConvNorm<T>> expand;
  ConvNorm<T> depthwise;
  Var<T> fc1_weight;  // (1, 1, C, squeeze)
  Var<T> fc1_bias;
  Var<T> fc2_weight;  // (1, 1, squeeze, C)
  Var<T> fc2_bias;
  ConvNorm<T> project;
  bool residual = false;
};

namespace detail {

/// The gate of squeezed features, (N, 1, 1, C) to (N, 1, 1, C).
template <class T>
Var<T> squeeze_excite(const Var<T>& squeezed, const MbConvUse<T>& use) {
  return sigmoid(conv2d(silu(conv2d(squeezed, use.fc1_weight, use.fc1_bias)), use.fc2_weight, use.fc2_bias));
}

template <class T>
kernels::GateParams gate_params(const Tensor<T>& x) {
  return {.n = x.dim(0),
          .pixels = x.dim(1) * x.dim(2),
          .c = x.dim(3),
          .x_pitch = x.pitch(),
          .y_pitch = x.pitch(),
          .dx_pitch = x.pitch()};
}

/// x * g, written over x.
template <class T>
void gate_in_place(const Tensor<T>& x, const Tensor<T>& g) {
  on_cpu_only("mbconv", x.device(), [&] { kernels::gate_forward_cpu(gate_params(x), x.data(), g.data(), x.data()); });
}

/// The mean over pixels as (N, 1, 1, C).
template <class T>
Tensor<T> squeeze(const Tensor<T>& x) {
  return global_average_pool(Var<T>(x)).value().reshape({x.dim(0), 1, 1, x.dim(3)});
}

template <class T>
Tensor<T> mbconv_inference(const Tensor<T>& x, const MbConvUse<T>& use) {
  const Tensor<T> b = conv_norm_inference(use.expand ? conv_norm_inference(x, *use.expand) : x, use.depthwise);
  gate_in_place(b, squeeze_excite(Var<T>(squeeze(b)), use).value());
  return conv_norm_inference(b, use.project, use.residual ? x : Tensor<T>());
}

/// Everything one use of the block keeps.
template <class T>
struct MbConvSaved {
  Tensor<T> x;
  ConvNormSaved<T> expand;
  ConvNormSaved<T> depthwise;
  ConvNormSaved<T> project;
  std::shared_ptr<Tape<T>> gate_tape;
  Var<T> squeezed;  // the leaf of the gate's tape
  Var<T> gate;

  Tensor<T> expanded(const MbConvUse<T>& use) const { return use.expand ? conv_norm_end(expand, *use.expand) : x; }
};

template <class T>
void mbconv_backward(const Tensor<T>& dy, const MbConvUse<T>& use, const MbConvSaved<T>& saved,
                     const std::shared_ptr<GradSlot<T>>& slot) {
  const auto skip = use.residual ? target_of(slot) : typename GradSlot<T>::Target{};
  conv_norm_backward_norm(dy, saved.project, use.project, use.residual ? saved.x : Tensor<T>(), skip);
  Tensor<T> db;
  {
    const Tensor<T> b = conv_norm_end(saved.depthwise, use.depthwise);
    {
      const Tensor<T> gated = b.clone();
      gate_in_place(gated, saved.gate.value());
      conv_norm_backward_conv<T>(dy, gated, use.project, nullptr);
    }
    db = conv_norm_backward_data(dy, use.project, b.shape());
    // db holds d(b g): its product with b, summed, is dg; times g it is the direct share of db.
    const Tensor<T> dg(saved.gate.shape());
    on_cpu_only("mbconv", db.device(), [&] {
      kernels::gate_backward_cpu(gate_params(b), b.data(), saved.gate.value().data(), db.data(),
                                 kernels::GateGradients<T>{.dx = db.data(), .ds = dg.data()});
    });
    saved.gate_tape->backward(saved.gate, dg);
  }
  const kernels::ReduceParams mean{.outer = db.dim(0),
                                   .rows = db.dim(1) * db.dim(2),
                                   .cols = db.dim(3),
                                   .x_pitch = db.pitch(),
                                   .scale = 1.0 / static_cast<double>(db.dim(1) * db.dim(2)),
                                   .accumulate = true};
  kernels::broadcast_rows_cpu(mean, saved.squeezed.grad().data(), db.data());
  conv_norm_backward_norm<T>(db, saved.depthwise, use.depthwise);
  if (!use.expand) {
    conv_norm_backward_conv(db, saved.x, use.depthwise, slot);
    return;
  }
  Tensor<T> da;
  {
    const Tensor<T> a = saved.expanded(use);
    conv_norm_backward_conv<T>(db, a, use.depthwise, nullptr);
    da = conv_norm_backward_data(db, use.depthwise, a.shape());
  }
  conv_norm_backward_norm<T>(da, saved.expand, *use.expand);
  conv_norm_backward_conv(da, saved.x, *use.expand, slot);
}

}  // namespace detail

template <class T>
Var<T> mbconv(const Var<T>& x, const MbConvUse<T>& use) {
  QRS_CHECK(!use.residual || x.shape().channels() == use.project.w.dim(3),
            "[mbconv] expected as many input as output channels for the sum, got ", x.shape(), " and ",
            use.project.w.dim(3));
  const auto unit_listens = [](const ConvNorm<T>& u) { return listening(u.w, u.norm.weight, u.norm.bias) != nullptr; };
  const bool recorded = listening(x, use.fc1_weight, use.fc1_bias, use.fc2_weight, use.fc2_bias) != nullptr ||
                        unit_listens(use.depthwise) || unit_listens(use.project) ||
                        (use.expand && unit_listens(*use.expand));
  if (!recorded && !use.depthwise.norm.training) return detail::mbconv_inference(x.value(), use);
  detail::MbConvSaved<T> saved{.x = x.value(),
                               .expand = {},
                               .depthwise = {},
                               .project = {},
                               .gate_tape = std::make_shared<Tape<T>>(),
                               .squeezed = {},
                               .gate = {}};
  if (use.expand) saved.expand = detail::conv_norm_begin(x.value(), *use.expand);
  saved.depthwise = detail::conv_norm_begin(saved.expanded(use), use.depthwise);
  {
    const Tensor<T> b = detail::conv_norm_end(saved.depthwise, use.depthwise);
    saved.squeezed = Var<T>::parameter(detail::squeeze(b));
    {
      const Recording<T> on(*saved.gate_tape);
      saved.gate = detail::squeeze_excite(saved.squeezed, use);
    }
    detail::gate_in_place(b, saved.gate.value());
    saved.project = detail::conv_norm_begin(b, use.project);
  }
  Tensor<T> y = detail::conv_norm_end(saved.project, use.project, use.residual ? x.value() : Tensor<T>());
  if (!recorded) return y;
  return detail::current_tape<T>->record(
      y, [use, saved, slot = x.slot()](const Tensor<T>& dy) { detail::mbconv_backward(dy, use, saved, slot); });
}

}  // namespace qrs
