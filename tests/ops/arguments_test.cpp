// What every operation does with its arguments, derived from the cases of cases_<family>.cpp: an input alone may want a gradient,
// and an input that is absent or of another shape is refused by name or has a meaning, and is never read past its end.
#include <doctest/doctest.h>

#include "../error_message.hpp"
#include "op_case.hpp"
#include "qrs/ops/conv_norm.hpp"
#include "qrs/ops/dense_features.hpp"
#include "qrs/ops/gate.hpp"
#include "qrs/ops/linear.hpp"
#include "qrs/tensor/compare.hpp"

namespace {

using namespace qrs;
using testing::OpCase;

/// Values and gradients where only input `wanted` is a parameter.
testing::Outcome<double> run_alone(const OpCase& op, const std::vector<Tensor<double>>& inputs, std::size_t wanted) {
  std::vector<Var<double>> variables;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    variables.push_back(i == wanted ? Var<double>::parameter(inputs[i]) : Var<double>(inputs[i]));
  }
  Tape<double> tape;
  Var<double> y;
  {
    const Recording<double> on(tape);
    y = op(variables);
  }
  Tensor<double> cotangent(y.shape());
  const NamedValues unit("cotangent");
  for (std::int64_t i = 0; i < cotangent.size(); ++i) cotangent.data()[i] = 2 * unit(i) - 1;
  tape.backward(y, cotangent);
  return {y.value(), {variables[wanted].grad()}};
}

