// The two kinds of learner: a Classifier has labels to learn from, a Transformer turns features into others.
//
//   std::unique_ptr<Classifier<float>> model = ...;   model->fit(x, y);   auto labels = model->predict(x_new);
//
// T is the type of the features (float for work, double for audits); every score and probability is double. A copy
// (clone) holds the same parameters, and fit() begins anew: nothing of an earlier fit remains.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/split_text.hpp"
#include "../io/state_dict.hpp"
#include "labels.hpp"
#include "matrix.hpp"
#include "observer.hpp"
#include "parameters.hpp"
#include "shared_work.hpp"

namespace qrs::ml {

/// Turns the text of a class_weight into its value: none, balanced, balanced_subsample, or "0:1,3:2.5".
ClassWeight parse_class_weight(const ParamValue& value);
/// The text that parse_class_weight reads.
ParamValue class_weight_text(const ClassWeight& value);

/// Numbers by name.
using Facts = std::vector<std::pair<std::string, double>>;

/// What every learner has: a name, parameters by name, a place in a model file, and someone who may listen.
class Estimator {
 public:
  virtual ~Estimator() = default;

  /// The name on the command line and in model files: "svc", "pca".
  virtual std::string name() const = 0;
  /// Shows every parameter once, in the documented order.
  virtual void visit_params(ParamVisitor& visit) = 0;

  /// Columns of the rows it was fitted on; 0 where it is not fitted, or does not say.
  virtual std::int64_t features() const { return 0; }

  /// What it has to say of itself in numbers once fitted: support vectors, nodes, explained variance.
  virtual Facts facts() const { return {}; }

  /// Writes what was fitted, each entry's name beginning with `prefix`. Parameters are stored by the caller.
  virtual void save(io::StateDict& out, const std::string& prefix) const = 0;
  /// Restores what save wrote. Checks every count, index and range: the file may be anything.
  virtual void load(const io::StateDict& in, const std::string& prefix) = 0;

  /// Sets one parameter. Throws where the name is not one (the message lists them) or the value is of another kind.
  void set(std::string_view parameter, const ParamValue& value);
  /// Every parameter and its value.
  std::vector<std::pair<std::string, ParamValue>> params() const;

  /// Who listens while it fits; null for no one. Not owned.
  void observe(Observer* observer) { observer_ = observer; }

 protected:
  Observer* observer() const { return observer_; }
  /// The observer where it wants traces, otherwise null.
  Observer* tracer() const { return observer_ != nullptr && observer_->traces() ? observer_ : nullptr; }

 private:
  Observer* observer_ = nullptr;
};

template <class T>
class Classifier : public Estimator {
 public:
  using value_type = T;

  /// Learns from rows x and labels y, one a row. Weights, where given, are one a row and >= 0.
  void fit(MatrixView<T> x, Labels y, std::span<const double> sample_weight = {}) {
    check_targets(this->name(), x.rows(), y.size(), sample_weight);
    fit_checked(x, y, sample_weight);
  }
  /// The label of each row.
  virtual std::vector<std::int64_t> predict(MatrixView<T> x) const = 0;
  /// (rows, classes): probabilities in the order of classes().
  virtual Matrix<double> predict_proba(MatrixView<T> x) const = 0;
  /// What ranks rows: (rows, classes), or (rows, 1) with two classes, the larger the likelier. Decision values where a
  /// learner has them, else probabilities.
  virtual Matrix<double> ranking_scores(MatrixView<T> x) const { return predict_proba(x); }
  /// The labels seen when it was fitted, ascending.
  virtual const std::vector<std::int64_t>& classes() const = 0;
  /// A copy.
  virtual std::unique_ptr<Classifier<T>> clone() const = 0;
  /// Offers work that other fits on the same rows have in common (shared_work.hpp); a learner with none ignores it. A
  /// search offers it before fit(); null takes it back.
  virtual void share(std::shared_ptr<SharedWork> /*work*/) {}

 protected:
  virtual void fit_checked(MatrixView<T> x, Labels y, std::span<const double> sample_weight) = 0;
};

template <class T>
class Transformer : public Estimator {
 public:
  using value_type = T;

