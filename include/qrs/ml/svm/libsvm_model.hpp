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

template <class T>
Svc<T> from_libsvm(const io::LibsvmModel& model, const FromLibsvmOptions& options = {}) {
  const std::size_t k = model.label.size();
  const auto kind = std::find(io::libsvm_kernels.begin(), io::libsvm_kernels.end(), model.kernel);
  QRS_CHECK(kind != io::libsvm_kernels.end(), "[svc] expected a kernel of LIBSVM, got ", model.kernel);
  const bool consistent = k >= 2 && model.nr_sv.size() == k && model.rho.size() == k * (k - 1) / 2 &&
                          model.coefficients.size() == model.vectors.labels.size() * (k - 1) &&
                          (model.prob_a.empty() || model.prob_a.size() == model.rho.size()) &&
                          model.prob_a.size() == model.prob_b.size();
  QRS_CHECK(consistent, "[svc] expected parts of a LIBSVM model that fit ", k, " classes, got ", model.nr_sv.size(),
            " counts, ", model.rho.size(), " rho and ", model.coefficients.size(), " coefficients");
  svm::MachineState<T> s;
  s.kernel.kind = static_cast<svm::KernelKind>(kind - io::libsvm_kernels.begin());
  s.kernel.gamma = model.gamma;
  s.kernel.coef0 = model.coef0;
  s.kernel.degree = model.degree;

  std::vector<std::size_t> order(k);  // of the model's classes, by label
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return model.label[a] < model.label[b]; });
  std::vector<std::size_t> first(k + 1, 0);  // support vector of each class of the model
  for (std::size_t c = 0; c < k; ++c) first[c + 1] = first[c] + model.nr_sv[c];
  QRS_CHECK(first[k] == model.vectors.labels.size(), "[svc] expected ", model.vectors.labels.size(),
            " support vectors of all classes, got ", first[k]);
  const auto pair_of = [k](std::size_t a, std::size_t b) { return a * (2 * k - a - 1) / 2 + b - a - 1; };

  const auto total = static_cast<std::int64_t>(first[k]);
  std::int64_t features = std::max(options.features, model.vectors.features());
  s.coefficients = Matrix<double>(static_cast<std::int64_t>(k) - 1, total);
  if (s.kernel.precomputed()) {
    for (const double serial : model.vectors.value)
      features = std::max(features, static_cast<std::int64_t>(std::min(serial, 2147483647.0)));
  } else {
    QRS_CHECK(options.features == 0 || options.features >= model.vectors.features(), "[svc] expected indices up to ",
              options.features, ", the features asked for, got ", model.vectors.features());
    features = std::max<std::int64_t>(features, 1);
    QRS_CHECK(features <= (std::int64_t{1} << 31) / total,
              "[svc] expected at most 2^31 values of support vectors, got ", total, " x ", features);
    s.vectors = Matrix<T>(total, features);
  }
  s.features = features;
  std::int64_t to = 0;
  for (std::size_t a = 0; a < k; ++a) {
    const std::size_t from = order[a];
    s.labels.push_back(model.label[from]);
    s.n_support.push_back(model.nr_sv[from]);
    for (std::size_t v = first[from]; v < first[from + 1]; ++v, ++to) {
      for (std::size_t b = 0; b < k; ++b) {
        if (b == a) continue;
        const std::size_t other = order[b];
        const double value = model.coefficients[v * (k - 1) + (other > from ? other - 1 : other)];
        const bool same_side = (from < other) == (a < b);
        s.coefficients(static_cast<std::int64_t>(b > a ? b - 1 : b), to) = same_side ? value : -value;
      }
      const std::size_t begin = model.vectors.begin[v];
      const std::size_t end = model.vectors.begin[v + 1];
      if (s.kernel.precomputed()) {
        const bool serial = end > begin && model.vectors.index[begin] == 0 && model.vectors.value[begin] >= 1.0 &&
                            model.vectors.value[begin] <= 2147483647.0 &&
                            model.vectors.value[begin] == std::floor(model.vectors.value[begin]);
        QRS_CHECK(serial, "[svc] expected 0:i with the number of a sample from 1 for support vector ", v, ", got ",
                  end > begin ? text(model.vectors.index[begin], ":", model.vectors.value[begin]) : "nothing");
        s.support.push_back(static_cast<std::int64_t>(model.vectors.value[begin]) - 1);
        continue;
      }
      for (std::size_t e = begin; e < end; ++e) {
        QRS_CHECK(model.vectors.index[e] >= 1, "[svc] expected indices from 1 of support vector ", v, ", got ",
                  model.vectors.index[e]);
        s.vectors(to, model.vectors.index[e] - 1) = static_cast<T>(model.vectors.value[e]);
      }
    }
    for (std::size_t b = a + 1; b < k; ++b) {
      const std::size_t other = order[b];
      const bool same_side = from < other;
      const std::size_t pair = same_side ? pair_of(from, other) : pair_of(other, from);
      s.rho.push_back(same_side ? model.rho[pair] : -model.rho[pair]);
      if (!model.prob_a.empty()) {
        s.sigmoids.push_back({model.prob_a[pair], same_side ? model.prob_b[pair] : -model.prob_b[pair]});
      }
    }
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
