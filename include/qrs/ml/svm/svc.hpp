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
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../../core/argmax.hpp"
#include "../../core/array.hpp"
#include "../estimator.hpp"
#include "decisions.hpp"
#include "gamma.hpp"
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
  std::int64_t max_iter = -1;  // steps of a pair; -1: 10^7, or 100 a row where that is more
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
  std::int64_t features() const override { return machine_.state().features; }
  Facts facts() const override {
    const auto sum = [](const std::vector<std::int64_t>& counts) {
      return static_cast<double>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0}));
    };
    Facts out{{"support_vectors", sum(n_support())}, {"steps", sum(n_iter())}};
    if (!converged_ && !n_iter_.empty()) out.emplace_back("converged", 0.0);  // max_iter came before tol
    return out;
  }
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
  Matrix<double> ranking_scores(MatrixView<T> x) const override { return decision_ovr(x); }
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
  std::int64_t class_count() const { return machine_.state().classes(); }
  bool binary() const { return class_count() == 2; }
  void adopt(svm::MachineState<T> state) {
    svm::check_machine(state);
    machine_ = svm::Machine<T>(std::move(state));
    n_iter_.clear();
    converged_ = true;
  }
  void check_params() const;
  svm::Kernel kernel_for(MatrixView<T> x) const;
  svm::TrainSet train_set(const ClassIndex& classes, std::span<const double> sample_weight,
                          Array<std::int64_t>& order) const;
  svm::KernelSource<T> kernel_source(const svm::Kernel& kernel, MatrixView<T> x, Array<std::int64_t> order,
                                     std::int64_t& cache_bytes) const;
  Matrix<double> pair_values(MatrixView<T> x) const;
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
  if (out.precomputed()) {
    out.gamma = 0.0;
  } else if (params_.gamma.is_number()) {
    out.gamma = params_.gamma.as_number();
  } else {
    out.gamma = params_.gamma.is_word("auto") ? 1.0 / static_cast<double>(x.cols()) : svm::scale_gamma(x);
  }
  return out;
}

/// Rows in the order of their classes; those of weight 0 are as if they were not there. `order` receives the row of each
/// point.
template <class T>
svm::TrainSet Svc<T>::train_set(const ClassIndex& classes, std::span<const double> sample_weight,
                                Array<std::int64_t>& order) const {
  const std::vector<double> class_weight = params_.class_weight.of("svc", classes);
  svm::TrainSet set;
  set.labels = classes.labels();
  for (std::int64_t c = 0; c < classes.size(); ++c) {
    const double of_class = class_weight[c];
    QRS_CHECK(of_class > 0.0, "[svc] expected a weight > 0 of class ", set.labels[c], ", got ", of_class);
    set.class_begin.push_back(order.size());
    for (std::int64_t i = 0; i < std::ssize(classes.codes()); ++i) {
      const double weight = sample_weight.empty() ? 1.0 : sample_weight[i];
      if (classes.codes()[i] != c || weight <= 0.0) continue;
      order.push_back(i);
      set.c.push_back(params_.c * of_class * weight);
    }
    QRS_CHECK(order.size() > set.class_begin.back(),
              "[svc] expected a row of positive weight in every class, got none in class ", set.labels[c]);
  }
  set.class_begin.push_back(order.size());
  return set;
}

/// The kernel of the rows of `order`. Where the matrix of all takes at most a quarter of the cache's bytes it is computed
/// now, and they are taken off.
template <class T>
svm::KernelSource<T> Svc<T>::kernel_source(const svm::Kernel& kernel, MatrixView<T> x, Array<std::int64_t> order,
                                           std::int64_t& cache_bytes) const {
  if (kernel.precomputed()) return svm::KernelSource<T>(kernel, x, std::move(order));
  Matrix<T> samples = take_rows<T>(x, std::span<const std::int64_t>(order));
  if (kernel.kind == svm::KernelKind::rbf) svm::center_columns(samples);
  const double factor = svm::scale_samples(kernel, samples);
  svm::KernelSource<T> out(svm::scaled_kernel(kernel, factor), std::move(samples));
  const std::int64_t whole = out.size() * out.size() * std::int64_t{sizeof(float)};
  if (whole <= cache_bytes / 4) {
    out.compute_whole();
    cache_bytes -= whole;
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
  Array<std::int64_t> order;
  const svm::TrainSet set = train_set(classes, sample_weight, order);

  svm::TrainParams train;
  const auto budget = static_cast<std::int64_t>(params_.cache_size * 1048576.0);
  train.smo = {.tol = params_.tol, .shrinking = params_.shrinking, .max_iter = params_.max_iter, .cache_bytes = budget};
  train.probability = params_.probability;
  train.seed = static_cast<std::uint32_t>(params_.random_state);
  train.observer = this->observer();
  train.tracer = this->tracer();

  const svm::OneVsOne trained = [&] {
    const svm::KernelSource<T> source = kernel_source(kernel, x, order, train.smo.cache_bytes);
    return svm::OneVsOneTrainer<T>(source, set, train).train();
  }();

  svm::check_trained(kernel, x, set, trained);
  machine_ = svm::Machine<T>(svm::collect_machine<T>(kernel, x, set, order, trained));
  n_iter_.clear();
  converged_ = true;
  for (const svm::SmoResult& pair : trained.pairs) {
    n_iter_.push_back(pair.steps);
    converged_ = converged_ && pair.converged;
  }
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
  return binary() ? decision_ovo(x) : svm::one_versus_rest(pair_values(x), class_count());
}

template <class T>
Matrix<double> Svc<T>::decision_function(MatrixView<T> x) const {
  return params_.decision_function_shape == "ovo" ? decision_ovo(x) : decision_ovr(x);
}

/// The label of the largest score of each row, the first of equals.
template <class T>
std::vector<std::int64_t> Svc<T>::largest(const Matrix<double>& scores) const {
  std::vector<std::int64_t> out;
  for (std::int64_t r = 0; r < scores.rows(); ++r) out.push_back(classes()[argmax(scores.row(r), scores.cols())]);
  return out;
}

template <class T>
Matrix<double> Svc<T>::probabilities(const Matrix<double>& pairs) const {
  return svm::coupled_probabilities(pairs, class_count(), machine_.state().sigmoids);
}

template <class T>
Matrix<double> Svc<T>::predict_proba(MatrixView<T> x) const {
  QRS_CHECK(!fitted() || !machine_.state().sigmoids.empty(),
            "[svc] expected probability true when it was fitted, got false: there are no probabilities without it; fit "
            "again with probability=true (qrs fit svc --param probability=true)");
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
  const bool break_ties = params_.break_ties && !binary();
  return largest(break_ties ? svm::one_versus_rest(pairs, class_count()) : svm::votes(pairs, class_count()));
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
