// GradientBoostingClassifier and GradientBoostingRegressor: boosted trees by XGBoost's method.
//
//   GradientBoostingClassifier<float> model({.n_estimators = 200, .learning_rate = 0.1, .tree_method = "hist"});
//   model.fit(x, y);   Matrix<double> p = model.predict_proba(x_new);   Matrix<double> why = model.shap_values(x_new);
//
// Parameters, defaults and results are XGBoost's (XGBClassifier, XGBRegressor): features are rounded to float32 whatever T
// is, gradients and predictions are float32, sums double, and without random parameters the same data give the same trees.
// Random rows and columns come from random_state, not from XGBoost's generator. Source: Chen and Guestrin, XGBoost: A
// Scalable Tree Boosting System, KDD 2016.
#pragma once

#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../../core/argmax.hpp"
#include "../../core/array.hpp"
#include "../../core/error.hpp"
#include "../estimator.hpp"
#include "../labels.hpp"
#include "../matrix.hpp"
#include "booster.hpp"
#include "importance.hpp"
#include "parameters.hpp"
#include "shap.hpp"
#include "state.hpp"
#include "train.hpp"

namespace qrs::ml {

/// What both learners share: parameters, the model, and what can be asked of it.
template <class T, class Base>
class GradientBoosting : public Base {
 public:
  explicit GradientBoosting(GradientBoostingParams params) : params_(std::move(params)) {}

  const GradientBoostingParams& settings() const { return params_; }
  void visit_params(ParamVisitor& visit) override { boosting::visit(params_, visit); }
  std::int64_t features() const override { return booster_.features; }

  /// The trained model. Throws where there is none.
  const boosting::Booster& booster() const {
    QRS_CHECK(booster_.features > 0, "[", this->name(),
              "] expected a fitted learner, got one that is not: call fit first");
    return booster_;
  }
  /// The metric (logloss, mlogloss or rmse) of the evaluation rows after each round.
  const std::vector<double>& evaluation_history() const { return history_; }
  /// The round with the best metric, where early stopping was asked for.
  std::optional<std::int64_t> best_iteration() const { return booster().best_iteration; }

  /// (rows, groups): margins in float32.
  Matrix<float> decision_margin(MatrixView<T> x) const {
    check_columns(this->name(), x, booster_.features);
    return boosting::predict_margin(booster_, x, params_.missing);
  }
  /// (rows, groups * (features + 1)): for each group one share a feature, then the bias; they add up to the margin.
  Matrix<double> shap_values(MatrixView<T> x) const {
    check_columns(this->name(), x, booster_.features);
    return boosting::shap_values(booster_, x, params_.missing);
  }
  /// XGBoost's get_score: kind is weight, gain, cover, total_gain or total_cover; 0 of features without a split.
  std::vector<double> importance(std::string_view kind = "gain") const { return boosting::importance(booster(), kind); }
  /// The same divided by its sum, as feature_importances_.
  std::vector<double> feature_importances(std::string_view kind = "gain") const {
    return boosting::normalized(importance(kind));
  }

  void save(io::StateDict& out, const std::string& prefix) const override {
    boosting::save_booster(booster(), out, prefix);
  }

 protected:
  void train(MatrixView<T> x, const boosting::Targets& targets, boosting::Objective objective, std::int64_t groups,
             const boosting::Evaluation<T>* evaluation) {
    check_samples(this->name(), x, true);
    const boosting::TrainSettings settings = boosting::settings_of(params_, objective, groups, x.cols());
    QRS_CHECK(x.rows() <= 0x7fffffff, "[", this->name(), "] expected fewer than 2^31 rows, got ", x.rows());
    QRS_CHECK(!settings.early_stopping_rounds || evaluation != nullptr, "[", this->name(),
              "] expected an evaluation set for early_stopping_rounds, got none");
    check_float(x);
    Array<double> history;
    boosting::Booster trained = boosting::train(x, targets, settings, evaluation, history, this->observer());
    check_trained(trained);
    booster_ = std::move(trained);
    history_ = std::move(history);
  }