/// What the operation says of these inputs, with or without a tape; empty where it takes them and its result is finite.
std::string answer(const OpCase& op, const std::vector<Var<double>>& inputs, bool recorded) {
  Tape<double> tape;
  try {
    Var<double> y;
    if (recorded) {
      const Recording<double> on(tape);
      y = op(inputs);
      tape.backward(y, Tensor<double>::full(y.shape(), 1.0));
    } else {
      y = op(inputs);
    }
    const Tensor<double> value = y.value().as_contiguous();
    for (const double v : value.values()) {
      if (!std::isfinite(v)) return "a result that is not finite";
    }
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

/// The same values with one extent larger by `by`; what is new is 0.5. Behind each row lies NaN.
Tensor<double> with_extent(const Tensor<double>& x, int axis, std::int64_t by) {
  std::vector<std::int64_t> extents(x.shape().extents().begin(), x.shape().extents().end());
  extents[static_cast<std::size_t>(axis)] += by;
  return Tensor<double>::full(Shape(extents), 0.5);
}

}  // namespace

TEST_CASE("each input alone wants a gradient: the same bits as where all of them do") {
  for (const OpCase& op : testing::op_cases()) {
    CAPTURE(op.name);
    const std::vector<Tensor<double>> inputs = op.tensors<double>();
    const testing::Outcome<double> all = testing::run<double>(op, inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      CAPTURE(i);
      const testing::Outcome<double> alone = run_alone(op, inputs, i);
      CHECK(mismatch(alone.y, all.y, {.absolute = 1e-12, .relative = 1e-12}) == "");
      if (alone.gradients[0].empty()) continue;  // no path from this input: all.gradients holds zeros
      CHECK(mismatch(alone.gradients[0], all.gradients[i], {.absolute = 1e-12, .relative = 1e-12}) == "");
    }
  }
}

TEST_CASE("an absent input is an error that names the operation, in evaluation and under a tape") {
  for (const OpCase& op : testing::op_cases()) {
    for (const bool recorded : {false, true}) {
      const std::vector<Tensor<double>> tensors = op.tensors<double>();
      for (std::size_t i = 0; i < tensors.size(); ++i) {
        std::vector<Var<double>> inputs;
        for (const Tensor<double>& t : tensors) inputs.push_back(Var<double>::parameter(t));
        inputs[i] = Var<double>();
        CAPTURE(op.name);
        CAPTURE(i);
        const std::string said = answer(op, inputs, recorded);
        const bool named = said.rfind("[", 0) == 0 && said.find("expected") != std::string::npos;
        CHECK_MESSAGE((said.empty() || named), said);
        if (i == 0) CHECK(named);
      }
    }
  }
}

TEST_CASE("an input of another shape is refused by name, or has a meaning and a finite result") {
  for (const OpCase& op : testing::op_cases()) {
    for (const bool recorded : {false, true}) {
      const std::vector<Tensor<double>> tensors = op.tensors<double>();
      for (std::size_t i = 0; i < tensors.size(); ++i) {
        for (int axis = 0; axis < tensors[i].rank(); ++axis) {
          for (const std::int64_t by : {-1, 1}) {
            if (tensors[i].dim(axis) + by < 1) continue;
            std::vector<Var<double>> inputs;
            for (const Tensor<double>& t : tensors) inputs.push_back(Var<double>::parameter(t));
            inputs[i] = Var<double>::parameter(with_extent(tensors[i], axis, by));
            CAPTURE(op.name);
            CAPTURE(i);
            CAPTURE(axis);
            CAPTURE(by);
            const std::string said = answer(op, inputs, recorded);
            CHECK_MESSAGE((said.empty() || said.rfind("[", 0) == 0), said);
          }
        }
      }
    }
  }
}

TEST_CASE("wrong arguments of the unit of networks are errors that name them") {
  const auto zeros = [](const Shape& shape) { return Var<float>(Tensor<float>::zeros(shape)); };
  const auto ones = [](const Shape& shape) { return Tensor<float>::full(shape, 1.0F); };
  const auto unit = [&](std::int64_t weight, std::int64_t mean, std::int64_t bias) {
    return ConvNorm<float>{
        .w = zeros({3, 3, 4, 6}),
        .bias = bias > 0 ? zeros({bias}) : Var<float>(),
        .options = {.padding = 1},
        .norm = {
            .weight = zeros({weight}), .bias = zeros({6}), .running_mean = ones({mean}), .running_var = ones({6})}};
  };
  const Var<float> x = zeros({2, 5, 5, 4});
  for (const bool recorded : {false, true}) {
    const auto said = [&](const ConvNorm<float>& u, const Var<float>& residual) {
      Tape<float> tape;
      const Var<float> leaf = Var<float>::parameter(x.value());
      return tests::error_message([&] {
        if (!recorded) return static_cast<void>(conv_norm(x, u, residual).value());
        const Recording<float> on(tape);
        conv_norm(leaf, u, residual).value();
      });
    };
    CHECK(said(unit(6, 6, 0), {}) == "no error");
    CHECK(said(unit(5, 6, 0), {}) == "[batch_norm] expected weight of shape (6) for x (2, 5, 5, 6), got (5)");
    CHECK(said(unit(6, 7, 0), {}) == "[batch_norm] expected running_mean of shape (6) for x (2, 5, 5, 6), got (7)");
    CHECK(said(unit(6, 6, 3), {}) == "[conv2d] expected a bias of shape (6), got (3)");
    const std::string residual = said(unit(6, 6, 0), zeros({2, 5, 5, 4}));
    CHECK(residual.find("expected a residual of shape (2, 5, 5, 6), got (2, 5, 5, 4)") != std::string::npos);
    CHECK(said(unit(6, 6, 0), zeros({2, 4, 5, 6})).find("residual of shape (2, 5, 5, 6)") != std::string::npos);
    CHECK(said(unit(6, 6, 0), zeros({1, 5, 5, 6})).find("residual of shape (2, 5, 5, 6)") != std::string::npos);
  }
}

TEST_CASE("a dense block's buffer refuses what does not fit") {
  const auto zeros = [](const Shape& shape) { return Var<float>(Tensor<float>::zeros(shape)); };
  CHECK(tests::error_message([&] {
          DenseFeatures<float>(zeros({1, 4, 4, 8}), 6, false);
        }) == "[dense_features] expected at least the 8 channels of x, got 6");
  DenseFeatures<float> features(zeros({1, 4, 4, 8}), 10, false);
  CHECK(tests::error_message([&] {
          features.append(zeros({1, 4, 4, 5}), zeros({3, 3, 5, 3}), {}, {.padding = 1});
        }) == "[dense_features] expected at most 2 more channels, got 3");
  CHECK(tests::error_message([&] {
          features.append(zeros({1, 4, 4, 5}), zeros({3, 3, 5, 2}), {}, {});
        }) == "[conv2d] expected y of shape (1, 2, 2, 2), got (1, 4, 4, 2)");
  CHECK(features.all().dim(3) == 8);
}
