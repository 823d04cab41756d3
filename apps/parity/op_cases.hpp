// The operations that reference files name, and how each is run: the one table to extend for a new operation.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "op_context.hpp"
#include "optimizer_cases.hpp"
#include "qrs/ops/activation.hpp"
#include "qrs/ops/batch_norm.hpp"
#include "qrs/ops/conv2d.hpp"
#include "qrs/ops/cross_entropy.hpp"
#include "qrs/ops/linear.hpp"
#include "qrs/ops/pool2d.hpp"
#include "qrs/ops/softmax.hpp"

namespace qrs::parity {

template <class T>
void run_conv2d(OpContext<T>& c) {
  const auto stride = c.pair("stride", 1);
  const auto padding = c.pair("padding", 0);
  const auto dilation = c.pair("dilation", 1);
  const Conv2dOptions options{.stride = stride.first,
                              .padding = padding.first,
                              .dilation = dilation.first,
                              .groups = c.template parameter<std::int64_t>("groups", 1),
                              .stride_w = stride.second,
                              .padding_w = padding.second,
                              .dilation_w = dilation.second};
  std::vector<typename OpContext<T>::Operand> operands{{"x", Layout::image}, {"w", Layout::kernel}};
  if (c.parameter("bias", c.has("b"))) operands.push_back({"b", Layout::plain});
  c.forward_backward(operands, Layout::image, [&](const std::vector<Var<T>>& in) {
    return in.size() == 3 ? conv2d(in[0], in[1], in[2], options) : conv2d(in[0], in[1], options);
  });
}

template <class T>
void run_linear(OpContext<T>& c) {
  std::vector<typename OpContext<T>::Operand> operands{{"x", Layout::plain}, {"w", Layout::plain}};
  if (c.has("b")) operands.push_back({"b", Layout::plain});
  c.forward_backward(operands, Layout::plain, [](const std::vector<Var<T>>& in) {
    return in.size() == 3 ? linear(in[0], in[1], in[2]) : linear(in[0], in[1]);
  });
}

template <class T>
void run_batch_norm(OpContext<T>& c) {
  const Tensor<T> mean = c.input("running_mean", Layout::plain).clone();
  const Tensor<T> var = c.input("running_var", Layout::plain).clone();
  const auto norm = [&](const Var<T>& weight, const Var<T>& bias, bool training) {
    return BatchNorm<T>{.weight = weight,
                        .bias = bias,
                        .running_mean = mean,
                        .running_var = var,
                        .training = training,
                        .momentum = c.parameter("momentum", 0.1),
                        .eps = c.parameter("eps", 1e-5)};
  };
  const Layout layout = c.layout_of("x");
  if (c.has("y_eval")) {
    const Var<T> w = c.input("w", Layout::plain);
    const Var<T> b = c.input("b", Layout::plain);
    c.compare_forward("y_eval", batch_norm<T>(c.input("x", layout), norm(w, b, false)).value(), layout);
  }
  c.forward_backward({{"x", layout}, {"w", Layout::plain}, {"b", Layout::plain}}, layout,
                     [&](const std::vector<Var<T>>& in) { return batch_norm(in[0], norm(in[1], in[2], true)); });
  c.compare_forward("running_mean_after", mean);
  c.compare_forward("running_var_after", var);
}

template <class T>
void run_max_pool2d(OpContext<T>& c) {
  const auto kernel = c.pair("kernel", 2);
  const auto stride = c.pair("stride", 0);
  const auto padding = c.pair("padding", 0);
  const auto dilation = c.pair("dilation", 1);
  const MaxPool2dOptions options{.kernel = kernel.first,
                                 .stride = stride.first,
                                 .padding = padding.first,
                                 .dilation = dilation.first,
                                 .ceil_mode = c.parameter("ceil_mode", false),
                                 .kernel_w = kernel.second,
                                 .stride_w = stride.second,
                                 .padding_w = padding.second,
                                 .dilation_w = dilation.second};
  c.forward_backward({{"x", Layout::image}}, Layout::image,
                     [&](const std::vector<Var<T>>& in) { return max_pool2d(in[0], options); });
}

template <class T>
void run_avg_pool2d(OpContext<T>& c) {
  const auto kernel = c.pair("kernel", 2);
  const auto stride = c.pair("stride", 0);
  const auto padding = c.pair("padding", 0);
  const AvgPool2dOptions options{.kernel = kernel.first,
                                 .stride = stride.first,
                                 .padding = padding.first,
                                 .ceil_mode = c.parameter("ceil_mode", false),
                                 .count_include_pad = c.parameter("count_include_pad", true),
                                 .divisor_override = c.template parameter<std::int64_t>("divisor_override", 0),
                                 .kernel_w = kernel.second,
                                 .stride_w = stride.second,
                                 .padding_w = padding.second};
  c.forward_backward({{"x", Layout::image}}, Layout::image,
                     [&](const std::vector<Var<T>>& in) { return avg_pool2d(in[0], options); });
}

template <class T>
void run_adaptive_avg_pool2d(OpContext<T>& c) {
  const auto output = c.pair("output", 1);
  c.forward_backward({{"x", Layout::image}}, Layout::image, [&](const std::vector<Var<T>>& in) {
    return adaptive_avg_pool2d(in[0], output.first, output.second);
  });
}

template <class T>
void run_cross_entropy(OpContext<T>& c) {
  CrossEntropyOptions<T> options;
  if (const auto weight = c.template parameter<std::vector<double>>("weight", {}); !weight.empty()) {
    const Tensor<double> values = Tensor<double>::from({static_cast<std::int64_t>(weight.size())}, weight);
    options.weight = values.template cast<T>().to(c.device());
  }
  options.label_smoothing = c.parameter("label_smoothing", 0.0);
  options.ignore_index = c.template parameter<std::int64_t>("ignore_index", options.ignore_index);
  const auto reduction = c.template parameter<std::string>("reduction", "mean");
  QRS_CHECK(reduction == "mean" || reduction == "sum", "[parity] expected reduction 'mean' or 'sum' in case '",
            c.name(), "', got '", reduction, "'");
  options.reduction = reduction == "sum" ? Reduction::sum : Reduction::mean;
  const Var<T> logits = Var<T>::parameter(c.input("logits", Layout::plain));
  Tape<T> tape;
  Var<T> loss;
  {
    const Recording<T> on(tape);
    loss = cross_entropy(logits, c.template stored<std::int64_t>("target"), options);
  }
  c.compare_forward("loss", loss.value());
  tape.backward(loss);
  c.compare_gradient("dlogits", logits.grad());
}

/// An operation of one tensor: elementwise, or along the axis of channels, which is the last one here.
template <class T, class F>
void run_map(OpContext<T>& c, const F& f) {
  const Layout layout = c.layout_of("x");
  c.forward_backward({{"x", layout}}, layout, [&](const std::vector<Var<T>>& in) { return f(in[0]); });
}

/// How an operation is run, and the parameters it understands beside `case` and `op`.
template <class T>
struct OpRunner {
  std::function<void(OpContext<T>&)> run;
  std::vector<std::string> parameters = {};
};

/// Operation name -> runner.
template <class T>
const std::map<std::string, OpRunner<T>>& op_registry() {
  using C = OpContext<T>&;
  static const std::map<std::string, OpRunner<T>> registry = {
      {"conv2d", {run_conv2d<T>, {"stride", "padding", "dilation", "groups", "bias"}}},
      {"linear", {run_linear<T>}},
      {"batch_norm", {run_batch_norm<T>, {"momentum", "eps"}}},
      {"max_pool2d", {run_max_pool2d<T>, {"kernel", "stride", "padding", "dilation", "ceil_mode"}}},
      {"avg_pool2d",
       {run_avg_pool2d<T>, {"kernel", "stride", "padding", "ceil_mode", "count_include_pad", "divisor_override"}}},
      {"adaptive_avg_pool2d", {run_adaptive_avg_pool2d<T>, {"output"}}},
      {"relu", {[](C c) { run_map(c, relu<T>); }}},
      {"relu6", {[](C c) { run_map(c, relu6<T>); }}},
      {"silu", {[](C c) { run_map(c, silu<T>); }}},
      {"sigmoid", {[](C c) { run_map(c, sigmoid<T>); }}},
      {"tanh", {[](C c) { run_map(c, tanh<T>); }}},
      {"gelu", {[](C c) { run_map(c, gelu<T>); }}},
      {"hardswish", {[](C c) { run_map(c, hardswish<T>); }}},
      {"softmax", {[](C c) { run_map(c, softmax<T>); }}},
      {"log_softmax", {[](C c) { run_map(c, log_softmax<T>); }}},
      {"cross_entropy", {run_cross_entropy<T>, {"weight", "label_smoothing", "ignore_index", "reduction"}}},
      {"optimizer",
       {run_optimizer<T>,
        {"optimizer", "lr", "betas", "eps", "weight_decay", "amsgrad", "maximize", "momentum", "dampening",
         "nesterov"}}},
      {"ReduceLROnPlateau",
       {run_plateau<T>,
        {"lr", "mode", "factor", "patience", "threshold", "threshold_mode", "cooldown", "min_lr", "eps"}}},
  };
  return registry;
}

}  // namespace qrs::parity
