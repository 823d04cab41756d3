// Thousands of tiny problems for every learner, judged by the plain ones (ref.hpp): a row or two, a row a class, rows that are
// all equal, labels that alternate. Nothing crashes; what cannot be fitted is refused by name.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "../contains.hpp"
#include "../error_message.hpp"
#include "qrs/core/parallel.hpp"
#include "qrs/core/rng.hpp"
#include "qrs/ml/boosting/gradient_boosting.hpp"
#include "qrs/ml/boosting/ref.hpp"
#include "qrs/ml/forest/random_forest_classifier.hpp"
#include "qrs/ml/forest/ref.hpp"
#include "qrs/ml/pca/pca.hpp"
#include "qrs/ml/pca/ref.hpp"
#include "qrs/ml/svm/ref.hpp"
#include "qrs/ml/svm/svc.hpp"
#include "qrs/ml/tree/decision_tree_classifier.hpp"

using namespace qrs::ml;
using qrs::tests::contains;
using qrs::tests::error_message;

namespace {

constexpr int problems = 5000;

/// Up to 9 rows of up to 3 features; labels 0 ... classes - 1, each with a row.
struct Tiny {
  Matrix<double> x;
  std::vector<std::int64_t> y;
  std::int64_t classes = 0;

  explicit Tiny(qrs::Mt19937& random) {
    const std::int64_t rows = random.randint(1, 10);
    x = Matrix<double>(rows, random.randint(1, 4));
    const std::int64_t kind = random.randint(0, 4);  // all equal, a small grid, reals, reals of another scale
    for (std::int64_t i = 0; i < rows; ++i) {
      for (std::int64_t j = 0; j < x.cols(); ++j) {
        x(i, j) = kind == 0   ? 1.5
                  : kind == 1 ? static_cast<double>(random.randint(0, 3))
                              : random.gauss() * (kind == 3 ? 100.0 : 1.0);
      }
    }
    const bool alternating = random.randint(0, 2) == 0;
    const std::int64_t wanted = random.randint(1, 5);
    for (std::int64_t i = 0; i < rows; ++i) y.push_back(alternating ? i % wanted : random.randint(0, wanted));
    const std::set<std::int64_t> seen(y.begin(), y.end());
    for (std::int64_t& label : y) label = std::distance(seen.begin(), seen.find(label));
    classes = static_cast<std::int64_t>(seen.size());
  }
  Matrix<float> single() const { return convert<float>(MatrixView<double>(x)); }
};

double kernel_value(const svm::Kernel& kernel, const Matrix<double>& x, std::int64_t a, std::int64_t b) {
  double product = 0.0;
  double distance = 0.0;
  for (std::int64_t j = 0; j < x.cols(); ++j) {
    product += x(a, j) * x(b, j);
    distance += (x(a, j) - x(b, j)) * (x(a, j) - x(b, j));
  }
  return static_cast<double>(
      static_cast<float>(kernel.kind == svm::KernelKind::linear ? product : std::exp(-kernel.gamma * distance)));
}

/// The sum of n G over the leaves of a stump: what its split leaves over, whichever of equal ones it took.
double impurity_left(const Tree& tree) {
  double out = 0.0;
  for (std::int64_t i = 0; i < tree.size(); ++i) {
    if (tree.nodes[i].left < 0) out += tree.weight[i] * tree.impurity[i];
  }
  return out;
}

}  // namespace

