// One line adds an operation to every test of operations.
//
//   const Register cases({
//       {"relu", {{batch, 5, 4, tail}}, [](const auto& in) { return qrs::relu(in[0]); }, {.kinks = {0.0}}},
//       {"linear", {{batch, 7}, weights({7, tail})}, [](const auto& in) { return qrs::linear(in[0], in[1]); }},
//   });
//
// From that line op_case_test.cpp derives, without knowing the operation: gradients against central differences in
// double, backward adding to what stands in a slot, an input used twice, the same bits for 1, 2, 3 and 7 threads, float
// against double, channel ranges against contiguous inputs, and every tail length. The function is generic: it is run
// with float and with double. It must give the same result for the same inputs: state and generators are made inside it.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "qrs/autograd/tape.hpp"
#include "qrs/core/named_values.hpp"

namespace qrs::testing {

/// Extents that a test chooses, written in place of a number: the batch (2, more where threads must share the work) and
/// a number of channels (5, and every length up to a register and past it in the test of tails).
inline constexpr std::int64_t batch = -1;
inline constexpr std::int64_t tail = -2;

struct Extents {
  std::int64_t batch = 2;
  std::int64_t tail = 5;
};

/// An input: its extents, where its values lie, and whether it may be a channel range of a wider tensor.
struct Input {
  std::vector<std::int64_t> extents;
  double low = -1.0;
  double high = 1.0;
  bool pitched = true;

  Input(std::initializer_list<std::int64_t> list) : extents(list) {}

  Shape shape(const Extents& chosen) const {
    std::vector<std::int64_t> out = extents;
    std::replace(out.begin(), out.end(), testing::batch, chosen.batch);
    std::replace(out.begin(), out.end(), testing::tail, chosen.tail);
    return Shape(out);
  }
  bool has_tail() const { return std::find(extents.begin(), extents.end(), testing::tail) != extents.end(); }
};

/// An input with values in [low, high).
inline Input uniform(std::initializer_list<std::int64_t> extents, double low, double high) {
  Input out(extents);
  out.low = low;
  out.high = high;
  return out;
}
/// A weight or a bias: an input that an operation takes contiguous only.
inline Input weights(std::initializer_list<std::int64_t> extents, double low = -1.0, double high = 1.0) {
  Input out = uniform(extents, low, high);
  out.pitched = false;
  return out;
}

/// What the tests must know about an operation beside its function.
struct Traits {
  std::vector<double> kinks = {};       // no input value comes closer than 0.01 to one of these
  bool distinct = false;                // the values of an input keep a distance from each other: max pooling
  double float_forward = 1e-5;          // float against double, relative to the largest value
  double float_gradient = 1e-4;         // the same of gradients
  std::int64_t gradcheck_elements = 0;  // of each input at most so many are judged; 0: all
  bool same_bits_of_ranges = true;      // false: a channel range changes the order of a sum, float_forward applies
};

/// An operation with inputs.
struct OpCase {
  template <class T>
  using Function = std::function<Var<T>(const std::vector<Var<T>>&)>;

  template <class F>
  OpCase(std::string name, std::vector<Input> inputs, F f, Traits traits = {})
      : name(std::move(name)), inputs(std::move(inputs)), traits(std::move(traits)), in_float(f), in_double(f) {}

  std::string name;
  std::vector<Input> inputs;
  Traits traits;
  Function<float> in_float;
  Function<double> in_double;

  Var<float> operator()(const std::vector<Var<float>>& in) const { return in_float(in); }
  Var<double> operator()(const std::vector<Var<double>>& in) const { return in_double(in); }

  /// The input tensors: the same values in float and in double.
  template <class T>
  std::vector<Tensor<T>> tensors(const Extents& extents = {}) const {
    std::vector<Tensor<T>> out;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      Tensor<T> x(inputs[i].shape(extents));
      const NamedValues unit(text(name, "/", i));
      std::vector<double> values(static_cast<std::size_t>(x.size()));
      for (std::size_t k = 0; k < values.size(); ++k) values[k] = unit(static_cast<std::int64_t>(k));
      if (traits.distinct) spread(values);
      for (std::size_t k = 0; k < values.size(); ++k) {
        double value = inputs[i].low + (inputs[i].high - inputs[i].low) * values[k];
        for (const double kink : traits.kinks) {
          if (std::fabs(value - kink) < 0.01) value = kink + (value < kink ? -0.01 : 0.01);
        }
        x.data()[k] = static_cast<T>(static_cast<float>(value));
      }
      out.push_back(x);
    }
    return out;
  }

 private:
  /// Replaces each value by its rank, scaled to [0, 1).
  static void spread(std::vector<double>& values) {
    std::vector<std::size_t> order(values.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
    for (std::size_t rank = 0; rank < order.size(); ++rank) {
      values[order[rank]] = static_cast<double>(rank) / static_cast<double>(order.size());
    }
  }
};

/// Every operation that some cases_<family>.cpp has registered.
inline std::vector<OpCase>& op_cases() {
  static std::vector<OpCase> cases;
  return cases;
}

/// A file's list of operations.
struct Register {
  explicit Register(std::initializer_list<OpCase> cases) {
    op_cases().insert(op_cases().end(), cases.begin(), cases.end());
  }
};

/// The same values as a channel range of a wider tensor whose other channels are NaN: who reads them shows it.
template <class T>
Tensor<T> as_channel_range(const Tensor<T>& x) {
  const Tensor<T> wide =
      Tensor<T>::full(x.shape().with_channels(x.channels() + 7), std::numeric_limits<T>::quiet_NaN());
  const Tensor<T> range = wide.channel_range(3, x.channels());
  x.copy_into(range);
  return range;
}

/// A result and its gradients.
template <class T>
struct Outcome {
  Tensor<T> y;
  std::vector<Tensor<T>> gradients;  // of each input; zeros where none arrived
};

/// Forward and backward with a fixed cotangent; `f` is an OpCase or any function of its form.
template <class T, class F>
Outcome<T> run(const F& f, const std::vector<Tensor<T>>& inputs) {
  std::vector<Var<T>> variables;
  for (const Tensor<T>& input : inputs) variables.push_back(Var<T>::parameter(input));
  Tape<T> tape;
  Var<T> y;
  {
    const Recording<T> on(tape);
    y = f(variables);
  }
  Tensor<T> cotangent(y.shape());
  const NamedValues unit("cotangent");
  for (std::int64_t i = 0; i < cotangent.size(); ++i) cotangent.data()[i] = static_cast<T>(2 * unit(i) - 1);
  tape.backward(y, cotangent);
  Outcome<T> out{y.value(), {}};
  for (const Var<T>& x : variables) {
    out.gradients.push_back(x.grad().empty() ? Tensor<T>::zeros(x.shape()) : x.grad());
  }
  return out;
}

}  // namespace qrs::testing
