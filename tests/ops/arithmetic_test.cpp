// Arithmetic as it is written: values of operands whose shapes differ, and what is refused.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "../error_message.hpp"
#include "qrs/ops/exp_log.hpp"
#include "qrs/ops/mse_loss.hpp"
#include "qrs/ops/operators.hpp"
#include "qrs/tensor/compare.hpp"

namespace qrs {

namespace arithmetic_test {

using tests::error_message;
using V = Var<double>;

namespace {

V of(const Shape& shape, std::initializer_list<double> values) { return Tensor<double>::from(shape, values); }

}  // namespace

TEST_CASE("axes of one element, and missing ones, are repeated as NumPy does") {
  const V column = of({2, 1}, {10, 20});
  const V row = of({3}, {1, 2, 3});
  CHECK(mismatch((column + row).value(), Tensor<double>::from({2, 3}, {11, 12, 13, 21, 22, 23})) == "");
  CHECK(mismatch((column * row).value(), Tensor<double>::from({2, 3}, {10, 20, 30, 20, 40, 60})) == "");
  CHECK(mismatch((column - row).value(), Tensor<double>::from({2, 3}, {9, 8, 7, 19, 18, 17})) == "");
  CHECK(mismatch((row / column).value(), Tensor<double>::from({2, 3}, {0.1, 0.2, 0.3, 0.05, 0.1, 0.15})) == "");
  CHECK(mismatch(expand(of({}, {7}), {2, 2}).value(), Tensor<double>::full({2, 2}, 7)) == "");
}

TEST_CASE("numbers stand on either side of an operator") {
  const V x = of({2}, {1, 4});
  CHECK(mismatch((1.0 - x).value(), Tensor<double>::from({2}, {0, -3})) == "");
  CHECK(mismatch((8 / x).value(), Tensor<double>::from({2}, {8, 2})) == "");
  CHECK(mismatch((x / 2 + 1 - 3 * x).value(), Tensor<double>::from({2}, {-1.5, -9})) == "");
  CHECK(mismatch((-x).value(), Tensor<double>::from({2}, {-1, -4})) == "");
}

TEST_CASE("tensors stand on either side as constants") {
  const V x = V::parameter(Tensor<double>::from({2}, {1, 4}));
  const auto c = Tensor<double>::from({2}, {2, 8});
  Tape<double> tape;
  V y;
  {
    const Recording<double> on(tape);
    y = (x + c) * c - c / x + (c - x) / c + c * x - (x - c) + (c + x);
  }
  CHECK(mismatch(y.value(), Tensor<double>::from({2}, {6 - 2 + 0.5 + 2 + 1 + 3, 96 - 2 + 0.5 + 32 + 4 + 12})) == "");
  tape.backward(y, Tensor<double>::full({2}, 1));
  CHECK(mismatch(x.grad(), Tensor<double>::from({2}, {2 + 2 - 0.5 + 2, 8 + 0.5 - 0.125 + 8})) == "");
}

TEST_CASE("a quotient is correctly rounded, and by IEEE 754 where there is none") {
  CHECK((of({1}, {1}) / of({1}, {3})).value().item() == 1.0 / 3.0);
  CHECK((of({1}, {1}) / of({1}, {0})).value().item() == std::numeric_limits<double>::infinity());
  CHECK(std::isnan((of({1}, {0}) / of({1}, {0})).value().item()));
  CHECK(std::isnan(log(of({1}, {-1})).value().item()));
  CHECK(std::isnan(sqrt(of({1}, {-1})).value().item()));
}

TEST_CASE("shapes that cannot be repeated are errors that show both") {
  const V a = of({2, 3}, {1, 2, 3, 4, 5, 6});
  const V b = of({2}, {1, 2});
  const std::string said = "expected equal shapes, or axes of one element where they differ, got (2, 3) and (2)";
  CHECK(error_message([&] { a + b; }) == "[add] " + said);
  CHECK(error_message([&] { a - b; }) == "[sub] " + said);
  CHECK(error_message([&] { a* b; }) == "[mul] " + said);
  CHECK(error_message([&] { a / b; }) == "[div] " + said);
  CHECK(error_message([&] {
          expand(a, {2, 1});
        }) == "[expand] expected a shape that (2, 3) can be repeated to, got (2, 1)");
  CHECK(error_message([&] { expand(a, {3}); }) == "[expand] expected a shape that (2, 3) can be repeated to, got (3)");
  CHECK(error_message([&] { mse_loss(a, b); }) == "[mse_loss] expected equal shapes, got (2, 3) and (2)");
  CHECK(error_message([&] { a + V(); }) == "[add] expected a tensor b, got an empty Var");
}

}  // namespace arithmetic_test

}  // namespace qrs
