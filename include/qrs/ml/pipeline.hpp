// Pipeline: transformers, then a classifier, as one classifier.
//
//   auto model = pipeline<float>(StandardScaler<float>{}, Pca<float>{{.n_components = 0.95}}, Svc<float>{{.c = 10}});
//   model.set("svc.C", 100.0);   model.fit(x, y);
//
// Every transformer is fitted on what fit() is given and on nothing else, so inside a search each fold has its own. A
// parameter's name is the step's name, a dot, and the step's parameter. scikit-learn writes two underscores for the dot.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "estimator.hpp"
#include "shared_work.hpp"

namespace qrs::ml {

namespace detail {

/// Hands on every parameter under "<step>.<name>".
class PrefixedVisitor final : public ParamVisitor {
 public:
  PrefixedVisitor(std::string_view step, ParamVisitor& visit) : prefix_(text(step, ".")), visit_(visit) {}

  void operator()(std::string_view name, bool& field) override { visit_(prefix_ + std::string(name), field); }
  void operator()(std::string_view name, std::int64_t& field) override { visit_(prefix_ + std::string(name), field); }
  void operator()(std::string_view name, double& field) override { visit_(prefix_ + std::string(name), field); }
  void operator()(std::string_view name, std::string& field) override { visit_(prefix_ + std::string(name), field); }
  void operator()(std::string_view name, std::optional<std::int64_t>& field) override {
    visit_(prefix_ + std::string(name), field);
  }
  void operator()(std::string_view name, std::optional<double>& field) override {
    visit_(prefix_ + std::string(name), field);
  }
  void operator()(std::string_view name, ParamValue& field) override { visit_(prefix_ + std::string(name), field); }
  void operator()(std::string_view name, ClassWeight& field) override { visit_(prefix_ + std::string(name), field); }

 private:
  std::string prefix_;
  ParamVisitor& visit_;
};

}  // namespace detail

template <class T>
class Pipeline final : public Classifier<T> {
 public:
  Pipeline() = default;
  Pipeline(const Pipeline& other) : Classifier<T>(other), transformers_(other.transformers_), work_(other.work_) {
    for (Step& step : transformers_) step.transformer = step.transformer->clone();
    if (other.classifier_) classifier_ = other.classifier_->clone();
    classifier_name_ = other.classifier_name_;
  }
  Pipeline(Pipeline&&) noexcept = default;
  Pipeline& operator=(const Pipeline& other) { return *this = Pipeline(other); }
  Pipeline& operator=(Pipeline&&) noexcept = default;

  /// Appends a transformer. The name defaults to the transformer's own, with a number from the second of its kind on.
  Pipeline& add(std::unique_ptr<Transformer<T>> transformer, std::string step = {}) {
    QRS_CHECK(classifier_ == nullptr, "[pipeline] expected transformers before the classifier, got ",
              transformer->name(), " after ", classifier_name_);
    step = unique_name(std::move(step), transformer->name());
    transformers_.push_back({std::move(step), std::move(transformer)});
    return *this;
  }
  /// Sets the classifier, the last step.
  Pipeline& add(std::unique_ptr<Classifier<T>> classifier, std::string step = {}) {
    QRS_CHECK(classifier_ == nullptr, "[pipeline] expected one classifier, got ", classifier->name(), " after ",
              classifier_name_);
    classifier_name_ = unique_name(std::move(step), classifier->name());
    classifier_ = std::move(classifier);
    return *this;
  }

  std::string name() const override { return "pipeline"; }
  std::int64_t features() const override {
    return transformers_.empty() ? classifier().features() : transformer(0).features();
  }
  Facts facts() const override {
    Facts out;
    for (std::size_t i = 0; i < transformers(); ++i) {
      for (auto& fact : transformer(i).facts()) out.push_back(std::move(fact));
    }
    for (auto& fact : classifier().facts()) out.push_back(std::move(fact));
    return out;
  }
  void visit_params(ParamVisitor& visit) override {
    for (Step& step : transformers_) {
      detail::PrefixedVisitor inner(step.name, visit);
      step.transformer->visit_params(inner);
    }
    if (classifier_ == nullptr) return;
    detail::PrefixedVisitor inner(classifier_name_, visit);
    classifier_->visit_params(inner);
  }

  /// Names of the steps, the classifier's last.
  std::vector<std::string> step_names() const {
    std::vector<std::string> out;
    for (const Step& step : transformers_) out.push_back(step.name);
    if (classifier_ != nullptr) out.push_back(classifier_name_);
    return out;
  }
  /// As a model file keeps them: scaler=scaler,pca=pca,svc=svc, name and kind of each step.
  std::string steps_text() const {
    std::string out;
    for (const Step& step : transformers_) out += text(step.name, "=", step.transformer->name(), ",");
    return out + text(classifier_name_, "=", checked()->name());
  }
  std::size_t transformers() const { return transformers_.size(); }
  const Transformer<T>& transformer(std::size_t i) const { return *transformers_.at(i).transformer; }
  const Classifier<T>& classifier() const { return *checked(); }

