// Making a machine of what training found, checking one that comes from elsewhere, and its place in a model file.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../../io/state_dict.hpp"
#include "../column_moments.hpp"
#include "../stored_values.hpp"
#include "one_vs_one.hpp"

namespace qrs::ml::svm {

/// Takes the mean of each column away.
template <class T>
void center_columns(Matrix<T>& x) {
  const std::vector<double> mean = column_moments(MatrixView<T>(x), false).mean;
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    for (std::int64_t j = 0; j < x.cols(); ++j) x(i, j) -= static_cast<T>(mean[j]);
  }
}

/// The machine of trained pairs. `order` gives the row of x for each point of the set.
template <class T>
MachineState<T> collect_machine(const Kernel& kernel, MatrixView<T> x, const TrainSet& set,
                                std::span<const std::int64_t> order, const OneVsOne& trained) {
  const auto k = std::ssize(set.labels);
  MachineState<T> out;
  out.kernel = kernel;
  out.features = x.cols();
  out.labels = set.labels;
  out.sigmoids = trained.sigmoids;
  // Point p of class a stands at p - class_begin[a] in the pairs (a, b), after the points of the other in (b, a).
  const auto coefficient = [&](std::int64_t pair, std::int64_t first, std::int64_t second, std::int64_t c,
                               std::int64_t point) {
    const auto begin = [&](std::int64_t of) { return set.class_begin[of]; };
    const std::int64_t at = c == first ? point - begin(first) : begin(first + 1) - begin(first) + point - begin(second);
    const double alpha = trained.pairs[pair].alpha[at];
    return c == first ? alpha : -alpha;
  };
  Array<std::int64_t> points;
  Array<double> columns;  // (support vectors, k - 1)
  Array<double> values(k - 1);
  for (std::int64_t c = 0; c < k; ++c) {
    std::int64_t count = 0;
    for (std::int64_t p = set.class_begin[c]; p < set.class_begin[c + 1]; ++p) {
      std::int64_t pair = 0;
      bool used = false;
      for (std::int64_t a = 0; a < k; ++a) {
        for (std::int64_t b = a + 1; b < k; ++b, ++pair) {
          if (a != c && b != c) continue;
          const double value = coefficient(pair, a, b, c, p);
          values[a == c ? b - 1 : a] = value;
          used = used || value != 0.0;
        }
      }
      if (!used) continue;
      points.push_back(order[p]);
      columns.insert(columns.end(), values.begin(), values.end());
      ++count;
    }
    out.n_support.push_back(count);
  }
  out.coefficients = Matrix<double>(k - 1, points.size());
  for (std::int64_t v = 0; v < out.coefficients.cols(); ++v) {
    for (std::int64_t o = 0; o < k - 1; ++o) {
      out.coefficients(o, v) = columns[v * (k - 1) + o];
    }
  }
  for (const SmoResult& pair : trained.pairs) out.rho.push_back(pair.rho);
  if (!kernel.precomputed()) out.vectors = take_rows<T>(x, std::span<const std::int64_t>(points));
  out.support = std::move(points);
  return out;
}

/// Throws where training ended with a number that is not finite, or without any support vector, and says what may be why.
template <class T>
void check_trained(const Kernel& kernel, MatrixView<T> x, const TrainSet& set, const OneVsOne& trained) {
  const auto k = std::ssize(set.labels);
  bool moved = false;
  std::int64_t pair = 0;
  for (std::int64_t a = 0; a < k; ++a) {
    for (std::int64_t b = a + 1; b < k; ++b, ++pair) {
      const SmoResult& result = trained.pairs[pair];
      moved = moved || result.steps > 0;
      const bool sigmoid = trained.sigmoids.empty() ||
                           (std::isfinite(trained.sigmoids[pair].a) && std::isfinite(trained.sigmoids[pair].b));
      if (std::isfinite(result.rho) && std::isfinite(result.objective) && sigmoid) continue;
      double largest = 0.0;
      for (std::int64_t i = 0; i < x.rows(); ++i) {
        for (std::int64_t j = 0; j < x.cols(); ++j) largest = std::max(largest, std::abs(static_cast<double>(x(i, j))));
      }
      fail("[svc] expected kernel values within float32, got rho ", result.rho, " between the classes ", set.labels[a],
           " and ", set.labels[b], ": features reach ", largest, ", gamma is ", kernel.gamma, ", degree ",
           kernel.degree, "; scale the features first (a pipeline of scaler and svc), or choose smaller parameters");
    }
  }
  QRS_CHECK(moved,
            "[svc] expected at least one support vector, got none: the solver made no step, as max_iter is 0 or tol "
            "is above the first violation, 2");
}

