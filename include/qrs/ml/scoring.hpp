// Scorers: what a search maximises, under scikit-learn's names. A loss is negated, so larger is always better.
//
//   const Scorer<float> score = scorer<float>("f1_macro");      score(model, x_test, y_test)
//
// Scores of labels ask the model for labels, roc_auc and average_precision for what ranks rows (an SVC's decision values, as
// in scikit-learn), the others for probabilities; the classes are those the model was fitted on, so
// a fold without one of them is an error where the score needs it, as in scikit-learn.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "../core/error.hpp"
#include "../metrics/precision_recall.hpp"
#include "../metrics/probability.hpp"
#include "../metrics/roc.hpp"
#include "../metrics/scores.hpp"
#include "estimator.hpp"

namespace qrs::ml {

template <class T>
using Scorer = std::function<double(const Classifier<T>& model, MatrixView<T> x, Labels y)>;

namespace detail {

using LabelScore = double (*)(Labels truth, Labels predicted);
using ProbabilityScore = double (*)(Labels truth, metrics::Scores probabilities, Labels classes);

struct NamedLabelScore {
  std::string_view name;
  LabelScore score;
};
struct NamedProbabilityScore {
  std::string_view name;
  ProbabilityScore score;
};

template <metrics::Average average, double metrics::PrecisionRecall::*member>
double averaged(Labels truth, Labels predicted) {
  return metrics::precision_recall(truth, predicted, average).*member;
}
/// Of the larger of two labels, as scikit-learn's pos_label=1 for labels 0 and 1.
template <double metrics::PrecisionRecall::*member>
double binary(Labels truth, Labels predicted) {
  return metrics::binary_precision_recall(truth, predicted).*member;
}
template <metrics::MultiClass multi_class, metrics::Average average>
double area(Labels truth, metrics::Scores p, Labels classes) {
  return metrics::roc_auc(truth, p, {.multi_class = multi_class, .average = average, .labels = classes});
}

using enum metrics::Average;
using Prf = metrics::PrecisionRecall;

inline constexpr std::array<NamedLabelScore, 15> label_scores = {{
    {"accuracy", [](Labels t, Labels p) { return metrics::accuracy(t, p); }},
    {"balanced_accuracy", [](Labels t, Labels p) { return metrics::balanced_accuracy(t, p); }},
    {"f1", binary<&Prf::f_score>},
    {"f1_macro", averaged<macro, &Prf::f_score>},
    {"f1_weighted", averaged<weighted, &Prf::f_score>},
    {"f1_micro", averaged<micro, &Prf::f_score>},
    {"precision", binary<&Prf::precision>},
    {"precision_macro", averaged<macro, &Prf::precision>},
    {"precision_weighted", averaged<weighted, &Prf::precision>},
    {"precision_micro", averaged<micro, &Prf::precision>},
    {"recall", binary<&Prf::recall>},
    {"recall_macro", averaged<macro, &Prf::recall>},
    {"recall_weighted", averaged<weighted, &Prf::recall>},
    {"recall_micro", averaged<micro, &Prf::recall>},
    {"matthews_corrcoef", [](Labels t, Labels p) { return metrics::matthews(t, p); }},
}};

/// Scores of an order, which decision values give as well as probabilities.
inline constexpr std::array<NamedProbabilityScore, 2> ranking_scores = {{
    {"roc_auc", area<metrics::MultiClass::raise, macro>},
    {"average_precision",
     [](Labels t, metrics::Scores p, Labels c) { return metrics::average_precision(t, p, macro, c); }},
}};

inline constexpr std::array<NamedProbabilityScore, 6> probability_scores = {{
    {"roc_auc_ovr", area<metrics::MultiClass::ovr, macro>},
    {"roc_auc_ovr_weighted", area<metrics::MultiClass::ovr, weighted>},
    {"roc_auc_ovo", area<metrics::MultiClass::ovo, macro>},
    {"roc_auc_ovo_weighted", area<metrics::MultiClass::ovo, weighted>},
    {"neg_log_loss", [](Labels t, metrics::Scores p, Labels c) { return -metrics::log_loss(t, p, c); }},
    {"neg_brier_score", [](Labels t, metrics::Scores p, Labels c) { return -metrics::brier_score(t, p, {}, c); }},
}};

}  // namespace detail

/// The names that scorer() knows.
inline std::vector<std::string> scoring_names() {
  std::vector<std::string> out;
  for (const auto& known : detail::label_scores) out.emplace_back(known.name);
  for (const auto& known : detail::ranking_scores) out.emplace_back(known.name);
  for (const auto& known : detail::probability_scores) out.emplace_back(known.name);
  return out;
}

/// The scorer of a name. Throws where there is none, and lists those there are.
template <class T>
Scorer<T> scorer(std::string_view name) {
  for (const auto& known : detail::label_scores) {
    if (known.name != name) continue;
    return [score = known.score](const Classifier<T>& model, MatrixView<T> x, Labels y) {
      const std::vector<std::int64_t> predicted = model.predict(x);
      return score(y, predicted);
    };
  }
  for (const auto& known : detail::ranking_scores) {
    if (known.name != name) continue;
    return [score = known.score](const Classifier<T>& model, MatrixView<T> x, Labels y) {
      const Matrix<double> s = model.ranking_scores(x);
      return score(y, metrics::Scores{s.values(), s.cols()}, model.classes());
    };
  }
  for (const auto& known : detail::probability_scores) {
    if (known.name != name) continue;
    return [score = known.score](const Classifier<T>& model, MatrixView<T> x, Labels y) {
      const Matrix<double> p = model.predict_proba(x);
      return score(y, metrics::Scores{p.values(), p.cols()}, model.classes());
    };
  }
  std::string list;
  for (const std::string& known : scoring_names()) list += text(list.empty() ? "" : ", ", known);
  fail("[scoring] expected one of ", list, ", got ", name);
}

}  // namespace qrs::ml
