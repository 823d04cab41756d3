// What boosting promises: the same bits for any number of threads, additive explanations, monotone features, early
// stopping, traces, files that come back, and one clear error for bad input.
#include <doctest/doctest.h>
#include <qrs/core/parallel.hpp>

#include <algorithm>
#include <set>
#include <string>

#include "../error_message.hpp"
#include "boosting_data.hpp"

using namespace qrs::ml;

namespace {

using qrs::tests::error_message;

/// Checks that body() throws an Error that says `words`.
template <class Body>
void check_error(const std::string& words, const Body& body) {
  const std::string message = error_message(body);
  CHECK_MESSAGE(message.find(words) != std::string::npos, message);
}

/// Expected leaf where only the features of `known` are known: the game of Shapley values.
double game(const boosting::RegressionTree& tree, std::int32_t at, const float* row, unsigned known) {
  const boosting::TreeNode& node = tree[at];
  if (node.is_leaf()) return static_cast<double>(node.threshold);
  if ((known >> node.feature & 1u) != 0) {
    const bool left = std::isnan(row[node.feature]) ? node.default_left : row[node.feature] < node.threshold;
    return game(tree, left ? node.left : node.right, row, known);
  }
  const double l = static_cast<double>(tree[node.left].cover);
  const double r = static_cast<double>(tree[node.right].cover);
  return (l * game(tree, node.left, row, known) + r * game(tree, node.right, row, known)) / (l + r);
}

double factorial(int n) { return n <= 1 ? 1.0 : n * factorial(n - 1); }

struct Listener final : Observer {
  bool wants = true;
  std::vector<BoostingRound> rounds;
  std::vector<SplitCandidate> candidates;
  std::int64_t steps = 0;
  bool traces() const override { return wants; }
  void progress(std::string_view what, std::int64_t done, std::int64_t total) override {
    CHECK(what == "round");
    CHECK(done <= total);
    ++steps;
  }
  void split_candidate(const SplitCandidate& event) override { candidates.push_back(event); }
  void boosting_round(const BoostingRound& event) override { rounds.push_back(event); }
};

}  // namespace

TEST_CASE("the same bits for any number of threads") {
  const BoostingData data = boosting_data(9000, 19, 3, 1, 0.1);
  for (const char* method : {"hist", "exact"}) {
    std::vector<boosting::RegressionTree> first;
    for (const int threads : {1, 2, 3, 7}) {
      const qrs::ThreadLimit limit(threads);
      GradientBoostingClassifier<float> model(
          {.n_estimators = 2, .max_depth = 4, .subsample = 0.7, .colsample_bytree = 0.8, .tree_method = method});
      model.fit(data.x, data.labels);
      if (first.empty()) first = model.booster().trees;
      CHECK(model.booster().trees == first);
    }
  }
}

TEST_CASE("a double matrix of float values trains the same model") {
  const BoostingData data = boosting_data(500, 4, 2, 2);
  const Matrix<double> wide = convert<double>(MatrixView<float>(data.x));
  GradientBoostingClassifier<float> a({.n_estimators = 5});
  GradientBoostingClassifier<double> b({.n_estimators = 5});
  a.fit(data.x, data.labels);
  b.fit(wide, data.labels);
  CHECK(a.booster().trees == b.booster().trees);
}

TEST_CASE("SHAP values are the Shapley values over all subsets and add up to the margin") {
  const std::int64_t features = 5;
  const BoostingData data = boosting_data(300, features, 3, 4, 0.2);
  GradientBoostingClassifier<float> model({.n_estimators = 4, .max_depth = 5});
  model.fit(data.x, data.labels);
  const auto first = MatrixView<float>(data.x).rows_from(0, 12);
  const Matrix<double> shap = model.shap_values(first);
  const Matrix<float> margin = model.decision_margin(first);
  const boosting::Booster& booster = model.booster();
  for (std::int64_t i = 0; i < first.rows(); ++i) {
    for (std::int64_t k = 0; k < booster.groups; ++k) {
      const double* shares = shap.row(i) + k * (features + 1);
      double sum = 0.0;
      for (std::int64_t j = 0; j <= features; ++j) sum += shares[j];
      CHECK(sum == doctest::Approx(static_cast<double>(margin(i, k))).epsilon(1e-5));
      for (int j = 0; j < features; ++j) {
        double expected = 0.0;
        for (unsigned set = 0; set < 1u << features; ++set) {
          if ((set >> j & 1u) != 0) continue;
          int size = 0;
          for (int f = 0; f < features; ++f) size += set >> f & 1u;
          const double weight = factorial(size) * factorial(static_cast<int>(features) - size - 1) /
                                factorial(static_cast<int>(features));
          for (std::size_t t = static_cast<std::size_t>(k); t < booster.trees.size();
               t += static_cast<std::size_t>(booster.groups)) {
            expected += weight * (game(booster.trees[t], 0, first.row(i), set | 1u << j) -
                                  game(booster.trees[t], 0, first.row(i), set));
          }
        }
        CHECK(shares[j] == doctest::Approx(expected).epsilon(1e-9));
      }
    }
  }
}

