// Support vector classification: C-SVC, one machine for each pair of classes, as scikit-learn's SVC over LIBSVM.
//
//   qrs::ml::Svc<float> svc({.c = 10.0, .gamma = "scale"});
//   svc.fit(x, y);   auto labels = svc.predict(x_new);   auto scores = svc.decision_function(x_new);
//
// Names, defaults and signs are scikit-learn's: a binary decision value is positive for the second class; `ovo` values
// are those of the pairs (0, 1), (0, 2), ..., positive for the first of the two; `ovr` values are votes plus squashed sums.
// Classes are counted in the order of their labels, whatever the order of the samples.
// What differs: probabilities use a portable generator seeded by random_state (default 0) and folds that keep the share of
// the classes; with `consistent` the prediction is the class of greatest probability (elsewhere the two may disagree, as
// in LIBSVM: scikit-learn#13211); gamma must be > 0; class weights must be > 0. Features are computed in T: Svc<double>
// solves LIBSVM's problem to the last digit, Svc<float> is the fast one. Kernel rows are floats in both, as in LIBSVM.
// Source: Chang and Lin 2011, LIBSVM, A library for support vector machines; the parts name theirs.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../estimator.hpp"
#include "coupling.hpp"
#include "machine_state.hpp"
#include "one_vs_one.hpp"

namespace qrs::ml {

struct SvcParams {
  double c = 1.0;              // "C"
  std::string kernel = "rbf";  // linear, poly, rbf, sigmoid, precomputed
  std::int64_t degree = 3;     // of poly
  ParamValue gamma = "scale";  // scale: 1 / (features * variance of all x); auto: 1 / features; or a number > 0
  double coef0 = 0.0;          // of poly and sigmoid
  bool shrinking = true;
  bool probability = false;
  double tol = 1e-3;
  double cache_size = 200.0;  // MB (2^20 bytes), for all pairs together
  ClassWeight class_weight = ClassWeight();
  std::int64_t max_iter = -1;  // steps of a pair; -1 for no limit
  std::string decision_function_shape = "ovr";
  bool break_ties = false;
  std::int64_t random_state = 0;  // seed of the folds for probabilities; there is no hidden generator
  bool consistent = false;        // predict the class of greatest probability
};

template <class T>
class Svc final : public Classifier<T> {
 public:
  explicit Svc(SvcParams params = {}) : params_(std::move(params)) {}
  /// A machine that was trained elsewhere. Throws where its parts do not fit each other.
  Svc(SvcParams params, svm::MachineState<T> state) : params_(std::move(params)) { adopt(std::move(state)); }

  const SvcParams& settings() const { return params_; }

  std::string name() const override { return "svc"; }
  void visit_params(ParamVisitor& visit) override {
    visit("C", params_.c);
    visit("kernel", params_.kernel);
    visit("degree", params_.degree);
    visit("gamma", params_.gamma);
    visit("coef0", params_.coef0);
    visit("shrinking", params_.shrinking);
    visit("probability", params_.probability);
    visit("tol", params_.tol);
    visit("cache_size", params_.cache_size);
    visit("class_weight", params_.class_weight);
    visit("max_iter", params_.max_iter);
    visit("decision_function_shape", params_.decision_function_shape);
    visit("break_ties", params_.break_ties);
    visit("random_state", params_.random_state);
    visit("consistent", params_.consistent);
  }

  const std::vector<std::int64_t>& classes() const override { return machine_.state().labels; }
  std::unique_ptr<Classifier<T>> clone() const override { return std::make_unique<Svc<T>>(*this); }

  std::vector<std::int64_t> predict(MatrixView<T> x) const override;
  Matrix<double> predict_proba(MatrixView<T> x) const override;
  /// (rows, pairs), or (rows, 1) with two classes; in the shape that decision_function_shape names.
  Matrix<double> decision_function(MatrixView<T> x) const;
  Matrix<double> decision_ovo(MatrixView<T> x) const;
  /// (rows, classes), or (rows, 1) with two classes.
  Matrix<double> decision_ovr(MatrixView<T> x) const;

