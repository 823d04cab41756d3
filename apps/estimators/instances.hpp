// The learners, compiled once for every verb that takes one by name or from a file.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "qrs/io/libsvm_model_file.hpp"
#include "qrs/io/xgboost_json.hpp"
#include "qrs/ml/estimator.hpp"
#include "qrs/ml/names.hpp"
#include "qrs/ml/table_notes.hpp"

namespace qrs::estimators {

/// A learner with default parameters: a classifier's name, or "pipeline" with its steps ("scaler,pca,svc").
template <class T>
std::unique_ptr<ml::Classifier<T>> create_classifier(std::string_view name, std::string_view steps = {});
/// A transformer's name.
template <class T>
std::unique_ptr<ml::Transformer<T>> create_transformer(std::string_view name);

/// Throws where save() would refuse to write a learner of this kind under this name: to be asked before the fit.
void check_model_name(const std::string& path, std::string_view kind);

/// Writes the file of a fitted learner: LIBSVM's text where the name ends in .model (svc), XGBoost's JSON where it ends in
/// .json (boost), otherwise this library's own, .safetensors. What could not be read again is refused.
template <class T>
void save(const std::string& path, const ml::Estimator& model, const ml::TableNotes& table = {});

/// Values in, values out: a boosted regression.
template <class T>
class Regressor {
 public:
  virtual ~Regressor() = default;
  virtual ml::Estimator& estimator() = 0;
  virtual void fit(ml::MatrixView<T> x, std::span<const double> y, std::span<const double> weight) = 0;
  /// The same, measured each round on rows that it does not learn from.
  virtual void fit_evaluated(ml::MatrixView<T> x, std::span<const double> y, std::span<const double> weight,
                             ml::MatrixView<T> x_evaluation, std::span<const double> y_evaluation) = 0;
  virtual std::vector<double> predict(ml::MatrixView<T> x) const = 0;
};
template <class T>
std::unique_ptr<Regressor<T>> create_regressor();

/// What a model file holds: one of the three; a logistic regression is a classifier as well.
template <class T>
struct Loaded {
  std::unique_ptr<ml::Classifier<T>> classifier;
  std::unique_ptr<ml::Transformer<T>> transformer;
  std::unique_ptr<Regressor<T>> regressor;

  /// Whether its rows are kernel values.
  bool precomputed() const {
    if (!classifier) return false;
    const auto params = classifier->params();
    return std::any_of(params.begin(), params.end(), [](const auto& param) {
      return param.first.ends_with("kernel") && param.second.text() == "precomputed";
    });
  }
  /// Columns it was fitted on.
  std::int64_t features() const {
    if (regressor) return regressor->estimator().features();
    return classifier ? classifier->features() : transformer->features();
  }
};

/// A model file of any of the formats, told apart by content; what it holds is built by load().
struct ModelFile {
  std::string path;
  std::variant<io::StateDict, io::LibsvmModel, io::XgboostModel> content;
  bool holds_double = false;  // fitted on float64 features
  ml::TableNotes table{};

  /// LIBSVM's text knows the features of its support vectors alone.
  bool may_have_more_features() const { return std::holds_alternative<io::LibsvmModel>(content); }
};

ModelFile read_model(const std::string& path);

/// The learner in a file. `columns`, where not 0, is how many features LIBSVM's text is to have.
template <class T>
Loaded<T> load(const ModelFile& file, std::int64_t columns = 0);

/// Features and labels, and weights where there are any.
template <class T>
struct Rows {
  ml::MatrixView<T> x;
  ml::Labels y;
  std::span<const double> weight{};
};

/// Fits a boost and measures each round on rows it does not learn from; throws for any other learner.
template <class T>
void fit_evaluated(ml::Classifier<T>& model, const Rows<T>& rows, const Rows<T>& evaluation);

/// The SHAP values of a boost, as GradientBoosting::shap_values; throws for any other learner.
template <class T>
ml::Matrix<double> shap_values(const ml::Classifier<T>& model, ml::MatrixView<T> x);

}  // namespace qrs::estimators
