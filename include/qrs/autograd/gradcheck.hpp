// Gradients against central differences: the judge of every backward.
//
// For y = f(x_1, ..., x_k) and a fixed random cotangent c of y's shape, L = sum_i c_i y_i is a scalar, whatever f returns.
// The tape gives dL/dx; the definition gives it again, with the four-point stencil
//   dL/dx ~ (L(x - 2h) - 8 L(x - h) + 8 L(x + h) - L(x + 2h)) / 12 h,        error O(h^4)
// where the differences are taken output by output before they are summed: outputs that x does not reach cancel exactly.
//
// The rule: error = |numeric - analytic| / max(|numeric|, |analytic|, G / 100, 1e-3), signed values compared, G the largest
// |numeric| or |analytic| of that input. Small elements of a large gradient are not asked for digits that rounding
// took, and a gradient that is truly zero is not divided by zero.
//
// Backward runs twice without clearing: the second gradient must be added to the first, so both halves are checked and a
// backward that overwrites what stands in a slot is caught. A gradient with an element that is no finite number is wrong,
// whichever elements are looked at. An element that misses the tolerance is tried again with h / 10
// and h / 100: a kink of relu or max within 2h of x goes away, a wrong gradient does not.
// Source of the stencil: Abramowitz and Stegun, Handbook of Mathematical Functions, 25.3.6.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "../core/compare.hpp"
#include "../core/named_values.hpp"
#include "tape.hpp"

namespace qrs {

struct GradcheckOptions {
  double step = 1e-4;              // h, first try
  double tolerance = 1e-6;         // an element within it is not tried again; ok() compares with it
  std::int64_t elements = 0;       // of each input at most so many are checked, evenly spread; 0: all
  std::string seed = "gradcheck";  // names the cotangent
};

/// The worst element of all inputs, and both its derivatives.
struct GradcheckReport {
  double max_error = 0.0;     // by the rule above
  int input = -1;             // which input; -1 where all elements agree exactly
  std::int64_t element = -1;  // which of its elements, row-major
  bool added = false;         // true: the gradient that was added to one already there is the wrong one
  double analytic = 0.0;
  double numeric = 0.0;
  std::int64_t checked = 0;  // elements compared
  double tolerance = 0.0;    // as asked for

