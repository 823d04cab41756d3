// Principal component analysis: the directions in which samples vary most, by decreasing variance.
//
//   Pca<float> pca{{.n_components = 0.95}};   pca.fit(x);   Matrix<float> z = pca.transform(x);
//
//   z = (x - mean) components^T                 with whiten: / sqrt(explained variance), so that each z varies by 1
//   x' = z components + mean
//
// svd_solver: "full" and "covariance_eigh" (exact.hpp), "randomized" (randomized.hpp), or "auto", which chooses as
// scikit-learn 1.9 does: covariance_eigh for at most 1000 features and ten times as many samples; full up to 500 x 500;
// randomized for a count below 0.8 of the smaller side; else full. (1.2.1 has no covariance_eigh; the numbers agree to
// rounding. A count on 648 x 1024 is randomized: it depends on random_state.) Signs are fixed by a rule on the components
// (spectrum.hpp). "arpack" is not offered. Statistics are double whatever T is.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <numeric>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "../../core/error.hpp"
#include "../../core/memory.hpp"
#include "../../core/parallel.hpp"
#include "../../kernels.hpp"
#include "../column_moments.hpp"
#include "../estimator.hpp"
#include "../stored_values.hpp"
#include "exact.hpp"
#include "randomized.hpp"
#include "spectrum.hpp"

namespace qrs::ml {

struct PcaParams {
  /// None: as many as the smaller side. An integer: so many. A number in (0, 1): as few as explain more than that share of
  /// the variance. "mle": Minka's estimate, for at least as many samples as features.
  ParamValue n_components = {};
  bool whiten = false;
  std::string svd_solver = "auto";     // or full, covariance_eigh (also: covariance), randomized
  ParamValue iterated_power = "auto";  // power iterations; auto is 7 below a tenth of the smaller side, else 4
  std::int64_t n_oversamples = 10;     // randomized only, as those below
  std::string power_iteration_normalizer = "auto";  // or QR, LU (the same subspace: see randomized.hpp), none
  std::int64_t random_state = 0;                    // no hidden generator: the seed is always this
};

template <class T>
class Pca final : public Transformer<T> {
 public:
  explicit Pca(PcaParams params = {}) : settings_(std::move(params)) {}

  const PcaParams& settings() const { return settings_; }
  std::string name() const override { return "pca"; }
  std::int64_t features() const override { return static_cast<std::int64_t>(mean_.size()); }
  Facts facts() const override {
    return {{"components", static_cast<double>(explained_variance_ratio_.size())},
            {"explained_variance_ratio",
             std::accumulate(explained_variance_ratio_.begin(), explained_variance_ratio_.end(), 0.0)}};
  }
  void visit_params(ParamVisitor& visit) override {
    visit("n_components", settings_.n_components);
    visit("whiten", settings_.whiten);
    visit("svd_solver", settings_.svd_solver);
    visit("iterated_power", settings_.iterated_power);
    visit("n_oversamples", settings_.n_oversamples);
    visit("power_iteration_normalizer", settings_.power_iteration_normalizer);
    visit("random_state", settings_.random_state);
  }
  std::unique_ptr<Transformer<T>> clone() const override { return std::make_unique<Pca>(*this); }

  void fit(MatrixView<T> x) override {
    check_samples("pca", x);
    QRS_CHECK(x.rows() >= 2, "[pca] expected at least 2 samples, got ", x.rows());
    const std::string solver = chosen_solver(x);
    check_settings(x, solver);
    std::vector<double> mean = column_moments(x, false).mean;
    check_scatter(x, mean);
    const std::int64_t most = std::min(x.rows(), x.cols());
    pca::Spectrum<T> spectrum;
    if (solver == "randomized") {
      spectrum = pca::spectrum_randomized(x, mean, randomized_options(most));
    } else if (solver == "full" && std::is_same_v<T, double>) {
      spectrum = pca::spectrum_by_svd(x, mean, settings_.n_components);
    } else {
      spectrum = pca::spectrum_by_gram(x, mean, settings_.n_components, solver != "full");
    }
    pca::fix_signs(spectrum.components);
    keep(std::move(spectrum), x.rows(), x.cols(), solver == "randomized");
    mean_ = std::move(mean);
    solver_ = solver;
  }

