// Operations under every option against PyTorch: golden/op_options.safetensors, written by make_op_options.py beside
// it.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "qrs/io/safetensors.hpp"
#include "qrs/ops/activation.hpp"
#include "qrs/ops/cross_entropy.hpp"
#include "qrs/ops/gate.hpp"
#include "qrs/ops/pool2d.hpp"
#include "qrs/ops/softmax.hpp"
#include "qrs/tensor/compare.hpp"

using qrs::Tensor;
using qrs::Var;

namespace {

const qrs::io::StateDict& golden() {
  static const qrs::io::StateDict dict = qrs::io::read_safetensors("tests/golden/op_options.safetensors");
  return dict;
}

/// What float may differ by where double, from the same formula in another order, may differ by 1e-12.
template <class T>
constexpr qrs::Tolerance tolerance = sizeof(T) == 4 ? qrs::Tolerance{.absolute = 2e-6, .relative = 1e-5}
                                                    : qrs::Tolerance{.absolute = 1e-13, .relative = 1e-12};

/// Runs f on the inputs of a case, forward and backward, and compares y and every gradient.
template <class T, class F>
void check(const std::string& name, const std::vector<std::string>& keys, const F& f) {
  CAPTURE(name);
  CAPTURE(sizeof(T));
  const auto tensor = [&](const std::string& key) { return golden().at(name + "/" + key).to<T>(); };
  std::vector<Var<T>> inputs;
  for (const std::string& key : keys) inputs.push_back(Var<T>::parameter(tensor(key)));
  qrs::Tape<T> tape;
  Var<T> y;
  {
    const qrs::Recording<T> on(tape);
    y = f(inputs);
  }
  CHECK(qrs::mismatch(y.value(), tensor("y"), tolerance<T>) == "");
  tape.backward(y, tensor("dy"));
  for (std::size_t i = 0; i < keys.size(); ++i) {
    CAPTURE(keys[i]);
    CHECK(qrs::mismatch(inputs[i].grad(), tensor("d" + keys[i]), tolerance<T>) == "");
  }
}

template <class T>
Tensor<std::int64_t> targets() {
  return Tensor<std::int64_t>::from({7}, {3, -100, 0, 4, -100, 1, 2});
}

}  // namespace

TEST_CASE_TEMPLATE("pooling under every option equals PyTorch's", T, float, double) {
  check<T>("max_dilated", {"x"}, [](const auto& in) {
    return qrs::max_pool2d(in[0], {.kernel = 3,
                                   .stride = 2,
                                   .padding = 1,
                                   .dilation = 2,
                                   .ceil_mode = true,
                                   .kernel_w = 2,
                                   .stride_w = 3,
                                   .dilation_w = 3});
  });
  check<T>("max_stride_default", {"x"}, [](const auto& in) { return qrs::max_pool2d(in[0], {.kernel = 3}); });
  check<T>("max_ceil_drops_window", {"x"}, [](const auto& in) {
    return qrs::max_pool2d(in[0], {.kernel = 2, .stride = 4, .padding = 1, .ceil_mode = true});
  });
  check<T>("avg_padded", {"x"},
           [](const auto& in) { return qrs::avg_pool2d(in[0], {.kernel = 3, .stride = 2, .padding = 1}); });
  check<T>("avg_ceil", {"x"}, [](const auto& in) {
    return qrs::avg_pool2d(
        in[0],
        {.kernel = 3, .stride = 2, .padding = 1, .ceil_mode = true, .kernel_w = 2, .stride_w = 3, .padding_w = 0});
  });
  check<T>("avg_ceil_pad_not_counted", {"x"}, [](const auto& in) {
    return qrs::avg_pool2d(in[0],
                           {.kernel = 3, .stride = 2, .padding = 1, .ceil_mode = true, .count_include_pad = false});
  });
  check<T>("avg_divisor", {"x"}, [](const auto& in) { return qrs::avg_pool2d(in[0], {.divisor_override = 3}); });
  check<T>("adaptive_down", {"x"}, [](const auto& in) { return qrs::adaptive_avg_pool2d(in[0], 3, 4); });
  check<T>("adaptive_up", {"x"}, [](const auto& in) { return qrs::adaptive_avg_pool2d(in[0], 7, 5); });
  check<T>("adaptive_one", {"x"}, [](const auto& in) { return qrs::adaptive_avg_pool2d(in[0], 1, 1); });
}

TEST_CASE_TEMPLATE("the gate and wide softmax rows equal PyTorch's", T, float, double) {
  check<T>("gate", {"x", "s"}, [](const auto& in) { return qrs::gate(in[0], in[1]); });
  check<T>("softmax_wide", {"x"}, [](const auto& in) { return qrs::softmax(in[0]); });
  check<T>("log_softmax_wide", {"x"}, [](const auto& in) { return qrs::log_softmax(in[0]); });
}

TEST_CASE_TEMPLATE("cross-entropy with weights, smoothing and ignored rows equals PyTorch's", T, float, double) {
  using qrs::Reduction;
  const Tensor<T> weight = Tensor<T>::from({5}, {T(0.5), T(2), T(1.25), T(0.75), T(3)});
  for (const auto& [name, reduction] :
       {std::pair("mean", Reduction::mean), std::pair("sum", Reduction::sum), std::pair("none", Reduction::none)}) {
    const Reduction chosen = reduction;
    check<T>(std::string("cross_entropy_") + name, {"x"}, [&weight, chosen](const auto& in) {
      return qrs::cross_entropy(in[0], targets<T>(), {.weight = weight, .label_smoothing = 0.25, .reduction = chosen});
    });
  }
  check<T>("cross_entropy_ignored", {"x"}, [](const auto& in) { return qrs::cross_entropy(in[0], targets<T>()); });
  check<T>("cross_entropy_ignored_smoothed", {"x"},
           [](const auto& in) { return qrs::cross_entropy(in[0], targets<T>(), {.label_smoothing = 0.25}); });
}

TEST_CASE_TEMPLATE("activations at their kinks, at infinity and at NaN equal PyTorch's", T, float, double) {
  using qrs::Activation;
  for (const Activation f : {Activation::relu, Activation::relu6, Activation::silu, Activation::sigmoid,
                             Activation::tanh, Activation::gelu, Activation::hardswish}) {
    check<T>(std::string("ends_") + qrs::name(f), {"x"}, [f](const auto& in) { return qrs::activation(in[0], f); });
  }
}
