// Cases of a convolution for its judge: every pass of one problem, and problems drawn at random. The tests of the CPU and
// of the device share them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../../kernels/conv2d/ref.hpp"
#include "activations.hpp"
#include "judge.hpp"

namespace qrs::testing {

/// A convolution, what lies between its rows, and what rides on it. The pitches of p follow from the gaps.
struct Conv2dCase {
  kernels::Conv2dParams p;
  std::int64_t x_gap = 0;
  std::int64_t y_gap = 0;
  std::int64_t residual_gap = 0;
  bool scale = false;
  bool shift = false;
  bool residual = false;
  kernels::Activation activation{};
  Values values = Values::sixteenths;
};

inline std::string text_of(const Conv2dCase& s) {
  const kernels::Conv2dParams& p = s.p;
  return text("n ", p.n, ", ", p.h, "x", p.w, ", channels ", p.ci, " to ", p.co, ", kernel ", p.kh, "x", p.kw,
              ", stride ", p.stride_h, "x", p.stride_w, ", padding ", p.padding_h, "x", p.padding_w, ", dilation ",
              p.dilation_h, "x", p.dilation_w, ", groups ", p.groups, ", gaps ", s.x_gap, " ", s.y_gap, " ",
              s.residual_gap, s.scale ? ", scale" : "", s.shift ? ", shift" : "", s.residual ? ", residual" : "",
              ", activation ", static_cast<int>(s.activation.kind));
}

/// The operands of an epilogue; those that are not wanted are empty.
template <class T>
struct EpilogueOperands {
  std::vector<Matrix<T>> scale;
  std::vector<Matrix<T>> shift;
  std::vector<Matrix<T>> residual;
  kernels::Activation activation;

