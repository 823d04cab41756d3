// The judge is judged: gradients that are right pass, each way of being wrong is found.
#include <doctest/doctest.h>

#include <vector>

#include "qrs/autograd/gradcheck.hpp"
#include "qrs/ops/add.hpp"

namespace {

using qrs::Shape;
using qrs::Tensor;
using qrs::Var;
using Inputs = std::vector<Var<double>>;

Tensor<double> input(const Shape& shape, const char* name) {
  Tensor<double> out(shape);
  const qrs::NamedValues values(name);
  for (std::int64_t i = 0; i < out.size(); ++i) out.data()[i] = 2.0 * values(i) - 1.0;
  return out;
}

enum class Fault { none, two_percent, sign_flip, overwrites, one_element, forgets, not_a_number };

/// y = x^3 elementwise, with a backward that has the given fault.
Var<double> cube(const Var<double>& x, Fault fault) {
  Tensor<double> y(x.shape());
  const Tensor<double> value = x.value();
  for (std::int64_t i = 0; i < y.size(); ++i) y.data()[i] = value.data()[i] * value.data()[i] * value.data()[i];
  qrs::Tape<double>* tape = qrs::listening(x);
  if (tape == nullptr) return y;
  return tape->record(y, [value, fault, dx = x.slot()](const Tensor<double>& dy) {
    if (fault == Fault::forgets) return;
    auto [to, accumulate] = dx->target();
    for (std::int64_t i = 0; i < to.size(); ++i) {
      double slope = 3.0 * value.data()[i] * value.data()[i];
      if (fault == Fault::two_percent) slope *= 1.02;
      if (fault == Fault::sign_flip) slope = -slope;
      if (fault == Fault::one_element && i == to.size() - 1) slope = 0.0;
      if (fault == Fault::not_a_number && i == to.size() - 1) slope = NAN;
      const double before = accumulate && fault != Fault::overwrites ? to.data()[i] : 0.0;
      to.data()[i] = before + dy.data()[i] * slope;
    }
  });
}

qrs::GradcheckReport check(Fault fault) {
  return qrs::gradcheck<double>([fault](const Inputs& in) { return cube(in[0], fault); }, {input({2, 5}, "x")});
}

}  // namespace

TEST_CASE("gradcheck accepts a right gradient, far below the tolerance") {
  const auto report = check(Fault::none);
  CHECK_MESSAGE(report.ok(), report.text());
  CHECK(report.max_error < 1e-9);
  CHECK(report.checked == 10);
}

TEST_CASE("gradcheck finds a gradient that is two percent too large") {
  const auto report = check(Fault::two_percent);
  CHECK_FALSE(report.ok());
  CHECK(report.max_error == doctest::Approx(0.02 / 1.02).epsilon(1e-3));
}

TEST_CASE("gradcheck finds a flipped sign: values are compared with theirs") {
  const auto report = check(Fault::sign_flip);
  CHECK_FALSE(report.ok());
  CHECK(report.max_error == doctest::Approx(2.0).epsilon(1e-3));
  CHECK(report.analytic == doctest::Approx(-report.numeric).epsilon(1e-6));
}

TEST_CASE("gradcheck finds a backward that overwrites the gradient already there") {
  const auto report = check(Fault::overwrites);
  CHECK_FALSE(report.ok());
  CHECK(report.added);
  CHECK(report.text().find("second backward") != std::string::npos);
}

TEST_CASE("gradcheck names the one element that is wrong") {
  const auto report = check(Fault::one_element);
  CHECK_FALSE(report.ok());
  CHECK(report.input == 0);
  CHECK(report.element == 9);
  CHECK(report.analytic == 0.0);
}

TEST_CASE("gradcheck finds a gradient that never arrives") { CHECK_FALSE(check(Fault::forgets).ok()); }

TEST_CASE("gradcheck finds a gradient that is not a number") { CHECK_FALSE(check(Fault::not_a_number).ok()); }

TEST_CASE("gradcheck finds a NaN in an element that is not among those it checks, and in the second backward alone") {
  const auto f = [](const Inputs& in) { return cube(in[0], Fault::not_a_number); };
  const auto report = qrs::gradcheck<double>(f, {input({2, 5}, "x")}, {.elements = 1});
  CHECK_FALSE(report.ok());
  CHECK(std::isinf(report.max_error));
  int backwards = 0;
  const auto late = [&backwards](const Inputs& in) {
    const bool again = qrs::listening(in[0]) != nullptr && ++backwards == 2;
    return cube(in[0], again ? Fault::not_a_number : Fault::none);
  };
  const auto second = qrs::gradcheck<double>(late, {input({2, 5}, "x")}, {.elements = 1});
  CHECK_FALSE(second.ok());
  CHECK(second.added);
}

TEST_CASE("gradcheck looks at every input") {
  const auto wrong_second = [](const Inputs& in) {
    return qrs::add(cube(in[0], Fault::none), cube(in[1], Fault::two_percent));
  };
  const auto report = qrs::gradcheck<double>(wrong_second, {input({3, 4}, "a"), input({3, 4}, "b")});
  CHECK_FALSE(report.ok());
  CHECK(report.input == 1);
  CHECK(report.checked == 24);
}

TEST_CASE("gradcheck checks an even spread of elements where there are many") {
  const auto f = [](const Inputs& in) { return cube(in[0], Fault::none); };
  const auto report = qrs::gradcheck<double>(f, {input({20, 5}, "x")}, {.elements = 7});
  CHECK(report.ok());
  CHECK(report.checked == 7);
}

TEST_CASE("gradcheck steps closer to a kink that lies within its stencil") {
  const auto absolute = [](const Inputs& in) {
    Tensor<double> y(in[0].shape());
    const Tensor<double> x = in[0].value();
    for (std::int64_t i = 0; i < y.size(); ++i) y.data()[i] = std::fabs(x.data()[i]);
    qrs::Tape<double>* tape = qrs::listening(in[0]);
    if (tape == nullptr) return Var<double>(y);
    return tape->record(y, [signs = x.clone(), dx = in[0].slot()](const Tensor<double>& dy) {
      Tensor<double> out(dy.shape());
      for (std::int64_t i = 0; i < out.size(); ++i) out.data()[i] = signs.data()[i] > 0 ? dy.data()[i] : -dy.data()[i];
      dx->add(out);
    });
  };
  const auto near = qrs::gradcheck<double>(absolute, {Tensor<double>::from({2}, {5e-5, -5e-5})});
  CHECK_MESSAGE(near.ok(), near.text());
  const auto on_it = qrs::gradcheck<double>(absolute, {Tensor<double>::from({1}, {0.0})});
  CHECK_FALSE(on_it.ok());
}

TEST_CASE("gradcheck of no element is no proof") {
  const auto report = qrs::gradcheck<double>([](const Inputs& in) { return in[0]; }, {Tensor<double>(Shape{0, 3})});
  CHECK_FALSE(report.ok());
}