  std::vector<std::int64_t> predict(MatrixView<T> x) const override {
    return with_transformed(x, [this](MatrixView<T> z) { return checked()->predict(z); });
  }
  Matrix<double> predict_proba(MatrixView<T> x) const override {
    return with_transformed(x, [this](MatrixView<T> z) { return checked()->predict_proba(z); });
  }
  Matrix<double> ranking_scores(MatrixView<T> x) const override {
    return with_transformed(x, [this](MatrixView<T> z) { return checked()->ranking_scores(z); });
  }
  const std::vector<std::int64_t>& classes() const override { return checked()->classes(); }
  std::unique_ptr<Classifier<T>> clone() const override { return std::make_unique<Pipeline>(*this); }

  /// What the classifier sees of x.
  Matrix<T> transform(MatrixView<T> x) const {
    QRS_CHECK(!transformers_.empty(), "[pipeline] expected at least one transformer, got none");
    Matrix<T> z = transformers_.front().transformer->transform(x);
    for (std::size_t i = 1; i < transformers_.size(); ++i) z = transformers_[i].transformer->transform(z);
    return z;
  }

  void share(std::shared_ptr<SharedWork> work) override { work_ = std::move(work); }

  void save(io::StateDict& out, const std::string& prefix) const override {
    for (const Step& step : transformers_) step.transformer->save(out, text(prefix, step.name, "/"));
    checked()->save(out, text(prefix, classifier_name_, "/"));
  }
  void load(const io::StateDict& in, const std::string& prefix) override {
    checked();
    for (Step& step : transformers_) step.transformer->load(in, text(prefix, step.name, "/"));
    classifier_->load(in, text(prefix, classifier_name_, "/"));
  }

 protected:
  void fit_checked(MatrixView<T> x, Labels y, std::span<const double> sample_weight) override {
    checked();
    classifier_->observe(this->observer());
    if (transformers_.empty()) {
      classifier_->fit(x, y, sample_weight);
      return;
    }
    // Equal parameters of the first i steps on the same rows give equal steps: siblings in a search take them from here.
    const std::shared_ptr<SharedWork> work = work_ ? work_ : std::make_shared<SharedWork>();
    std::string key;
    MatrixView<T> z = x;
    std::shared_ptr<const Fitted> last;
    for (Step& step : transformers_) {
      key += step.name + "{";
      for (const auto& [name, value] : step.transformer->params()) key += text(name, "=", value.text(), ";");
      key += "}";
      last = work->get<Fitted>(key, [&] {
        const std::unique_ptr<Transformer<T>> fitted = step.transformer->clone();
        fitted->fit(z);
        Matrix<T> transformed = fitted->transform(z);
        return Fitted{.transformer = fitted->clone(), .transformed = std::move(transformed)};
      });
      step.transformer = last->transformer->clone();
      z = last->transformed;
    }
    classifier_->fit(z, y, sample_weight);
  }

 private:
  struct Step {
    std::string name;
    std::shared_ptr<Transformer<T>> transformer;
  };
  struct Fitted {
    std::shared_ptr<const Transformer<T>> transformer;
    Matrix<T> transformed;
  };

  const std::unique_ptr<Classifier<T>>& checked() const {
    QRS_CHECK(classifier_ != nullptr, "[pipeline] expected a classifier as its last step, got none");
    return classifier_;
  }
  std::string unique_name(std::string wanted, const std::string& kind) const {
    const std::vector<std::string> taken = step_names();
    const auto is_taken = [&](const std::string& name) {
      for (const std::string& other : taken) {
        if (other == name) return true;
      }
      return false;
    };
    if (!wanted.empty()) {
      QRS_CHECK(!is_taken(wanted), "[pipeline] expected unique names of steps, got '", wanted, "' twice");
      return wanted;
    }
    std::string name = kind;
    for (int i = 2; is_taken(name); ++i) name = text(kind, i);
    return name;
  }
  template <class Use>
  auto with_transformed(MatrixView<T> x, const Use& use) const {
    if (transformers_.empty()) return use(x);
    const Matrix<T> z = transform(x);
    return use(MatrixView<T>(z));
  }

  std::vector<Step> transformers_;
  std::string classifier_name_;
  std::unique_ptr<Classifier<T>> classifier_;
  std::shared_ptr<SharedWork> work_;
};

/// A pipeline of these steps, the last of them the classifier.
template <class T, class... Steps>
Pipeline<T> pipeline(Steps&&... steps) {
  Pipeline<T> out;
  (out.add(steps.clone()), ...);
  return out;
}

}  // namespace qrs::ml
