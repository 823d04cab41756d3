// The four rules of arithmetic as they are written: a * x + 1.0, on Vars, tensors (constants) and numbers.
//
//   const Var<double> loss = mean((w * x + b - y) * (w * x + b - y));
//
// Shapes that differ are repeated as in expand.hpp. Numbers are values of T.
#pragma once

#include <type_traits>

#include "add.hpp"
#include "div.hpp"
#include "mul.hpp"
#include "scale.hpp"
#include "sub.hpp"

namespace qrs {

namespace detail {

/// A number beside a Var: one element, on the same device.
template <class T>
Var<T> number(std::type_identity_t<T> value, const Var<T>& beside) {
  return Tensor<T>::full({1}, value, beside.device());
}

}  // namespace detail

template <class T>
Var<T> operator+(const Var<T>& a, const Var<T>& b) {
  return add(a, b);
}
template <class T>
Var<T> operator+(const Var<T>& a, const Tensor<T>& b) {
  return add(a, Var<T>(b));
}
template <class T>
Var<T> operator+(const Tensor<T>& a, const Var<T>& b) {
  return add(Var<T>(a), b);
}
template <class T>
Var<T> operator+(const Var<T>& a, std::type_identity_t<T> b) {
  return add(a, detail::number(b, a));
}
template <class T>
Var<T> operator+(std::type_identity_t<T> a, const Var<T>& b) {
  return add(detail::number(a, b), b);
}

template <class T>
Var<T> operator-(const Var<T>& a, const Var<T>& b) {
  return sub(a, b);
}
template <class T>
Var<T> operator-(const Var<T>& a, const Tensor<T>& b) {
  return sub(a, Var<T>(b));
}
template <class T>
Var<T> operator-(const Tensor<T>& a, const Var<T>& b) {
  return sub(Var<T>(a), b);
}
template <class T>
Var<T> operator-(const Var<T>& a, std::type_identity_t<T> b) {
  return sub(a, detail::number(b, a));
}
template <class T>
Var<T> operator-(std::type_identity_t<T> a, const Var<T>& b) {
  return sub(detail::number(a, b), b);
}
template <class T>
Var<T> operator-(const Var<T>& a) {
  return scale(a, -1.0);
}

template <class T>
Var<T> operator*(const Var<T>& a, const Var<T>& b) {
  return mul(a, b);
}
template <class T>
Var<T> operator*(const Var<T>& a, const Tensor<T>& b) {
  return mul(a, Var<T>(b));
}
template <class T>
Var<T> operator*(const Tensor<T>& a, const Var<T>& b) {
  return mul(Var<T>(a), b);
}
template <class T>
Var<T> operator*(const Var<T>& a, std::type_identity_t<T> b) {
  return scale(a, static_cast<double>(b));
}
template <class T>
Var<T> operator*(std::type_identity_t<T> a, const Var<T>& b) {
  return scale(b, static_cast<double>(a));
}

template <class T>
Var<T> operator/(const Var<T>& a, const Var<T>& b) {
  return div(a, b);
}
template <class T>
Var<T> operator/(const Var<T>& a, const Tensor<T>& b) {
  return div(a, Var<T>(b));
}
template <class T>
Var<T> operator/(const Tensor<T>& a, const Var<T>& b) {
  return div(Var<T>(a), b);
}
template <class T>
Var<T> operator/(const Var<T>& a, std::type_identity_t<T> b) {
  return div(a, detail::number(b, a));
}
template <class T>
Var<T> operator/(std::type_identity_t<T> a, const Var<T>& b) {
  return div(detail::number(a, b), b);
}

}  // namespace qrs
