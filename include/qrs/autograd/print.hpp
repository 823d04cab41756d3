// A Var as text, for people: its value, and its gradient where one has arrived.
#pragma once

#include "../tensor/print.hpp"
#include "var.hpp"

namespace qrs {

template <class T>
std::string to_text(const Var<T>& x, const PrintOptions& options = {}) {
  if (x.empty()) return "no value";
  const Tensor<T> gradient = x.grad();
  return to_text(x.value(), options) + (gradient.empty() ? "" : "\ngradient: " + to_text(gradient, options));
}

template <class T>
std::ostream& operator<<(std::ostream& out, const Var<T>& x) {
  return out << to_text(x);
}

}  // namespace qrs
