// Principal components in the fewest lines: the eigenvectors of the covariance matrix, by Jacobi's rotations.
//
//   C = (X - mean)^T (X - mean) / (n - 1) = V^T diag(variance) V                       rows of V are the components
//
// The judge of pca.hpp's solvers. Each component's sign is such that its entry of greatest magnitude is positive.
// Source: Jolliffe, Principal Component Analysis, 2nd ed., 2002, sections 1.1 and 2.1.
#pragma once

#include <cmath>
#include <cstdint>

#include "../../core/array.hpp"
#include "../decompose/ref.hpp"
#include "../matrix.hpp"

namespace qrs::ml::pca::ref {

struct Components {
  Array<double> mean;         // of each feature
  Array<double> variance;     // along each component, the largest first
  Matrix<double> components;  // (features, features)
};

inline Components fit(MatrixView<double> x) {
  const std::int64_t n = x.rows();
  const std::int64_t features = x.cols();
  Components out;
  for (std::int64_t j = 0; j < features; ++j) {
    double sum = 0.0;
    for (std::int64_t i = 0; i < n; ++i) sum += x(i, j);
    out.mean.push_back(sum / static_cast<double>(n));
  }
  Matrix<double> covariance(features, features);
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < features; ++j) {
      for (std::int64_t k = 0; k < features; ++k) {
        covariance(j, k) += (x(i, j) - out.mean[j]) * (x(i, k) - out.mean[k]) / static_cast<double>(n - 1);
      }
    }
  }
  decompose::SymmetricEigen eigen = decompose::ref::symmetric_eigen(covariance);
  for (std::int64_t c = 0; c < features; ++c) {
    double largest = 0.0;
    for (std::int64_t j = 0; j < features; ++j) {
      if (std::abs(eigen.vectors(c, j)) > std::abs(largest)) largest = eigen.vectors(c, j);
    }
    for (std::int64_t j = 0; largest < 0.0 && j < features; ++j) eigen.vectors(c, j) = -eigen.vectors(c, j);
  }
  out.variance = std::move(eigen.values);
  out.components = std::move(eigen.vectors);
  return out;
}

}  // namespace qrs::ml::pca::ref