  /// Weights of rows as float32, empty where there are none.
  static std::vector<float> float_weights(std::span<const double> weight) {
    return std::vector<float>(weight.begin(), weight.end());
  }

  boosting::Booster booster_;

 private:
  /// Throws where training ended with numbers beyond float32, in a node or in what the leaves of a row add up to.
  void check_trained(const boosting::Booster& trained) const {
    double reach = 0.0;
    for (const boosting::RegressionTree& tree : trained.trees) {
      double largest = 0.0;
      for (const boosting::TreeNode& node : tree.nodes()) {
        const bool finite = std::isfinite(node.gain) && std::isfinite(node.cover) && std::isfinite(node.base_weight) &&
                            !std::isnan(node.threshold);
        if (!finite) reach = std::numeric_limits<double>::infinity();
        if (node.is_leaf()) largest = std::max(largest, std::abs(static_cast<double>(node.threshold)));
      }
      reach += largest;
    }
    QRS_CHECK(reach < static_cast<double>(std::numeric_limits<float>::max()), "[", this->name(),
              "] expected trees and margins within float32, got larger numbers: learning_rate ", params_.learning_rate,
              ", reg_lambda ", params_.reg_lambda, ", the targets or the sample weights are too extreme");
  }
  void check_float(MatrixView<T> x) const {
    if constexpr (sizeof(T) > sizeof(float)) {
      for (std::int64_t i = 0; i < x.rows(); ++i) {
        for (std::int64_t j = 0; j < x.cols(); ++j) {
          QRS_CHECK(!std::isinf(static_cast<float>(x(i, j))), "[", this->name(),
                    "] expected values within float32, got ", x(i, j), " in row ", i, ", column ", j);
        }
      }
    }
  }

  GradientBoostingParams params_;
  std::vector<double> history_;
};

template <class T>
class GradientBoostingClassifier final : public GradientBoosting<T, Classifier<T>> {
  using Shared = GradientBoosting<T, Classifier<T>>;

 public:
  explicit GradientBoostingClassifier(GradientBoostingParams params = {}) : Shared(std::move(params)) {}

  std::string name() const override { return "boost"; }
  Facts facts() const override {
    Facts out{{"trees", static_cast<double>(this->booster().trees.size())}};
    if (const auto best = this->best_iteration()) {
      out.emplace_back("best_iteration", static_cast<double>(*best));
      out.emplace_back("best_loss", this->evaluation_history()[static_cast<std::size_t>(*best)]);
    }
    return out;
  }

  /// Fits and measures each round on rows that are not learned from; with early_stopping_rounds the best round counts.
  void fit_evaluated(MatrixView<T> x, Labels y, MatrixView<T> x_evaluation, Labels y_evaluation,
                     std::span<const double> sample_weight = {}) {
    check_targets(name(), x.rows(), y.size(), sample_weight);
    check_targets(name(), x_evaluation.rows(), y_evaluation.size(), {});
    check_samples(name(), x_evaluation, true);
    check_columns(name(), x_evaluation, x.cols());
    fit_labels(x, y, sample_weight, &x_evaluation, y_evaluation);
  }

  std::vector<std::int64_t> predict(MatrixView<T> x) const override {
    const Matrix<double> p = predict_proba(x);
    std::vector<std::int64_t> out;
    out.reserve(p.rows());
    for (std::int64_t i = 0; i < p.rows(); ++i) {
      out.push_back(classes_[argmax(p.row(i), p.cols())]);
    }
    return out;
  }

  Matrix<double> predict_proba(MatrixView<T> x) const override {
    Matrix<float> margin = this->decision_margin(x);
    Matrix<double> out(margin.rows(), static_cast<std::int64_t>(classes_.size()));
    for (std::int64_t i = 0; i < margin.rows(); ++i) {
      const std::span<float> row(margin.row(i), margin.cols());
      boosting::predict_from_margin(this->booster_.objective, row);
      if (this->booster_.objective == boosting::Objective::logistic) {
        out(i, 0) = static_cast<double>(1.0f - row[0]);
        out(i, 1) = static_cast<double>(row[0]);
      } else {
        std::copy(row.begin(), row.end(), out.row(i));
      }
    }
    return out;
  }

