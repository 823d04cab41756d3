// StandardScaler: every feature with mean 0 and standard deviation 1.
//
//   z[i][j] = ( x[i][j] - mean[j] ) / scale[j]          scale[j] = sqrt(variance[j]), 1 where the feature is constant
//
// Constant is what rounding cannot tell from it, by scikit-learn's rule: variance <= n eps variance + (n mean eps)^2 with
// eps of float64. Sums are float64. As in scikit-learn NaN is left out by fit and stays NaN in transform; infinity is an
// error. What differs: float32 features are standardised in float64 and rounded once, at the end.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/parallel.hpp"
#include "column_moments.hpp"
#include "estimator.hpp"
#include "stored_values.hpp"

namespace qrs::ml {

struct StandardScalerParams {
  bool with_mean = true;
  bool with_std = true;
};

template <class T>
class StandardScaler final : public Transformer<T> {
 public:
  explicit StandardScaler(StandardScalerParams params = {}) : settings_(params) {}

  const StandardScalerParams& settings() const { return settings_; }
  std::string name() const override { return "scaler"; }
  std::int64_t features() const override { return static_cast<std::int64_t>(mean_.size()); }
  void visit_params(ParamVisitor& visit) override {
    visit("with_mean", settings_.with_mean);
    visit("with_std", settings_.with_std);
  }
  std::unique_ptr<Transformer<T>> clone() const override { return std::make_unique<StandardScaler>(*this); }

  void fit(MatrixView<T> x) override {
    check_samples("scaler", x, true);
    ColumnMoments moments = column_moments(x);
    for (std::size_t j = 0; j < moments.counts.size(); ++j) {
      QRS_CHECK(moments.counts[j] > 0, "[scaler] expected a number in every column, got only NaN in column ", j);
      QRS_CHECK(std::isfinite(moments.mean[j]) && std::isfinite(moments.variance[j]),
                "[scaler] expected a mean and a variance that are finite in float64, got ", moments.mean[j], " and ",
                moments.variance[j], " of column ", j, ": its values are too large");
    }
    mean_ = std::move(moments.mean);
    variance_ = std::move(moments.variance);
    counts_ = std::move(moments.counts);
    set_scale();
  }

  Matrix<T> transform(MatrixView<T> x) const override {
    check("scaler", x);
    return each(x, [&](double value, std::int64_t j) {
      if (settings_.with_mean) value -= mean_[j];
      return settings_.with_std ? value / scale_[j] : value;
    });
  }
  Matrix<T> inverse_transform(MatrixView<T> z) const override {
    check("scaler", z);
    return each(z, [&](double value, std::int64_t j) {
      if (settings_.with_std) value *= scale_[j];
      return settings_.with_mean ? value + mean_[j] : value;
    });
  }

  /// Of each feature, whatever with_mean and with_std say.
  const std::vector<double>& mean() const { return mean_; }
  /// Divided by n.
  const std::vector<double>& variance() const { return variance_; }
  /// What is divided by where with_std holds.
  const std::vector<double>& scale() const { return scale_; }
  /// Samples of each feature that were not NaN.
  const std::vector<std::int64_t>& samples_seen() const { return counts_; }

  void save(io::StateDict& out, const std::string& prefix) const override {
    QRS_CHECK(!mean_.empty(), "[scaler] expected a fitted scaler to save, got one that is not");
    store_values(out, prefix + "mean", mean_);
    store_values(out, prefix + "variance", variance_);
    store_values(out, prefix + "samples_seen", counts_);
  }
  void load(const io::StateDict& in, const std::string& prefix) override {
    std::vector<double> mean = stored_values<double>(in, prefix + "mean");
    const auto features = static_cast<std::int64_t>(mean.size());
    QRS_CHECK(features > 0, "[scaler] expected at least one feature in '", prefix, "mean', got none");
    std::vector<double> variance = stored_values<double>(in, prefix + "variance", features);
    std::vector<std::int64_t> counts = stored_values<std::int64_t>(in, prefix + "samples_seen", features);
    for (std::size_t j = 0; j < variance.size(); ++j) {
      QRS_CHECK(variance[j] >= 0.0 && counts[j] > 0, "[scaler] expected a variance >= 0 and samples > 0, got ",
                variance[j], " and ", counts[j], " for feature ", j);
    }
    mean_ = std::move(mean);
    variance_ = std::move(variance);
    counts_ = std::move(counts);
    set_scale();
  }

 private:
  void set_scale() {
    scale_.resize(mean_.size());
    for (std::size_t j = 0; j < mean_.size(); ++j) {
      const double eps = std::numeric_limits<double>::epsilon() * static_cast<double>(counts_[j]);
      const double rounding = mean_[j] * eps;
      const bool constant = variance_[j] <= eps * variance_[j] + rounding * rounding;
      scale_[j] = constant ? 1.0 : std::sqrt(variance_[j]);
    }
  }

  void check(std::string_view op, MatrixView<T> x) const {
    check_columns(op, x, static_cast<std::int64_t>(mean_.size()));
    if (x.rows() > 0) check_samples(op, x, true);
  }

  template <class Value>
  static Matrix<T> each(MatrixView<T> x, const Value& value) {
    Matrix<T> out(x.rows(), x.cols());
    parallel_chunks(x.rows(), 64, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const T* from = x.row(i);
        T* to = out.row(i);
        for (std::int64_t j = 0; j < x.cols(); ++j) {
          to[j] = static_cast<T>(value(static_cast<double>(from[j]), j));
        }
      }
    });
    return out;
  }

  StandardScalerParams settings_;
  std::vector<double> mean_;
  std::vector<double> variance_;
  std::vector<double> scale_;
  std::vector<std::int64_t> counts_;
};

}  // namespace qrs::ml
