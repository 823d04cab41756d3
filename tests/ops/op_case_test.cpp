// What holds for every operation, derived from the one list of cases.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "op_case.hpp"
#include "op_judge.hpp"

using qrs::Tensor;
using qrs::Var;
using namespace qrs::testing;

namespace {

std::string name_of(const OpCase& c) { return c.name; }

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
    CHECK(gradient_fault(c, c.tensors<double>(), c.traits.gradcheck_elements) == "");
  }
}

TEST_CASE("every operation: a result used twice doubles the gradients") {
  for (const OpCase& c : op_cases()) {
    CAPTURE(name_of(c));
    CHECK(used_twice_fault(c) == "");
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
    CHECK(gradient_fault(with_itself, fewer, c.traits.gradcheck_elements) == "");
  }
}

TEST_CASE("every operation: the same bits for 1, 2, 3 and 7 threads, and from run to run") {
  for (const OpCase& c : op_cases()) {
    CAPTURE(name_of(c));
    CHECK(threads_fault(c) == "");
  }
}

TEST_CASE("every operation: channel ranges give what contiguous inputs give") {
  for (const OpCase& c : op_cases()) {
    CAPTURE(name_of(c));
    CHECK(ranges_fault(c) == "");
  }
}

TEST_CASE("every operation: inference computes the value that training computes") {
  for (const OpCase& c : op_cases()) {
    CAPTURE(name_of(c));
    CHECK(inference_fault(c) == "");
  }
}

TEST_CASE("every operation: float equals double within float's rounding, for every tail length") {
  for (const OpCase& c : op_cases()) {
    CAPTURE(name_of(c));
    CHECK(float_fault(c, {}) == "");
    bool has_tail = false;
    for (const Input& input : c.inputs) has_tail = has_tail || input.has_tail();
    if (!has_tail) continue;
    for (const std::int64_t tail : {1, 2, 3, 4, 6, 7, 8, 9, 12, 15, 16, 17, 24, 31, 32, 33}) {
      CAPTURE(tail);
      CHECK(float_fault(c, {.tail = tail}) == "");
      CHECK(gradient_fault(c, c.tensors<double>({.tail = tail}), 7) == "");
    }
  }
}
