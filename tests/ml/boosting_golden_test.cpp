// Boosting against small models of XGBoost (tests/golden/units/make_boosting.py).
#include <doctest/doctest.h>
#include <qrs/core/compare.hpp>
#include <qrs/io/safetensors.hpp>
#include <qrs/ml/boosting/gradient_boosting.hpp>
#include <qrs/ml/boosting/xgboost_model.hpp>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

using namespace qrs::ml;

namespace boosting_golden_test {

namespace {

const qrs::io::StateDict& golden() {
  static const qrs::io::StateDict file = qrs::io::read_safetensors("tests/golden/units/boosting.safetensors");
  return file;
}

template <class V>
std::vector<V> values(const std::string& name) {
  const auto tensor = golden().at(name).to<V>();
  return {tensor.data(), tensor.data() + tensor.size()};
}

template <class V>
Matrix<V> matrix(const std::string& name) {
  const auto& shape = golden().at(name).shape;
  return {shape.at(0), shape.at(1), values<V>(name)};
}

constexpr std::int64_t learned = 160;

template <class Model, class Y>
void check_case(Model& model, const nlohmann::json& entry, const std::vector<Y>& y) {
  const std::string name = entry.at("case");
  CAPTURE(name);
  for (const auto& [key, value] : entry.at("params").items()) {
    model.set(key, parse_param(value.is_string() ? value.template get<std::string>() : value.dump()));
  }
  model.set("n_estimators", 6);
  const Matrix<float> all = matrix<float>(entry.at("data"));
  const MatrixView<float> x = all;
  model.fit(x.rows_from(0, learned), std::span<const Y>(y).first(learned));
  const MatrixView<float> test = x.rows_from(learned, x.rows());
  if constexpr (std::is_same_v<Y, double>) {
    CHECK(qrs::difference(model.predict(test), values<double>(name + "/prediction")).max_error < 1e-6);
  } else {
    CHECK(qrs::difference(model.predict_proba(test).values(), values<double>(name + "/prediction")).max_error < 1e-6);
  }
  CHECK(qrs::difference(model.shap_values(test).values(), values<double>(name + "/shap")).max_error < 2e-5);
  for (const char* kind : {"gain", "weight", "cover", "total_gain", "total_cover"}) {
    CAPTURE(kind);
    const std::vector<double> expected = values<double>(name + "/" + kind);
    const qrs::Difference d = qrs::difference(model.importance(kind), expected);
    CHECK(d.max_error < 1e-4 * *std::max_element(expected.begin(), expected.end()));
  }
}

}  // namespace

TEST_CASE("predictions, SHAP values and importances are XGBoost's") {
  for (const nlohmann::json& entry : nlohmann::json::parse(golden().metadata.at("cases"))) {
    if (entry.at("target") == "y") {
      GradientBoostingRegressor<float> model;
      check_case(model, entry, values<double>("y"));
    } else {
      GradientBoostingClassifier<float> model;
      check_case(model, entry, values<std::int64_t>(entry.at("target")));
    }
  }
}

TEST_CASE("a model file of XGBoost predicts as there, up to its best iteration, and writes back what it held") {
  const auto file = qrs::io::read_xgboost_json("tests/golden/units/boosting_model.json");
  GradientBoostingClassifier<float> model;
  model.adopt(boosting::from_xgboost(file));
  CHECK(model.best_iteration() == 3);
  const Matrix<float> all = matrix<float>("holes");
  const Matrix<double> p = model.predict_proba(MatrixView<float>(all).rows_from(learned, all.rows()));
  const std::vector<double> expected = values<double>("model/prediction");
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(p(static_cast<std::int64_t>(i), 1) == doctest::Approx(expected[i]).epsilon(1e-7));
  }
  const auto again = qrs::io::parse_xgboost_json(qrs::io::xgboost_json(boosting::to_xgboost(model.booster())), "again");
  CHECK(boosting::from_xgboost(again).trees == model.booster().trees);
  CHECK(again.base_score == file.base_score);
  CHECK(qrs::io::xgboost_json(again) == qrs::io::xgboost_json(boosting::to_xgboost(model.booster())));
}

}  // namespace boosting_golden_test
