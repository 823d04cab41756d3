// Boosting against XGBoost: probabilities of models trained here, with missing values too, and of the stored models.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <set>

#include "classical_cases.hpp"
#include "qrs/metrics/probability.hpp"
#include "qrs/ml/boosting/gradient_boosting.hpp"
#include "qrs/ml/boosting/xgboost_model.hpp"

namespace qrs::parity {

namespace {

using Model = ml::GradientBoostingClassifier<float>;

/// Rounds of every boosting case: the format has no field for it.
constexpr std::int64_t rounds = 20;

/// XGBoost's version in "scikit-learn 1.2.1, xgboost 1.7.4, numpy 1.24.2" as major * 100 + minor.
int generation(const ReferenceFile& file) {
  const auto found = file.tensors().metadata.find("source");
  QRS_CHECK(found != file.tensors().metadata.end(), "[parity] expected 'source' in the metadata, got none");
  const std::string& source = found->second;
  const std::size_t at = source.find("xgboost ");
  int major = 0;
  int minor = 0;
  bool known = at != std::string::npos;
  if (known) {
    const char* end = source.data() + source.size();
    const auto first = std::from_chars(source.data() + at + 8, end, major);
    known = first.ec == std::errc() && first.ptr < end && *first.ptr == '.' &&
            std::from_chars(first.ptr + 1, end, minor).ec == std::errc();
  }
  QRS_CHECK(known, "[parity] expected 'xgboost <major>.<minor>' in the source, got '", source, "'");
  return major * 100 + minor;
}

/// Where margins start when nothing is said: 0.5 before 2.0; estimated as here since 3.0 (binary) and 3.1 (classes); in
/// between 0.5 for classes and one Newton step from margin 0 for two.
std::optional<double> starting_score(int version, const std::vector<std::int64_t>& y, std::int64_t classes) {
  if (version < 200) return 0.5;
  if (classes > 2) return version < 301 ? std::optional(0.5) : std::nullopt;
  if (version >= 300) return std::nullopt;
  double mean = 0.0;
  for (const std::int64_t label : y) mean += static_cast<double>(label) / static_cast<double>(y.size());
  return 1.0 / (1.0 + std::exp(-(mean - 0.5) / 0.25));
}

/// max |got - reference| of two matrices of one shape.
double absolute_error(const ml::Matrix<double>& got, const ml::Matrix<double>& reference) {
  QRS_CHECK(got.rows() == reference.rows() && got.cols() == reference.cols(), "[parity] expected ", reference.rows(),
            " x ", reference.cols(), " probabilities, got ", got.rows(), " x ", got.cols());
  return difference(got.values(), reference.values()).max_error;
}

bool more_values_than(const ml::Matrix<float>& x, std::int64_t max_bin) {
  for (std::int64_t j = 0; j < x.cols(); ++j) {
    std::set<float> values;
    for (std::int64_t i = 0; i < x.rows(); ++i) values.insert(x(i, j));
    if (static_cast<std::int64_t>(values.size()) > max_bin) return true;
  }
  return false;
}

void compare_probabilities(CaseRows& rows, const ReferenceFile& file, const std::string& name,
                           const TrainTest<float>& data) {
  const nlohmann::json params = file.metadata(name + "/params");
  QRS_CHECK(params.is_object(), "[parity] expected an object for ", name, "/params, got ", params.type_name());
  Model model;
  model.set("n_estimators", rounds);
  const std::int64_t classes = ml::ClassIndex("parity", data.y_train).size();
  if (const auto base = starting_score(generation(file), data.y_train, classes)) model.set("base_score", *base);
  for (const auto& [key, value] : params.items()) {
    model.set(key, ml::parse_param(value.is_string() ? value.get<std::string>() : value.dump()));
  }
  model.fit(data.train, data.y_train);
  const ml::Matrix<double> got = model.predict_proba(data.test);
  const auto reference = matrix_of<double>(file, name + "/proba");
  if (model.settings().tree_method != "exact" && more_values_than(data.train, model.settings().max_bin)) {
    QRS_CHECK(reference.rows() == data.test.rows() && reference.cols() == classes, "[parity] expected ",
              data.test.rows(), " x ", classes, " probabilities, got ", reference.rows(), " x ", reference.cols());
    const auto loss_of = [&](const ml::Matrix<double>& p) {
      return metrics::log_loss(data.y_test, {p.values(), p.cols()}, model.classes());
    };
    const double loss = loss_of(reference);
    rows.add("log loss, relative", element_error(loss_of(got), loss) / loss, 0.02);
  } else {
    rows.add("proba, absolute", absolute_error(got, reference), 1e-5);
  }
}

}  // namespace

void run_boosting_cases(Report& report, const ReferenceFile& file) {
  for (const std::string& set : data_sets(file)) {
    for (int i = 0; file.has(text(set, "/xgb_", i, "/params")); ++i) {
      const std::string name = text(set, "/xgb_", i);
      if (!file.wants(name)) continue;
      run_case(report, name,
               [&](CaseRows& rows) { compare_probabilities(rows, file, name, train_test_of<float>(file, set)); });
    }
    const std::string name = set + "/xgb_model";
    const std::string path = file.folder() + "xgb_" + set + ".json";
    if (!file.wants(name) || !std::filesystem::exists(path)) continue;
    run_case(report, name, [&](CaseRows& rows) {
      Model model;
      model.adopt(ml::boosting::from_xgboost(io::read_xgboost_json(path)));
      const auto reference = matrix_of<double>(file, set + "/xgb_0/proba");
      rows.add("proba, absolute", absolute_error(model.predict_proba(train_test_of<float>(file, set).test), reference),
               1e-6);
    });
  }
  if (file.tensors().contains("missing/x") && file.wants("missing")) {
    run_case(report, "missing", [&](CaseRows& rows) {
      const auto x = matrix_of<float>(file, "missing/x");
      const auto y = values_of<std::int64_t>(file, "data/breast_cancer/y");
      const auto reference = matrix_of<double>(file, "missing/proba");
      const std::int64_t learned = x.rows() - reference.rows();
      QRS_CHECK(learned > 0 && static_cast<std::int64_t>(y.size()) == x.rows(), "[parity] expected labels of ",
                x.rows(), " rows and fewer probabilities, got ", y.size(), " and ", reference.rows());
      const std::vector<std::int64_t> y_train(y.begin(), y.begin() + learned);
      Model model({.n_estimators = rounds, .max_depth = 4, .tree_method = "exact"});
      if (const auto base = starting_score(generation(file), y_train, 2)) model.set("base_score", *base);
      const ml::MatrixView<float> all = x;
      model.fit(all.rows_from(0, learned), y_train);
      rows.add("proba, absolute", absolute_error(model.predict_proba(all.rows_from(learned, x.rows())), reference),
               1e-5);
    });
  }
}

}  // namespace qrs::parity
