// Arrays of numbers of a fitted learner as entries of a model file, and back: what comes from a file is checked.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../io/state_dict.hpp"
#include "matrix.hpp"

namespace qrs::ml {

/// Adds `values` under that name, with this shape.
template <class V>
void store_values(io::StateDict& out, std::string name, std::span<const V> values, std::vector<std::int64_t> shape) {
  io::Entry entry;
  entry.dtype = io::dtype_of<V>();
  entry.shape = std::move(shape);
  entry.bytes.resize(values.size_bytes());
  if (!values.empty()) std::memcpy(entry.bytes.data(), values.data(), values.size_bytes());
  out.add(std::move(name), std::move(entry));
}
template <class V>
void store_values(io::StateDict& out, std::string name, const std::vector<V>& values) {
  store_values(out, std::move(name), std::span<const V>(values), {static_cast<std::int64_t>(values.size())});
}
template <class T>
void store_values(io::StateDict& out, std::string name, const Matrix<T>& values) {
  store_values(out, std::move(name), values.values(), {values.rows(), values.cols()});
}

/// The list of that name. Throws where it is missing, has another number of axes or of values (`size`, unless -1), or a
/// value is not finite.
template <class V>
std::vector<V> stored_values(const io::StateDict& in, const std::string& name, std::int64_t size = -1) {
  const io::Entry& entry = in.at(name);
  QRS_CHECK(entry.shape.size() == 1 && (size < 0 || entry.shape[0] == size), "[load] expected '", name, "' of shape (",
            size < 0 ? std::string("any") : std::to_string(size), "), got ", std::span(entry.shape));
  const Tensor<V> tensor = entry.to<V>();
  std::vector<V> out(tensor.data(), tensor.data() + tensor.size());
  if constexpr (std::is_floating_point_v<V>) {
    for (const V value : out)
      QRS_CHECK(std::isfinite(value), "[load] expected finite values in '", name, "', got ", value);
  }
  return out;
}

/// The matrix of that name, of this shape (rows of any number where -1).
template <class T>
Matrix<T> stored_matrix(const io::StateDict& in, const std::string& name, std::int64_t rows, std::int64_t cols) {
  const io::Entry& entry = in.at(name);
  QRS_CHECK(entry.shape.size() == 2 && (rows < 0 || entry.shape[0] == rows) && entry.shape[1] == cols,
            "[load] expected '", name, "' of shape (", rows < 0 ? std::string("any") : std::to_string(rows), ", ", cols,
            "), got ", std::span(entry.shape));
  const Tensor<T> tensor = entry.to<T>();
  Matrix<T> out(entry.shape[0], entry.shape[1], std::vector<T>(tensor.data(), tensor.data() + tensor.size()));
  for (const T value : out.values()) {
    QRS_CHECK(std::isfinite(value), "[load] expected finite values in '", name, "', got ", value);
  }
  return out;
}

}  // namespace qrs::ml