  /// Support vectors of each class, and their rows in the training data, ordered by class.
  const std::vector<std::int64_t>& n_support() const { return machine_.state().n_support; }
  const std::vector<std::int64_t>& support() const { return machine_.state().support; }
  const Matrix<T>& support_vectors() const { return machine_.state().vectors; }
  /// (classes - 1, support vectors): y alpha, with scikit-learn's signs.
  Matrix<double> dual_coef() const;
  /// One a pair, with scikit-learn's signs.
  std::vector<double> intercept() const;
  /// The number that gamma was; what LIBSVM's model file needs.
  const svm::MachineState<T>& state() const { return machine_.state(); }

  /// Steps of each pair in the last fit, and whether all pairs met tol before max_iter.
  const std::vector<std::int64_t>& n_iter() const { return n_iter_; }
  bool converged() const { return converged_; }

  void save(io::StateDict& out, const std::string& prefix) const override {
    QRS_CHECK(fitted(), "[svc] expected a fitted learner to save, got one that is not: call fit first");
    svm::save_machine(machine_.state(), out, prefix);
  }
  void load(const io::StateDict& in, const std::string& prefix) override { adopt(svm::load_machine<T>(in, prefix)); }

 protected:
  void fit_checked(MatrixView<T> x, Labels y, std::span<const double> sample_weight) override;

 private:
  bool fitted() const { return machine_.state().features > 0; }
  bool binary() const { return machine_.state().classes() == 2; }
  void adopt(svm::MachineState<T> state) {
    svm::check_machine(state);
    machine_ = svm::Machine<T>(std::move(state));
    n_iter_.clear();
    converged_ = true;
  }
  void check_params() const;
  svm::Kernel kernel_for(MatrixView<T> x) const;
  Matrix<double> pair_values(MatrixView<T> x) const;
  Matrix<double> one_versus_rest(const Matrix<double>& pairs) const;
  std::vector<std::int64_t> vote(const Matrix<double>& pairs) const;
  Matrix<double> probabilities(const Matrix<double>& pairs) const;
  std::vector<std::int64_t> largest(const Matrix<double>& scores) const;