  virtual void fit(MatrixView<T> x) = 0;
  virtual Matrix<T> transform(MatrixView<T> x) const = 0;
  virtual Matrix<T> inverse_transform(MatrixView<T> z) const = 0;
  virtual std::unique_ptr<Transformer<T>> clone() const = 0;
};

// ---- parameters by name --------------------------------------------------------------------------------------------------

inline ClassWeight parse_class_weight(const ParamValue& value) {
  ClassWeight out;
  if (value.is_none()) return out;
  const std::string text = value.text();
  if (text == "balanced") {
    out.balanced = true;
    return out;
  }
  if (text == "balanced_subsample") {
    out.balanced_subsample = true;
    return out;
  }
  for (const std::string_view item : split_text(text, ',')) {
    const std::size_t colon = item.find(':');
    const ParamValue label = parse_param(item.substr(0, colon));
    const ParamValue weight = colon == std::string_view::npos ? ParamValue() : parse_param(item.substr(colon + 1));
    QRS_CHECK(label.is_integer() && weight.is_number(),
              "[class_weight] expected none, balanced, balanced_subsample or a list like 0:1,3:2.5, got '", text, "'");
    out.weights[label.as_integer()] = weight.as_number();
  }
  return out;
}

inline ParamValue class_weight_text(const ClassWeight& value) {
  if (value.balanced) return "balanced";
  if (value.balanced_subsample) return "balanced_subsample";
  std::string out;
  for (const auto& [label, weight] : value.weights) {
    out += text(out.empty() ? "" : ",", label, ":", ParamValue(weight).text());
  }
  return out.empty() ? ParamValue() : ParamValue(out);
}

namespace detail {

/// Sets the field of one name.
class ParamSetter final : public ParamVisitor {
 public:
  ParamSetter(std::string estimator, std::string_view name, const ParamValue& value)
      : estimator_(std::move(estimator)), name_(name), value_(value) {}

  void operator()(std::string_view name, bool& field) override {
    if (!matches(name)) return;
    if (!value_.is_bool()) refuse("true or false");
    field = value_.as_bool();
  }
  void operator()(std::string_view name, std::int64_t& field) override {
    if (!matches(name)) return;
    if (!value_.is_integer()) refuse("an integer");
    field = value_.as_integer();
  }
  void operator()(std::string_view name, double& field) override {
    if (!matches(name)) return;
    if (!value_.is_number()) refuse("a number");
    field = value_.as_number();
  }
  void operator()(std::string_view name, std::string& field) override {
    if (!matches(name)) return;
    if (!value_.is_word()) refuse("a word");
    field = value_.as_word();
  }
  void operator()(std::string_view name, std::optional<std::int64_t>& field) override {
    if (!matches(name)) return;
    if (!value_.is_none() && !value_.is_integer()) refuse("an integer or none");
    field = value_.is_none() ? std::nullopt : std::optional(value_.as_integer());
  }
  void operator()(std::string_view name, std::optional<double>& field) override {
    if (!matches(name)) return;
    if (!value_.is_none() && !value_.is_number()) refuse("a number or none");
    field = value_.is_none() ? std::nullopt : std::optional(value_.as_number());
  }
  void operator()(std::string_view name, ParamValue& field) override {
    if (matches(name)) field = value_;
  }
  void operator()(std::string_view name, ClassWeight& field) override {
    if (matches(name)) field = parse_class_weight(value_);
  }

  bool found() const { return found_; }
  const std::string& known() const { return known_; }

 private:
  bool matches(std::string_view name) {
    known_ += text(known_.empty() ? "" : ", ", name);
    found_ = found_ || name == name_;
    return name == name_;
  }
  [[noreturn]] void refuse(std::string_view kind) const {
    fail("[", estimator_, "] expected ", kind, " for ", name_, ", got ", value_.text());
  }

  std::string estimator_;
  std::string_view name_;
  const ParamValue& value_;
  std::string known_;
  bool found_ = false;
};

/// Lists every field.
class ParamLister final : public ParamVisitor {
 public:
  void operator()(std::string_view name, bool& field) override { add(name, field); }
  void operator()(std::string_view name, std::int64_t& field) override { add(name, field); }
  void operator()(std::string_view name, double& field) override { add(name, field); }
  void operator()(std::string_view name, std::string& field) override { add(name, field); }
  void operator()(std::string_view name, std::optional<std::int64_t>& field) override {
    add(name, field ? ParamValue(*field) : ParamValue());
  }
  void operator()(std::string_view name, std::optional<double>& field) override {
    add(name, field ? ParamValue(*field) : ParamValue());
  }
  void operator()(std::string_view name, ParamValue& field) override { add(name, field); }
  void operator()(std::string_view name, ClassWeight& field) override { add(name, class_weight_text(field)); }

  std::vector<std::pair<std::string, ParamValue>> listed;

 private:
  void add(std::string_view name, ParamValue value) { listed.emplace_back(std::string(name), std::move(value)); }
};

}  // namespace detail

inline void Estimator::set(std::string_view parameter, const ParamValue& value) {
  detail::ParamSetter setter(name(), parameter, value);
  visit_params(setter);
  QRS_CHECK(setter.found(), "[", name(), "] expected a parameter of ", name(), " (", setter.known(), "), got ",
            parameter);
}

inline std::vector<std::pair<std::string, ParamValue>> Estimator::params() const {
  detail::ParamLister lister;
  const_cast<Estimator*>(this)->visit_params(lister);  // the lister changes nothing
  return std::move(lister.listed);
}

}  // namespace qrs::ml
