// Class probabilities from the probabilities of pairs: pairwise coupling.
//
//   minimise sum_i sum_(j != i) (r_ji p_i - r_ij p_j)^2   where sum p = 1, p >= 0,     r_ij = P(class i | class i or j)
//
// Solved by the fixed-point sweeps of Wu, Lin and Weng 2004 (Probability estimates for multi-class classification by
// pairwise coupling, JMLR 5, algorithm 2), to LIBSVM's tolerance of 0.005 / k so that both give the same numbers. With two
// classes the answer is r itself.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "../../core/array.hpp"
#include "../matrix.hpp"

namespace qrs::ml::svm {

/// r: (k, k), r_ij + r_ji = 1; the diagonal is not read. p: the k probabilities.
inline void couple_pairs(const Matrix<double>& r, double* p) {
  const std::int64_t k = r.rows();
  if (k == 2) {
    p[0] = r(0, 1);
    p[1] = 1.0 - r(0, 1);
    return;
  }
  Matrix<double> q(k, k);  // the quadratic form: Q_tt = sum r_jt^2, Q_tj = -r_jt r_tj
  for (std::int64_t t = 0; t < k; ++t) {
    for (std::int64_t j = 0; j < k; ++j) {
      if (j == t) continue;
      q(t, t) += r(j, t) * r(j, t);
      q(t, j) = -r(j, t) * r(t, j);
    }
  }
  std::fill(p, p + k, 1.0 / static_cast<double>(k));
  Array<double> qp(k);
  const double tolerance = 0.005 / static_cast<double>(k);
  const std::int64_t sweeps = std::max<std::int64_t>(100, k);
  for (std::int64_t sweep = 0; sweep < sweeps; ++sweep) {
    double pqp = 0.0;
    for (std::int64_t t = 0; t < k; ++t) {
      qp[t] = 0.0;
      for (std::int64_t j = 0; j < k; ++j) qp[t] += q(t, j) * p[j];
      pqp += p[t] * qp[t];
    }
    double worst = 0.0;
    for (std::int64_t t = 0; t < k; ++t) worst = std::max(worst, std::abs(qp[t] - pqp));
    if (worst < tolerance) break;
    for (std::int64_t t = 0; t < k; ++t) {
      const double change = (pqp - qp[t]) / q(t, t);
      const double scale = 1.0 / (1.0 + change);  // back to sum 1
      pqp = (pqp + change * (change * q(t, t) + 2.0 * qp[t])) * scale * scale;
      p[t] += change;
      for (std::int64_t j = 0; j < k; ++j) {
        qp[j] = (qp[j] + change * q(t, j)) * scale;
        p[j] *= scale;
      }
    }
  }
}

}  // namespace qrs::ml::svm