  /// False too where nothing was checked: a check of no element proves nothing.
  bool ok() const { return checked > 0 && max_error <= tolerance; }
  std::string text() const {
    return qrs::text("max error ", max_error, " over ", checked, " elements; input ", input, ", element ", element,
                     added ? " (second backward, which must add)" : "", ": analytic ", analytic, ", numeric ", numeric);
  }
};

namespace detail {

/// L's difference between two outputs, output by output.
template <class T>
double weighted_difference(const Tensor<T>& plus, const Tensor<T>& minus, const Tensor<T>& cotangent) {
  double sum = 0.0;
  std::int64_t i = 0;
  for (std::int64_t r = 0; r < plus.rows(); ++r) {
    for (std::int64_t c = 0; c < plus.channels(); ++c, ++i) {
      sum += static_cast<double>(cotangent.data()[i]) *
             static_cast<double>(plus.data()[r * plus.pitch() + c] - minus.data()[r * minus.pitch() + c]);
    }
  }
  return sum;
}

/// dL/dx of one element, which is put back afterwards.
template <class T, class F>
double numeric_derivative(const F& f, const std::vector<Var<T>>& inputs, T& x, const Tensor<T>& cotangent,
                          double step) {
  const T before = x;
  const auto at = [&](double offset) {
    x = static_cast<T>(static_cast<double>(before) + offset);
    return f(inputs).value().to(Device::cpu).clone();  // a copy: the result may be a view of x, which moves on
  };
  const Tensor<T> minus2 = at(-2 * step);
  const Tensor<T> minus1 = at(-step);
  const Tensor<T> plus1 = at(step);
  const Tensor<T> plus2 = at(2 * step);
  x = before;
  return (8.0 * weighted_difference(plus1, minus1, cotangent) - weighted_difference(plus2, minus2, cotangent)) /
         (12.0 * step);
}

/// The gradients of the inputs after one and after two backward passes, contiguous; zeros where none arrived.
template <class T, class F>
std::array<std::vector<Tensor<T>>, 2> analytic_gradients(const F& f, const std::vector<Var<T>>& inputs,
                                                         Tensor<T>& cotangent, const std::string& seed) {
  std::array<std::vector<Tensor<T>>, 2> out;
  for (std::vector<Tensor<T>>& gradients : out) {
    Tape<T> tape;
    Var<T> y;
    {
      const Recording<T> on(tape);
      y = f(inputs);
    }
    if (cotangent.empty()) {
      cotangent = Tensor<T>(y.shape());
      const NamedValues values(seed);
      for (std::int64_t i = 0; i < cotangent.size(); ++i) cotangent.data()[i] = static_cast<T>(2.0 * values(i) - 1.0);
    }
    tape.backward(y, cotangent);
    for (const Var<T>& x : inputs) {
      gradients.push_back(x.grad().empty() ? Tensor<T>::zeros(x.shape()) : x.grad().clone());
    }
  }
  return out;
}

/// A contiguous gradient beside zeros: its largest element, infinite where one is not finite.
template <class T>
Difference from_zero(const Tensor<T>& gradient) {
  Difference out;
  for (const T value : gradient.values()) out.add(static_cast<double>(value), 0.0);
  return out;
}

/// One element of an input by the rule above, with the step that agrees best.
struct CheckedElement {
  double error = INFINITY;
  double numeric = 0.0;
  bool added = false;  // the second gradient is the wrong one
};

/// `first` and `second` are the element's derivative by each backward pass, `largest` is G of its input.
template <class T, class F>
CheckedElement check_element(const F& f, const std::vector<Var<T>>& inputs, T& x, const Tensor<T>& cotangent,
                             double first, double second, double largest, const GradcheckOptions& options) {
  CheckedElement best;
  for (const double step : {options.step, options.step / 10, options.step / 100}) {
    const double numeric = numeric_derivative<T>(f, inputs, x, cotangent, step);
    const auto error_of = [&](double analytic) {
      const double scale = std::max({std::fabs(numeric), std::fabs(analytic), largest / 100, 1e-3});
      const double error = std::fabs(numeric - analytic) / scale;
      return std::isnan(error) ? INFINITY : error;
    };
    const bool added = error_of(second) > error_of(first);
    const double error = added ? error_of(second) : error_of(first);
    if (error < best.error || std::isinf(best.error)) best = {error, numeric, added};
    if (best.error <= options.tolerance) break;
  }
  return best;
}

/// Reports input v where one of its gradients, as far from zero as given, is not finite; false where both are.
inline bool report_not_finite(GradcheckReport& report, std::size_t v, const Difference& first,
                              const Difference& second) {
  if (!std::isinf(first.max_error) && !std::isinf(second.max_error)) return false;
  report.added = !std::isinf(first.max_error);
  const Difference& wrong = report.added ? second : first;
  report.max_error = wrong.max_error;
  report.input = static_cast<int>(v);
  report.element = wrong.element;
  report.analytic = wrong.got;
  report.numeric = std::numeric_limits<double>::quiet_NaN();  // not computed
  return true;
}

}  // namespace detail

/// Checks d f / d x for every input. `f` takes `const std::vector<Var<T>>&` and returns a Var<T>; it must return the same
/// value for the same inputs and may be called some four times per input element. Use T = double.
///   const auto report = gradcheck<double>([](const auto& in) { return add(in[0], in[1]); }, {a, b});
///   CHECK_MESSAGE(report.ok(), report.text());
template <class T, class F>
GradcheckReport gradcheck(const F& f, const std::vector<Tensor<T>>& inputs, const GradcheckOptions& options = {}) {
  std::vector<Var<T>> variables;
  for (const Tensor<T>& input : inputs) variables.push_back(Var<T>::parameter(input.clone()));
  Tensor<T> cotangent;
  const auto gradients = detail::analytic_gradients<T>(f, variables, cotangent, options.seed);

  GradcheckReport report;
  report.tolerance = options.tolerance;
  for (std::size_t v = 0; v < variables.size(); ++v) {
    const std::int64_t size = variables[v].value().size();
    const std::int64_t count = options.elements > 0 ? std::min(size, options.elements) : size;
    const Difference first_size = detail::from_zero(gradients[0][v]);
    if (detail::report_not_finite(report, v, first_size, detail::from_zero(gradients[1][v]))) {
      report.checked += size;
      return report;
    }
    for (std::int64_t k = 0; k < count; ++k) {
      const std::int64_t i = k * size / count;
      const double first = static_cast<double>(gradients[0][v].data()[i]);
      const double second = static_cast<double>(gradients[1][v].data()[i]) - first;
      const detail::CheckedElement checked = detail::check_element<T>(
          f, variables, variables[v].value().data()[i], cotangent, first, second, first_size.max_error, options);
      ++report.checked;
      if (!(checked.error > report.max_error)) continue;
      report.max_error = checked.error;
      report.input = static_cast<int>(v);
      report.element = i;
      report.added = checked.added;
      report.analytic = checked.added ? second : first;
      report.numeric = checked.numeric;
    }
  }
  return report;
}

}  // namespace qrs