TEST_CASE("predictions rise and fall with monotone features") {
  const BoostingData data = boosting_data(800, 4, 2, 6, 0.1);
  for (const char* method : {"hist", "exact"}) {
    GradientBoostingRegressor<float> free({.n_estimators = 20, .tree_method = method});
    GradientBoostingRegressor<float> bound({.n_estimators = 20, .tree_method = method});
    bound.set("monotone_constraints", "(1,-1,0,0)");
    free.fit(data.x, data.values);
    bound.fit(data.x, data.values);
    int broken_free = 0;
    for (const int feature : {0, 1}) {
      for (std::int64_t i = 0; i < 60; ++i) {
        Matrix<float> line = take_rows<float>(MatrixView<float>(data.x), std::vector<std::int64_t>(30, i));
        for (std::int64_t s = 0; s < 30; ++s) line(s, feature) = static_cast<float>(s) * 0.2f - 3.0f;
        const std::vector<double> a = free.predict(line);
        const std::vector<double> b = bound.predict(line);
        for (std::size_t s = 1; s < 30; ++s) {
          const double sign = feature == 0 ? 1.0 : -1.0;
          CHECK(sign * (b[s] - b[s - 1]) >= -1e-6);
          broken_free += sign * (a[s] - a[s - 1]) < -1e-6 ? 1 : 0;
        }
      }
    }
    CHECK(broken_free > 0);
  }
}

TEST_CASE("early stopping keeps the best round, and prediction uses it") {
  const BoostingData data = boosting_data(600, 5, 2, 8);
  const BoostingData other = boosting_data(400, 5, 2, 9);
  GradientBoostingClassifier<float> model({.n_estimators = 300, .learning_rate = 0.5, .early_stopping_rounds = 6});
  model.fit_evaluated(data.x, data.labels, other.x, other.labels);
  const std::vector<double>& history = model.evaluation_history();
  REQUIRE(model.best_iteration());
  const auto best = static_cast<std::size_t>(*model.best_iteration());
  CHECK(history.size() == best + 7);
  CHECK(history.size() < 300);
  CHECK(best == static_cast<std::size_t>(std::min_element(history.begin(), history.end()) - history.begin()));

  GradientBoostingClassifier<float> shorter(
      {.n_estimators = static_cast<std::int64_t>(best) + 1, .learning_rate = 0.5});
  shorter.fit(data.x, data.labels);
  CHECK(shorter.predict_proba(other.x) == model.predict_proba(other.x));
  double loss = 0.0;
  const Matrix<double> p = model.predict_proba(other.x);
  for (std::int64_t i = 0; i < p.rows(); ++i) loss -= std::log(p(i, other.labels[static_cast<std::size_t>(i)])) / 400.0;
  CHECK(history[best] == doctest::Approx(loss).epsilon(1e-6));
}

TEST_CASE("a weight of two is the row twice, and a weight of nought is no row") {
  const BoostingData data = boosting_data(200, 4, 2, 10, 0.0, 4.0);
  std::vector<double> weight(200, 1.0);
  std::vector<std::int64_t> rows;
  for (std::int64_t i = 0; i < 200; ++i) {
    weight[static_cast<std::size_t>(i)] = static_cast<double>(i % 3);
    for (std::int64_t r = 0; r < i % 3; ++r) rows.push_back(i);
  }
  const Matrix<float> repeated = take_rows<float>(MatrixView<float>(data.x), rows);
  const std::vector<std::int64_t> labels = take<std::int64_t>(data.labels, rows);
  for (const char* method : {"hist", "exact"}) {
    GradientBoostingClassifier<float> a({.n_estimators = 5, .max_depth = 3, .tree_method = method});
    GradientBoostingClassifier<float> b = a;
    a.fit(data.x, data.labels, weight);
    b.fit(repeated, labels);
    const Matrix<double> p = a.predict_proba(repeated);
    const Matrix<double> q = b.predict_proba(repeated);
    for (std::size_t i = 0; i < p.values().size(); ++i)
      CHECK(p.values()[i] == doctest::Approx(q.values()[i]).epsilon(1e-4));
  }
}

