// Every learner in float and in double.
#include "instances.hpp"

#include <algorithm>

#include "qrs/ml/boosting/xgboost_model.hpp"
#include "qrs/ml/model_file.hpp"
#include "qrs/ml/svm/libsvm_model.hpp"

namespace qrs::estimators {

namespace {

/// XGBoost knows classes 0 ... k - 1 alone; the labels they stand for are an attribute, which it keeps.
const std::string labels_attribute = "qrs_labels";

std::string labels_text(const std::vector<std::int64_t>& labels) {
  std::string out;
  for (const std::int64_t label : labels) out += text(out.empty() ? "" : ",", label);
  return out;
}

std::vector<std::int64_t> parse_labels(std::string_view list, const std::string& path) {
  std::vector<std::int64_t> out;
  for (const std::string_view item : split_text(list, ',')) {
    const ml::ParamValue label = ml::parse_param(item);
    QRS_CHECK(label.is_integer(), "[model] ", path, ": expected integers in ", labels_attribute, ", got '",
              io::shown(item), "'");
    out.push_back(label.as_integer());
  }
  return out;
}

}  // namespace

template <class T>
std::unique_ptr<ml::Classifier<T>> create_classifier(std::string_view name, std::string_view steps) {
  if (name != "pipeline") return ml::make_classifier<T>(name);
  auto out = std::make_unique<ml::Pipeline<T>>();
  const std::vector<std::string_view> kinds = split_text(steps, ',');
  QRS_CHECK(ml::is_classifier(kinds.back()), "[pipeline] expected steps that end in a classifier (",
            ml::names_text(ml::classifier_names), "), got '", steps, "'");
  for (std::size_t i = 0; i + 1 < kinds.size(); ++i) out->add(ml::make_transformer<T>(kinds[i]));
  out->add(ml::make_classifier<T>(kinds.back()));
  return out;
}

template <class T>
std::unique_ptr<ml::Transformer<T>> create_transformer(std::string_view name) {
  return ml::make_transformer<T>(name);
}

void check_model_name(const std::string& path, std::string_view kind) {
  if (path.ends_with(".model")) {
    QRS_CHECK(kind == "svc", "[model] expected an svc for LIBSVM's format, ", path, ", got ", kind);
  } else if (path.ends_with(".json")) {
    QRS_CHECK(kind == "boost", "[model] expected a boost for XGBoost's format, ", path, ", got ", kind);
  } else {
    QRS_CHECK(path.ends_with(".safetensors"),
              "[model] expected a file that ends in .safetensors, .model or .json, got ", path);
  }
}

template <class T>
void save(const std::string& path, const ml::Estimator& model) {
  check_model_name(path, model.name());
  if (path.ends_with(".model")) {
    io::write_libsvm_model(path, ml::to_libsvm(dynamic_cast<const ml::Svc<T>&>(model)));
  } else if (path.ends_with(".json")) {
    const auto* boost = &dynamic_cast<const ml::GradientBoostingClassifier<T>&>(model);
    io::XgboostModel file = ml::boosting::to_xgboost(boost->booster());
    file.attributes[labels_attribute] = labels_text(boost->classes());
    io::write_xgboost_json(path, file);
  } else {
    ml::save_model<T>(path, model);
  }
}

ModelFile read_model(const std::string& path) {
  if (path.ends_with(".model")) return {path, io::read_libsvm_model(path), true};  // LIBSVM computes in double
  if (path.ends_with(".json")) return {path, io::read_xgboost_json(path), false};  // XGBoost in float
  io::StateDict state = io::read_safetensors(path);
  const bool holds_double = ml::model_header(state, path).dtype == "f64";
  return {path, std::move(state), holds_double};
}

template <class T>
Loaded<T> load(const ModelFile& file, std::int64_t columns) {
  Loaded<T> out;
  if (const auto* libsvm = std::get_if<io::LibsvmModel>(&file.content)) {
    out.classifier = std::make_unique<ml::Svc<T>>(ml::from_libsvm<T>(*libsvm, {.features = columns}));
  } else if (const auto* xgboost = std::get_if<io::XgboostModel>(&file.content)) {
    auto boost = std::make_unique<ml::GradientBoostingClassifier<T>>();
    const auto labels = xgboost->attributes.find(labels_attribute);
    boost->adopt(ml::boosting::from_xgboost(*xgboost), labels == xgboost->attributes.end()
                                                           ? std::vector<std::int64_t>{}
                                                           : parse_labels(labels->second, file.path));
    out.classifier = std::move(boost);
  } else {
    const auto& state = std::get<io::StateDict>(file.content);
    if (ml::is_transformer(ml::model_header(state, file.path).kind)) {
      out.transformer = ml::transformer_from_state<T>(state, file.path);
    } else {
      out.classifier = ml::classifier_from_state<T>(state, file.path);
    }
  }
  return out;
}

template <class T>
void fit_evaluated(ml::Classifier<T>& model, const Rows<T>& rows, const Rows<T>& evaluation) {
  auto* boost = dynamic_cast<ml::GradientBoostingClassifier<T>*>(&model);
  QRS_CHECK(boost != nullptr, "[fit] expected boost with rows to evaluate on, got ", model.name());
  boost->fit_evaluated(rows.x, rows.y, evaluation.x, evaluation.y, rows.weight);
}

template <class T>
ml::Matrix<double> shap_values(const ml::Classifier<T>& model, ml::MatrixView<T> x) {
  const auto* boost = dynamic_cast<const ml::GradientBoostingClassifier<T>*>(&model);
  QRS_CHECK(boost != nullptr, "[shap] expected a boost, got ", model.name());
  return boost->shap_values(x);
}

template std::unique_ptr<ml::Classifier<float>> create_classifier<float>(std::string_view, std::string_view);
template std::unique_ptr<ml::Classifier<double>> create_classifier<double>(std::string_view, std::string_view);
template std::unique_ptr<ml::Transformer<float>> create_transformer<float>(std::string_view);
template std::unique_ptr<ml::Transformer<double>> create_transformer<double>(std::string_view);
template void save<float>(const std::string&, const ml::Estimator&);
template void save<double>(const std::string&, const ml::Estimator&);
template Loaded<float> load<float>(const ModelFile&, std::int64_t);
template Loaded<double> load<double>(const ModelFile&, std::int64_t);
template void fit_evaluated<float>(ml::Classifier<float>&, const Rows<float>&, const Rows<float>&);
template void fit_evaluated<double>(ml::Classifier<double>&, const Rows<double>&, const Rows<double>&);
template ml::Matrix<double> shap_values<float>(const ml::Classifier<float>&, ml::MatrixView<float>);
template ml::Matrix<double> shap_values<double>(const ml::Classifier<double>&, ml::MatrixView<double>);

}  // namespace qrs::estimators
