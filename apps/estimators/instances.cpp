// Every learner in float and in double.
#include "instances.hpp"

#include <algorithm>
#include <set>

#include "qrs/io/file_kind.hpp"
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

template <class T>
class BoostRegressor final : public Regressor<T> {
 public:
  explicit BoostRegressor(ml::GradientBoostingRegressor<T> model = ml::GradientBoostingRegressor<T>())
      : model_(std::move(model)) {}

  ml::Estimator& estimator() override { return model_; }
  void fit(ml::MatrixView<T> x, std::span<const double> y, std::span<const double> weight) override {
    model_.fit(x, y, weight);
  }
  void fit_evaluated(ml::MatrixView<T> x, std::span<const double> y, std::span<const double> weight,
                     ml::MatrixView<T> x_evaluation, std::span<const double> y_evaluation) override {
    model_.fit_evaluated(x, y, x_evaluation, y_evaluation, weight);
  }
  std::vector<double> predict(ml::MatrixView<T> x) const override { return model_.predict(x); }

 private:
  ml::GradientBoostingRegressor<T> model_;
};

/// Whether XGBoost's packages take names of columns: they differ, and have none of these characters.
bool fit_for_xgboost(const std::vector<std::string>& names) {
  return std::set(names.begin(), names.end()).size() == names.size() &&
         std::none_of(names.begin(), names.end(),
                      [](const std::string& name) { return name.find_first_of("[]<") != std::string::npos; });
}

void save_xgboost(const std::string& path, io::XgboostModel file, const ml::TableNotes& table) {
  if (fit_for_xgboost(table.columns)) file.feature_names = table.columns;
  ml::boosting::from_xgboost(io::parse_xgboost_json(io::xgboost_json(file), path));
  io::write_xgboost_json(path, file);
}

}  // namespace

template <class T>
std::unique_ptr<Regressor<T>> create_regressor() {
  return std::make_unique<BoostRegressor<T>>();
}

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
void save(const std::string& path, const ml::Estimator& model, const ml::TableNotes& table) {
  check_model_name(path, model.name() == "boost_regressor" ? "boost" : model.name());
  if (const auto* svc = dynamic_cast<const ml::Svc<T>*>(&model); svc != nullptr && path.ends_with(".model")) {
    io::write_libsvm_model(path, ml::to_libsvm(*svc));
  } else if (const auto* boost = dynamic_cast<const ml::GradientBoostingClassifier<T>*>(&model);
             boost != nullptr && path.ends_with(".json")) {
    io::XgboostModel file = ml::boosting::to_xgboost(boost->booster());
    file.attributes[labels_attribute] = labels_text(boost->classes());
    save_xgboost(path, std::move(file), table);
  } else if (const auto* values = dynamic_cast<const ml::GradientBoostingRegressor<T>*>(&model);
             values != nullptr && path.ends_with(".json")) {
    save_xgboost(path, ml::boosting::to_xgboost(values->booster()), table);
  } else {
    ml::save_model<T>(path, model, table);
  }
}

namespace {

ModelFile libsvm_file(const std::string& path, io::Bytes bytes) {
  return {path, io::parse_libsvm_model(io::as_text(bytes), path), true, {}};  // LIBSVM computes in double
}
/// f0, f1, ...: what XGBoost calls columns without names.
bool numbered_names(const std::vector<std::string>& names) {
  for (std::size_t j = 0; j < names.size(); ++j) {
    if (names[j] != text("f", j)) return false;
  }
  return true;
}
ModelFile xgboost_file(const std::string& path, io::Bytes bytes) {
  io::XgboostModel model = io::parse_xgboost(bytes, path);
  ml::TableNotes table;
  if (!numbered_names(model.feature_names)) table.columns = model.feature_names;
  return {path, std::move(model), false, std::move(table)};  // XGBoost computes in float
}
ModelFile own_file(const std::string& path, io::Bytes bytes) {
  io::StateDict state = io::parse_safetensors(bytes, path);
  ml::ModelHeader header = ml::model_header(state, path);
  return {path, std::move(state), header.dtype == "f64", std::move(header.table)};
}

}  // namespace