  const std::vector<std::int64_t>& classes() const override { return classes_; }

  /// Takes a trained model, one that XGBoost wrote for instance; labels are 0 ... k - 1 where none are given.
  void adopt(boosting::Booster booster, std::vector<std::int64_t> labels = {}) {
    booster.check(name());
    QRS_CHECK(booster.objective != boosting::Objective::squared_error,
              "[boost] expected a classifier, a model of binary:logistic or multi:softprob, got a regression, "
              "reg:squarederror: GradientBoostingRegressor takes it");
    const std::int64_t count = booster.objective == boosting::Objective::logistic ? 2 : booster.groups;
    if (labels.empty()) {
      for (std::int64_t k = 0; k < count; ++k) labels.push_back(k);
    }
    check_labels(labels, count);
    this->booster_ = std::move(booster);
    classes_ = std::move(labels);
  }

  std::unique_ptr<Classifier<T>> clone() const override { return std::make_unique<GradientBoostingClassifier>(*this); }

  void save(io::StateDict& out, const std::string& prefix) const override {
    Shared::save(out, prefix);
    boosting::detail::add_list(out, prefix + "classes", {static_cast<std::int64_t>(classes_.size())}, classes_);
  }
  void load(const io::StateDict& in, const std::string& prefix) override {
    auto labels = boosting::detail::list_of<std::int64_t>(in, prefix + "classes", 0);
    QRS_CHECK(!labels.empty(), "[boost] expected labels of classes, got none");
    adopt(boosting::load_booster(in, prefix), std::move(labels));
  }

 protected:
  void fit_checked(MatrixView<T> x, Labels y, std::span<const double> sample_weight) override {
    fit_labels(x, y, sample_weight, nullptr, {});
  }

 private:
  static void check_labels(const std::vector<std::int64_t>& labels, std::int64_t count) {
    bool ascending = static_cast<std::int64_t>(labels.size()) == count;
    for (std::size_t i = 1; i < labels.size(); ++i) ascending = ascending && labels[i - 1] < labels[i];
    QRS_CHECK(ascending, "[boost] expected ", count, " labels, ascending, got ", std::span(labels));
  }

  boosting::Objective objective_for(std::int64_t classes) const {
    const ParamValue& wanted = this->settings().objective;
    if (wanted.is_none()) return classes > 2 ? boosting::Objective::softprob : boosting::Objective::logistic;
    const auto found = boosting::find_objective(wanted.text());
    QRS_CHECK(found && *found != boosting::Objective::squared_error,
              "[boost] expected objective none, binary:logistic or multi:softprob, got ", wanted.text());
    QRS_CHECK(*found == boosting::Objective::softprob || classes == 2,
              "[boost] expected two classes for binary:logistic, got ", classes);
    return *found;
  }

  void fit_labels(MatrixView<T> x, Labels y, std::span<const double> sample_weight, const MatrixView<T>* x_evaluation,
                  Labels y_evaluation) {
    const ClassIndex index(name(), y);
    QRS_CHECK(index.size() >= 2, "[boost] expected at least two classes, got only label ", index.labels()[0]);
    const boosting::Objective objective = objective_for(index.size());
    boosting::Targets targets;
    targets.y.assign(index.codes().begin(), index.codes().end());
    targets.weight = Shared::float_weights(sample_weight);
    targets.scale_pos_weight = static_cast<float>(this->settings().scale_pos_weight);
    boosting::Evaluation<T> evaluation;
    if (x_evaluation != nullptr) {
      evaluation.x = *x_evaluation;
      for (const std::int64_t label : y_evaluation) {
        QRS_CHECK(index.code(label) >= 0, "[boost] expected labels of the training rows in the evaluation set, got ",
                  label);
        evaluation.targets.y.push_back(static_cast<float>(index.code(label)));
      }
    }
    this->train(x, targets, objective, objective == boosting::Objective::softprob ? index.size() : 1,
                x_evaluation != nullptr ? &evaluation : nullptr);
    classes_ = index.labels();
  }

