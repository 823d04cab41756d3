// The three passes of a convolution as benchmarks: forward, data, weights.
#pragma once

#include <string>
#include <vector>

#include "../../kernels/conv2d/ref.hpp"
#include "layer_shapes.hpp"
#include "measure.hpp"

namespace qrs::bench {

/// Operands of one convolution.
struct ConvOperands {
  explicit ConvOperands(const kernels::Conv2dParams& p)
      : x(values(p.n * p.h * p.w * p.x_pitch)),
        w(values(p.kh * p.kw * p.ci_per_group() * p.co)),
        y(values(p.n * p.oh() * p.ow() * p.y_pitch)) {}

  std::vector<float> x;
  std::vector<float> w;
  std::vector<float> y;
};

/// All three passes of a small convolution against the plain loops.
inline std::string conv_fault(const kernels::Conv2dParams& p) {
  const ConvOperands in(p);
  ConvOperands got(p);
  ConvOperands reference(p);
  kernels::conv2d_forward_cpu<float>(p, in.x.data(), in.w.data(), {}, got.y.data());
  kernels::conv2d_forward_ref<float>(p, in.x.data(), in.w.data(), {}, reference.y.data());
  kernels::conv2d_backward_data_cpu(p, in.y.data(), in.w.data(), got.x.data(), false);
  kernels::conv2d_backward_data_ref(p, in.y.data(), in.w.data(), reference.x.data(), false);
  kernels::conv2d_backward_weights_cpu(p, in.x.data(), in.y.data(), got.w.data(), false);
  kernels::conv2d_backward_weights_ref(p, in.x.data(), in.y.data(), reference.w.data(), false);
  return first_fault({fault_of("conv2d_forward", got.y, reference.y),
                      fault_of("conv2d_backward_data", got.x, reference.x),
                      fault_of("conv2d_backward_weights", got.w, reference.w)});
}

/// Adds family/pass/model/layer for every layer and pass that training runs (nobody wants the gradient of an image); `fault`
/// is asked when the first of them runs.
inline void add_conv_passes(const std::string& family, const std::vector<LayerShape>& layers,
                            const std::string& (*fault)()) {
  for (const LayerShape& layer : layers) {
    const kernels::Conv2dParams p = layer.params;
    const double flops = 2.0 * static_cast<double>(p.macs());
    const auto add_pass = [&](const char* pass, const auto& call) {
      add(family + "/" + pass + "/" + layer.name, [p, flops, fault, call](benchmark::State& state) {
        ConvOperands o(p);
        const double bytes = 4.0 * static_cast<double>(o.x.size() + o.w.size() + o.y.size());
        measure(state, fault(), flops, bytes, [&] { call(p, o); });
      });
    };
    add_pass("forward", [](const kernels::Conv2dParams& q, ConvOperands& o) {
      kernels::conv2d_forward_cpu<float>(q, o.x.data(), o.w.data(), {}, o.y.data());
    });
    if (p.ci > 3)
      add_pass("data", [](const kernels::Conv2dParams& q, ConvOperands& o) {
        kernels::conv2d_backward_data_cpu(q, o.y.data(), o.w.data(), o.x.data(), false);
      });
    add_pass("weights", [](const kernels::Conv2dParams& q, ConvOperands& o) {
      kernels::conv2d_backward_weights_cpu(q, o.x.data(), o.y.data(), o.w.data(), false);
    });
  }
}

}  // namespace qrs::bench