  /// (rows, components).
  Matrix<T> transform(MatrixView<T> x) const override {
    check_columns("pca", x, features());
    if (x.rows() > 0) check_samples("pca", x);
    const std::int64_t wanted = components_.rows();
    Matrix<T> out(x.rows(), wanted);
    for (std::int64_t from = 0; from < x.rows(); from += chunk_rows) {
      const std::int64_t count = std::min(chunk_rows, x.rows() - from);
      Scratch<T> centred(count * features());
      pca::centre(x.rows_from(from, from + count), mean_, 0, features(), centred.data());
      kernels::GemmParams p{
          .m = count, .n = wanted, .k = features(), .lda = features(), .ldb = features(), .ldc = wanted};
      p.transpose_b = true;
      kernels::gemm_cpu(p, centred.data(), components_.data(), out.row(from));
    }
    if (settings_.whiten) {
      const std::vector<double> scale = whitening();
      for (std::int64_t i = 0; i < out.rows(); ++i) {
        for (std::int64_t j = 0; j < wanted; ++j) {
          out(i, j) = static_cast<T>(static_cast<double>(out(i, j)) / scale[j]);
        }
      }
    }
    return out;
  }

  /// (rows, features): what transform would have turned into z, without what the components do not span.
  Matrix<T> inverse_transform(MatrixView<T> z) const override {
    QRS_CHECK(!mean_.empty(), "[pca] expected a fitted learner, got one that is not: call fit first");
    QRS_CHECK(z.cols() == components_.rows(), "[pca] expected ", components_.rows(), " columns, one a component, got ",
              z.cols());
    Matrix<T> scaled(z.rows(), z.cols());
    const std::vector<double> scale = settings_.whiten ? whitening() : std::vector<double>();
    for (std::int64_t i = 0; i < z.rows(); ++i) {
      for (std::int64_t j = 0; j < z.cols(); ++j) {
        const double factor = scale.empty() ? 1.0 : scale[j];
        scaled(i, j) = static_cast<T>(static_cast<double>(z(i, j)) * factor);
      }
    }
    Matrix<T> out(z.rows(), features());
    for (std::int64_t i = 0; i < out.rows(); ++i) {
      for (std::int64_t j = 0; j < features(); ++j) out(i, j) = static_cast<T>(mean_[j]);
    }
    kernels::GemmParams p{
        .m = z.rows(), .n = features(), .k = z.cols(), .lda = z.cols(), .ldb = features(), .ldc = features()};
    p.accumulate = true;
    if (z.cols() > 0) kernels::gemm_cpu(p, scaled.data(), components_.data(), out.data());
    return out;
  }

  /// (components, features), orthonormal rows.
  const Matrix<T>& components() const { return components_; }
  std::int64_t n_components() const { return components_.rows(); }
  const std::vector<double>& mean() const { return mean_; }
  /// The variance along each component, with n - 1.
  const std::vector<double>& explained_variance() const { return explained_variance_; }
  /// Its share of the variance of all features; 0 where no feature varies.
  const std::vector<double>& explained_variance_ratio() const { return explained_variance_ratio_; }
  const std::vector<double>& singular_values() const { return singular_values_; }
  /// The mean variance along the directions left out (probabilistic PCA, Tipping and Bishop 1999); 0 where none is.
  double noise_variance() const { return noise_variance_; }
  /// What "auto" chose.
  const std::string& fitted_solver() const { return solver_; }