  std::vector<std::int64_t> classes_;
};

template <class T>
class GradientBoostingRegressor final : public GradientBoosting<T, Estimator> {
  using Shared = GradientBoosting<T, Estimator>;

 public:
  using value_type = T;
  explicit GradientBoostingRegressor(GradientBoostingParams params = {}) : Shared(std::move(params)) {}

  std::string name() const override { return "boost_regressor"; }

  /// Learns values y, one a row. Weights, where given, are one a row and >= 0.
  void fit(MatrixView<T> x, std::span<const double> y, std::span<const double> sample_weight = {}) {
    fit_values(x, y, sample_weight, nullptr, {});
  }
  /// Fits and measures each round on rows that are not learned from; with early_stopping_rounds the best round counts.
  void fit_evaluated(MatrixView<T> x, std::span<const double> y, MatrixView<T> x_evaluation,
                     std::span<const double> y_evaluation, std::span<const double> sample_weight = {}) {
    check_targets(name(), x_evaluation.rows(), y_evaluation.size(), {});
    check_samples(name(), x_evaluation, true);
    check_columns(name(), x_evaluation, x.cols());
    fit_values(x, y, sample_weight, &x_evaluation, y_evaluation);
  }

  std::vector<double> predict(MatrixView<T> x) const {
    Matrix<float> margin = this->decision_margin(x);
    boosting::predict_from_margin(this->booster_.objective, std::span<float>(margin.data(), margin.values().size()));
    return std::vector<double>(margin.values().begin(), margin.values().end());
  }

  /// Takes a trained model of one margin, one that XGBoost wrote for instance: reg:squarederror, whose prediction is the
  /// margin, or logistic, whose prediction is the probability.
  void adopt(boosting::Booster booster) {
    booster.check(name());
    QRS_CHECK(booster.objective != boosting::Objective::softprob,
              "[boost_regressor] expected a model of reg:squarederror or reg:logistic, got ",
              boosting::name_of(booster.objective));
    this->booster_ = std::move(booster);
  }
  void load(const io::StateDict& in, const std::string& prefix) override { adopt(boosting::load_booster(in, prefix)); }

 private:
  void fit_values(MatrixView<T> x, std::span<const double> y, std::span<const double> sample_weight,
                  const MatrixView<T>* x_evaluation, std::span<const double> y_evaluation) {
    check_targets(name(), x.rows(), y.size(), sample_weight);
    const ParamValue& wanted = this->settings().objective;
    QRS_CHECK(wanted.is_none() || wanted.is_word("reg:squarederror"),
              "[boost_regressor] expected objective none or reg:squarederror, got ", wanted.text());
    boosting::Targets targets;
    targets.y = finite_floats(y);
    targets.weight = Shared::float_weights(sample_weight);
    targets.scale_pos_weight = static_cast<float>(this->settings().scale_pos_weight);
    boosting::Evaluation<T> evaluation;
    if (x_evaluation != nullptr) {
      evaluation.x = *x_evaluation;
      evaluation.targets.y = finite_floats(y_evaluation);
    }
    this->train(x, targets, boosting::Objective::squared_error, 1, x_evaluation != nullptr ? &evaluation : nullptr);
  }

  static std::vector<float> finite_floats(std::span<const double> y) {
    std::vector<float> out(y.begin(), y.end());
    for (std::size_t i = 0; i < out.size(); ++i) {
      QRS_CHECK(std::isfinite(out[i]), "[boost_regressor] expected targets that are finite in float32, got ", y[i],
                " in row ", i);
    }
    return out;
  }
};

}  // namespace qrs::ml
