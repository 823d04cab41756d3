// The judges of operations are judged: an operation that is right passes all of them, each planted fault is found.
#include "op_judge.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <type_traits>

#include "qrs/core/parallel.hpp"

using namespace qrs;
using namespace qrs::testing;

namespace {

enum class Fault {
  none,
  value_nan,           // one value of the result
  value_nan_in_float,  // the same, in float alone
  value_off_in_float,
  gradient_nan,           // one value of the gradient
  gradient_nan_in_float,  // the same, in float alone
  gradient_two_percent,
  gradient_off_in_float,
  gradient_overwrites,  // what stands in the slot
  pitch_forgotten,      // the rows are read as if they had no gaps
  thread_count,         // enters the result
  inference_nan,        // without a tape one value is another
};

/// y = x^2 elementwise, with a fault.
template <class T>
Var<T> square(const Var<T>& x, Fault fault) {
  constexpr bool in_float = std::is_same_v<T, float>;
  constexpr T nan = std::numeric_limits<T>::quiet_NaN();
  const Tensor<T> value = fault == Fault::pitch_forgotten ? x.value() : x.value().as_contiguous();
  Tensor<T> y(x.shape());
  for (std::int64_t i = 0; i < y.size(); ++i) y.data()[i] = value.data()[i] * value.data()[i];
  T& last = y.data()[y.size() - 1];
  if (fault == Fault::value_nan || (fault == Fault::value_nan_in_float && in_float)) last = nan;
  if (fault == Fault::value_off_in_float && in_float) last *= T(1.01);
  if (fault == Fault::thread_count) last *= T(1) + T(num_threads()) * std::numeric_limits<T>::epsilon();
  Tape<T>* tape = listening(x);
  if (tape == nullptr && fault == Fault::inference_nan) last = nan;
  if (tape == nullptr) return y;
  return tape->record(y, [value, fault, dx = x.slot()](const Tensor<T>& dy) {
    auto [to, accumulate] = dx->target();
    for (std::int64_t i = 0; i < to.size(); ++i) {
      T slope = 2 * value.data()[i];
      if (fault == Fault::gradient_two_percent) slope *= T(1.02);
      if (i == to.size() - 1) {
        if (fault == Fault::gradient_nan || (fault == Fault::gradient_nan_in_float && in_float)) slope = nan;
        if (fault == Fault::gradient_off_in_float && in_float) slope *= T(1.01);
      }
      const T before = accumulate && fault != Fault::gradient_overwrites ? to.data()[i] : T(0);
      to.data()[i] = before + dy.data()[i] * slope;
    }
  });
}

/// The case as a line of a list makes it.
OpCase planted(Fault fault, Traits traits = {}) {
  return {"square", {{batch, 3, tail}}, [fault](const auto& in) { return square(in[0], fault); }, traits};
}

std::string gradients(const OpCase& c) { return gradient_fault(c, c.tensors<double>(), c.traits.gradcheck_elements); }

constexpr Fault of_gradients[] = {Fault::gradient_nan, Fault::gradient_two_percent, Fault::gradient_overwrites};

}  // namespace

TEST_CASE("an operation without a fault passes every judge") {
  const OpCase right = planted(Fault::none);
  CHECK(gradients(right) == "");
  CHECK(used_twice_fault(right) == "");
  CHECK(threads_fault(right) == "");
  CHECK(ranges_fault(right) == "");
  CHECK(inference_fault(right) == "");
  CHECK(float_fault(right, {}) == "");
  CHECK(float_fault(right, {.tail = 17}) == "");
}

TEST_CASE("the judge of gradients sees a wrong one, one that overwrites, and a NaN in value or gradient") {
  for (const Fault fault : of_gradients) {
    CAPTURE(static_cast<int>(fault));
    CHECK(gradients(planted(fault)) != "");
  }
  CHECK(gradients(planted(Fault::value_nan)) != "");
}

TEST_CASE("the judge of gradients sees a NaN that is not among the few elements it checks") {
  CHECK(gradients(planted(Fault::gradient_nan, {.gradcheck_elements = 1})).find("inf") != std::string::npos);
}

TEST_CASE("the judge of a result used twice sees a gradient that overwrites") {
  CHECK(used_twice_fault(planted(Fault::gradient_overwrites)) != "");
}

TEST_CASE("the judge of floats sees what is wrong in float, and a NaN also where double has it too") {
  for (const Fault fault : {Fault::value_nan_in_float, Fault::value_off_in_float, Fault::gradient_nan_in_float,
                            Fault::gradient_off_in_float, Fault::value_nan, Fault::gradient_nan}) {
    CAPTURE(static_cast<int>(fault));
    CHECK(float_fault(planted(fault), {}) != "");
    CHECK(float_fault(planted(fault), {.tail = 1}) != "");
  }
}

TEST_CASE("the judge of channel ranges sees rows read across their gaps, by bits and by tolerance") {
  CHECK(ranges_fault(planted(Fault::pitch_forgotten)) != "");
  CHECK(ranges_fault(planted(Fault::pitch_forgotten, {.same_bits_of_ranges = false})) != "");
}

TEST_CASE("the judge of threads sees a result that depends on their number") {
  CHECK(threads_fault(planted(Fault::thread_count)) != "");
}

TEST_CASE("the judge of inference sees a NaN that training has not") {
  CHECK(inference_fault(planted(Fault::inference_nan)) != "");
}