/// Throws where the parts of a machine do not fit each other.
template <class T>
void check_machine(const MachineState<T>& s) {
  const std::int64_t k = s.classes();
  QRS_CHECK(k >= 2 && k <= 32767, "[svc] expected 2 to 32767 classes, got ", k);
  for (std::size_t c = 1; c < s.labels.size(); ++c) {
    QRS_CHECK(s.labels[c - 1] < s.labels[c], "[svc] expected ascending labels, got ", s.labels[c - 1], " before ",
              s.labels[c]);
  }
  QRS_CHECK(s.features >= 1, "[svc] expected at least one feature, got ", s.features);
  QRS_CHECK(std::ssize(s.n_support) == k, "[svc] expected a count of support vectors for ", k, " classes, got ",
            s.n_support.size());
  std::int64_t total = 0;
  for (const std::int64_t count : s.n_support) {
    QRS_CHECK(count >= 0 && count <= s.vectors_count() - total,
              "[svc] expected counts of support vectors that add up to ", s.vectors_count(), ", got ",
              std::span(s.n_support));
    total += count;
  }
  QRS_CHECK(total == s.vectors_count() && total >= 1, "[svc] expected at least one support vector and ",
            s.vectors_count(), " in all classes, got ", total);
  QRS_CHECK(s.coefficients.rows() == k - 1, "[svc] expected ", k - 1, " coefficients of each support vector, got ",
            s.coefficients.rows());
  QRS_CHECK(std::ssize(s.rho) == s.pairs(), "[svc] expected ", s.pairs(), " values of rho, one a pair, got ",
            s.rho.size());
  QRS_CHECK(s.sigmoids.empty() || std::ssize(s.sigmoids) == s.pairs(), "[svc] expected ", s.pairs(),
            " sigmoids or none, got ", s.sigmoids.size());
  QRS_CHECK(s.support.empty() || std::ssize(s.support) == total, "[svc] expected ", total,
            " rows of support vectors, got ", s.support.size());
  if (s.kernel.precomputed()) {
    QRS_CHECK(std::ssize(s.support) == total, "[svc] expected the rows of ", total,
              " support vectors with kernel precomputed, got ", s.support.size());
  } else {
    QRS_CHECK(s.vectors.rows() == total && s.vectors.cols() == s.features, "[svc] expected ", total, " x ", s.features,
              " values of support vectors, got ", s.vectors.rows(), " x ", s.vectors.cols());
  }
  for (const std::int64_t row : s.support) {
    QRS_CHECK(row >= 0 && (!s.kernel.precomputed() || row < s.features),
              "[svc] expected rows of support vectors in [0, ", s.features, "), got ", row);
  }
  const auto finite = [&](double value, std::string_view what) {
    QRS_CHECK(std::isfinite(value), "[svc] expected a finite ", what, ", got ", value);
  };
  for (const T value : s.vectors.values()) finite(value, "support vector");
  for (const double value : s.coefficients.values()) finite(value, "coefficient");
  for (const double value : s.rho) finite(value, "rho");
  for (const Sigmoid& sigmoid : s.sigmoids) finite(sigmoid.a, "probA"), finite(sigmoid.b, "probB");
  finite(s.kernel.gamma, "gamma");
  finite(s.kernel.coef0, "coef0");
  QRS_CHECK(s.kernel.degree >= 0, "[svc] expected degree >= 0, got ", s.kernel.degree);
}

