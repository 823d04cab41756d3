// What operations say about inputs they cannot take: the operation, what it expected, what it got.
#include <doctest/doctest.h>

#include <cstdint>
#include <string>

#include "../error_message.hpp"
#include "qrs/ops/activation.hpp"
#include "qrs/ops/add.hpp"
#include "qrs/ops/attention.hpp"
#include "qrs/ops/concat.hpp"
#include "qrs/ops/conv2d.hpp"
#include "qrs/ops/cross_entropy.hpp"
#include "qrs/ops/dropout.hpp"
#include "qrs/ops/gate.hpp"
#include "qrs/ops/matmul.hpp"
#include "qrs/ops/mul.hpp"
#include "qrs/ops/permute.hpp"
#include "qrs/ops/pool2d.hpp"
#include "qrs/ops/reshape.hpp"
#include "qrs/ops/slice.hpp"
#include "qrs/ops/softmax.hpp"
#include "qrs/ops/sum.hpp"

using qrs::Shape;
using qrs::Tensor;
using qrs::Var;

namespace {

Var<float> zeros(const Shape& shape) { return Tensor<float>::zeros(shape); }

using qrs::tests::error_message;

}  // namespace

TEST_CASE("a sum of nothing is refused, also of nothing with nothing") {
  CHECK(error_message([] { qrs::add(Var<float>(), Var<float>()); }) == "[add] expected a tensor a, got an empty Var");
  CHECK(error_message([] { qrs::add(zeros({}), Var<float>()); }) == "[add] expected a tensor b, got an empty Var");
}

TEST_CASE("steps, paddings and dilations near 2^63 are refused, not computed with") {
  constexpr std::int64_t huge = std::int64_t{1} << 62;
  const auto conv = [](const qrs::Conv2dOptions& o) {
    return error_message([&] { qrs::conv2d(zeros({1, 4, 4, 1}), zeros({3, 3, 1, 1}), o); });
  };
  for (const qrs::Conv2dOptions& o : {qrs::Conv2dOptions{.padding = huge}, qrs::Conv2dOptions{.dilation = huge},
                                      qrs::Conv2dOptions{.stride = huge}, qrs::Conv2dOptions{.padding_w = huge}}) {
    CHECK(conv(o).find("[conv2d] expected kernel, stride, padding and dilation of at most 2^31, got ") == 0);
  }
  const std::string pool = error_message([] {
    max_pool2d(zeros({1, 4, 4, 1}), {.kernel = huge, .padding = huge / 2});
  });
  CHECK(pool.find("[max_pool2d] expected kernel, stride and dilation of at most 2^31 along the height, got ") == 0);
  const std::string adaptive = error_message([] { qrs::adaptive_avg_pool2d(zeros({1, 4, 4, 1}), huge, 2); });
  CHECK(adaptive.find("[adaptive_avg_pool2d] expected an output of at least 1 x 1 and at most 2^31 x 2^31") == 0);
}

TEST_CASE("class weights that leave no target any weight are refused") {
  const Tensor<std::int64_t> targets = Tensor<std::int64_t>::from({2}, {0, 0});
  CHECK(error_message([&] {
          cross_entropy(zeros({2, 3}), targets, {.weight = Tensor<float>::zeros({3})});
        }) == "[cross_entropy] expected class weights whose sum over the targets is above 0, got 0");
}

TEST_CASE("an empty Var and an empty batch are errors that name the operation") {
  CHECK(error_message([] { relu(Var<float>()); }) == "[relu] expected a tensor x, got an empty Var");
  CHECK(error_message([] { silu(zeros({0, 3})); }) == "[silu] expected at least one value in x, got shape (0, 3)");
  CHECK(error_message([] { mean(zeros({0, 3})); }) == "[mean] expected at least one value in x, got shape (0, 3)");
  CHECK(error_message([] {
          softmax(zeros({0, 3}));
        }) == "[softmax] expected at least one value in x, got shape (0, 3)");
  CHECK(error_message([] {
          max_pool2d(zeros({0, 4, 4, 3}), {});
        }) == "[max_pool2d] expected at least one value in x, got shape (0, 4, 4, 3)");
  CHECK(error_message([] {
          cross_entropy(zeros({0, 3}), Tensor<std::int64_t>(Shape{0}));
        }) == "[cross_entropy] expected at least one value in logits, got shape (0, 3)");
  CHECK(error_message([] {
          qrs::concat({zeros({0, 3}), zeros({0, 2})});
        }) == "[concat] expected at least one value in x, got shape (0, 3)");
}

