// What every optimiser is: a list of named parameters, a step, a learning rate, and a state that can be kept.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "../autograd/tape.hpp"

namespace qrs::optim {

/// What must be kept beside the weights to resume bit for bit: numbers and tensors by name. Plain maps, so that any file
/// format can hold them.
template <class T>
struct State {
  std::map<std::string, double> numbers;
  std::map<std::string, Tensor<T>> tensors;
};

namespace detail {
template <class Map>
const typename Map::mapped_type& state_entry(const char* who, const Map& map, const std::string& key) {
  const auto found = map.find(key);
  QRS_CHECK(found != map.end(), "[", who, "] expected a state with '", key, "', got one of ", map.size(),
            " other entries");
  return found->second;
}
}  // namespace detail

/// A parameter and the name its state is kept under.
template <class T>
struct NamedParameter {
  std::string name;
  Var<T> parameter;
};

namespace detail {

/// What an optimiser takes: a pair (name, Var), a module's Parameter, or a Var alone, which is then named by its place.
template <class Entry>
std::string name_of(const Entry& entry, std::size_t place) {
  if constexpr (requires { entry.name; }) {
    return std::string(entry.name);
  } else if constexpr (requires { entry.first; }) {
    return std::string(entry.first);
  } else {
    return std::to_string(place);
  }
}
template <class Entry>
const auto& variable_of(const Entry& entry) {
  if constexpr (requires { entry.requires_grad(); }) {
    return entry;
  } else if constexpr (requires { entry.variable; }) {
    return entry.variable;
  } else {
    static_assert(
        requires { entry.second; },
        "an optimiser takes net.parameters(), net.named_parameters(), or a std::vector<Var<T>>");
    return entry.second;
  }
}

/// T of a range of parameters.
template <class Range>
using ParameterType =
    typename std::remove_cvref_t<decltype(variable_of(*std::begin(std::declval<const Range&>())))>::value_type;

}  // namespace detail

template <class T>
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// Moves every parameter that has a gradient; the others, frozen ones among them, stay and keep their state.
  virtual void step() = 0;
  /// The state of every parameter and the learning rate; tensors are copies.
  virtual State<T> state() const = 0;
  /// Goes on where `state` was taken. Throws where an entry is missing or has another shape, and changes nothing then.
  virtual void load(const State<T>& state) = 0;

  /// Empties the gradients of all parameters: backward adds.
  void zero_grad() const {
    for (const NamedParameter<T>& p : parameters_) p.parameter.zero_grad();
  }
  double lr() const { return lr_; }
  void set_lr(double lr) {
    QRS_CHECK(lr >= 0.0, "[optim] expected lr >= 0, got ", lr);
    QRS_CHECK(std::isfinite(lr), "[optim] expected a finite lr, got ", lr);
    lr_ = lr;
  }
  /// The momentum that a schedule may move: SGD's momentum, Adam's beta1.
  virtual double momentum() const = 0;
  virtual void set_momentum(double momentum) = 0;
  const std::vector<NamedParameter<T>>& parameters() const { return parameters_; }

 protected:
  /// `parameters`: a module's parameters() or named_parameters(), or Vars of one's own. Names must be unique.
  template <class Range>
  Optimizer(const Range& parameters, double lr) {
    set_lr(lr);
    for (const auto& entry : parameters) {
      const std::string name = detail::name_of(entry, parameters_.size());
      const Var<T>& parameter = detail::variable_of(entry);
      for (const NamedParameter<T>& other : parameters_) {
        QRS_CHECK(other.name != name, "[optim] expected unique parameter names, got '", name, "' twice");
        QRS_CHECK(other.parameter.value().data() != parameter.value().data(),
                  "[optim] expected each parameter once, got one under '", other.name, "' and '", name,
                  "': it would move twice a step");
      }
      QRS_CHECK(parameter.value().contiguous(), "[optim] expected contiguous parameters, got pitch ",
                parameter.value().pitch(), " for '", name, "'");
      parameters_.push_back({name, parameter});
    }
    QRS_CHECK(!parameters_.empty(), "[optim] expected parameters, got none");
  }

  /// The gradient of a parameter, null where it has none or is frozen.
  static const T* gradient(const NamedParameter<T>& p) {
    const Tensor<T>& grad = p.parameter.grad();
    return grad.empty() || !p.parameter.requires_grad() ? nullptr : grad.data();
  }

  /// A tensor of a parameter's state, checked against the parameter's shape and copied to its device.
  static Tensor<T> load_tensor(const State<T>& state, const NamedParameter<T>& p, std::string_view part) {
    const std::string key = text(p.name, "/", part);
    const Tensor<T>& stored = detail::state_entry("optim", state.tensors, key);
    QRS_CHECK(stored.shape() == p.parameter.shape(), "[optim] expected shape ", p.parameter.shape(), " for '", key,
              "', got ", stored.shape());
    Tensor<T> out(stored.shape(), p.parameter.device());
    stored.copy_into(out);
    return out;
  }
  static double load_number(const State<T>& state, const std::string& key) {
    return detail::state_entry("optim", state.numbers, key);
  }

 private:
  std::vector<NamedParameter<T>> parameters_;
  double lr_ = 0.0;
};

}  // namespace qrs::optim
