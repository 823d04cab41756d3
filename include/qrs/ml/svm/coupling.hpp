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
#include <span>
#include <vector>

namespace qrs::ml::svm {

/// r: (k, k), row-major, r_ij + r_ji = 1; the diagonal is not read. p: the k probabilities.
inline void couple_pairs(std::span<const double> r, std::span<double> p) {
  const std::size_t k = p.size();
  if (k == 2) {
    p[0] = r[1];
    p[1] = 1.0 - r[1];
    return;
  }
  std::vector<double> q(k * k);  // the quadratic form: Q_tt = sum r_jt^2, Q_tj = -r_jt r_tj
  for (std::size_t t = 0; t < k; ++t) {
    for (std::size_t j = 0; j < k; ++j) {
      if (j == t) continue;
      q[t * k + t] += r[j * k + t] * r[j * k + t];
      q[t * k + j] = -r[j * k + t] * r[t * k + j];
    }
  }
  std::fill(p.begin(), p.end(), 1.0 / static_cast<double>(k));
  std::vector<double> qp(k);
  const double tolerance = 0.005 / static_cast<double>(k);
  const std::size_t sweeps = std::max<std::size_t>(100, k);
  for (std::size_t sweep = 0; sweep < sweeps; ++sweep) {
    double pqp = 0.0;
    for (std::size_t t = 0; t < k; ++t) {
      qp[t] = 0.0;
      for (std::size_t j = 0; j < k; ++j) qp[t] += q[t * k + j] * p[j];
      pqp += p[t] * qp[t];
    }
    double worst = 0.0;
    for (std::size_t t = 0; t < k; ++t) worst = std::max(worst, std::abs(qp[t] - pqp));
    if (worst < tolerance) break;
    for (std::size_t t = 0; t < k; ++t) {
      const double change = (pqp - qp[t]) / q[t * k + t];
      const double scale = 1.0 / (1.0 + change);  // back to sum 1
      pqp = (pqp + change * (change * q[t * k + t] + 2.0 * qp[t])) * scale * scale;
      p[t] += change;
      for (std::size_t j = 0; j < k; ++j) {
        qp[j] = (qp[j] + change * q[t * k + j]) * scale;
        p[j] *= scale;
      }
    }
  }
}

}  // namespace qrs::ml::svm