TEST_CASE("wrong shapes are errors that show both") {
  CHECK(error_message([] {
          mul(zeros({2, 3}), zeros({2, 4}));
        }) == "[mul] expected equal shapes, or axes of one element where they differ, got (2, 3) and (2, 4)");
  CHECK(error_message([] {
          gate(zeros({2, 4, 4, 3}), zeros({2, 4}));
        }) == "[gate] expected s of shape (3), (2, 3) or (2, 1, 1, 3) for x (2, 4, 4, 3), got (2, 4)");
  CHECK(error_message([] { gate(zeros({3}), zeros({3})); }) == "[gate] expected x of shape (N, ..., C), got (3)");
  CHECK(error_message([] {
          global_average_pool(zeros({2, 3}));
        }) == "[global_average_pool] expected x of shape (N, H, W, C), got (2, 3)");
  CHECK(error_message([] {
          qrs::concat({zeros({2, 3}), zeros({3, 3})});
        }) == "[concat] expected shapes equal but for the last axis, got (2, 3) and (3, 3)");
  CHECK(error_message([] {
          slice_channels(zeros({2, 8}), 5, 4);
        }) == "[slice_channels] expected a range inside 8 channels, got 5 to 9");
  CHECK(error_message([] {
          reshape(zeros({2, 6}), {3, 5});
        }) == "[reshape] expected a shape of 12 elements for (2, 6), got (3, 5)");
  CHECK(error_message([] { flatten(zeros({2, 6}), 2); }) == "[flatten] expected an axis of (2, 6), got 2");
}

TEST_CASE("windows that do not fit are errors that show the sizes") {
  CHECK(error_message([] {
          max_pool2d(zeros({1, 2, 9, 3}), {.kernel = 3});
        }) ==
        "[max_pool2d] expected an image at least as large as the window along the height, got 2 with padding 0 for a "
        "window of 3");
  CHECK(error_message([] {
          max_pool2d(zeros({1, 9, 9, 3}), {.kernel = 3, .padding = 2});
        }) ==
        "[max_pool2d] expected a padding of at most half the kernel along the height, got padding 2 for kernel 3");
  CHECK(error_message([] {
          avg_pool2d(zeros({1, 9, 9, 3}), {.kernel_w = 0});
        }) == "[avg_pool2d] expected kernel, stride and dilation > 0 along the width, got 0, 0 and 1");
  CHECK(error_message([] {
          adaptive_avg_pool2d(zeros({1, 9, 9, 3}), 0, 2);
        }) == "[adaptive_avg_pool2d] expected an output of at least 1 x 1 and at most 2^31 x 2^31, got 0 x 2");
}

TEST_CASE("probabilities outside [0, 1] are errors") {
  CHECK(error_message([] {
          dropout(zeros({2, 3}), {.p = 1.5});
        }) == "[dropout] expected a probability in [0, 1], got 1.5");
  CHECK(error_message([] {
          stochastic_depth(zeros({2, 3}), {.p = -0.5});
        }) == "[stochastic_depth] expected a probability in [0, 1], got -0.5");
}

