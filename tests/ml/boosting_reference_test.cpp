// Both growers against a plain one: every split of every node tried, sums over its rows, all in double.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "boosting_data.hpp"

using namespace qrs::ml;
using boosting::GradientSum;

namespace {

struct Plain {
  const Matrix<float>& x;
  const std::vector<double>& g;
  const std::vector<double>& h;
  double lambda = 1.0, gamma = 0.0, least = 1.0;
  int max_depth = 4;

  GradientSum sum(const std::vector<std::int64_t>& rows) const {
    GradientSum out;
    for (const std::int64_t i : rows)
      out += GradientSum{g[static_cast<std::size_t>(i)], h[static_cast<std::size_t>(i)]};
    return out;
  }
  double score(const GradientSum& s) const { return s.g * s.g / (s.h + lambda); }

  struct Best {
    double gain = 0.0;
    std::vector<std::int64_t> left, right;
  };

  /// All thresholds of all features, missing rows on either side.
  Best best(const std::vector<std::int64_t>& rows) const {
    Best out;
    const double here = score(sum(rows));
    for (std::int64_t j = 0; j < x.cols(); ++j) {
      std::set<float> values;
      for (const std::int64_t i : rows) {
        if (!std::isnan(x(i, j))) values.insert(x(i, j));
      }
      values.insert(std::numeric_limits<float>::infinity());
      for (const float threshold : values) {
        for (const bool missing_left : {false, true}) {
          Best candidate;
          for (const std::int64_t i : rows) {
            const bool left = std::isnan(x(i, j)) ? missing_left : x(i, j) < threshold;
            (left ? candidate.left : candidate.right).push_back(i);
          }
          const GradientSum a = sum(candidate.left);
          const GradientSum b = sum(candidate.right);
          if (candidate.left.empty() || candidate.right.empty() || a.h < least || b.h < least) continue;
          candidate.gain = score(a) + score(b) - here;
          if (candidate.gain > out.gain + 1e-5 * std::max(1.0, std::abs(out.gain))) out = candidate;
        }
      }
    }
    return out;
  }

  /// The value of each row's leaf, without the learning rate.
  void grow(const std::vector<std::int64_t>& rows, int depth, std::vector<double>& value) const {
    const Best split = depth < max_depth ? best(rows) : Best{};
    if (split.gain > 1e-6 && split.gain >= gamma) {
      grow(split.left, depth + 1, value);
      grow(split.right, depth + 1, value);
      return;
    }
    const GradientSum s = sum(rows);
    for (const std::int64_t i : rows) value[static_cast<std::size_t>(i)] = -s.g / (s.h + lambda);
  }
};

/// The first tree of a regression, as the plain grower makes it.
std::vector<double> plain_margins(const BoostingData& data, double lambda, double least, int depth, double base) {
  std::vector<double> g;
  for (const double y : data.values) g.push_back(base - static_cast<double>(static_cast<float>(y)));
  const std::vector<double> h(g.size(), 1.0);
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < data.x.rows(); ++i) rows.push_back(i);
  std::vector<double> value(g.size());
  Plain{.x = data.x, .g = g, .h = h, .lambda = lambda, .least = least, .max_depth = depth}.grow(rows, 0, value);
  for (double& v : value) v = base + v;
  return value;
}

}  // namespace

TEST_CASE("both growers split where the plain search splits") {
  for (const double holes : {0.0, 0.3}) {
    for (const char* method : {"exact", "hist"}) {
      CAPTURE(holes);
      CAPTURE(method);
      const BoostingData data = boosting_data(120, 4, 2, 11, holes, 6.0);
      GradientBoostingRegressor<float> model({.n_estimators = 1,
                                              .learning_rate = 1.0,
                                              .max_depth = 4,
                                              .min_child_weight = 3.0,
                                              .reg_lambda = 0.5,
                                              .tree_method = method,
                                              .base_score = 0.25});
      model.fit(data.x, data.values);
      const std::vector<double> expected = plain_margins(data, 0.5, 3.0, 4, 0.25);
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
