// What holds for every operation, derived from the one list of cases.
#include "op_case.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "qrs/autograd/gradcheck.hpp"
#include "qrs/ops/add.hpp"
#include "qrs/tensor/compare.hpp"

using qrs::Tensor;
using qrs::Var;
using namespace qrs::testing;

namespace {

std::string name_of(const OpCase& c) { return c.name; }

/// Checks float against double, forward and backward.
void check_float_against_double(const OpCase& c, const Extents& extents) {
  const Outcome<float> low = run(c, c.tensors<float>(extents));
  const Outcome<double> high = run(c, c.tensors<double>(extents));
  const qrs::Difference forward = qrs::difference(low.y, high.y);
  CHECK_MESSAGE(forward.relative() <= c.traits.float_forward, "y: ", forward.text());
  for (std::size_t i = 0; i < high.gradients.size(); ++i) {
    const qrs::Difference d = qrs::difference(low.gradients[i], high.gradients[i]);
    const bool zero = d.max_reference < 1e-12 && d.max_error < 1e-4;  // a gradient that is zero but for rounding
    CHECK_MESSAGE((d.relative() <= c.traits.float_gradient || zero), "gradient of input ", i, ": ", d.text());
  }
}

}  // namespace

TEST_CASE("the list of operations is not empty and names are unique") {
  CHECK(op_cases().size() > 0);
  for (std::size_t i = 0; i < op_cases().size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) CHECK(op_cases()[i].name != op_cases()[k].name);
  }
}

TEST_CASE("every operation: gradients equal central differences in double, and backward adds") {
  for (const OpCase& c : op_cases()) {
    CAPTURE(name_of(c));
    const auto report = qrs::gradcheck<double>(c, c.tensors<double>(), {.elements = c.traits.gradcheck_elements});
    CHECK_MESSAGE(report.ok(), report.text());
  }
}

TEST_CASE("every operation: a result used twice doubles the gradients") {
  for (const OpCase& c : op_cases()) {
    CAPTURE(name_of(c));
    const auto inputs = c.tensors<double>();
    const Outcome<double> once = run(c, inputs);
    const Outcome<double> twice =
        run([&](const std::vector<Var<double>>& in) { return qrs::add(c(in), c(in)); }, inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      const Tensor<double> expected = once.gradients[i].clone();
      for (double& value : expected.values()) value *= 2;
      CHECK(qrs::mismatch(twice.gradients[i], expected, {.absolute = 1e-12, .relative = 1e-12}) == "");
    }
  }
}

TEST_CASE("every operation of two inputs of one shape: one value may be both") {
  for (const OpCase& c : op_cases()) {
    const auto inputs = c.tensors<double>();
    if (inputs.size() < 2 || !(inputs[0].shape() == inputs[1].shape())) continue;
    CAPTURE(name_of(c));
    const auto with_itself = [&](const std::vector<Var<double>>& in) {
      std::vector<Var<double>> all{in[0]};
      all.insert(all.end(), in.begin(), in.end());
      return c(all);
    };
    std::vector<Tensor<double>> fewer(inputs.begin() + 1, inputs.end());
    const auto report = qrs::gradcheck<double>(with_itself, fewer, {.elements = c.traits.gradcheck_elements});
    CHECK_MESSAGE(report.ok(), report.text());
  }
}

TEST_CASE("every operation: the same bits for 1, 2, 3 and 7 threads, and from run to run") {
  for (const OpCase& c : op_cases()) {
    CAPTURE(name_of(c));
    const auto inputs = c.tensors<float>({.batch = 48, .tail = 67});
    Outcome<float> one;
    {
      const qrs::ThreadLimit limit(1);
      one = run(c, inputs);
    }
    for (const int threads : {1, 2, 3, 7}) {
      CAPTURE(threads);
      const qrs::ThreadLimit limit(threads);
      const Outcome<float> other = run(c, inputs);
      CHECK(qrs::same_bits(other.y, one.y));
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        CAPTURE(i);
        CHECK(qrs::same_bits(other.gradients[i], one.gradients[i]));
      }
    }
  }
}

TEST_CASE("every operation: channel ranges give what contiguous inputs give") {
  for (const OpCase& c : op_cases()) {
    CAPTURE(name_of(c));
    const auto inputs = c.tensors<float>();
    std::vector<Tensor<float>> ranges;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      ranges.push_back(c.inputs[i].pitched ? as_channel_range(inputs[i]) : inputs[i]);
    }
    const Outcome<float> expected = run(c, inputs);
    const Outcome<float> got = run(c, ranges);
    if (c.traits.same_bits_of_ranges) {
      CHECK(qrs::same_bits(got.y, expected.y));
    } else {
      CHECK(qrs::difference(got.y, expected.y).relative() <= c.traits.float_forward);
    }
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      CAPTURE(i);
      if (c.traits.same_bits_of_ranges) {
        CHECK(qrs::same_bits(got.gradients[i], expected.gradients[i]));
      } else {
        CHECK(qrs::difference(got.gradients[i], expected.gradients[i]).relative() <= c.traits.float_gradient);
      }
    }
  }
}

TEST_CASE("every operation: inference computes the value that training computes") {
  for (const OpCase& c : op_cases()) {
    CAPTURE(name_of(c));
    const auto inputs = c.tensors<float>();
    const Outcome<float> recorded = run(c, inputs);
    const Var<float> y = c(std::vector<Var<float>>(inputs.begin(), inputs.end()));
    CHECK(qrs::same_bits(y.value(), recorded.y));
    CHECK_FALSE(y.requires_grad());
  }
}

TEST_CASE("every operation: float equals double within float's rounding, for every tail length") {
  for (const OpCase& c : op_cases()) {
    CAPTURE(name_of(c));
    check_float_against_double(c, {});
    bool has_tail = false;
    for (const Input& input : c.inputs) has_tail = has_tail || input.has_tail();
    if (!has_tail) continue;
    for (const std::int64_t tail : {1, 2, 3, 4, 6, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33}) {
      CAPTURE(tail);
      check_float_against_double(c, {.tail = tail});
      const auto report = qrs::gradcheck<double>(c, c.tensors<double>({.tail = tail}), {.elements = 7});
      CHECK_MESSAGE(report.ok(), report.text());
    }
  }
}
