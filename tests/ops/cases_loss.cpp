#include "op_case.hpp"
#include "qrs/ops/cross_entropy.hpp"
#include "qrs/ops/dropout.hpp"
#include "qrs/ops/softmax.hpp"

namespace qrs::testing {

namespace {

/// Classes that differ from row to row; every third is left out where `ignore` is set.
template <class T>
Tensor<std::int64_t> classes_for(const Var<T>& logits, bool ignore = false) {
  Tensor<std::int64_t> out({logits.dim(0)});
  for (std::int64_t n = 0; n < out.size(); ++n) {
    out.data()[n] = ignore && n % 3 == 1 ? -100 : (n * 7 + 1) % logits.dim(1);
  }
  return out;
}

template <class T>
Tensor<T> class_weights(const Var<T>& logits) {
  Tensor<T> out({logits.dim(1)});
  for (std::int64_t c = 0; c < out.size(); ++c) out.data()[c] = static_cast<T>(0.5 + 0.25 * static_cast<double>(c % 5));
  return out;
}

template <class T>
Var<T> smoothed_and_weighted(const Var<T>& logits, Reduction reduction) {
  return cross_entropy(logits, classes_for(logits, true),
                       {.weight = class_weights(logits), .label_smoothing = 0.2, .reduction = reduction});
}

}  // namespace

static const Register loss_cases({
    {"softmax", {uniform({batch, 3, tail}, -4, 4)}, [](const auto& in) { return softmax(in[0]); }},
    {"log_softmax", {uniform({batch, 3, tail}, -4, 4)}, [](const auto& in) { return log_softmax(in[0]); }},
    {"cross_entropy",
     {uniform({batch, tail}, -4, 4)},
     [](const auto& in) { return cross_entropy(in[0], classes_for(in[0])); }},
    {"cross_entropy/smoothed_and_weighted_mean",
     {uniform({batch, tail}, -4, 4)},
     [](const auto& in) { return smoothed_and_weighted(in[0], Reduction::mean); }},
    {"cross_entropy/smoothed_and_weighted_sum",
     {uniform({7, tail}, -4, 4)},
     [](const auto& in) { return smoothed_and_weighted(in[0], Reduction::sum); }},
    {"cross_entropy/smoothed_and_weighted_rows",
     {uniform({7, tail}, -4, 4)},
     [](const auto& in) { return smoothed_and_weighted(in[0], Reduction::none); }},
    {"dropout",
     {{batch, 5, 4, tail}},
     [](const auto& in) { return dropout(in[0], {.p = 0.3, .seed = 7, .step = 11, .layer = 2}); }},
    {"stochastic_depth",
     {{8, 3, 2, tail}},
     [](const auto& in) { return stochastic_depth(in[0], {.p = 0.4, .seed = 7, .step = 11, .layer = 3}); }},
});

}  // namespace qrs::testing
