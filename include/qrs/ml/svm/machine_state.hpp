// Making a machine of what training found, checking one that comes from elsewhere, and its place in a model file.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../../io/state_dict.hpp"
#include "one_vs_one.hpp"

namespace qrs::ml::svm {

/// Takes the mean of each column away.
template <class T>
void center_columns(Matrix<T>& x) {
  std::vector<double> mean(static_cast<std::size_t>(x.cols()), 0.0);
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    for (std::int64_t j = 0; j < x.cols(); ++j) mean[static_cast<std::size_t>(j)] += static_cast<double>(x(i, j));
  }
  for (double& value : mean) value /= static_cast<double>(x.rows());
  for (std::int64_t i = 0; i < x.rows(); ++i) {
    for (std::int64_t j = 0; j < x.cols(); ++j) x(i, j) -= static_cast<T>(mean[static_cast<std::size_t>(j)]);
  }
}

/// The machine of trained pairs. `order` gives the row of x for each point of the set.
template <class T>
MachineState<T> collect_machine(const Kernel& kernel, MatrixView<T> x, const TrainSet& set,
                                std::span<const std::int64_t> order, const OneVsOne& trained) {
  const auto k = static_cast<std::int64_t>(set.labels.size());
  MachineState<T> out;
  out.kernel = kernel;
  out.features = x.cols();
  out.labels = set.labels;
  out.sigmoids = trained.sigmoids;
  // Point p of class a stands at p - class_begin[a] in the pairs (a, b), after the points of the other in (b, a).
  const auto coefficient = [&](std::int64_t pair, std::int64_t first, std::int64_t second, std::int64_t c,
                               std::int64_t point) {
    const auto begin = [&](std::int64_t of) { return set.class_begin[static_cast<std::size_t>(of)]; };
    const std::int64_t at = c == first ? point - begin(first) : begin(first + 1) - begin(first) + point - begin(second);
    const double alpha = trained.pairs[static_cast<std::size_t>(pair)].alpha[static_cast<std::size_t>(at)];
    return c == first ? alpha : -alpha;
  };
  std::vector<std::int64_t> points;
  std::vector<double> columns;  // (support vectors, k - 1)
  std::vector<double> values(static_cast<std::size_t>(k - 1));
  for (std::int64_t c = 0; c < k; ++c) {
    std::int64_t count = 0;
    for (std::int64_t p = set.class_begin[static_cast<std::size_t>(c)];
         p < set.class_begin[static_cast<std::size_t>(c + 1)]; ++p) {
      std::int64_t pair = 0;
      bool used = false;
      for (std::int64_t a = 0; a < k; ++a) {
        for (std::int64_t b = a + 1; b < k; ++b, ++pair) {
          if (a != c && b != c) continue;
          const double value = coefficient(pair, a, b, c, p);
          values[static_cast<std::size_t>(a == c ? b - 1 : a)] = value;
          used = used || value != 0.0;
        }
      }
      if (!used) continue;
      points.push_back(order[static_cast<std::size_t>(p)]);
      columns.insert(columns.end(), values.begin(), values.end());
      ++count;
    }
    out.n_support.push_back(count);
  }
  out.coefficients = Matrix<double>(k - 1, static_cast<std::int64_t>(points.size()));
  for (std::int64_t v = 0; v < out.coefficients.cols(); ++v) {
    for (std::int64_t o = 0; o < k - 1; ++o) {
      out.coefficients(o, v) = columns[static_cast<std::size_t>(v * (k - 1) + o)];
    }
  }
  for (const SmoResult& pair : trained.pairs) out.rho.push_back(pair.rho);
  if (!kernel.precomputed()) out.vectors = take_rows<T>(x, std::span<const std::int64_t>(points));
  out.support = std::move(points);
  return out;
}