  void save(io::StateDict& out, const std::string& prefix) const override {
    QRS_CHECK(!mean_.empty(), "[pca] expected a fitted learner to save, got one that is not");
    store_values(out, prefix + "mean", mean_);
    store_values(out, prefix + "components", components_);
    store_values(out, prefix + "explained_variance", explained_variance_);
    store_values(out, prefix + "explained_variance_ratio", explained_variance_ratio_);
    store_values(out, prefix + "singular_values", singular_values_);
    store_values(out, prefix + "noise_variance", std::vector<double>{noise_variance_});
  }
  void load(const io::StateDict& in, const std::string& prefix) override {
    std::vector<double> mean = stored_values<double>(in, prefix + "mean");
    QRS_CHECK(!mean.empty(), "[pca] expected at least one feature in '", prefix, "mean', got none");
    const auto columns = static_cast<std::int64_t>(mean.size());
    Matrix<T> components = stored_matrix<T>(in, prefix + "components", -1, columns);
    const std::int64_t count = components.rows();
    QRS_CHECK(count <= columns, "[pca] expected at most ", columns, " components, got ", count);
    std::vector<double> variance = stored_values<double>(in, prefix + "explained_variance", count);
    std::vector<double> ratio = stored_values<double>(in, prefix + "explained_variance_ratio", count);
    std::vector<double> values = stored_values<double>(in, prefix + "singular_values", count);
    const double noise = stored_values<double>(in, prefix + "noise_variance", 1)[0];
    for (const double value : variance) {
      QRS_CHECK(value >= 0.0, "[pca] expected variances >= 0 in '", prefix, "explained_variance', got ", value);
    }
    mean_ = std::move(mean);
    components_ = std::move(components);
    explained_variance_ = std::move(variance);
    explained_variance_ratio_ = std::move(ratio);
    singular_values_ = std::move(values);
    noise_variance_ = noise;
    solver_.clear();
  }

 private:
  static constexpr std::int64_t chunk_rows = 1024;

  /// Throws where the squares of centred values do not add up within T: every solver adds them.
  static void check_scatter(MatrixView<T> x, const std::vector<double>& mean) {
    double scatter = 0.0;
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      for (std::int64_t j = 0; j < x.cols(); ++j) {
        const double difference = static_cast<double>(x(i, j)) - mean[static_cast<std::size_t>(j)];
        scatter += difference * difference;
      }
    }
    QRS_CHECK(scatter <= static_cast<double>(std::numeric_limits<T>::max()),
              "[pca] expected values whose squares add up ", "within ", sizeof(T) == 8 ? "float64" : "float32",
              ", got ", scatter, ": scale the features first (scaler)");
  }

  std::string chosen_solver(MatrixView<T> x) const {
    if (settings_.svd_solver == "covariance") return "covariance_eigh";
    if (settings_.svd_solver != "auto") return settings_.svd_solver;
    const std::int64_t most = std::min(x.rows(), x.cols());
    const ParamValue& wanted = settings_.n_components;
    if (x.cols() <= 1000 && x.rows() >= 10 * x.cols()) return "covariance_eigh";
    if (std::max(x.rows(), x.cols()) <= 500 || !wanted.is_integer()) return "full";
    const auto count = static_cast<double>(wanted.as_integer());
    return count >= 1.0 && count < 0.8 * static_cast<double>(most) ? "randomized" : "full";
  }

