// Permutation importance: how much worse a fitted classifier scores when one feature is shuffled. For any classifier.
//
//   importance(j, r) = accuracy(x) - accuracy(x with column j shuffled, r-th time)
//
// Unlike the impurity decrease it is measured on any data (take rows the model has not seen), and does not favour features
// of many values. The shuffles are scikit-learn's (inspection.permutation_importance), index for index.
// Source: Breiman, Random forests, Machine Learning 45, 2001, section 10.
#pragma once

#include <cmath>
#include <cstdint>
#include <numeric>
#include <span>
#include <vector>

#include "../../core/error.hpp"
#include "../../core/parallel.hpp"
#include "../../core/rng.hpp"
#include "../estimator.hpp"
#include "../labels.hpp"
#include "../matrix.hpp"

namespace qrs::ml {

struct PermutationImportanceOptions {
  std::int64_t n_repeats = 5;
  std::int64_t random_state = 0;  // seed in [0, 2^32)
};

struct PermutationImportance {
  Matrix<double> importances;  // (features, repeats)
  std::vector<double> mean;    // of each feature
  std::vector<double> std;     // over the repeats, without Bessel's correction
};

/// Shuffles one feature at a time and measures the loss of accuracy; features are worked on in parallel.
template <class T>
PermutationImportance permutation_importance(const Classifier<T>& model, MatrixView<T> x, Labels y,
                                             PermutationImportanceOptions options = {}) {
  check_targets("permutation_importance", x.rows(), y.size(), {});
  QRS_CHECK(x.rows() > 0 && options.n_repeats >= 1, "[permutation_importance] expected rows and n_repeats >= 1, got ",
            x.rows(), " rows and n_repeats ", options.n_repeats);
  QRS_CHECK(options.random_state >= 0 && options.random_state <= 0xffffffffLL,
            "[permutation_importance] expected random_state in [0, 2^32), got ", options.random_state);
  const auto accuracy = [&](MatrixView<T> rows) {
    const std::vector<std::int64_t> predicted = model.predict(rows);
    std::int64_t right = 0;
    for (std::size_t i = 0; i < predicted.size(); ++i) right += predicted[i] == y[i] ? 1 : 0;
    return static_cast<double>(right) / static_cast<double>(predicted.size());
  };
  const double baseline = accuracy(x);
  const auto seed =
      static_cast<std::uint32_t>(Mt19937(static_cast<std::uint32_t>(options.random_state)).randint(0, 0x80000000LL));

  PermutationImportance out;
  out.importances = Matrix<double>(x.cols(), options.n_repeats);
  out.mean.resize(x.cols());
  out.std.resize(x.cols());
  parallel_for(x.cols(), [&](std::int64_t j) {
    Matrix<T> shuffled = convert<T>(x);
    std::vector<std::int64_t> order(x.rows());
    std::iota(order.begin(), order.end(), std::int64_t{0});
    Mt19937 random(seed);
    double sum = 0.0;
    for (std::int64_t r = 0; r < options.n_repeats; ++r) {
      random.shuffle(std::span(order));
      std::vector<T> column(order.size());
      for (std::size_t i = 0; i < order.size(); ++i) column[i] = shuffled(order[i], j);
      for (std::size_t i = 0; i < order.size(); ++i) shuffled(static_cast<std::int64_t>(i), j) = column[i];
      out.importances(j, r) = baseline - accuracy(shuffled);
      sum += out.importances(j, r);
    }
    const double mean = sum / static_cast<double>(options.n_repeats);
    double squares = 0.0;
    for (std::int64_t r = 0; r < options.n_repeats; ++r) squares += std::pow(out.importances(j, r) - mean, 2);
    out.mean[j] = mean;
    out.std[j] = std::sqrt(squares / static_cast<double>(options.n_repeats));
  });
  return out;
}

}  // namespace qrs::ml
