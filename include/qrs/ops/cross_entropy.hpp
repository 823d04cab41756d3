// Cross-entropy of logits (N, C) and class targets (N): the loss of every classifier here.
//
// The formula stands in softmax_cross_entropy.hpp. Equal to torch.nn.functional.cross_entropy with class targets, its
// defaults included: the mean is over the weights of the targets, rows with ignore_index count nowhere.
// Backward: dlogits += dloss * (softmax - smoothed target), in one pass over the logits.
#pragma once

#include <cmath>

#include "check.hpp"

namespace qrs {

enum class Reduction { mean, sum, none };

template <class T>
struct CrossEntropyOptions {
  Tensor<T> weight = {};                  // (C) class weights; empty: 1
  double label_smoothing = 0.0;           // in [0, 1]: the share of every target that is spread over all classes
  std::int64_t ignore_index = -100;       // a target that says: leave this row out
  Reduction reduction = Reduction::mean;  // none: one loss a row, (N)
};

namespace detail {

/// Checks everything and says what the losses' sum is divided by: the weights of the targets that count.
template <class T>
double check_cross_entropy(const Var<T>& logits, const Tensor<std::int64_t>& targets, const CrossEntropyOptions<T>& o) {
  check_rank("cross_entropy", logits, 2, "(N, C)", "logits");
  const std::int64_t classes = logits.dim(1);
  QRS_CHECK(!targets.empty() && targets.shape() == Shape{logits.dim(0)}, "[cross_entropy] expected targets of shape ",
            Shape{logits.dim(0)}, " for logits ", logits.shape(), ", got ", targets.shape());
  QRS_CHECK(targets.device() == Device::cpu, "[cross_entropy] expected targets on cpu, got ", name(targets.device()));
  QRS_CHECK(o.weight.empty() || o.weight.shape() == Shape{classes}, "[cross_entropy] expected class weights of shape ",
            Shape{classes}, ", got ", o.weight.shape());
  QRS_CHECK(o.weight.empty() || o.weight.device() == logits.device(), "[cross_entropy] expected class weights on ",
            name(logits.device()), ", got ", name(o.weight.device()));
  QRS_CHECK(o.label_smoothing >= 0.0 && o.label_smoothing <= 1.0,
            "[cross_entropy] expected a label smoothing in [0, 1], got ", o.label_smoothing);
  double total = 0.0;
  std::int64_t counted = 0;
  for (std::int64_t row = 0; row < targets.size(); ++row) {
    const std::int64_t target = targets.data()[row];
    if (target == o.ignore_index) continue;
    QRS_CHECK(target >= 0 && target < classes, "[cross_entropy] expected targets in [0, ", classes, "), got ", target,
              " in row ", row);
    total += o.weight.empty() ? 1.0 : static_cast<double>(o.weight.data()[target]);
    ++counted;
  }
  QRS_CHECK(counted > 0 || o.reduction != Reduction::mean,
            "[cross_entropy] expected at least one target other than ignore_index ", o.ignore_index, ", got ",
            targets.size(), " of it");
  QRS_CHECK(o.weight.empty() || o.reduction != Reduction::mean || (total > 0.0 && std::isfinite(total)),
            "[cross_entropy] expected class weights whose sum over the targets is above 0, got ", total);
  return total;
}

}  // namespace detail

/// The loss: rank 0 for mean and sum, (N) for none.
template <class T>
Var<T> cross_entropy(const Var<T>& logits, const Tensor<std::int64_t>& targets, const CrossEntropyOptions<T>& o = {}) {
  const double total_weight = detail::check_cross_entropy(logits, targets, o);
  const Tensor<T>& x = logits.value();
  const std::int64_t rows = x.rows();
  const Tensor<T> weight = o.weight.empty() ? o.weight : o.weight.as_contiguous();
  kernels::CrossEntropyParams<T> p{.rows = rows,
                                   .cols = x.channels(),
                                   .x_pitch = x.pitch(),
                                   .targets = targets.data(),
                                   .weight = weight.data(),
                                   .weight_sum = static_cast<double>(x.channels()),
                                   .smoothing = o.label_smoothing,
                                   .ignore_index = o.ignore_index};
  Tensor<T> losses({rows});  // (N)
  Tensor<T> lse({rows});     // (N)
  on_cpu_only("cross_entropy", x.device(), [&] {
    if (!weight.empty()) {
      p.weight_sum = 0.0;
      for (const T value : weight.values()) p.weight_sum += static_cast<double>(value);
    }
    kernels::cross_entropy_forward_cpu(p, x.data(), losses.data(), lse.data());
  });
  const double scale = o.reduction == Reduction::mean ? 1.0 / total_weight : 1.0;
  const bool reduced = o.reduction != Reduction::none;
  Tensor<T> loss = losses;
  if (reduced) {
    double sum = 0.0;
    for (const T value : losses.values()) sum += static_cast<double>(value);
    loss = Tensor<T>::full({}, static_cast<T>(sum * scale));
  }
  Tape<T>* tape = listening(logits);
  if (tape == nullptr) return loss;
  // The targets are copied: the caller may fill its tensor with the next batch before backward.
  return tape->record(
      loss, [p, x, lse, weight, targets = targets.clone(), scale, reduced, slot = logits.slot()](const Tensor<T>& dy) {
        Tensor<T> row_scale({p.rows});
        for (std::int64_t n = 0; n < p.rows; ++n) {
          row_scale.data()[n] = static_cast<T>(scale * static_cast<double>(dy.data()[reduced ? 0 : n]));
        }
        const auto dx = slot->target();
        kernels::CrossEntropyParams<T> back = p;
        back.targets = targets.data();
        back.dx_pitch = dx.tensor.pitch();
        back.accumulate = dx.accumulate;
        kernels::cross_entropy_backward_cpu(back, x.data(), lse.data(), row_scale.data(), dx.tensor.data());
      });
}

}  // namespace qrs
