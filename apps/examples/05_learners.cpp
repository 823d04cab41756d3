// Lesson 5: learners on features. Scaling, principal components and a support vector machine as one model, its parameters
// chosen by cross-validation, its score with an interval, and the same beside a random forest.
//
//   example_05_learners [ROWS]      default 600
//
// The data are drawn: four classes, 40 features, of which six say something. The search sees the training rows alone; a
// pipeline's scaler and PCA are fitted anew inside every fold, so no row that scores a candidate has shaped it.
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "qrs/core/rng.hpp"
#include "qrs/data/split.hpp"
#include "qrs/metrics/hypothesis.hpp"
#include "qrs/metrics/intervals.hpp"
#include "qrs/metrics/scores.hpp"
#include "qrs/ml/forest/random_forest_classifier.hpp"
#include "qrs/ml/pca/pca.hpp"
#include "qrs/ml/pipeline.hpp"
#include "qrs/ml/scaler.hpp"
#include "qrs/ml/search.hpp"
#include "qrs/ml/svm/svc.hpp"

namespace {

using namespace qrs::ml;

constexpr std::int64_t classes = 4;
constexpr std::int64_t features = 40;
constexpr std::int64_t informative = 6;

/// The share of right answers and its 95 % interval.
double print_score(const char* name, const std::vector<std::int64_t>& truth, const std::vector<std::int64_t>& answer) {
  const double accuracy = qrs::metrics::accuracy(truth, answer);
  const auto n = static_cast<std::int64_t>(truth.size());
  const auto right = static_cast<std::int64_t>(std::lround(accuracy * static_cast<double>(n)));
  const qrs::metrics::Interval interval = qrs::metrics::wilson_interval(right, n);
  std::printf("%-16s %.3f of %lld test rows, 95 %% interval %.3f to %.3f\n", name, accuracy, static_cast<long long>(n),
              interval.low, interval.high);
  return accuracy;
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string first = argc > 1 ? argv[1] : "";
  const std::int64_t rows = argc > 1 ? std::atoll(argv[1]) : 600;
  if (argc > 2 || rows < 100) {
    std::puts("usage: example_05_learners [ROWS]     with ROWS >= 100");
    return first == "--help" ? 0 : 2;
  }
  qrs::Rng rng(0);
  Matrix<float> x(rows, features);
  std::vector<std::int64_t> y;
  for (std::int64_t i = 0; i < rows; ++i) {
    y.push_back(i % classes);
    for (std::int64_t j = 0; j < features; ++j) {
      const double mean = j < informative && (j + i) % classes == 0 ? 1.5 : 0.0;
      x(i, j) = static_cast<float>(rng.normal(mean, 1.0));
    }
  }
  const qrs::data::Split split = qrs::data::train_test_split(y, {.test_size = 0.25, .random_state = 42});
  const Matrix<float> x_train = take_rows<float>(MatrixView<float>(x), split.train);
  const Matrix<float> x_test = take_rows<float>(MatrixView<float>(x), split.test);
  const std::vector<std::int64_t> y_train = take<std::int64_t>(y, split.train);
  const std::vector<std::int64_t> y_test = take<std::int64_t>(y, split.test);

  const auto model = pipeline<float>(StandardScaler<float>(), Pca<float>(), Svc<float>());
  const ParamGrid grid{{"pca.n_components", {10, 0.9}}, {"svc.C", {0.1, 1.0, 10.0}}, {"svc.gamma", {"scale", 0.01}}};
  const auto found = grid_search(model, grid, x_train, y_train, {.folds = 5});
  std::printf("best of %lld candidates: %s, accuracy %.3f over 5 folds\n", static_cast<long long>(grid.size()),
              candidate_text(found.best_params).c_str(), found.best_score);

  RandomForestClassifier<float> forest({.n_estimators = 100});
  forest.fit(x_train, y_train);
  const std::vector<std::int64_t> by_machine = found.best->predict(x_test);
  const std::vector<std::int64_t> by_forest = forest.predict(x_test);
  const double best = print_score("support vectors", y_test, by_machine);
  print_score("random forest", y_test, by_forest);
  const qrs::metrics::McNemar test = qrs::metrics::mcnemar_exact(y_test, by_machine, by_forest);
  std::printf("McNemar's exact test of the two: p = %.3f\n", test.p_value);
  return best > 1.5 / static_cast<double>(classes) ? 0 : 1;
} catch (const qrs::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
