// Trees and forests beside scikit-learn's, node by node (tests/golden/units/make_trees.py).
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "qrs/core/compare.hpp"
#include "qrs/io/safetensors.hpp"
#include "qrs/ml/forest/importance.hpp"
#include "qrs/ml/forest/random_forest_classifier.hpp"
#include "qrs/ml/tree/decision_tree_classifier.hpp"

using namespace qrs::ml;

namespace tree_golden_test {

namespace {

const qrs::io::StateDict& golden() {
  static const qrs::io::StateDict file = qrs::io::read_safetensors("tests/golden/units/trees.safetensors");
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

/// max |got - reference|.
double distance(std::span<const double> got, std::span<const double> reference) {
  return qrs::difference(got, reference).max_error;
}

/// Links, features and directions equal; thresholds equal; what is a sum of weights to its roundings.
void check_tree(const Tree& tree, const std::string& name) {
  std::vector<std::int32_t> left, right, feature, missing_left;
  std::vector<double> threshold;
  for (const TreeNode& node : tree.nodes) {
    left.push_back(node.left);
    right.push_back(node.right);
    feature.push_back(node.feature);
    missing_left.push_back(node.missing_left);
    threshold.push_back(node.threshold);
  }
  CHECK(left == values<std::int32_t>(name + "/left"));
  CHECK(right == values<std::int32_t>(name + "/right"));
  CHECK(feature == values<std::int32_t>(name + "/feature"));
  CHECK(missing_left == values<std::int32_t>(name + "/missing_left"));
  CHECK(threshold == values<double>(name + "/threshold"));
  CHECK(tree.samples == values<std::int32_t>(name + "/samples"));
  CHECK(distance(tree.weight, values<double>(name + "/weight")) <= 1e-12 * tree.weight[0]);
  CHECK(distance(tree.impurity, values<double>(name + "/impurity")) <= 1e-13);
  CHECK(distance(tree.values, values<double>(name + "/value")) <= 1e-14);
}

void set_params(Estimator& learner, const nlohmann::json& params) {
  for (const auto& [name, value] : params.items()) learner.set(name, parse_param(value.get<std::string>()));
}

template <class Body>
void for_cases(const std::string& learner, const Body& body) {
  int count = 0;
  for (const auto& entry : nlohmann::json::parse(golden().metadata.at("cases"))) {
    if (entry["learner"] != learner) continue;
    ++count;
    const std::string name = entry["case"];
    CAPTURE(name);
    CAPTURE(entry["params"].dump());
    const std::string data = "data/" + entry["data"].get<std::string>();
    CAPTURE(data);
    const auto weight = entry["weighted"].get<bool>() ? values<double>(data + "/weight") : std::vector<double>();
    body(name, data, entry["params"], values<std::int64_t>(data + "/y"), weight);
  }
  CHECK(count >= 10);
}

template <class T>
void check_trees() {
  for_cases("tree", [](const std::string& name, const std::string& data, const nlohmann::json& params,
                       const std::vector<std::int64_t>& y, const std::vector<double>& weight) {
    DecisionTreeClassifier<T> tree;
    set_params(tree, params);
    tree.fit(matrix<T>(data + "/x"), y, weight);
    check_tree(tree.tree(), name + "/tree_0");
    CHECK(distance(tree.predict_proba(matrix<T>(data + "/test")).values(), values<double>(name + "/proba")) <= 1e-14);
    CHECK(distance(tree.feature_importances(), values<double>(name + "/importances")) <= 1e-13);
    const PruningPath path = tree.cost_complexity_pruning_path(matrix<T>(data + "/x"), y, weight);
    CHECK(distance(path.ccp_alphas, values<double>(name + "/ccp_alphas")) <= 1e-14);
    CHECK(distance(path.impurities, values<double>(name + "/ccp_impurities")) <= 1e-14);
  });
}

}  // namespace

TEST_CASE("a tree is scikit-learn's node for node: every criterion, limit, weight, constraint and missing value") {
  check_trees<float>();
}

TEST_CASE("double features grow the tree of their float32 roundings") { check_trees<double>(); }

TEST_CASE("a forest is scikit-learn's tree for tree: draws, out-of-bag votes, importances") {
  for_cases("forest", [](const std::string& name, const std::string& data, const nlohmann::json& params,
                         const std::vector<std::int64_t>& y, const std::vector<double>& weight) {
    RandomForestClassifier<float> forest;
    set_params(forest, params);
    const Matrix<float> x = matrix<float>(data + "/x");
    forest.fit(x, y, weight);
    for (std::size_t t = 0; t < forest.trees().size(); ++t) {
      CAPTURE(t);
      check_tree(forest.trees()[t], name + "/tree_" + std::to_string(t));
    }
    CHECK(distance(forest.predict_proba(matrix<float>(data + "/test")).values(), values<double>(name + "/proba")) <=
          1e-14);
    CHECK(distance(forest.feature_importances(), values<double>(name + "/importances")) <= 1e-13);
    if (golden().contains(name + "/oob")) {
      CHECK(distance(forest.oob_decision_function().values(), values<double>(name + "/oob")) <= 1e-14);
      CHECK(forest.oob_score() == values<double>(name + "/oob_score")[0]);
    }
    const PermutationImportance permuted =
        permutation_importance<float>(forest, x, y, {.n_repeats = 2, .random_state = 3});
    CHECK(distance(permuted.importances.values(), values<double>(name + "/permutation")) <= 1e-12);
  });
}

}  // namespace tree_golden_test
