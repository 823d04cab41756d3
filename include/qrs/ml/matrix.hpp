// Matrices of the classical learners: rows are samples, columns are features.
//
//   Matrix<float> x(648, 1024);  x(3, 5) = 1.0f;
//   MatrixView<float> all = x;   MatrixView<float> first = all.rows_from(0, 100);
//
// Row-major. A view does not own; its rows may stand `pitch` values apart, so a range of rows or of columns of a larger
// array is one, and no learner copies its input to read it.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"

namespace qrs::ml {

template <class T>
class Matrix;

/// A read-only (rows, cols) matrix that stands elsewhere.
template <class T>
class MatrixView {
 public:
  using value_type = T;

  MatrixView() = default;
  MatrixView(const T* data, std::int64_t rows, std::int64_t cols) : MatrixView(data, rows, cols, cols) {}
  MatrixView(const T* data, std::int64_t rows, std::int64_t cols, std::int64_t pitch)
      : data_(data), rows_(rows), cols_(cols), pitch_(pitch) {
    QRS_CHECK(rows >= 0 && cols >= 0 && pitch >= cols, "[matrix] expected extents >= 0 and a pitch >= columns, got ",
              rows, " x ", cols, " with pitch ", pitch);
  }
  MatrixView(const Matrix<T>& matrix);  // NOLINT(google-explicit-constructor): a matrix is its own view

  std::int64_t rows() const { return rows_; }
  std::int64_t cols() const { return cols_; }
  std::int64_t pitch() const { return pitch_; }
  const T* data() const { return data_; }
  bool contiguous() const { return pitch_ == cols_ || rows_ <= 1; }

  const T* row(std::int64_t i) const { return data_ + i * pitch_; }
  T operator()(std::int64_t i, std::int64_t j) const { return data_[i * pitch_ + j]; }
  /// Rows [begin, end).
  MatrixView rows_from(std::int64_t begin, std::int64_t end) const {
    QRS_CHECK(begin >= 0 && begin <= end && end <= rows_, "[matrix] expected rows inside [0, ", rows_, "], got ", begin,
              " to ", end);
    return MatrixView(row(begin), end - begin, cols_, pitch_);
  }

 private:
  const T* data_ = nullptr;
  std::int64_t rows_ = 0;
  std::int64_t cols_ = 0;
  std::int64_t pitch_ = 0;
};

/// An owned (rows, cols) matrix, zero where nothing was written.
template <class T>
class Matrix {
 public:
  using value_type = T;

  Matrix() = default;
  Matrix(std::int64_t rows, std::int64_t cols) : rows_(rows), cols_(cols) {
    std::int64_t count = 0;
    QRS_CHECK(rows >= 0 && cols >= 0 && !__builtin_mul_overflow(rows, cols, &count),
              "[matrix] expected extents >= 0 with a product under 2^63, got ", rows, " x ", cols);
    values_.resize(count);
  }
  Matrix(std::int64_t rows, std::int64_t cols, std::vector<T> values)
      : rows_(rows), cols_(cols), values_(std::move(values)) {
    QRS_CHECK(static_cast<std::int64_t>(values_.size()) == rows * cols, "[matrix] expected ", rows, " x ", cols,
              " values, got ", values_.size());
  }

  std::int64_t rows() const { return rows_; }
  std::int64_t cols() const { return cols_; }
  T* data() { return values_.data(); }
  const T* data() const { return values_.data(); }
  T* row(std::int64_t i) { return values_.data() + i * cols_; }
  const T* row(std::int64_t i) const { return values_.data() + i * cols_; }
  T& operator()(std::int64_t i, std::int64_t j) { return values_[i * cols_ + j]; }
  T operator()(std::int64_t i, std::int64_t j) const { return values_[i * cols_ + j]; }
  std::span<const T> values() const { return values_; }

  bool operator==(const Matrix&) const = default;

 private:
  std::int64_t rows_ = 0;
  std::int64_t cols_ = 0;
  std::vector<T> values_;
};

template <class T>
MatrixView<T>::MatrixView(const Matrix<T>& matrix) : MatrixView(matrix.data(), matrix.rows(), matrix.cols()) {}

/// The rows of these indices, in their order, as values of `To`.
template <class To, class From>
Matrix<To> take_rows(MatrixView<From> x, std::span<const std::int64_t> indices) {
  Matrix<To> out(static_cast<std::int64_t>(indices.size()), x.cols());
  for (std::size_t i = 0; i < indices.size(); ++i) {
    QRS_CHECK(indices[i] >= 0 && indices[i] < x.rows(), "[take_rows] expected indices in [0, ", x.rows(), "), got ",
              indices[i]);
    const From* from = x.row(indices[i]);
    To* to = out.row(static_cast<std::int64_t>(i));
    for (std::int64_t j = 0; j < x.cols(); ++j) to[j] = static_cast<To>(from[j]);
  }
  return out;
}

/// The elements of these indices, in their order: labels or weights of a subset.
template <class V>
std::vector<V> take(std::span<const V> values, std::span<const std::int64_t> indices) {
  std::vector<V> out;
  out.reserve(indices.size());
  for (const std::int64_t i : indices) out.push_back(values[i]);
  return out;
}

/// A copy with another element type.
template <class To, class From>
Matrix<To> convert(MatrixView<From> x) {
  Matrix<To> out(x.rows(), x.cols());
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    for (std::int64_t j = 0; j < x.cols(); ++j) out(i, j) = static_cast<To>(x(i, j));
  }
  return out;
}

/// Throws where there is no row or no column, or a value is infinite, or is NaN and `allow_nan` does not hold; says where.
template <class T>
void check_samples(std::string_view op, MatrixView<T> x, bool allow_nan = false) {
  QRS_CHECK(x.rows() > 0 && x.cols() > 0, "[", op, "] expected at least one row and one column, got ", x.rows(), " x ",
            x.cols());
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    for (std::int64_t j = 0; j < x.cols(); ++j) {
      const T value = x(i, j);
      const bool fine = std::isfinite(value) || (allow_nan && std::isnan(value));
      QRS_CHECK(
          fine, "[", op, "] expected finite values", allow_nan ? " or NaN" : "", ", got ", value, " in row ", i,
          ", column ", j,
          std::isnan(value) ? " (a missing value: fill it, or leave the row out; boost, tree and forest take it)" : "");
    }
  }
}

/// Throws unless a fitted learner sees as many columns as it was fitted with.
template <class T>
void check_columns(std::string_view op, MatrixView<T> x, std::int64_t fitted) {
  QRS_CHECK(fitted > 0, "[", op, "] expected a fitted learner, got one that is not: call fit first");
  QRS_CHECK(x.cols() == fitted, "[", op, "] expected ", fitted, " columns as when fitted, got ", x.cols());
}

}  // namespace qrs::ml