  void check_settings(MatrixView<T> x, const std::string& solver) const {
    const std::int64_t most = std::min(x.rows(), x.cols());
    const ParamValue& wanted = settings_.n_components;
    QRS_CHECK(solver == "full" || solver == "covariance_eigh" || solver == "randomized",
              "[pca] expected svd_solver auto, full, covariance_eigh or randomized, got ", settings_.svd_solver);
    const bool share = wanted.is_number() && !wanted.is_integer();
    const bool known = wanted.is_none() || wanted.is_integer() || wanted.is_word("mle") ||
                       (share && wanted.as_number() > 0.0 && wanted.as_number() < 1.0);
    QRS_CHECK(known, "[pca] expected n_components none, a count, a share of the variance in (0, 1) or mle, got ",
              wanted.text());
    const std::int64_t least = solver == "randomized" ? 1 : 0;
    QRS_CHECK(!wanted.is_integer() || (wanted.as_integer() >= least && wanted.as_integer() <= most),
              "[pca] expected n_components from ", least, " to min(samples, features) = ", most, " with svd_solver ",
              solver, ", got ", wanted.text());
    QRS_CHECK(solver != "randomized" || wanted.is_none() || wanted.is_integer(),
              "[pca] expected n_components none or a count with svd_solver randomized, got ", wanted.text());
    QRS_CHECK(!wanted.is_word() || x.rows() >= x.cols(), "[pca] expected at least as many samples as features for ",
              "n_components mle, got ", x.rows(), " x ", x.cols());
    const ParamValue& power = settings_.iterated_power;
    QRS_CHECK(power.is_word("auto") || (power.is_integer() && power.as_integer() >= 0),
              "[pca] expected iterated_power auto or a count >= 0, got ", power.text());
    QRS_CHECK(settings_.n_oversamples >= 1, "[pca] expected n_oversamples >= 1, got ", settings_.n_oversamples);
    const std::string& normalizer = settings_.power_iteration_normalizer;
    QRS_CHECK(normalizer == "auto" || normalizer == "QR" || normalizer == "LU" || normalizer == "none",
              "[pca] expected power_iteration_normalizer auto, QR, LU or none, got ", normalizer);
    QRS_CHECK(settings_.random_state >= 0 && settings_.random_state <= 0xffffffff,
              "[pca] expected a random_state in [0, 2^32), got ", settings_.random_state);
  }

  pca::RandomizedOptions randomized_options(std::int64_t most) const {
    pca::RandomizedOptions out;
    out.components = settings_.n_components.is_none() ? most : settings_.n_components.as_integer();
    out.oversamples = settings_.n_oversamples;
    if (settings_.iterated_power.is_integer()) {
      out.iterations = settings_.iterated_power.as_integer();
    } else {
      out.iterations = static_cast<double>(out.components) < 0.1 * static_cast<double>(most) ? 7 : 4;
    }
    // Up to 2 iterations scikit-learn's "auto" does without; with them nothing but digits changes.
    out.normalize = settings_.power_iteration_normalizer != "none";
    out.seed = static_cast<std::uint32_t>(settings_.random_state);
    return out;
  }

  void keep(pca::Spectrum<T> spectrum, std::int64_t rows, std::int64_t cols, bool randomized) {
    const std::int64_t count = spectrum.components.rows();
    const std::int64_t most = std::min(rows, cols);
    std::vector<double>& variance = spectrum.explained_variance;
    double kept = 0.0;
    double left_out = 0.0;
    for (std::size_t i = 0; i < variance.size(); ++i)
      (static_cast<std::int64_t>(i) < count ? kept : left_out) += variance[i];
    const double total = randomized ? spectrum.total_variance : kept + left_out;
    noise_variance_ = 0.0;
    if (count < most) {
      noise_variance_ = randomized ? std::max(0.0, total - kept) / static_cast<double>(most - count)
                                   : left_out / static_cast<double>(static_cast<std::int64_t>(variance.size()) - count);
    }
    variance.resize(count);
    spectrum.singular_values.resize(count);
    explained_variance_ratio_.clear();
    for (const double value : variance) explained_variance_ratio_.push_back(total > 0.0 ? value / total : 0.0);
    explained_variance_ = std::move(variance);
    singular_values_ = std::move(spectrum.singular_values);
    components_ = std::move(spectrum.components);
  }

  /// What whitening divides by; never so small that rounding would become a feature, by scikit-learn's rule.
  std::vector<double> whitening() const {
    std::vector<double> out;
    for (const double value : explained_variance_) {
      out.push_back(std::max(std::sqrt(value), static_cast<double>(std::numeric_limits<T>::epsilon())));
    }
    return out;
  }

  PcaParams settings_;
  std::vector<double> mean_;
  Matrix<T> components_;
  std::vector<double> explained_variance_;
  std::vector<double> explained_variance_ratio_;
  std::vector<double> singular_values_;
  double noise_variance_ = 0.0;
  std::string solver_;
};

}  // namespace qrs::ml
