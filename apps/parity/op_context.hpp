// What the runner of an operation sees of its case: stored tensors, parameters, and where results go.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "layout.hpp"
#include "qrs/autograd/tape.hpp"
#include "qrs/io/state_dict.hpp"
#include "report.hpp"

namespace qrs::parity {

/// Tolerances relative to the largest reference value. In double what is left is the rounding of the stored reference:
/// float32 keeps a value to 2^-24 = 6e-8 of itself, which is at most that of the largest.
struct OpTolerances {
  double forward;
  double gradient;
  double stored_double;  // reference values kept as float64

  template <class T>
  static OpTolerances of() {
    if constexpr (sizeof(T) == sizeof(float)) {
      return {.forward = 1e-5, .gradient = 1e-4, .stored_double = 1e-5};
    } else {
      return {.forward = 1e-7, .gradient = 1e-7, .stored_double = 1e-12};
    }
  }
};

template <class T>
class OpContext {
 public:
  OpContext(const io::StateDict& file, const nlohmann::json& parameters, Device device, CaseRows& rows)
      : file_(file), parameters_(parameters), device_(device), rows_(rows) {}

  const std::string& name() const { return rows_.name(); }
  Device device() const { return device_; }
  CaseRows& rows() { return rows_; }

  /// The same case with other parameters, which must outlive the result.
  OpContext with_parameters(const nlohmann::json& parameters) const {
    return OpContext(file_, parameters, device_, rows_);
  }

  /// A parameter of the case, or the default of the operation.
  template <class V>
  V parameter(const char* key, V otherwise) const {
    const auto found = parameters_.find(key);
    if (found == parameters_.end()) return otherwise;
    try {
      return found->template get<V>();
    } catch (const nlohmann::json::exception&) {
      fail("[parity] expected another type of parameter '", key, "' in case '", name(), "', got ", found->dump());
    }
  }
  /// A parameter of two axes: one number for both, or a list of two.
  std::pair<std::int64_t, std::int64_t> pair(const char* key, std::int64_t otherwise) const {
    const auto found = parameters_.find(key);
    if (found == parameters_.end() || !found->is_array()) {
      const auto both = parameter<std::int64_t>(key, otherwise);
      return {both, both};
    }
    const auto list = parameter<std::vector<std::int64_t>>(key, {});
    QRS_CHECK(list.size() == 2, "[parity] expected one or two numbers for '", key, "' in case '", name(), "', got ",
              list.size());
    return {list[0], list[1]};
  }

  bool has(const std::string& quantity) const { return file_.contains(key(quantity)); }
  /// A stored tensor as it stands in the file.
  template <class U>
  Tensor<U> stored(const std::string& quantity) const {
    return file_.at(key(quantity)).template to<U>();
  }
  /// A stored tensor in QRS's layout, on the device.
  Tensor<T> input(const std::string& quantity, Layout layout) const {
    return from_reference(stored<T>(quantity), layout).to(device_);
  }

  /// Compares with the stored tensor of that name. Results are shaped as the reference where only the rank differs.
  void compare(const std::string& quantity, const Tensor<T>& got, Layout layout, double tolerance) {
    const io::Entry& entry = file_.at(key(quantity));
    const auto expected = entry.template to<double>();
    Tensor<T> result = to_reference(got, layout);
    if (result.rank() != expected.rank() && result.size() == expected.size()) result = result.reshape(expected.shape());
    const bool wide = entry.dtype == io::DType::f64;
    rows_.add(quantity, difference(result, expected), wide ? OpTolerances::of<T>().stored_double : tolerance);
  }
  void compare_forward(const std::string& quantity, const Tensor<T>& got, Layout layout = Layout::plain) {
    compare(quantity, got, layout, OpTolerances::of<T>().forward);
  }
  void compare_gradient(const std::string& quantity, const Tensor<T>& got, Layout layout = Layout::plain) {
    QRS_CHECK(!got.empty(), "[parity] expected a gradient '", quantity, "' in case '", name(), "', got none");
    compare(quantity, got, layout, OpTolerances::of<T>().gradient);
  }

  /// An input of forward_backward: the stored tensor's name, its layout.
  struct Operand {
    std::string name;
    Layout layout;
  };
  /// The frame of most operations: f of the stored inputs is y; backward from gy gives dx, dw, db, for each input.
  template <class F>
  void forward_backward(const std::vector<Operand>& operands, Layout result, const F& f) {
    std::vector<Var<T>> in;
    for (const Operand& operand : operands) in.push_back(Var<T>::parameter(input(operand.name, operand.layout)));
    Tape<T> tape;
    Var<T> y;
    {
      const Recording<T> on(tape);
      y = f(in);
    }
    compare_forward("y", y.value(), result);
    Tensor<T> gy = input("gy", result);
    if (gy.rank() != y.value().rank()) gy = gy.reshape(y.shape());
    tape.backward(y, gy);
    for (std::size_t i = 0; i < operands.size(); ++i) {
      compare_gradient("d" + operands[i].name, in[i].grad(), operands[i].layout);
    }
  }
  /// How the stored x stands in the file: four axes are an image.
  Layout layout_of(const std::string& quantity) const {
    return file_.at(key(quantity)).shape.size() == 4 ? Layout::image : Layout::plain;
  }

 private:
  std::string key(const std::string& quantity) const { return name() + "/" + quantity; }

  const io::StateDict& file_;
  const nlohmann::json& parameters_;
  Device device_;
  CaseRows& rows_;
};

}  // namespace qrs::parity
