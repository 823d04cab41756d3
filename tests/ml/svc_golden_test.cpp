// Support vector machines beside scikit-learn's (tests/golden/units/make_svc.py).
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "qrs/core/compare.hpp"
#include "qrs/io/safetensors.hpp"
#include "qrs/ml/svm/svc.hpp"

using namespace qrs::ml;

namespace svc_golden_test {

namespace {

const qrs::io::StateDict& golden() {
  static const qrs::io::StateDict file = qrs::io::read_safetensors("tests/golden/units/svc.safetensors");
  return file;
}

template <class V>
std::vector<V> values(const std::string& name) {
  const qrs::Tensor<V> tensor = golden().at(name).to<V>();
  return std::vector<V>(tensor.data(), tensor.data() + tensor.size());
}
template <class V>
Matrix<V> matrix(const std::string& name) {
  const auto& shape = golden().at(name).shape;
  return Matrix<V>(shape.at(0), shape.at(1), values<V>(name));
}

/// max |got - reference| / max |reference|.
double distance(std::span<const double> got, std::span<const double> reference) {
  return qrs::difference(got, reference).relative();
}

template <class T>
void check_case(const nlohmann::json& entry, double tolerance) {
  const std::string name = entry["case"];
  const std::string data = std::string("data/") + entry["data"].get<std::string>();
  INFO(name);
  Svc<T> svc({.tol = 1e-6});
  for (const auto& [key, value] : entry["params"].items()) {
    svc.set(key, value.is_string() ? parse_param(value.template get<std::string>()) : parse_param(value.dump()));
  }
  const auto x = matrix<T>(data + "/x");
  const auto test = matrix<T>(data + "/test");
  const auto weight = entry["weighted"].get<bool>() ? values<double>(data + "/weight") : std::vector<double>();
  svc.fit(x, values<std::int64_t>(data + "/y"), weight);
  CHECK(distance(svc.decision_ovo(test).values(), values<double>(name + "/decision_ovo")) <= tolerance);
  CHECK(distance(svc.decision_ovr(test).values(), values<double>(name + "/decision_ovr")) <= tolerance);
  CHECK(distance(svc.intercept(), values<double>(name + "/intercept")) <= tolerance);
  CHECK(svc.predict(test) == values<std::int64_t>(name + "/predict"));
  CHECK(svc.converged());
  if (data == "data/repeated") return;  // which of two equal rows is a support vector is a matter of taste
  CHECK(svc.n_support() == values<std::int64_t>(name + "/n_support"));
  // With weights scikit-learn numbers the rows that are left; this library those of x.
  if (weight.empty()) CHECK(svc.support() == values<std::int64_t>(name + "/support"));
  CHECK(distance(svc.dual_coef().values(), values<double>(name + "/dual_coef")) <= tolerance);
}

}  // namespace

TEST_CASE("SVC in float64 is scikit-learn's: values, labels, support vectors, coefficients, signs") {
  // Both stop at a violation of 1e-6, an absolute number, on kernel values rounded to float.
  for (const nlohmann::json& entry : nlohmann::json::parse(golden().metadata.at("cases"))) {
    check_case<double>(entry, 1e-4);
  }
}

TEST_CASE("a NaN among the decision values is no small difference") {
  const nlohmann::json entry = nlohmann::json::parse(golden().metadata.at("cases")).at(0);
  const auto stored = values<double>(entry["case"].get<std::string>() + "/decision_ovo");
  for (std::size_t at = 0; at < stored.size(); at += 7) {
    std::vector<double> got = stored;
    REQUIRE(distance(got, stored) == 0.0);
    got[at] = NAN;
    CHECK_FALSE(distance(got, stored) <= 1e30);
    CHECK_FALSE(distance(stored, got) <= 1e30);
  }
}

TEST_CASE("SVC in float32 decides as scikit-learn does") {
  for (const nlohmann::json& entry : nlohmann::json::parse(golden().metadata.at("cases"))) {
    const std::string name = entry["case"];
    INFO(name);
    const std::string data = std::string("data/") + entry["data"].get<std::string>();
    Svc<float> svc({.tol = 1e-6});
    for (const auto& [key, value] : entry["params"].items()) {
      svc.set(key, value.is_string() ? parse_param(value.get<std::string>()) : parse_param(value.dump()));
    }
    const auto weight = entry["weighted"].get<bool>() ? values<double>(data + "/weight") : std::vector<double>();
    svc.fit(matrix<float>(data + "/x"), values<std::int64_t>(data + "/y"), weight);
    // Features around 1000 keep 4 digits behind the point in float: 6e-5 of a deviation of 1.
    CHECK(distance(svc.decision_ovo(matrix<float>(data + "/test")).values(), values<double>(name + "/decision_ovo")) <=
          2e-3);
    CHECK(svc.predict(matrix<float>(data + "/test")) == values<std::int64_t>(name + "/predict"));
  }
}

}  // namespace svc_golden_test