  SvcParams params_;
  svm::Machine<T> machine_;
  std::vector<std::int64_t> n_iter_;
  bool converged_ = false;
};

// ---- fit -----------------------------------------------------------------------------------------------------------------

template <class T>
void Svc<T>::check_params() const {
  const SvcParams& p = params_;
  QRS_CHECK(std::isfinite(p.c) && p.c > 0.0, "[svc] expected C > 0, got ", p.c);
  QRS_CHECK(std::find(svm::kernel_names.begin(), svm::kernel_names.end(), p.kernel) != svm::kernel_names.end(),
            "[svc] expected kernel linear, poly, rbf, sigmoid or precomputed, got ", p.kernel);
  QRS_CHECK(p.degree >= 0, "[svc] expected degree >= 0, got ", p.degree);
  QRS_CHECK(p.gamma.is_word("scale") || p.gamma.is_word("auto") ||
                (p.gamma.is_number() && std::isfinite(p.gamma.as_number()) && p.gamma.as_number() > 0.0),
            "[svc] expected gamma scale, auto or a number > 0, got ", p.gamma);
  QRS_CHECK(std::isfinite(p.coef0), "[svc] expected a finite coef0, got ", p.coef0);
  QRS_CHECK(std::isfinite(p.tol) && p.tol > 0.0, "[svc] expected tol > 0, got ", p.tol);
  QRS_CHECK(p.cache_size > 0.0 && p.cache_size <= 1e9, "[svc] expected cache_size in (0, 1e9] MB, got ", p.cache_size);
  QRS_CHECK(p.max_iter >= -1, "[svc] expected max_iter >= -1, got ", p.max_iter);
  QRS_CHECK(p.decision_function_shape == "ovr" || p.decision_function_shape == "ovo",
            "[svc] expected decision_function_shape ovr or ovo, got ", p.decision_function_shape);
  QRS_CHECK(!p.break_ties || p.decision_function_shape == "ovr",
            "[svc] expected decision_function_shape ovr with break_ties true, got ", p.decision_function_shape);
  QRS_CHECK(!p.consistent || p.probability, "[svc] expected probability true with consistent true, got false");
  QRS_CHECK(p.random_state >= 0 && p.random_state <= std::numeric_limits<std::uint32_t>::max(),
            "[svc] expected random_state in [0, 2^32), got ", p.random_state);
  QRS_CHECK(!p.class_weight.balanced_subsample,
            "[svc] expected class_weight none, balanced or a list, got balanced_subsample");
}

/// The kernel with gamma as a number. The variance is that of all of x, as scikit-learn's.
template <class T>
svm::Kernel Svc<T>::kernel_for(MatrixView<T> x) const {
  svm::Kernel out;
  out.kind = static_cast<svm::KernelKind>(
      std::find(svm::kernel_names.begin(), svm::kernel_names.end(), params_.kernel) - svm::kernel_names.begin());
  out.coef0 = params_.coef0;
  out.degree = params_.degree;
  const auto features = static_cast<double>(x.cols());
  if (out.precomputed()) {
    out.gamma = 0.0;
  } else if (params_.gamma.is_number()) {
    out.gamma = params_.gamma.as_number();
  } else if (params_.gamma.is_word("auto")) {
    out.gamma = 1.0 / features;
  } else {
    const double count = static_cast<double>(x.rows()) * features;
    double sum = 0.0;
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      double row = 0.0;
      for (std::int64_t j = 0; j < x.cols(); ++j) row += static_cast<double>(x(i, j));
      sum += row;
    }
    const double mean = sum / count;
    double squares = 0.0;
    for (std::int64_t i = 0; i < x.rows(); ++i) {
      double row = 0.0;
      for (std::int64_t j = 0; j < x.cols(); ++j) {
        const double difference = static_cast<double>(x(i, j)) - mean;
        row += difference * difference;
      }
      squares += row;
    }
    const double variance = squares / count;
    out.gamma = variance > 0.0 ? 1.0 / (features * variance) : 1.0;
    QRS_CHECK(std::isfinite(out.gamma), "[svc] expected a variance of x that gamma scale can be made of, got ",
              variance);
  }
  return out;
}