ModelFile read_model(const std::string& path) {
  const std::vector<std::byte> bytes = io::read_file(path);
  const std::string_view kind = io::file_kind(bytes);
  const std::string_view begin = io::as_text(bytes).substr(0, 64);
  const std::size_t first = std::min(begin.find_first_not_of(" \t\r\n"), begin.size());
  if (io::reads_as_ubjson(bytes) || kind == "JSON text") return xgboost_file(path, bytes);
  if (begin.substr(first).starts_with("svm_type")) return libsvm_file(path, bytes);
  if (kind == "a safetensors file") return own_file(path, bytes);
  const bool unknown = kind == "a text file" || kind == io::unknown_kind;
  if (unknown && path.ends_with(".model")) return libsvm_file(path, bytes);
  if (unknown && path.ends_with(".json")) return xgboost_file(path, bytes);
  if (unknown && path.ends_with(".safetensors")) return own_file(path, bytes);
  fail("[model] ", path,
       ": expected a model of qrs (.safetensors), of LIBSVM (.model) or of XGBoost (.json, .ubj), got ",
       io::kind_and_advice(bytes));
}

namespace {

template <class T>
Loaded<T> load_xgboost(const io::XgboostModel& model, const std::string& path) {
  Loaded<T> out;
  ml::boosting::Booster booster;
  try {
    booster = ml::boosting::from_xgboost(model);
  } catch (const Error& error) {
    fail("[model] ", path, ": ", error.what());
  }
  if (model.objective.starts_with("reg:")) {
    ml::GradientBoostingRegressor<T> values;
    values.adopt(booster);
    out.regressor = std::make_unique<BoostRegressor<T>>(std::move(values));
    if (booster.objective == ml::boosting::Objective::squared_error) return out;
  }
  auto boost = std::make_unique<ml::GradientBoostingClassifier<T>>();
  const auto labels = model.attributes.find(labels_attribute);
  boost->adopt(std::move(booster),
               labels == model.attributes.end() ? std::vector<std::int64_t>{} : parse_labels(labels->second, path));
  out.classifier = std::move(boost);
  return out;
}

}  // namespace

template <class T>
Loaded<T> load(const ModelFile& file, std::int64_t columns) {
  if (const auto* xgboost = std::get_if<io::XgboostModel>(&file.content)) return load_xgboost<T>(*xgboost, file.path);
  Loaded<T> out;
  if (const auto* libsvm = std::get_if<io::LibsvmModel>(&file.content)) {
    out.classifier = std::make_unique<ml::Svc<T>>(ml::from_libsvm<T>(*libsvm, {.features = columns}));
    return out;
  }
  const auto& state = std::get<io::StateDict>(file.content);
  const std::string kind = ml::model_header(state, file.path).kind;
  if (ml::is_transformer(kind)) {
    out.transformer = ml::transformer_from_state<T>(state, file.path);
  } else if (ml::is_regressor(kind)) {
    out.regressor = std::make_unique<BoostRegressor<T>>(std::move(*ml::regressor_from_state<T>(state, file.path)));
  } else {
    out.classifier = ml::classifier_from_state<T>(state, file.path);
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
template std::unique_ptr<Regressor<float>> create_regressor<float>();
template std::unique_ptr<Regressor<double>> create_regressor<double>();
template void save<float>(const std::string&, const ml::Estimator&, const ml::TableNotes&);
template void save<double>(const std::string&, const ml::Estimator&, const ml::TableNotes&);
template Loaded<float> load<float>(const ModelFile&, std::int64_t);
template Loaded<double> load<double>(const ModelFile&, std::int64_t);
template void fit_evaluated<float>(ml::Classifier<float>&, const Rows<float>&, const Rows<float>&);
template void fit_evaluated<double>(ml::Classifier<double>&, const Rows<double>&, const Rows<double>&);
template ml::Matrix<double> shap_values<float>(const ml::Classifier<float>&, ml::MatrixView<float>);
template ml::Matrix<double> shap_values<double>(const ml::Classifier<double>&, ml::MatrixView<double>);

}  // namespace qrs::estimators