TEST_CASE("random rows and columns: a tree uses its share, another seed another one, the same seed the same") {
  const BoostingData data = boosting_data(400, 10, 2, 12);
  GradientBoostingParams params{.n_estimators = 6, .subsample = 0.5, .colsample_bytree = 0.3};
  GradientBoostingClassifier<float> a(params);
  GradientBoostingClassifier<float> b(params);
  params.random_state = 1;
  GradientBoostingClassifier<float> c(params);
  a.fit(data.x, data.labels);
  b.fit(data.x, data.labels);
  c.fit(data.x, data.labels);
  CHECK(a.booster().trees == b.booster().trees);
  CHECK(a.booster().trees != c.booster().trees);
  for (const auto& tree : a.booster().trees) {
    std::set<std::int32_t> used;
    for (const auto& node : tree.nodes()) {
      if (!node.is_leaf()) used.insert(node.feature);
    }
    CHECK(used.size() <= 3);
    CHECK(tree[0].cover < 0.25f * 0.65f * 400.0f);
  }
}

TEST_CASE("labels of any integers, one number that stands for missing, and clones") {
  BoostingData data = boosting_data(300, 4, 3, 13, 0.2);
  Matrix<float> filled = data.x;
  for (std::int64_t i = 0; i < 300; ++i) {
    for (std::int64_t j = 0; j < 4; ++j) {
      if (std::isnan(filled(i, j))) filled(i, j) = -999.0f;
    }
  }
  std::vector<std::int64_t> named;
  for (const std::int64_t label : data.labels) named.push_back(label * 10 - 7);
  GradientBoostingClassifier<float> a({.n_estimators = 5});
  a.fit(data.x, data.labels);
  const auto b = a.clone();
  b->set("missing", -999.0);
  b->fit(filled, named);
  CHECK(b->classes() == std::vector<std::int64_t>{-7, 3, 13});
  CHECK(a.predict_proba(data.x) == b->predict_proba(filled));
  const auto labels = b->predict(filled);
  for (std::size_t i = 0; i < labels.size(); ++i) CHECK(labels[i] == a.predict(data.x)[i] * 10 - 7);
}

TEST_CASE("traces tell every round and every feature tried, and change no bit") {
  const BoostingData data = boosting_data(300, 4, 2, 14, 0.1);
  for (const char* method : {"hist", "exact"}) {
    GradientBoostingClassifier<float> quiet({.n_estimators = 3, .max_depth = 2, .tree_method = method});
    GradientBoostingClassifier<float> told = quiet;
    Listener listener;
    told.observe(&listener);
    quiet.fit(data.x, data.labels);
    told.fit(data.x, data.labels);
    CHECK(told.booster().trees == quiet.booster().trees);
    CHECK(listener.steps == 3);
    REQUIRE(listener.rounds.size() == 3);
    CHECK(listener.rounds[2].round == 2);
    CHECK(listener.rounds[2].train_loss < listener.rounds[0].train_loss);
    CHECK(listener.rounds[0].leaves == quiet.booster().trees[0].leaves());
    float best = 0.0f;
    int of_root = 0;
    for (const SplitCandidate& candidate : listener.candidates) {
      if (candidate.tree != 0 || candidate.node != 0) continue;
      ++of_root;
      CHECK(candidate.samples == 300);
      best = std::max(best, static_cast<float>(candidate.gain));
    }
    CHECK(of_root == 4);
    CHECK(best == quiet.booster().trees[0][0].gain);
  }
}

