// A machine as LIBSVM's model, and back.
//
//   io::write_libsvm_model("heart.model", to_libsvm(svc));            // svm-predict reads it
//   Svc<float> svc = from_libsvm<float>(io::read_libsvm_model("heart.model"), {.features = 13});
//
// LIBSVM orders classes as they first appear in its data, this library by label: where two change places, the pair's value
// changes its sign, and with it rho, the coefficients and probB.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <utility>
#include <vector>

#include "../../io/libsvm_model_file.hpp"
#include "svc.hpp"

namespace qrs::ml {

template <class T>
io::LibsvmModel to_libsvm(const Svc<T>& svc) {
  const svm::MachineState<T>& s = svc.state();
  QRS_CHECK(s.features > 0, "[svc] expected a fitted learner to write, got one that is not: call fit first");
  io::LibsvmModel out;
  out.kernel = std::string(io::libsvm_kernels[static_cast<std::size_t>(s.kernel.kind)]);
  out.degree = s.kernel.degree;
  out.gamma = s.kernel.gamma;
  out.coef0 = s.kernel.coef0;
  out.rho = s.rho;
  out.label = s.labels;
  for (const std::int64_t label : s.labels) {
    QRS_CHECK(label >= std::numeric_limits<std::int32_t>::min() && label <= std::numeric_limits<std::int32_t>::max(),
              "[svc] expected labels of 32 bits in a LIBSVM model, got ", label);
  }
  out.nr_sv = s.n_support;
  for (const svm::Sigmoid& sigmoid : s.sigmoids) {
    out.prob_a.push_back(sigmoid.a);
    out.prob_b.push_back(sigmoid.b);
  }
  for (std::int64_t v = 0; v < s.vectors_count(); ++v) {
    for (std::int64_t o = 0; o < s.coefficients.rows(); ++o) out.coefficients.push_back(s.coefficients(o, v));
    out.vectors.labels.push_back(0.0);
    if (s.kernel.precomputed()) {
      out.vectors.index.push_back(0);
      out.vectors.value.push_back(static_cast<double>(s.support[v] + 1));
    }
    for (std::int64_t j = 0; j < s.vectors.cols(); ++j) {
      if (s.vectors(v, j) == T(0)) continue;
      out.vectors.index.push_back(static_cast<std::int32_t>(j + 1));
      out.vectors.value.push_back(static_cast<double>(s.vectors(v, j)));
    }
    out.vectors.begin.push_back(out.vectors.index.size());
  }
  return out;
}

struct FromLibsvmOptions {
  /// Columns of the data to predict; 0: the largest index in the model. For precomputed the training samples.
  std::int64_t features = 0;
};

namespace detail {

inline svm::Kernel kernel_of(const io::LibsvmModel& model) {
  const auto kind = std::find(io::libsvm_kernels.begin(), io::libsvm_kernels.end(), model.kernel);
  QRS_CHECK(kind != io::libsvm_kernels.end(), "[svc] expected a kernel of LIBSVM, got ", model.kernel);
  svm::Kernel out;
  out.kind = static_cast<svm::KernelKind>(kind - io::libsvm_kernels.begin());
  out.gamma = model.gamma;
  out.coef0 = model.coef0;
  out.degree = model.degree;
  return out;
}

inline void check_parts(const io::LibsvmModel& model) {
  const std::size_t k = model.label.size();
  const bool consistent = k >= 2 && model.nr_sv.size() == k && model.rho.size() == k * (k - 1) / 2 &&
                          model.coefficients.size() == model.vectors.labels.size() * (k - 1) &&
                          (model.prob_a.empty() || model.prob_a.size() == model.rho.size()) &&
                          model.prob_a.size() == model.prob_b.size();
  QRS_CHECK(consistent, "[svc] expected parts of a LIBSVM model that fit ", k, " classes, got ", model.nr_sv.size(),
            " counts, ", model.rho.size(), " rho and ", model.coefficients.size(), " coefficients");
}

/// The model's classes by label.
inline std::vector<std::size_t> class_order(const io::LibsvmModel& model) {
  std::vector<std::size_t> order(model.label.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return model.label[a] < model.label[b]; });
  return order;
}

/// The first support vector of each of the model's classes, and their number.
inline std::vector<std::size_t> first_vectors(const io::LibsvmModel& model) {
  std::vector<std::size_t> first = {0};
  for (const std::int64_t count : model.nr_sv) first.push_back(first.back() + count);
  QRS_CHECK(first.back() == model.vectors.labels.size(), "[svc] expected ", model.vectors.labels.size(),
            " support vectors of all classes, got ", first.back());
  return first;
}

template <class T>
void set_sizes(svm::MachineState<T>& s, const io::LibsvmModel& model, std::int64_t features_asked) {
  const std::int64_t total = model.vectors.rows();
  s.features = std::max(features_asked, model.vectors.features());
  s.coefficients = Matrix<double>(std::ssize(model.label) - 1, total);
  if (s.kernel.precomputed()) {
    for (const double serial : model.vectors.value)
      s.features = std::max(s.features, static_cast<std::int64_t>(std::min(serial, 2147483647.0)));
    return;
  }
  QRS_CHECK(features_asked == 0 || features_asked >= model.vectors.features(), "[svc] expected indices up to ",
            features_asked, ", the features asked for, got ", model.vectors.features());
  s.features = std::max<std::int64_t>(s.features, 1);
  if (features_asked == 0) io::check_dense_size(total, s.features, model.vectors.value.size(), "model");
  QRS_CHECK(s.features <= (std::int64_t{1} << 31) / total,
            "[svc] expected at most 2^31 values of support vectors, got ", total, " x ", s.features);
  s.vectors = Matrix<T>(total, s.features);
}

/// Support vector v of class a by label becomes vector `to`.
template <class T>
void take_coefficients(svm::MachineState<T>& s, const io::LibsvmModel& model, std::span<const std::size_t> order,
                       std::size_t a, std::size_t v, std::int64_t to) {
  for (std::size_t b = 0; b < order.size(); ++b) {
    if (b == a) continue;
    const std::size_t other = order[b] > order[a] ? order[b] - 1 : order[b];
    const double value = model.coefficients[v * (order.size() - 1) + other];
    const bool same_side = (order[a] < order[b]) == (a < b);
    s.coefficients(static_cast<std::int64_t>(b > a ? b - 1 : b), to) = same_side ? value : -value;
  }
}

/// The same of its features, or for a precomputed kernel of its number.
template <class T>
void take_vector(svm::MachineState<T>& s, const io::LibsvmData& vectors, std::size_t v, std::int64_t to) {
  const std::size_t begin = vectors.begin[v];
  const std::size_t end = vectors.begin[v + 1];
  if (s.kernel.precomputed()) {
    const bool serial = end > begin && vectors.index[begin] == 0 && vectors.value[begin] >= 1.0 &&
                        vectors.value[begin] <= 2147483647.0 &&
                        vectors.value[begin] == std::floor(vectors.value[begin]);
    QRS_CHECK(serial, "[svc] expected 0:i with the number of a sample from 1 for support vector ", v, ", got ",
              end > begin ? text(vectors.index[begin], ":", vectors.value[begin]) : "nothing");
    s.support.push_back(static_cast<std::int64_t>(vectors.value[begin]) - 1);
    return;
  }
  for (std::size_t e = begin; e < end; ++e) {
    QRS_CHECK(vectors.index[e] >= 1, "[svc] expected indices from 1 of support vector ", v, ", got ", vectors.index[e]);
    s.vectors(to, vectors.index[e] - 1) = static_cast<T>(vectors.value[e]);
  }
}

/// What decides between two of the model's classes, `from` of the lower label.
template <class T>
void take_pair(svm::MachineState<T>& s, const io::LibsvmModel& model, std::size_t from, std::size_t other) {
  const std::size_t k = model.label.size();
  const auto pair_of = [k](std::size_t a, std::size_t b) { return a * (2 * k - a - 1) / 2 + b - a - 1; };
  const bool same_side = from < other;
  const std::size_t pair = same_side ? pair_of(from, other) : pair_of(other, from);
  s.rho.push_back(same_side ? model.rho[pair] : -model.rho[pair]);
  if (!model.prob_a.empty()) {
    s.sigmoids.push_back({model.prob_a[pair], same_side ? model.prob_b[pair] : -model.prob_b[pair]});
  }
}

}  // namespace detail