template <class T>
void Svc<T>::fit_checked(MatrixView<T> x, Labels y, std::span<const double> sample_weight) {
  check_params();
  check_samples("svc", x);
  const svm::Kernel kernel = kernel_for(x);
  QRS_CHECK(!kernel.precomputed() || x.rows() == x.cols(),
            "[svc] expected a square matrix with kernel precomputed, got ", x.rows(), " x ", x.cols());
  QRS_CHECK(x.rows() < std::numeric_limits<std::int32_t>::max(), "[svc] expected fewer than 2^31 rows, got ", x.rows());
  const ClassIndex classes("svc", y);
  const std::int64_t k = classes.size();
  QRS_CHECK(k >= 2, "[svc] expected at least two classes, got one: label ", classes.labels()[0], " in all ", y.size(),
            " rows");
  const std::vector<double> class_weight = params_.class_weight.of("svc", classes);

  // Rows in the order of their classes; those of weight 0 are as if they were not there.
  svm::TrainSet set;
  set.labels = classes.labels();
  std::vector<std::int64_t> order;
  for (std::int64_t c = 0; c < k; ++c) {
    const double of_class = class_weight[static_cast<std::size_t>(c)];
    QRS_CHECK(of_class > 0.0, "[svc] expected a weight > 0 of class ", classes.labels()[static_cast<std::size_t>(c)],
              ", got ", of_class);
    set.class_begin.push_back(static_cast<std::int64_t>(order.size()));
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double weight = sample_weight.empty() ? 1.0 : sample_weight[i];
      if (classes.codes()[i] != c || weight <= 0.0) continue;
      order.push_back(static_cast<std::int64_t>(i));
      set.c.push_back(params_.c * of_class * weight);
    }
    QRS_CHECK(static_cast<std::int64_t>(order.size()) > set.class_begin.back(),
              "[svc] expected a row of positive weight in every class, got none in class ",
              classes.labels()[static_cast<std::size_t>(c)]);
  }
  set.class_begin.push_back(static_cast<std::int64_t>(order.size()));

  svm::TrainParams train;
  const auto budget = static_cast<std::int64_t>(params_.cache_size * 1048576.0);
  train.smo = {.tol = params_.tol, .shrinking = params_.shrinking, .max_iter = params_.max_iter, .cache_bytes = budget};
  train.probability = params_.probability;
  train.seed = static_cast<std::uint32_t>(params_.random_state);
  train.observer = this->observer();
  train.tracer = this->tracer();

  std::unique_ptr<svm::KernelSource<T>> source;
  if (kernel.precomputed()) {
    source = std::make_unique<svm::KernelSource<T>>(kernel, x, order);
  } else {
    Matrix<T> samples = take_rows<T>(x, std::span<const std::int64_t>(order));
    if (kernel.kind == svm::KernelKind::rbf) svm::center_columns(samples);
    source = std::make_unique<svm::KernelSource<T>>(kernel, std::move(samples));
    const std::int64_t whole = source->size() * source->size() * static_cast<std::int64_t>(sizeof(float));
    if (whole <= budget / 4) {
      source->compute_whole();
      train.smo.cache_bytes -= whole;
    }
  }
  svm::OneVsOne trained = svm::OneVsOneTrainer<T>(*source, set, train).train();

  svm::MachineState<T> state = svm::collect_machine<T>(kernel, x, set, order, trained);
  n_iter_.clear();
  converged_ = true;
  for (const svm::SmoResult& pair : trained.pairs) {
    n_iter_.push_back(pair.steps);
    converged_ = converged_ && pair.converged;
  }
  source.reset();
  machine_ = svm::Machine<T>(std::move(state));
}

// ---- predict -------------------------------------------------------------------------------------------------------------

template <class T>
Matrix<double> Svc<T>::pair_values(MatrixView<T> x) const {
  check_columns("svc", x, machine_.state().features);
  check_samples("svc", x);
  return machine_.decide(x);
}

template <class T>
Matrix<double> Svc<T>::decision_ovo(MatrixView<T> x) const {
  Matrix<double> out = pair_values(x);
  if (binary()) {
    for (std::int64_t i = 0; i < out.rows(); ++i) out(i, 0) = -out(i, 0);
  }
  return out;
}

template <class T>
Matrix<double> Svc<T>::decision_ovr(MatrixView<T> x) const {
  return binary() ? decision_ovo(x) : one_versus_rest(pair_values(x));
}

template <class T>
Matrix<double> Svc<T>::decision_function(MatrixView<T> x) const {
  return params_.decision_function_shape == "ovo" ? decision_ovo(x) : decision_ovr(x);
}

/// Votes, and in between the sum of the values squashed into (-1/3, 1/3), which breaks ties and never overturns a vote.
template <class T>
Matrix<double> Svc<T>::one_versus_rest(const Matrix<double>& pairs) const {
  const std::int64_t k = machine_.state().classes();
  Matrix<double> out(pairs.rows(), k);
  std::vector<double> sums(static_cast<std::size_t>(k));
  for (std::int64_t r = 0; r < pairs.rows(); ++r) {
    std::fill(sums.begin(), sums.end(), 0.0);
    std::int64_t pair = 0;
    for (std::int64_t a = 0; a < k; ++a) {
      for (std::int64_t b = a + 1; b < k; ++b, ++pair) {
        const double value = pairs(r, pair);
        sums[static_cast<std::size_t>(a)] += value;
        sums[static_cast<std::size_t>(b)] -= value;
        out(r, value < 0.0 ? b : a) += 1.0;
      }
    }
    for (std::int64_t c = 0; c < k; ++c) {
      const double sum = sums[static_cast<std::size_t>(c)];
      out(r, c) += sum / (3.0 * (std::abs(sum) + 1.0));
    }
  }
  return out;
}