/// Throws where the parts of a machine do not fit each other. `op` begins the message.
template <class T>
void check_machine(const MachineState<T>& s, std::string_view op = "svc") {
  const std::int64_t k = s.classes();
  QRS_CHECK(k >= 2 && k <= 32767, "[", op, "] expected 2 to 32767 classes, got ", k);
  for (std::size_t c = 1; c < s.labels.size(); ++c) {
    QRS_CHECK(s.labels[c - 1] < s.labels[c], "[", op, "] expected ascending labels, got ", s.labels[c - 1], " before ",
              s.labels[c]);
  }
  QRS_CHECK(s.features >= 1, "[", op, "] expected at least one feature, got ", s.features);
  QRS_CHECK(static_cast<std::int64_t>(s.n_support.size()) == k, "[", op, "] expected a count of support vectors for ",
            k, " classes, got ", s.n_support.size());
  std::int64_t total = 0;
  for (const std::int64_t count : s.n_support) {
    QRS_CHECK(count >= 0 && count <= s.vectors_count() - total, "[", op,
              "] expected counts of support vectors that add up to ", s.vectors_count(), ", got ",
              std::span(s.n_support));
    total += count;
  }
  QRS_CHECK(total == s.vectors_count() && total >= 1, "[", op, "] expected at least one support vector and ",
            s.vectors_count(), " in all classes, got ", total);
  QRS_CHECK(s.coefficients.rows() == k - 1, "[", op, "] expected ", k - 1, " coefficients of each support vector, got ",
            s.coefficients.rows());
  QRS_CHECK(static_cast<std::int64_t>(s.rho.size()) == s.pairs(), "[", op, "] expected ", s.pairs(),
            " values of rho, one a pair, got ", s.rho.size());
  QRS_CHECK(s.sigmoids.empty() || static_cast<std::int64_t>(s.sigmoids.size()) == s.pairs(), "[", op, "] expected ",
            s.pairs(), " sigmoids or none, got ", s.sigmoids.size());
  QRS_CHECK(s.support.empty() || static_cast<std::int64_t>(s.support.size()) == total, "[", op, "] expected ", total,
            " rows of support vectors, got ", s.support.size());
  if (s.kernel.precomputed()) {
    QRS_CHECK(static_cast<std::int64_t>(s.support.size()) == total, "[", op, "] expected the rows of ", total,
              " support vectors with kernel precomputed, got ", s.support.size());
  } else {
    QRS_CHECK(s.vectors.rows() == total && s.vectors.cols() == s.features, "[", op, "] expected ", total, " x ",
              s.features, " values of support vectors, got ", s.vectors.rows(), " x ", s.vectors.cols());
  }
  for (const std::int64_t row : s.support) {
    QRS_CHECK(row >= 0 && (!s.kernel.precomputed() || row < s.features), "[", op,
              "] expected rows of support vectors in [0, ", s.features, "), got ", row);
  }
  const auto finite = [&](double value, std::string_view what) {
    QRS_CHECK(std::isfinite(value), "[", op, "] expected a finite ", what, ", got ", value);
  };
  for (const T value : s.vectors.values()) finite(value, "support vector");
  for (const double value : s.coefficients.values()) finite(value, "coefficient");
  for (const double value : s.rho) finite(value, "rho");
  for (const Sigmoid& sigmoid : s.sigmoids) finite(sigmoid.a, "probA"), finite(sigmoid.b, "probB");
  finite(s.kernel.gamma, "gamma");
  finite(s.kernel.coef0, "coef0");
  QRS_CHECK(s.kernel.degree >= 0, "[", op, "] expected degree >= 0, got ", s.kernel.degree);
}

// ---- in a model file -----------------------------------------------------------------------------------------------------
//
//   kernel  f64 (4)  number in the order of KernelKind, gamma, coef0, degree        features  i64 (1)
//   classes  i64 (k)    n_support  i64 (k)    support  i64 (n or 0)    support_vectors  (n, features)
//   coefficients  f64 (k - 1, n)    rho  f64 (pairs)    sigmoids  f64 (pairs or 0, 2)

namespace detail {

template <class V>
void add_entry(io::StateDict& out, std::string name, std::vector<std::int64_t> shape, std::span<const V> values) {
  io::Entry entry;
  entry.dtype = io::dtype_of<V>();
  entry.shape = std::move(shape);
  entry.bytes.resize(values.size_bytes());
  if (!values.empty()) std::memcpy(entry.bytes.data(), values.data(), values.size_bytes());
  out.add(std::move(name), std::move(entry));
}

/// The values of an entry of `rank` axes, with its shape.
template <class V>
std::vector<V> entry_values(const io::StateDict& in, const std::string& name, std::size_t rank,
                            std::vector<std::int64_t>& shape) {
  const io::Entry& entry = in.at(name);
  QRS_CHECK(entry.shape.size() == rank, "[svc] expected ", rank, " axes of ", name, ", got ", std::span(entry.shape));
  shape = entry.shape;
  if (entry.size() == 0) return {};
  const Tensor<V> tensor = entry.to<V>();
  return std::vector<V>(tensor.data(), tensor.data() + tensor.size());
}

}  // namespace detail