  /// The epilogue over the memory that at(matrix) names.
  template <class At>
  kernels::Epilogue<T> over(const At& at) const {
    return {.scale = scale.empty() ? nullptr : at(scale[0]),
            .shift = shift.empty() ? nullptr : at(shift[0]),
            .residual = residual.empty() ? nullptr : at(residual[0]),
            .residual_pitch = residual.empty() ? 0 : residual[0].pitch(),
            .activation = activation};
  }
  kernels::Epilogue<T> on_host() const {
    return over([](const Matrix<T>& m) { return m.data(); });
  }
};

/// What is wrong with one pass of one case, or nothing. The kernels take matrices: forward(p, x, w, epilogue, y),
/// data(p, dy, w, dx, accumulate), weights(p, x, dy, dw, accumulate). Each pass runs with and without accumulation.
template <class T, class Forward, class Data, class Weights>
std::string judge_conv2d(Conv2dCase s, std::uint64_t seed, const Forward& forward, const Data& data,
                         const Weights& weights, std::initializer_list<int> thread_counts = {1, 2, 3, 7}) {
  kernels::Conv2dParams& p = s.p;
  p.x_pitch = p.ci + s.x_gap;
  p.y_pitch = p.co + s.y_gap;
  Draw draw(seed, s.values);
  const std::int64_t pixels = p.n * p.h * p.w;
  const std::int64_t outputs = p.n * p.oh() * p.ow();
  const std::int64_t taps = p.kh * p.kw * p.ci_per_group();
  const Matrix<T> x = operand<T>(draw, pixels, p.ci, s.x_gap);
  const Matrix<T> w = operand<T>(draw, taps, p.co);
  const Matrix<T> dy = operand<T>(draw, outputs, p.co, s.y_gap);
  EpilogueOperands<T> e{.scale = {}, .shift = {}, .residual = {}, .activation = s.activation};
  if (s.scale) e.scale.push_back(operand<T>(draw, 1, p.co, 0, 0.5, 1.5));
  if (s.shift) e.shift.push_back(operand<T>(draw, 1, p.co));
  if (s.residual) e.residual.push_back(operand<T>(draw, outputs, p.co, s.residual_gap));
  // Sixteenths are not rounded before the activation; sums of other numbers are, more often the longer they are.
  const bool curved = !is_piecewise_linear(s.activation);
  const auto tolerance = [&](std::int64_t products, double behind) {
    const double sums = s.values == Values::sixteenths ? 0.0 : 8.0 + static_cast<double>(products) / 4.0;
    return roundings<T>(sums + behind);
  };
  using Targets = std::vector<Matrix<T>>;
  const auto of = [&](const char* pass, const std::string& wrong) {
    return wrong.empty() ? wrong : text(pass, " of ", text_of(s), ", seed ", seed, ": ", wrong);
  };

  std::string wrong =
      of("forward",
         judge<T>(
             {target<T>(draw, outputs, p.co, s.y_gap, false)}, tolerance(taps, curved ? 8.0 : 0.0),
             [&](Targets& out) { forward(p, x, w, e, out[0]); },
             [&](Targets& out) { kernels::conv2d_forward_ref(p, x.data(), w.data(), e.on_host(), out[0].data()); },
             thread_counts));
  for (const bool accumulate : {false, true}) {
    if (!wrong.empty()) return wrong;
    wrong = of(
        accumulate ? "accumulating data pass" : "data pass",
        judge<T>(
            {target<T>(draw, pixels, p.ci, s.x_gap, accumulate)}, tolerance(p.kh * p.kw * p.co_per_group(), 0.0),
            [&](Targets& out) { data(p, dy, w, out[0], accumulate); },
            [&](Targets& out) { kernels::conv2d_backward_data_ref(p, dy.data(), w.data(), out[0].data(), accumulate); },
            thread_counts));
    if (!wrong.empty()) return wrong;
    wrong = of(accumulate ? "accumulating weight pass" : "weight pass",
               judge<T>(
                   {target<T>(draw, taps, p.co, 0, accumulate)}, tolerance(outputs, 0.0),
                   [&](Targets& out) { weights(p, x, dy, out[0], accumulate); },
                   [&](Targets& out) {
                     kernels::conv2d_backward_weights_ref(p, x.data(), dy.data(), out[0].data(), accumulate);
                   },
                   thread_counts));
  }
  return wrong;
}

/// One axis drawn at random: an extent that gives at least one output.
struct ConvAxis {
  std::int64_t size, kernel, stride, padding, dilation;
};
inline ConvAxis draw_axis(Draw& draw, std::int64_t largest_kernel, std::int64_t most_outputs) {
  ConvAxis a{};
  a.kernel = draw.in(1, largest_kernel);
  a.stride = draw.in(1, 3);
  a.dilation = draw.in(1, 3);
  a.padding = draw.in(0, a.dilation * (a.kernel - 1) + 1);
  const std::int64_t span = a.dilation * (a.kernel - 1) + 1;
  a.size = std::max<std::int64_t>(1, span - 2 * a.padding) + draw.in(0, a.stride * (most_outputs - 1) + 1);
  return a;
}

/// A case drawn at random, with `in` and `out` channels a group. Both axes are drawn alone: strides, paddings and dilations
/// differ between them.
inline Conv2dCase draw_conv2d(std::uint64_t seed, std::int64_t in, std::int64_t out, std::int64_t groups,
                              std::int64_t largest_kernel = 4, std::int64_t most_outputs = 5) {
  Draw draw(seed);
  const ConvAxis y = draw_axis(draw, largest_kernel, most_outputs);
  const ConvAxis x = draw_axis(draw, largest_kernel, most_outputs);
  return {.p = {.n = draw.in(1, 3),
                .h = y.size,
                .w = x.size,
                .ci = in * groups,
                .co = out * groups,
                .kh = y.kernel,
                .kw = x.kernel,
                .stride_h = y.stride,
                .stride_w = x.stride,
                .padding_h = y.padding,
                .padding_w = x.padding,
                .dilation_h = y.dilation,
                .dilation_w = x.dilation,
                .groups = groups},
          .x_gap = draw.coin() ? 0 : draw.in(1, 9),
          .y_gap = draw.coin() ? 0 : draw.in(1, 9),
          .residual_gap = draw.in(0, 5),
          .scale = draw.coin(),
          .shift = draw.coin(),
          .residual = draw.coin(),
          .activation = activations[draw.in(0, activation_count - 1)]};
}

}  // namespace qrs::testing
