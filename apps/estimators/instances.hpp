// The learners, compiled once for every verb that takes one by name or from a file.
#pragma once

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
/// .json (boost), otherwise this library's own, .safetensors.
template <class T>
void save(const std::string& path, const ml::Estimator& model);

/// What a model file holds: one of the two.
template <class T>
struct Loaded {
  std::unique_ptr<ml::Classifier<T>> classifier;
  std::unique_ptr<ml::Transformer<T>> transformer;
};

/// A model file of any of the three formats, read; what it holds is built by load().
struct ModelFile {
  std::string path;
  std::variant<io::StateDict, io::LibsvmModel, io::XgboostModel> content;
  bool holds_double = false;  // fitted on float64 features
};

ModelFile read_model(const std::string& path);

/// The learner in a file. LIBSVM's text does not say how many features there are: `columns` does.
template <class T>
Loaded<T> load(const ModelFile& file, std::int64_t columns);

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
