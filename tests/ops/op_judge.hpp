// What holds for every operation, as judges of one case: each returns an empty text, or what is wrong.
//
// op_case_test.cpp asks them about every registered case, op_judge_test.cpp about operations with planted faults.
#pragma once

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "op_case.hpp"
#include "qrs/autograd/gradcheck.hpp"
#include "qrs/core/parallel.hpp"
#include "qrs/ops/add.hpp"
#include "qrs/tensor/compare.hpp"

namespace qrs::testing {

/// Gradients equal central differences in double, and backward adds to what stands in a slot.
template <class F>
std::string gradient_fault(const F& f, const std::vector<Tensor<double>>& inputs, std::int64_t elements) {
  const GradcheckReport report = gradcheck<double>(f, inputs, {.elements = elements});
  return report.ok() ? "" : report.text();
}

/// A result used twice doubles the gradients.
inline std::string used_twice_fault(const OpCase& c) {
  const auto inputs = c.tensors<double>();
  const Outcome<double> once = run(c, inputs);
  const Outcome<double> twice = run([&](const std::vector<Var<double>>& in) { return add(c(in), c(in)); }, inputs);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Tensor<double> expected = once.gradients[i].clone();
    for (double& value : expected.values()) value *= 2;
    const std::string wrong = mismatch(twice.gradients[i], expected, {.absolute = 1e-12, .relative = 1e-12});
    if (!wrong.empty()) return text("gradient of input ", i, ": ", wrong);
  }
  return "";
}

/// Two outcomes have the same bits.
template <class T>
std::string bits_fault(const Outcome<T>& got, const Outcome<T>& expected) {
  if (!same_bits(got.y, expected.y)) return "y: other bits";
  for (std::size_t i = 0; i < expected.gradients.size(); ++i) {
    if (!same_bits(got.gradients[i], expected.gradients[i])) return text("gradient of input ", i, ": other bits");
  }
  return "";
}

/// The same bits for 1, 2, 3 and 7 threads, and from run to run.
inline std::string threads_fault(const OpCase& c) {
  const auto inputs = c.tensors<float>({.batch = 48, .tail = 67});
  Outcome<float> one;
  {
    const ThreadLimit limit(1);
    one = run(c, inputs);
  }
  for (const int threads : {1, 2, 3, 7}) {
    const ThreadLimit limit(threads);
    const std::string wrong = bits_fault(run(c, inputs), one);
    if (!wrong.empty()) return text(threads, " threads: ", wrong);
  }
  return "";
}

/// Channel ranges give what contiguous inputs give: the same bits, or within the tolerances of the case.
inline std::string ranges_fault(const OpCase& c) {
  const auto inputs = c.tensors<float>();
  std::vector<Tensor<float>> ranges;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    ranges.push_back(c.inputs[i].pitched ? as_channel_range(inputs[i]) : inputs[i]);
  }
  const Outcome<float> expected = run(c, inputs);
  const Outcome<float> got = run(c, ranges);
  if (c.traits.same_bits_of_ranges) return bits_fault(got, expected);
  const Difference forward = difference(got.y, expected.y);
  if (!(forward.relative() <= c.traits.float_forward)) return "y: " + forward.text();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Difference d = difference(got.gradients[i], expected.gradients[i]);
    if (!(d.relative() <= c.traits.float_gradient)) return text("gradient of input ", i, ": ", d);
  }
  return "";
}

/// Inference computes the value that training computes, and asks for no gradient.
inline std::string inference_fault(const OpCase& c) {
  const auto inputs = c.tensors<float>();
  const Outcome<float> recorded = run(c, inputs);
  const Var<float> y = c(std::vector<Var<float>>(inputs.begin(), inputs.end()));
  if (!same_bits(y.value(), recorded.y)) return "y: other bits than under a tape";
  return y.requires_grad() ? "y: expected no gradient" : "";
}

/// Float equals double within float's rounding, forward and backward, and double is finite.
inline std::string float_fault(const OpCase& c, const Extents& extents) {
  const Outcome<float> low = run(c, c.tensors<float>(extents));
  const Outcome<double> high = run(c, c.tensors<double>(extents));
  const auto finite = [](const Tensor<double>& x) {  // NaN equals NaN below
    return std::isfinite(difference(x, Tensor<double>::zeros(x.shape())).max_error);
  };
  const Difference forward = difference(low.y, high.y);
  if (!finite(high.y) || !(forward.relative() <= c.traits.float_forward)) return "y: " + forward.text();
  for (std::size_t i = 0; i < high.gradients.size(); ++i) {
    const Difference d = difference(low.gradients[i], high.gradients[i]);
    const bool zero = d.max_reference < 1e-12 && d.max_error < 1e-4;  // a gradient that is zero but for rounding
    const bool close = d.relative() <= c.traits.float_gradient || zero;
    if (!finite(high.gradients[i]) || !close) return text("gradient of input ", i, ": ", d);
  }
  return "";
}

}  // namespace qrs::testing
