// Arrays that count in std::int64_t, as the formulas that index them do.
//
//   Array<double> alpha(n, 0.0);   alpha[i] += y[i] * t;   for (std::int64_t k = 0; k < alpha.size(); ++k) ...
//
// An Array is a std::vector whose index and size are signed: it goes wherever a vector goes, and nothing is cast between a
// loop's variable and an element. An ArrayView is the same of std::span. Indices are not checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace qrs {

template <class T>
class Array : public std::vector<T> {
 public:
  using std::vector<T>::vector;
  Array() = default;
  Array(std::vector<T> values) : std::vector<T>(std::move(values)) {}  // NOLINT: a vector is an array

  T& operator[](std::int64_t i) { return this->data()[i]; }
  const T& operator[](std::int64_t i) const { return this->data()[i]; }
  std::int64_t size() const { return static_cast<std::int64_t>(std::vector<T>::size()); }
};

template <class T>
class ArrayView : public std::span<T> {
 public:
  using std::span<T>::span;
  ArrayView(std::span<T> values) : std::span<T>(values) {}  // NOLINT: a span is a view

  T& operator[](std::int64_t i) const { return this->data()[i]; }
  std::int64_t size() const { return static_cast<std::int64_t>(std::span<T>::size()); }
  /// The elements [begin, begin + count).
  ArrayView part(std::int64_t begin, std::int64_t count) const {
    return std::span<T>(this->data() + begin, static_cast<std::size_t>(count));
  }
};

}  // namespace qrs
