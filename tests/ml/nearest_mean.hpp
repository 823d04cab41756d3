// The smallest learners there are, to test what is made of learners.
#pragma once

#include <atomic>
#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "../../include/qrs/ml/estimator.hpp"

namespace qrs::ml {

/// Gives each row the class whose mean is nearest, features scaled by `power`; fails where `power` is negative.
class NearestMean final : public Classifier<double> {
 public:
  double power = 1.0;
  std::string metric = "euclidean";
  std::optional<std::int64_t> limit;
  ClassWeight class_weight;
  bool flag = false;

  std::string name() const override { return "nearest_mean"; }
  void visit_params(ParamVisitor& visit) override {
    visit("power", power);
    visit("metric", metric);
    visit("limit", limit);
    visit("class_weight", class_weight);
    visit("flag", flag);
  }
  std::vector<std::int64_t> predict(MatrixView<double> x) const override {
    check_columns(name(), x, means_.cols());
    std::vector<std::int64_t> out;
    const Matrix<double> p = predict_proba(x);
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      std::int64_t best = 0;
      for (std::int64_t c = 1; c < p.cols(); ++c) best = p(i, c) > p(i, best) ? c : best;
      out.push_back(labels_[static_cast<std::size_t>(best)]);
    }
    return out;
  }
  Matrix<double> predict_proba(MatrixView<double> x) const override {
    Matrix<double> out(x.rows(), means_.rows());
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      double sum = 0.0;
      for (std::int64_t c = 0; c < means_.rows(); ++c) {
        double distance = 0.0;
        for (std::int64_t j = 0; j < x.cols(); ++j) distance += std::pow(std::abs(x(i, j) - means_(c, j)), power);
        sum += out(i, c) = 1.0 / (distance + 1e-9);
      }
      for (std::int64_t c = 0; c < means_.rows(); ++c) out(i, c) /= sum;
    }
    return out;
  }
  const std::vector<std::int64_t>& classes() const override { return labels_; }
  std::unique_ptr<Classifier<double>> clone() const override { return std::make_unique<NearestMean>(*this); }
  void share(std::shared_ptr<SharedWork> work) override { work_ = std::move(work); }

  void save(io::StateDict&, const std::string&) const override {}
  void load(const io::StateDict&, const std::string&) override {}

  /// How often the means were computed, by all copies.
  std::shared_ptr<std::atomic<int>> computed = std::make_shared<std::atomic<int>>(0);

 protected:
  void fit_checked(MatrixView<double> x, Labels y, std::span<const double>) override {
    QRS_CHECK(power > 0.0, "[nearest_mean] expected power > 0, got ", power);
    check_samples(name(), x);
    const auto means = [&] {
      ++*computed;
      const ClassIndex classes(name(), y);
      Matrix<double> out(classes.size(), x.cols());
      for (std::int64_t i = 0; i < x.rows(); ++i) {
        const std::int64_t c = classes.codes()[static_cast<std::size_t>(i)];
        const auto n = static_cast<double>(classes.counts()[static_cast<std::size_t>(c)]);
        for (std::int64_t j = 0; j < x.cols(); ++j) out(c, j) += x(i, j) / n;
      }
      return out;
    };
    labels_ = ClassIndex(name(), y).labels();
    means_ = work_ ? *work_->get<Matrix<double>>("means", means) : means();
  }

 private:
  std::vector<std::int64_t> labels_;
  Matrix<double> means_;
  std::shared_ptr<SharedWork> work_;
};

/// Adds `by` times the number of rows it was fitted on.
class Shift final : public Transformer<double> {
 public:
  double by = 0.0;
  std::shared_ptr<std::atomic<int>> fits = std::make_shared<std::atomic<int>>(0);

  std::string name() const override { return "shift"; }
  void visit_params(ParamVisitor& visit) override { visit("by", by); }
  void fit(MatrixView<double> x) override {
    ++*fits;
    rows_ = x.rows();
  }
  Matrix<double> transform(MatrixView<double> x) const override { return moved(x, by * static_cast<double>(rows_)); }
  Matrix<double> inverse_transform(MatrixView<double> x) const override {
    return moved(x, -by * static_cast<double>(rows_));
  }
  std::unique_ptr<Transformer<double>> clone() const override { return std::make_unique<Shift>(*this); }
  void save(io::StateDict&, const std::string&) const override {}
  void load(const io::StateDict&, const std::string&) override {}

 private:
  static Matrix<double> moved(MatrixView<double> x, double by) {
    Matrix<double> out(x.rows(), x.cols());
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      for (std::int64_t j = 0; j < x.cols(); ++j) out(i, j) = x(i, j) + by;
    }
    return out;
  }
  std::int64_t rows_ = 0;
};

}  // namespace qrs::ml