TEST_CASE("constant features, duplicate rows and columns without a value are no trouble") {
  BoostingData data = boosting_data(100, 5, 2, 15);
  for (std::int64_t i = 0; i < 100; ++i) {
    data.x(i, 2) = 7.0f;
    data.x(i, 3) = std::numeric_limits<float>::quiet_NaN();
    data.x(i, 4) = i < 50 ? std::numeric_limits<float>::quiet_NaN() : 7.0f;
  }
  for (const char* method : {"hist", "exact"}) {
    GradientBoostingClassifier<float> model({.n_estimators = 4, .tree_method = method});
    model.fit(data.x, data.labels);
    CHECK(model.importance("weight")[2] == 0.0);
    CHECK(model.importance("weight")[3] == 0.0);
    const Matrix<float> same = take_rows<float>(MatrixView<float>(data.x), std::vector<std::int64_t>(20, 0));
    GradientBoostingClassifier<float> leaf({.n_estimators = 2, .tree_method = method});
    std::vector<std::int64_t> labels(20, 0);
    labels[3] = 1;
    leaf.fit(same, labels);
    for (const auto& tree : leaf.booster().trees) CHECK(tree.size() == 1);
  }
}

TEST_CASE("bad input: one clear error") {
  const BoostingData data = boosting_data(60, 3, 2, 16);
  const auto fit = [&](GradientBoostingParams params) {
    GradientBoostingClassifier<float> model(std::move(params));
    model.fit(data.x, data.labels);
  };
  check_error("tree_method auto, hist or exact, got approx", [&] { fit({.tree_method = "approx"}); });
  check_error("grow_policy depthwise or lossguide, got random", [&] { fit({.grow_policy = "random"}); });
  check_error("subsample in (0, 1], got 0", [&] { fit({.subsample = 0.0}); });
  check_error("max_bin in [2, 65535], got 1", [&] { fit({.max_bin = 1}); });
  check_error("gamma >= 0, finite in float32, got -1", [&] { fit({.gamma = -1.0}); });
  check_error("max_depth or max_leaves > 0, got 0 for both", [&] { fit({.max_depth = 0}); });
  check_error("tree_method hist for grow_policy lossguide",
              [&] { fit({.grow_policy = "lossguide", .tree_method = "exact"}); });
  check_error("3 monotone_constraints, one a feature, got 2", [&] { fit({.monotone_constraints = "(1,0)"}); });
  check_error("monotone_constraints of -1, 0 and 1", [&] { fit({.monotone_constraints = "(1,0,2)"}); });
  check_error("base_score in [0, 1] for binary:logistic, got 1.5", [&] { fit({.base_score = 1.5}); });
  check_error("objective none, binary:logistic or multi:softprob, got rank:ndcg",
              [&] { fit({.objective = "rank:ndcg"}); });
  check_error("an evaluation set for early_stopping_rounds", [&] { fit({.early_stopping_rounds = 3}); });

  GradientBoostingClassifier<float> model;
  check_error("call fit first", [&] { model.predict(data.x); });
  check_error("60 labels, one a row, got 3", [&] { model.fit(data.x, std::vector<std::int64_t>{0, 1, 1}); });
  check_error("at least two classes, got only label 5", [&] { model.fit(data.x, std::vector<std::int64_t>(60, 5)); });
  check_error("sample weights with a sum > 0", [&] { model.fit(data.x, data.labels, std::vector<double>(60, 0.0)); });
  Matrix<float> infinite = data.x;
  infinite(7, 1) = std::numeric_limits<float>::infinity();
  check_error("row 7, column 1", [&] { model.fit(infinite, data.labels); });
  check_error("at least one label", [&] { model.fit(Matrix<float>(0, 3), std::vector<std::int64_t>{}); });
  model.fit(data.x, data.labels);
  check_error("3 columns as when fitted, got 2", [&] { model.predict(Matrix<float>(4, 2)); });
  check_error("row 7, column 1", [&] { model.predict(infinite); });
  check_error("labels of the training rows in the evaluation set, got 9",
              [&] { model.fit_evaluated(data.x, data.labels, data.x, std::vector<std::int64_t>(60, 9)); });
  check_error("importance of weight", [&] { model.importance("beauty"); });
  GradientBoostingClassifier<double> wide;
  Matrix<double> huge = convert<double>(MatrixView<float>(data.x));
  huge(2, 0) = 1e300;
  check_error("within float32", [&] { wide.fit(huge, data.labels); });
  GradientBoostingRegressor<float> regressor;
  check_error("targets that are finite", [&] { regressor.fit(data.x, std::vector<double>(60, NAN)); });
}