template <class T>
Svc<T> from_libsvm(const io::LibsvmModel& model, const FromLibsvmOptions& options = {}) {
  svm::MachineState<T> s;
  s.kernel = detail::kernel_of(model);
  detail::check_parts(model);
  const std::vector<std::size_t> order = detail::class_order(model);
  const std::vector<std::size_t> first = detail::first_vectors(model);
  detail::set_sizes(s, model, options.features);
  std::int64_t to = 0;
  for (std::size_t a = 0; a < order.size(); ++a) {
    const std::size_t from = order[a];
    s.labels.push_back(model.label[from]);
    s.n_support.push_back(model.nr_sv[from]);
    for (std::size_t v = first[from]; v < first[from + 1]; ++v, ++to) {
      detail::take_coefficients(s, model, order, a, v, to);
      detail::take_vector(s, model.vectors, v, to);
    }
    for (std::size_t b = a + 1; b < order.size(); ++b) detail::take_pair(s, model, from, order[b]);
  }

  SvcParams params;
  params.kernel = std::string(svm::kernel_names[static_cast<std::size_t>(s.kernel.kind)]);
  if (s.kernel.gamma > 0.0) params.gamma = s.kernel.gamma;
  params.coef0 = s.kernel.coef0;
  params.degree = s.kernel.degree;
  params.probability = !s.sigmoids.empty();
  return Svc<T>(std::move(params), std::move(s));
}

}  // namespace qrs::ml