/// The label of the largest score of each row, the first of equals.
template <class T>
std::vector<std::int64_t> Svc<T>::largest(const Matrix<double>& scores) const {
  std::vector<std::int64_t> out;
  out.reserve(static_cast<std::size_t>(scores.rows()));
  for (std::int64_t r = 0; r < scores.rows(); ++r) {
    const double* row = scores.row(r);
    out.push_back(classes()[static_cast<std::size_t>(std::max_element(row, row + scores.cols()) - row)]);
  }
  return out;
}

template <class T>
std::vector<std::int64_t> Svc<T>::vote(const Matrix<double>& pairs) const {
  const std::int64_t k = machine_.state().classes();
  Matrix<double> votes(pairs.rows(), k);
  for (std::int64_t r = 0; r < pairs.rows(); ++r) {
    std::int64_t pair = 0;
    for (std::int64_t a = 0; a < k; ++a) {
      for (std::int64_t b = a + 1; b < k; ++b, ++pair) votes(r, pairs(r, pair) > 0.0 ? a : b) += 1.0;
    }
  }
  return largest(votes);
}

template <class T>
Matrix<double> Svc<T>::probabilities(const Matrix<double>& pairs) const {
  constexpr double least = 1e-7;  // LIBSVM's bound: a pair is never certain
  const std::int64_t k = machine_.state().classes();
  Matrix<double> out(pairs.rows(), k);
  std::vector<double> r(static_cast<std::size_t>(k * k), 0.0);
  for (std::int64_t i = 0; i < pairs.rows(); ++i) {
    std::int64_t pair = 0;
    for (std::int64_t a = 0; a < k; ++a) {
      for (std::int64_t b = a + 1; b < k; ++b, ++pair) {
        const double p = machine_.state().sigmoids[static_cast<std::size_t>(pair)](pairs(i, pair));
        r[static_cast<std::size_t>(a * k + b)] = std::clamp(p, least, 1.0 - least);
        r[static_cast<std::size_t>(b * k + a)] = 1.0 - r[static_cast<std::size_t>(a * k + b)];
      }
    }
    svm::couple_pairs(r, std::span<double>(out.row(i), static_cast<std::size_t>(k)));
  }
  return out;
}

template <class T>
Matrix<double> Svc<T>::predict_proba(MatrixView<T> x) const {
  QRS_CHECK(!fitted() || !machine_.state().sigmoids.empty(),
            "[svc] expected probability true when it was fitted, got false: predict_proba has no sigmoids");
  return probabilities(pair_values(x));
}

template <class T>
std::vector<std::int64_t> Svc<T>::predict(MatrixView<T> x) const {
  const Matrix<double> pairs = pair_values(x);
  if (params_.consistent) {
    QRS_CHECK(!machine_.state().sigmoids.empty(),
              "[svc] expected probability true when it was fitted, with consistent true, got false");
    return largest(probabilities(pairs));
  }
  return params_.break_ties && !binary() ? largest(one_versus_rest(pairs)) : vote(pairs);
}

template <class T>
Matrix<double> Svc<T>::dual_coef() const {
  Matrix<double> out = machine_.state().coefficients;
  if (binary()) {
    for (std::int64_t i = 0; i < out.cols(); ++i) out(0, i) = -out(0, i);
  }
  return out;
}

template <class T>
std::vector<double> Svc<T>::intercept() const {
  std::vector<double> out = machine_.state().rho;
  if (!binary()) {
    for (double& value : out) value = -value;
  }
  return out;
}

}  // namespace qrs::ml
