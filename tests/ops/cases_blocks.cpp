#include "norm_of.hpp"
#include "op_case.hpp"
#include "qrs/ops/conv_norm.hpp"
#include "qrs/ops/dense_features.hpp"
#include "qrs/ops/gate.hpp"
#include "qrs/ops/pool2d.hpp"

namespace qrs::testing {

/// A convolution and its norm from three inputs in a row: w, gamma, beta.
template <class T>
ConvNorm<T> unit_of(const std::vector<Var<T>>& in, std::size_t first, const Conv2dOptions& o, Activation f,
                    bool training) {
  return {.w = in[first],
          .bias = {},
          .options = o,
          .norm = norm_of(in[first + 1], in[first + 2], training),
          .activation = f};
}

/// The blocks as models/ composes them. silu stands in for relu where gradients are judged: it has no kink.
template <class T>
Var<T> basic_block_of(const std::vector<Var<T>>& in, std::int64_t stride, bool shortcut, bool training) {
  const Var<T>& x = in[0];
  const Var<T> y = conv_norm(x, unit_of(in, 1, {.stride = stride, .padding = 1}, Activation::silu, training));
  const Var<T> side = shortcut ? conv_norm(x, unit_of(in, 7, {.stride = stride}, Activation::identity, training)) : x;
  return conv_norm(y, unit_of(in, 4, {.padding = 1}, Activation::silu, training), side);
}

template <class T>
Var<T> mbconv_of(const std::vector<Var<T>>& in, bool expand, std::int64_t stride, bool residual, bool training) {
  const Var<T>& x = in[0];
  const Var<T> a = expand ? conv_norm(x, unit_of(in, 11, {}, Activation::silu, training)) : x;
  const Conv2dOptions depthwise{.stride = stride, .padding = 1, .groups = a.dim(3)};
  const Var<T> b = conv_norm(a, unit_of(in, 1, depthwise, Activation::silu, training));
  const Var<T> squeezed = reshape(global_average_pool(b), {b.dim(0), 1, 1, b.dim(3)});
  const Var<T> s = sigmoid(conv2d(silu(conv2d(squeezed, in[4], in[5])), in[6], in[7]));
  return conv_norm(gate(b, s), unit_of(in, 8, {}, Activation::identity, training), residual ? x : Var<T>());
}

template <class T>
Var<T> dense_block_of(const std::vector<Var<T>>& in, bool training) {
  std::int64_t width = in[0].dim(3);
  for (std::size_t at = 1; at < in.size(); at += 6) width += in[at + 5].dim(3);
  DenseFeatures<T> features(in[0], width, training);
  for (std::size_t at = 1; at < in.size(); at += 6) {
    const Var<T> y =
        batch_norm(features.all(), norm_of(in[at], in[at + 1], training), Activation::relu, {}, features.statistics());
    features.append(conv_norm(y, unit_of(in, at + 2, {}, Activation::relu, training)), in[at + 5], {}, {.padding = 1});
  }
  return features.all();
}

/// A convolution's weight and its norm's gamma and beta, in the order unit_of reads them.
static void add_unit(std::vector<Input>& inputs, std::int64_t kernel, std::int64_t in, std::int64_t out) {
  inputs.push_back(weights({kernel, kernel, in, out}));
  inputs.push_back(weights({out}));
  inputs.push_back(weights({out}));
}

static std::vector<Input> basic_inputs(const Input& x, std::int64_t out, bool shortcut) {
  std::vector<Input> inputs{x};
  const std::int64_t in = x.extents.back();
  add_unit(inputs, 3, in, out);
  add_unit(inputs, 3, out, out);
  if (shortcut) add_unit(inputs, 1, in, out);
  return inputs;
}

/// An MBConv of 9 inner channels, squeezed to 2, to 4 channels.
static std::vector<Input> mbconv_inputs(const Input& x, bool expand) {
  std::vector<Input> inputs{x};
  add_unit(inputs, 3, 1, 9);
  for (const Input& excite : {weights({1, 1, 9, 2}), weights({2}), weights({1, 1, 2, 9}), weights({9})}) {
    inputs.push_back(excite);
  }
  add_unit(inputs, 1, 9, 4);
  if (expand) add_unit(inputs, 1, 4, 9);
  return inputs;
}

/// The inputs of a dense block of two layers: growth 3, bottleneck 6.
static std::vector<Input> dense_inputs() {
  std::vector<Input> out{{batch, 4, 5, 5}};
  for (const std::int64_t width : {5, 8}) {
    for (const Input& input : {weights({width}, 0.5, 1.5), weights({width}), weights({1, 1, width, 6}),
                               weights({6}, 0.5, 1.5), weights({6}), weights({3, 3, 6, 3})}) {
      out.push_back(input);
    }
  }
  return out;
}

static const Traits blocks{.gradcheck_elements = 24, .same_bits_of_ranges = false};

static const Register block_cases({
    {"basic_block/identity", basic_inputs({batch, 5, 4, 6}, 6, false),
     [](const auto& in) { return basic_block_of(in, 1, false, true); }, blocks},
    {"basic_block/stride 2", basic_inputs({batch, 6, 5, 4}, 7, true),
     [](const auto& in) { return basic_block_of(in, 2, true, true); }, blocks},
    {"basic_block/evaluation", basic_inputs({batch, 6, 5, 4}, 7, true),
     [](const auto& in) { return basic_block_of(in, 2, true, false); }, blocks},
    {"dense_block/training", dense_inputs(), [](const auto& in) { return dense_block_of(in, true); }, blocks},
    {"dense_block/evaluation", dense_inputs(), [](const auto& in) { return dense_block_of(in, false); }, blocks},
    {"mbconv/expansion and residual", mbconv_inputs({batch, 5, 4, 4}, true),
     [](const auto& in) { return mbconv_of(in, true, 1, true, true); }, blocks},
    {"mbconv/no expansion, stride 2", mbconv_inputs({batch, 5, 6, 9}, false),
     [](const auto& in) { return mbconv_of(in, false, 2, false, true); }, blocks},
    {"mbconv/evaluation", mbconv_inputs({batch, 5, 4, 4}, true),
     [](const auto& in) { return mbconv_of(in, true, 1, true, false); }, blocks},
});

}  // namespace qrs::testing
