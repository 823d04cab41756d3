// From the decision values of all pairs of classes to scores of the classes: votes, one-versus-rest values, probabilities.
//
// pairs: (rows, k (k - 1) / 2), those of (0, 1), (0, 2), ..., (1, 2), ...; positive for the first class of a pair.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>

#include "../../core/array.hpp"
#include "../matrix.hpp"
#include "coupling.hpp"
#include "platt.hpp"

namespace qrs::ml::svm {

/// Calls body(a, b, pair) for every pair of k classes, in order.
template <class Body>
void for_each_pair(std::int64_t k, const Body& body) {
  std::int64_t pair = 0;
  for (std::int64_t a = 0; a < k; ++a) {
    for (std::int64_t b = a + 1; b < k; ++b, ++pair) body(a, b, pair);
  }
}

/// (rows, k): pairs won. A value of 0 is the second class's.
inline Matrix<double> votes(const Matrix<double>& pairs, std::int64_t k) {
  Matrix<double> out(pairs.rows(), k);
  for (std::int64_t r = 0; r < pairs.rows(); ++r) {
    for_each_pair(
        k, [&](std::int64_t a, std::int64_t b, std::int64_t pair) { out(r, pairs(r, pair) > 0.0 ? a : b) += 1.0; });
  }
  return out;
}

/// (rows, k): votes, and in between the sum of the values squashed into (-1/3, 1/3), which breaks ties and never overturns
/// a vote. A value of 0 is the first class's here, as in scikit-learn.
inline Matrix<double> one_versus_rest(const Matrix<double>& pairs, std::int64_t k) {
  Matrix<double> out(pairs.rows(), k);
  Array<double> sums(k);
  for (std::int64_t r = 0; r < pairs.rows(); ++r) {
    std::fill(sums.begin(), sums.end(), 0.0);
    for_each_pair(k, [&](std::int64_t a, std::int64_t b, std::int64_t pair) {
      const double value = pairs(r, pair);
      sums[a] += value;
      sums[b] -= value;
      out(r, value < 0.0 ? b : a) += 1.0;
    });
    for (std::int64_t c = 0; c < k; ++c) out(r, c) += sums[c] / (3.0 * (std::abs(sums[c]) + 1.0));
  }
  return out;
}

/// (rows, k): each pair's value through its sigmoid, and the pairs coupled.
inline Matrix<double> coupled_probabilities(const Matrix<double>& pairs, std::int64_t k,
                                            ArrayView<const Sigmoid> sigmoids) {
  constexpr double least = 1e-7;  // LIBSVM's bound: a pair is never certain
  Matrix<double> out(pairs.rows(), k);
  Matrix<double> r(k, k);
  for (std::int64_t i = 0; i < pairs.rows(); ++i) {
    for_each_pair(k, [&](std::int64_t a, std::int64_t b, std::int64_t pair) {
      r(a, b) = std::clamp(sigmoids[pair](pairs(i, pair)), least, 1.0 - least);
      r(b, a) = 1.0 - r(a, b);
    });
    couple_pairs(r, out.row(i));
  }
  return out;
}

}  // namespace qrs::ml::svm
