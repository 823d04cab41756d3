// A trained one-vs-one machine: support vectors, the coefficients of every pair of classes, and decision values from them.
//
//   f_ab(x) = sum over the support vectors of classes a and b of coefficient * K(x, v)  -  rho_ab      a < b, > 0 for a
//
// Coefficients stand as LIBSVM's model has them: (k - 1, support vectors), those of class a against class b in row b - 1
// where a < b and in row b where a > b; vectors are ordered by class. Each kernel value is computed once for all pairs.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "../../core/array.hpp"
#include "../matrix.hpp"
#include "kernel_product.hpp"
#include "platt.hpp"

namespace qrs::ml::svm {

/// What a model file holds.
template <class T>
struct MachineState {
  Kernel kernel;
  std::int64_t features = 0;            // columns of x; for precomputed the samples it was fitted on
  std::vector<std::int64_t> labels;     // k, ascending
  std::vector<std::int64_t> n_support;  // of each class
  std::vector<std::int64_t> support;    // rows of the training data; empty where they are not known
  Matrix<T> vectors;                    // (support vectors, features); no rows for precomputed
  Matrix<double> coefficients;          // (k - 1, support vectors)
  std::vector<double> rho;              // of each pair: (0, 1), (0, 2), ..., (1, 2), ...
  std::vector<Sigmoid> sigmoids;        // of each pair, or none

  std::int64_t classes() const { return std::ssize(labels); }
  std::int64_t pairs() const { return classes() * (classes() - 1) / 2; }
  std::int64_t vectors_count() const { return coefficients.cols(); }
};

template <class T>
class Machine {
 public:
  Machine() = default;
  explicit Machine(MachineState<T> state) : state_(std::move(state)) {
    if (!state_.kernel.precomputed()) pack();
  }

  const MachineState<T>& state() const { return state_; }

  /// (rows, pairs): f_ab of each row.
  Matrix<double> decide(MatrixView<T> x) const {
    const std::int64_t k = state_.classes();
    Matrix<double> out(x.rows(), state_.pairs());
    // Few enough rows at a time that the sums of all stay small.
    parallel_chunks(x.rows(), 448, [&](std::int64_t begin, std::int64_t end) {
      Array<double> sums((end - begin) * k * (k - 1));
      if (state_.kernel.precomputed()) {
        sum_precomputed(x, begin, end, sums.data());
      } else {
        sum_computed(x, begin, end, sums.data());
      }
      for (std::int64_t r = begin; r < end; ++r) {
        const double* row = sums.data() + (r - begin) * k * (k - 1);
        std::int64_t pair = 0;
        for (std::int64_t a = 0; a < k; ++a) {
          for (std::int64_t b = a + 1; b < k; ++b, ++pair) {
            out(r, pair) = row[a * (k - 1) + b - 1] + row[b * (k - 1) + a] - state_.rho[pair];
          }
        }
      }
    });
    return out;
  }

 private:
  /// Packs the vectors, each class from a panel of its own, centred where the kernel is of distances.
  void pack() {
    constexpr std::int64_t width = tile::cols<T>;
    const std::int64_t count = state_.vectors_count();
    const std::int64_t features = state_.features;
    Matrix<T> centred = state_.vectors;
    if (state_.kernel.kind == KernelKind::rbf) {
      Array<double> mean(features, 0.0);
      for (std::int64_t i = 0; i < count; ++i) {
        for (std::int64_t j = 0; j < features; ++j) {
          mean[j] += static_cast<double>(centred(i, j)) / static_cast<double>(count);
        }
      }
      center_.assign(mean.begin(), mean.end());
      for (std::int64_t i = 0; i < count; ++i) {
        for (std::int64_t j = 0; j < features; ++j) centred(i, j) -= center_[j];
      }
      factor_ = scale_samples(state_.kernel, centred);
    }
    const Points<T> points(std::move(centred));
    Array<std::int32_t> order;
    std::int64_t next = 0;
    for (const std::int64_t of_class : state_.n_support) {
      product_.group_panels.push_back(order.size() / width);
      for (std::int64_t i = 0; i < of_class; ++i) order.push_back(static_cast<std::int32_t>(next++));
      while (order.size() % width != 0) order.push_back(-1);
    }
    product_.group_panels.push_back(order.size() / width);
    product_.outputs = state_.classes() - 1;
    columns_ = std::make_shared<const KernelColumns<T>>(points, order);
    padded_.assign(product_.outputs * order.size(), 0.0);
    for (std::int64_t o = 0; o < product_.outputs; ++o) {
      for (std::int64_t c = 0; c < order.size(); ++c) {
        if (order[c] >= 0) {
          padded_[o * order.size() + c] = state_.coefficients(o, order[c]);
        }
      }
    }
  }

  void sum_computed(MatrixView<T> x, std::int64_t begin, std::int64_t end, double* sums) const {
    Matrix<T> rows(end - begin, x.cols());
    Array<std::int32_t> which(end - begin);
    for (std::int64_t r = begin; r < end; ++r) {
      which[r - begin] = static_cast<std::int32_t>(r - begin);
      for (std::int64_t j = 0; j < x.cols(); ++j) {
        rows(r - begin, j) = center_.empty() ? x(r, j) : x(r, j) - center_[j];
        if (factor_ != 1.0) rows(r - begin, j) = static_cast<T>(static_cast<double>(rows(r - begin, j)) * factor_);
      }
    }
    kernel_product(scaled_kernel(state_.kernel, factor_), Points<T>(std::move(rows)), which, *columns_, padded_.data(),
                   product_, sums);
  }

  void sum_precomputed(MatrixView<T> x, std::int64_t begin, std::int64_t end, double* sums) const {
    const std::int64_t k = state_.classes();
    for (std::int64_t r = begin; r < end; ++r) {
      std::int64_t v = 0;
      for (std::int64_t a = 0; a < k; ++a) {
        for (std::int64_t i = 0; i < state_.n_support[a]; ++i, ++v) {
          const auto value = static_cast<double>(x(r, state_.support[v]));
          for (std::int64_t o = 0; o < k - 1; ++o) {
            sums[((r - begin) * k + a) * (k - 1) + o] += value * state_.coefficients(o, v);
          }
        }
      }
    }
  }

  MachineState<T> state_;
  Array<T> center_;      // mean of the support vectors: a function of the model, so a loaded one predicts the same
  double factor_ = 1.0;  // of values of an unusual size: scale_samples
  std::shared_ptr<const KernelColumns<T>> columns_;
  Array<double> padded_;
  KernelProductParams product_;
};

}  // namespace qrs::ml::svm
