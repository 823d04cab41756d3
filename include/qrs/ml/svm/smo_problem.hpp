// A two-class problem of support vector classification, and what its solution is.
//
//   minimise 1/2 a^T Q a - e^T a   where y^T a = 0, 0 <= a_k <= C_k,   Q_kl = y_k y_l K_kl
//
// Source: Cortes and Vapnik 1995; the bounds C_k, one a variable, as in Chang and Lin 2011, LIBSVM, section 7.
#pragma once

#include <cstdint>

#include "../../core/array.hpp"

namespace qrs::ml::svm {

struct SmoParams {
  double tol = 1e-3;  // violation at which it stops
  bool shrinking = true;
  std::int64_t max_iter = -1;  // steps; -1: 10^7, or 100 a variable where that is more
  std::int64_t cache_bytes = std::int64_t{200} << 20;
};

/// One two-class problem: points of a KernelSource, +1 or -1 for each, and its upper bound.
struct SmoProblem {
  Array<std::int32_t> points;
  Array<std::int8_t> y;
  Array<double> c;

  std::int64_t size() const { return y.size(); }
};

struct SmoResult {
  Array<double> alpha;
  Array<double> w;  // y G for each variable at the end: the decision value is w + y - rho
  double rho = 0.0;
  double objective = 0.0;
  std::int64_t steps = 0;
  bool converged = false;
};

}  // namespace qrs::ml::svm