TEST_CASE("cross-entropy names the row, the target and the classes") {
  const Var<float> logits = zeros({3, 4});
  const auto targets = [](std::int64_t a, std::int64_t b, std::int64_t c) {
    return Tensor<std::int64_t>::from({3}, {a, b, c});
  };
  CHECK(error_message([&] { cross_entropy(logits, targets(0, 4, 1)); }) ==
        "[cross_entropy] expected targets in [0, 4), got 4 in row 1");
  CHECK(error_message([&] { cross_entropy(logits, targets(0, 1, -1)); }) ==
        "[cross_entropy] expected targets in [0, 4), got -1 in row 2");
  CHECK(error_message([&] { cross_entropy(logits, targets(-100, -100, -100)); }) ==
        "[cross_entropy] expected at least one target other than ignore_index -100, got 3 of it");
  CHECK(error_message([&] { cross_entropy(logits, targets(0, 1, 2), {.weight = Tensor<float>::zeros({3})}); }) ==
        "[cross_entropy] expected class weights of shape (4), got (3)");
  CHECK(error_message([&] { cross_entropy(logits, targets(0, 1, 2), {.label_smoothing = 2}); }) ==
        "[cross_entropy] expected a label smoothing in [0, 1], got 2");
  CHECK(error_message([&] {
          cross_entropy(logits, Tensor<std::int64_t>::from({2}, {0, 1}));
        }) == "[cross_entropy] expected targets of shape (3) for logits (3, 4), got (2)");
  CHECK(error_message([&] { cross_entropy(zeros({3}), targets(0, 1, 2)); }) ==
        "[cross_entropy] expected logits of shape (N, C), got (3)");
}

TEST_CASE("operations on tokens name the input that does not fit") {
  const Var<float> q = zeros({2, 5, 6});
  CHECK(error_message([&] { attention(q, q, Var<float>()); }) == "[attention] expected a tensor v, got an empty Var");
  CHECK(error_message([&] {
          attention(zeros({5, 6}), q, q);
        }) == "[attention] expected q of shape (N, S, E), got (5, 6)");
  CHECK(error_message([&] {
          attention(q, zeros({2, 0, 6}), q);
        }) == "[attention] expected at least one value in k, got shape (2, 0, 6)");
  CHECK(error_message([&] {
          attention(q, zeros({2, 4, 7}), q);
        }) == "[attention] expected k of shape (2, S, 6), got (2, 4, 7)");
  CHECK(error_message([&] {
          attention(q, zeros({2, 4, 6}), q);
        }) == "[attention] expected v of shape (2, 4, 6), got (2, 5, 6)");
  CHECK(error_message([&] { attention(q, q, q, {.heads = 4}); }) ==
        "[attention] expected heads that divide 6 columns, got 4");
  CHECK(error_message([&] {
          matmul(q, zeros({2, 5, 6}));
        }) ==
        "[matmul] expected a (..., M, K) and b (..., K, N) with the same leading axes, got (2, 5, 6) and (2, 5, 6)");
  CHECK(error_message([&] {
          matmul(q, zeros({3, 6, 5}));
        }) ==
        "[matmul] expected a (..., M, K) and b (..., K, N) with the same leading axes, got (2, 5, 6) and (3, 6, 5)");
  CHECK(error_message([&] { matmul(q, Var<float>()); }) == "[matmul] expected a tensor b, got an empty Var");
  CHECK(error_message([&] {
          add(q, zeros({1, 4, 6}));
        }) == "[add] expected equal shapes, or axes of one element where they differ, got (2, 5, 6) and (1, 4, 6)");
}

TEST_CASE("axes that are not there are errors that show the shape") {
  const Var<float> x = zeros({2, 3, 4});
  CHECK(error_message([&] {
          permute(x, {0, 1});
        }) == "[permute] expected axes to be each axis of (2, 3, 4) once, got (0, 1)");
  CHECK(error_message([&] {
          permute(x, {0, 1, 1});
        }) == "[permute] expected axes to be each axis of (2, 3, 4) once, got (0, 1, 1)");
  CHECK(error_message([&] { slice(x, 3, 0, 1); }) == "[slice] expected an axis of (2, 3, 4), got 3");
  CHECK(error_message([&] { slice(x, 1, 2, 2); }) == "[slice] expected a range inside axis 1 of (2, 3, 4), got 2 to 4");
  CHECK(error_message([&] {
          qrs::concat({x, zeros({2, 2, 5})}, 1);
        }) == "[concat] expected shapes equal but for axis 1, got (2, 3, 4) and (2, 2, 5)");
  CHECK(error_message([&] { qrs::concat({x, x}, 3); }) == "[concat] expected an axis of (2, 3, 4), got 3");
}
