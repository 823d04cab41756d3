// gamma = "scale": one over the features times the variance of all values of x, as scikit-learn has it.
#pragma once

#include <cmath>
#include <cstdint>

#include "../../core/error.hpp"
#include "../matrix.hpp"

namespace qrs::ml::svm {

namespace detail {

/// The sum of term(value) over x, row by row.
template <class T, class Term>
double sum_of_rows(MatrixView<T> x, const Term& term) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    double row = 0.0;
    for (std::int64_t j = 0; j < x.cols(); ++j) row += term(static_cast<double>(x(i, j)));
    sum += row;
  }
  return sum;
}

}  // namespace detail

/// 1 / (features * variance); 1 where nothing varies.
template <class T>
double scale_gamma(MatrixView<T> x) {
  const auto features = static_cast<double>(x.cols());
  const double count = static_cast<double>(x.rows()) * features;
  const double mean = detail::sum_of_rows(x, [](double value) { return value; }) / count;
  const double squares = detail::sum_of_rows(x, [mean](double value) {
    const double difference = value - mean;
    return difference * difference;
  });
  const double variance = squares / count;
  const double gamma = variance > 0.0 ? 1.0 / (features * variance) : 1.0;
  QRS_CHECK(std::isfinite(gamma), "[svc] expected a variance of x that gamma scale can be made of, got ", variance);
  return gamma;
}

}  // namespace qrs::ml::svm