TEST_CASE("tiny problems: SMO reaches the optimum of the plain solver") {
  const qrs::ThreadLimit one(1);
  qrs::Mt19937 random(1);
  int judged = 0;
  int wrong = 0;
  for (int p = 0; p < problems; ++p) {
    const Tiny tiny(random);
    const svm::Kernel kernel{random.randint(0, 2) == 0 ? svm::KernelKind::linear : svm::KernelKind::rbf, 0.5};
    const double c = std::pow(10.0, static_cast<double>(random.randint(-3, 3)));
    svm::SmoProblem problem;
    Matrix<double> k(tiny.x.rows(), tiny.x.rows());
    for (std::int64_t i = 0; i < tiny.x.rows(); ++i) {
      problem.points.push_back(static_cast<std::int32_t>(i));
      problem.y.push_back(tiny.y[static_cast<std::size_t>(i)] == 0 ? std::int8_t{1} : std::int8_t{-1});
      problem.c.push_back(c);
      for (std::int64_t j = 0; j < tiny.x.rows(); ++j) k(i, j) = kernel_value(kernel, tiny.x, i, j);
    }
    const svm::KernelSource<double> source(kernel, tiny.x);
    const svm::SmoResult got = svm::Smo<double>(source, problem, {.tol = 1e-6, .max_iter = 200'000}).solve();
    const svm::SmoResult judge = svm::ref::solve(k, problem.y, problem.c, 1e-6, 20'000);
    if (!judge.converged || !got.converged) continue;
    ++judged;
    wrong += std::abs(got.objective - judge.objective) <= 1e-5 * std::max(1.0, std::abs(judge.objective)) ? 0 : 1;
  }
  CHECK(wrong == 0);
  CHECK(judged > problems * 9 / 10);
}

TEST_CASE("tiny problems: SVC fits and is finite, or says that there is one class") {
  const qrs::ThreadLimit one(1);
  qrs::Mt19937 random(2);
  int wrong = 0;
  for (int p = 0; p < problems; ++p) {
    const Tiny tiny(random);
    const SvcParams params{.c = std::pow(10.0, static_cast<double>(random.randint(-3, 3))),
                           .kernel = random.randint(0, 2) == 0 ? "linear" : "rbf",
                           .probability = random.randint(0, 2) == 0,
                           .max_iter = 10'000};
    Svc<float> svc(params);
    const Matrix<float> x = tiny.single();
    const std::string said = error_message([&] { svc.fit(x, tiny.y); });
    if (tiny.classes < 2) {
      wrong += contains(said, "at least two classes") ? 0 : 1;
      continue;
    }
    bool fine = svc.predict(x).size() == tiny.y.size();
    const Matrix<double> values = params.probability ? svc.predict_proba(x) : svc.decision_function(x);
    for (const double value : values.values()) fine = fine && std::isfinite(value);
    wrong += fine ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE(
    "two classes of equal size whose alphas all stand on C, at the moment the solver looks what it can leave out") {
  for (const std::int64_t rows : {1, 2, 3, 999, 1000}) {
    CAPTURE(rows);
    Matrix<float> x(2 * rows, 1);
    std::vector<std::int64_t> y;
    for (std::int64_t i = 0; i < 2 * rows; ++i) {
      y.push_back(i % 2);
      x(i, 0) = static_cast<float>(i % 2) + 0.001F * static_cast<float>(i % 7);
    }
    Svc<float> svc({.c = 0.001});
    svc.fit(x, y);
    CHECK(svc.converged());
    CHECK(std::isfinite(svc.intercept()[0]));
  }
}

TEST_CASE("tiny problems: a tree's first split leaves as little as the plain one's") {
  const qrs::ThreadLimit one(1);
  qrs::Mt19937 random(3);
  int wrong = 0;
  for (int p = 0; p < problems; ++p) {
    const Tiny tiny(random);
    const Matrix<float> x = tiny.single();
    DecisionTreeClassifier<float> whole;
    whole.fit(x, tiny.y);
    DecisionTreeClassifier<float> stump({.max_depth = 1});
    stump.fit(x, tiny.y);
    qrs::Array<std::int64_t> rows;
    for (std::int64_t i = 0; i < x.rows(); ++i) rows.push_back(i);
    const Tree judge = ref::grow_tree(x, tiny.y, rows, tiny.classes, 1);
    const bool same = std::abs(impurity_left(stump.tree()) - impurity_left(judge)) <= 1e-9;
    wrong += same && whole.predict(x).size() == tiny.y.size() ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("tiny problems: so does every tree of a forest") {
  const qrs::ThreadLimit one(1);
  qrs::Mt19937 random(4);
  int wrong = 0;
  for (int p = 0; p < problems; ++p) {
    const Tiny tiny(random);
    const Matrix<float> x = tiny.single();
    RandomForestClassifier<float> forest({.n_estimators = 3, .max_depth = 1, .max_features = {}});
    forest.fit(x, tiny.y);
    const auto judge = ref::grow_forest(x, tiny.y, tiny.classes, 3, 1, 0);
    for (std::int64_t t = 0; t < 3; ++t) {
      const double left = impurity_left(forest.trees()[static_cast<std::size_t>(t)]);
      wrong += std::abs(left - impurity_left(judge[t])) <= 1e-9 ? 0 : 1;
    }
    wrong += forest.predict(x).size() == tiny.y.size() ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("tiny problems: a boosted split leaves the squared error of the plain one, and classes are told or refused") {
  const qrs::ThreadLimit one(1);
  qrs::Mt19937 random(5);
  int wrong = 0;
  for (int p = 0; p < problems; ++p) {
    const Tiny tiny(random);
    const Matrix<float> x = tiny.single();
    const std::string method = p % 2 == 0 ? "exact" : "hist";
    std::vector<double> values;
    for (const std::int64_t label : tiny.y) values.push_back(static_cast<double>(label) + 0.25);
    GradientBoostingRegressor<float> regressor({.n_estimators = 1,
                                                .learning_rate = 1.0,
                                                .max_depth = 1,
                                                .reg_lambda = 0.0,
                                                .tree_method = method,
                                                .base_score = 0.5});
    regressor.fit(x, values);
    const std::vector<double> got = regressor.predict(x);
    std::vector<double> g;
    for (const double value : values) g.push_back(0.5 - value);
    const std::vector<double> h(g.size(), 1.0);
    const qrs::Array<double> judge = boosting::ref::grow_tree({x, g, h}, {.lambda = 0.0, .max_depth = 1});
    double error = 0.0;
    double error_of_judge = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      error += (values[i] - got[i]) * (values[i] - got[i]);
      const double margin = 0.5 + judge[static_cast<std::int64_t>(i)];
      error_of_judge += (values[i] - margin) * (values[i] - margin);
    }
    wrong += std::abs(error - error_of_judge) <= 1e-5 ? 0 : 1;

    GradientBoostingClassifier<float> classifier({.n_estimators = 2, .tree_method = method});
    const std::string said = error_message([&] { classifier.fit(x, tiny.y); });
    const bool told =
        tiny.classes < 2 ? contains(said, "at least two classes") : classifier.predict(x).size() == tiny.y.size();
    wrong += told ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("tiny problems: principal components have the variances of the plain ones") {
  const qrs::ThreadLimit one(1);
  qrs::Mt19937 random(6);
  int wrong = 0;
  for (int p = 0; p < problems; ++p) {
    const Tiny tiny(random);
    Pca<double> pca;
    const std::string said = error_message([&] { pca.fit(tiny.x); });
    if (tiny.x.rows() < 2) {
      wrong += contains(said, "at least 2 samples") ? 0 : 1;
      continue;
    }
    const pca::ref::Components judge = pca::ref::fit(tiny.x);
    const std::vector<double>& variance = pca.explained_variance();
    const double scale = std::max(1.0, judge.variance[0]);
    for (std::size_t i = 0; i < variance.size(); ++i) {
      const double expected = judge.variance[static_cast<std::int64_t>(i)];
      wrong += std::abs(variance[i] - expected) <= 1e-9 * scale ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
}
