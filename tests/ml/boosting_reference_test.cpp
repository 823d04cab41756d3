// Both growers against a plain one (ml/boosting/ref.hpp), and against each other.
#include <doctest/doctest.h>

#include <qrs/ml/boosting/ref.hpp>

#include "boosting_data.hpp"

using namespace qrs::ml;

namespace {

/// Margins of the first tree of a regression, as the plain grower makes it.
std::vector<double> plain_margins(const BoostingData& data, const boosting::ref::Params& params, double base) {
  std::vector<double> g;
  for (const double y : data.values) g.push_back(base - static_cast<double>(static_cast<float>(y)));
  const std::vector<double> h(g.size(), 1.0);
  std::vector<double> out = boosting::ref::grow_tree({data.x, g, h}, params);
  for (double& v : out) v = base + v;
  return out;
}

}  // namespace

TEST_CASE("both growers split where the plain search splits") {
  const std::pair<std::uint32_t, double> cases[] = {{11, 0.0}, {11, 0.3}, {12, 0.0}, {12, 0.3}, {13, 0.1}};
  for (const auto& entry : cases) {
    const std::uint32_t seed = entry.first;
    const double holes = entry.second;
    for (const char* method : {"exact", "hist"}) {
      CAPTURE(seed);
      CAPTURE(holes);
      CAPTURE(method);
      const BoostingData data = boosting_data(120, 4, 2, seed, holes, 6.0);
      GradientBoostingRegressor<float> model({.n_estimators = 1,
                                              .learning_rate = 1.0,
                                              .max_depth = 4,
                                              .min_child_weight = 3.0,
                                              .reg_lambda = 0.5,
                                              .tree_method = method,
                                              .base_score = 0.25});
      model.fit(data.x, data.values);
      const std::vector<double> expected =
          plain_margins(data, {.lambda = 0.5, .min_child_weight = 3.0, .max_depth = 4}, 0.25);
      const std::vector<double> got = model.predict(data.x);
      for (std::size_t i = 0; i < got.size(); ++i) CHECK(got[i] == doctest::Approx(expected[i]).epsilon(1e-5));
    }
  }
}

TEST_CASE("lossguide without a limit of leaves grows the tree that depthwise grows") {
  const BoostingData data = boosting_data(3000, 6, 3, 5, 0.1);
  GradientBoostingParams params{.n_estimators = 3, .max_depth = 5};
  GradientBoostingClassifier<float> depthwise(params);
  params.grow_policy = "lossguide";
  GradientBoostingClassifier<float> lossguide(params);
  depthwise.fit(data.x, data.labels);
  lossguide.fit(data.x, data.labels);
  const Matrix<double> a = depthwise.predict_proba(data.x);
  const Matrix<double> b = lossguide.predict_proba(data.x);
  for (std::size_t i = 0; i < a.values().size(); ++i)
    CHECK(a.values()[i] == doctest::Approx(b.values()[i]).epsilon(1e-6));

  params.max_leaves = 7;
  GradientBoostingClassifier<float> small(params);
  small.fit(data.x, data.labels);
  for (const auto& tree : small.booster().trees) CHECK(tree.leaves() <= 7);
  CHECK(small.booster().trees[0].leaves() == 7);
}

TEST_CASE("more bins than a byte holds, and more rows than a chunk") {
  const BoostingData data = boosting_data(20000, 3, 2, 7, 0.05);
  double losses[2] = {};
  for (const std::int64_t bins : {256, 1000}) {
    GradientBoostingClassifier<float> model({.n_estimators = 5, .max_bin = bins});
    model.fit(data.x, data.labels);
    const Matrix<double> p = model.predict_proba(data.x);
    double& loss = losses[bins == 1000];
    for (std::int64_t i = 0; i < p.rows(); ++i)
      loss -= std::log(p(i, data.labels[static_cast<std::size_t>(i)])) / 20000.0;
    for (const auto& tree : model.booster().trees) CHECK(tree.leaves() > 30);
  }
  CHECK(losses[0] < 0.4);
  CHECK(losses[1] == doctest::Approx(losses[0]).epsilon(0.03));
}

TEST_CASE("with one bin a value, hist is exact") {
  const BoostingData data = boosting_data(900, 5, 4, 3, 0.2, 10.0);
  GradientBoostingParams params{.n_estimators = 8, .max_depth = 5, .tree_method = "exact"};
  GradientBoostingClassifier<float> exact(params);
  params.tree_method = "hist";
  GradientBoostingClassifier<float> hist(params);
  exact.fit(data.x, data.labels);
  hist.fit(data.x, data.labels);
  const Matrix<double> a = exact.predict_proba(data.x);
  const Matrix<double> b = hist.predict_proba(data.x);
  for (std::size_t i = 0; i < a.values().size(); ++i)
    CHECK(a.values()[i] == doctest::Approx(b.values()[i]).epsilon(1e-6));
}
