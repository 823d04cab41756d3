// y = a - b, elementwise; other shapes are repeated as in expand.hpp.
//
// Backward: da += dy, db -= dy.
#pragma once

#include "add.hpp"
#include "scale.hpp"

namespace qrs {

/// Elementwise difference.
template <class T>
Var<T> sub(const Var<T>& a, const Var<T>& b) {
  detail::check_input("sub", a, "a");
  detail::check_input("sub", b, "b");
  detail::check_same_device("sub", a, b, "b");
  detail::broadcast_shape("sub", a.shape(), b.shape());
  return add(a, scale(b, -1.0));
}

}  // namespace qrs