// ---- in a model file -----------------------------------------------------------------------------------------------------
//
//   kernel  f64 (4)  number in the order of KernelKind, gamma, coef0, degree        features  i64 (1)
//   classes  i64 (k)    n_support  i64 (k)    support  i64 (n), where known    support_vectors  (n, features), where there are
//   coefficients  f64 (k - 1, n)    rho  f64 (pairs)    sigmoids  f64 (pairs, 2), where there are

template <class T>
void save_machine(const MachineState<T>& s, io::StateDict& out, const std::string& prefix) {
  store_values(out, prefix + "kernel",
               std::vector<double>{static_cast<double>(s.kernel.kind), s.kernel.gamma, s.kernel.coef0,
                                   static_cast<double>(s.kernel.degree)});
  store_values(out, prefix + "features", std::vector<std::int64_t>{s.features});
  store_values(out, prefix + "classes", s.labels);
  store_values(out, prefix + "n_support", s.n_support);
  if (!s.support.empty()) store_values(out, prefix + "support", s.support);
  if (s.vectors.rows() > 0) store_values(out, prefix + "support_vectors", s.vectors);
  store_values(out, prefix + "coefficients", s.coefficients);
  store_values(out, prefix + "rho", s.rho);
  if (s.sigmoids.empty()) return;
  Matrix<double> sigmoids(std::ssize(s.sigmoids), 2);
  for (std::int64_t i = 0; i < sigmoids.rows(); ++i) {
    sigmoids(i, 0) = s.sigmoids[i].a;
    sigmoids(i, 1) = s.sigmoids[i].b;
  }
  store_values(out, prefix + "sigmoids", sigmoids);
}

/// What save_machine wrote. Sizes are those of the file; check_machine says whether they fit each other.
template <class T>
MachineState<T> load_machine(const io::StateDict& in, const std::string& prefix) {
  MachineState<T> out;
  const std::vector<double> kernel = stored_values<double>(in, prefix + "kernel", 4);
  const double last = static_cast<double>(kernel_names.size()) - 1.0;
  QRS_CHECK(kernel[0] >= 0.0 && kernel[0] <= last && kernel[0] == std::floor(kernel[0]),
            "[svc] expected a kernel number from 0 to ", last, ", got ", kernel[0]);
  QRS_CHECK(kernel[3] >= 0.0 && kernel[3] <= 1e9 && kernel[3] == std::floor(kernel[3]),
            "[svc] expected a degree that is an integer in [0, 1e9], got ", kernel[3]);
  out.kernel = {static_cast<KernelKind>(static_cast<int>(kernel[0])), kernel[1], kernel[2],
                static_cast<std::int64_t>(kernel[3])};
  out.features = stored_values<std::int64_t>(in, prefix + "features", 1)[0];
  out.labels = stored_values<std::int64_t>(in, prefix + "classes");
  out.n_support = stored_values<std::int64_t>(in, prefix + "n_support", out.classes());
  std::int64_t total = 0;
  for (const std::int64_t count : out.n_support) {
    QRS_CHECK(count >= 0 && !__builtin_add_overflow(total, count, &total),
              "[svc] expected counts of support vectors >= 0, got ", count);
  }
  out.coefficients = stored_matrix<double>(in, prefix + "coefficients", out.classes() - 1, total);
  out.rho = stored_values<double>(in, prefix + "rho");
  if (in.contains(prefix + "support")) out.support = stored_values<std::int64_t>(in, prefix + "support", total);
  if (in.contains(prefix + "support_vectors")) {
    out.vectors = stored_matrix<T>(in, prefix + "support_vectors", total, out.features);
  }
  if (in.contains(prefix + "sigmoids")) {
    const Matrix<double> sigmoids = stored_matrix<double>(in, prefix + "sigmoids", -1, 2);
    for (std::int64_t i = 0; i < sigmoids.rows(); ++i) out.sigmoids.push_back({sigmoids(i, 0), sigmoids(i, 1)});
  }
  return out;
}

}  // namespace qrs::ml::svm