template <class T>
void save_machine(const MachineState<T>& s, io::StateDict& out, const std::string& prefix) {
  const auto size = [](const auto& values) { return static_cast<std::int64_t>(values.size()); };
  const double kernel[4] = {static_cast<double>(s.kernel.kind), s.kernel.gamma, s.kernel.coef0,
                            static_cast<double>(s.kernel.degree)};
  std::vector<double> sigmoids;
  for (const Sigmoid& sigmoid : s.sigmoids) sigmoids.insert(sigmoids.end(), {sigmoid.a, sigmoid.b});
  detail::add_entry<double>(out, prefix + "kernel", {4}, kernel);
  detail::add_entry<std::int64_t>(out, prefix + "features", {1}, std::span(&s.features, 1));
  detail::add_entry<std::int64_t>(out, prefix + "classes", {s.classes()}, s.labels);
  detail::add_entry<std::int64_t>(out, prefix + "n_support", {size(s.n_support)}, s.n_support);
  detail::add_entry<std::int64_t>(out, prefix + "support", {size(s.support)}, s.support);
  detail::add_entry<T>(out, prefix + "support_vectors", {s.vectors.rows(), s.vectors.cols()}, s.vectors.values());
  detail::add_entry<double>(out, prefix + "coefficients", {s.coefficients.rows(), s.coefficients.cols()},
                            s.coefficients.values());
  detail::add_entry<double>(out, prefix + "rho", {size(s.rho)}, s.rho);
  detail::add_entry<double>(out, prefix + "sigmoids", {size(s.sigmoids), 2}, sigmoids);
}

/// What save_machine wrote; the caller checks it with check_machine.
template <class T>
MachineState<T> load_machine(const io::StateDict& in, const std::string& prefix) {
  MachineState<T> out;
  std::vector<std::int64_t> shape;
  const std::vector<double> kernel = detail::entry_values<double>(in, prefix + "kernel", 1, shape);
  QRS_CHECK(kernel.size() == 4, "[svc] expected 4 values of ", prefix, "kernel, got ", kernel.size());
  const double last = static_cast<double>(kernel_names.size()) - 1.0;
  QRS_CHECK(kernel[0] >= 0.0 && kernel[0] <= last && kernel[0] == std::floor(kernel[0]),
            "[svc] expected a kernel number from 0 to ", last, ", got ", kernel[0]);
  QRS_CHECK(kernel[3] >= 0.0 && kernel[3] <= 1e9 && kernel[3] == std::floor(kernel[3]),
            "[svc] expected a degree that is an integer in [0, 1e9], got ", kernel[3]);
  out.kernel = {static_cast<KernelKind>(static_cast<int>(kernel[0])), kernel[1], kernel[2],
                static_cast<std::int64_t>(kernel[3])};
  const std::vector<std::int64_t> features = detail::entry_values<std::int64_t>(in, prefix + "features", 1, shape);
  QRS_CHECK(features.size() == 1, "[svc] expected one value of ", prefix, "features, got ", features.size());
  out.features = features[0];
  out.labels = detail::entry_values<std::int64_t>(in, prefix + "classes", 1, shape);
  out.n_support = detail::entry_values<std::int64_t>(in, prefix + "n_support", 1, shape);
  out.support = detail::entry_values<std::int64_t>(in, prefix + "support", 1, shape);
  std::vector<T> vectors = detail::entry_values<T>(in, prefix + "support_vectors", 2, shape);
  if (!vectors.empty()) out.vectors = Matrix<T>(shape[0], shape[1], std::move(vectors));
  std::vector<double> coefficients = detail::entry_values<double>(in, prefix + "coefficients", 2, shape);
  if (!coefficients.empty()) out.coefficients = Matrix<double>(shape[0], shape[1], std::move(coefficients));
  out.rho = detail::entry_values<double>(in, prefix + "rho", 1, shape);
  const std::vector<double> sigmoids = detail::entry_values<double>(in, prefix + "sigmoids", 2, shape);
  QRS_CHECK(sigmoids.empty() || shape[1] == 2, "[svc] expected two values a sigmoid, got ", shape[1]);
  for (std::size_t i = 0; i + 1 < sigmoids.size(); i += 2) out.sigmoids.push_back({sigmoids[i], sigmoids[i + 1]});
  return out;
}

}  // namespace qrs::ml::svm
