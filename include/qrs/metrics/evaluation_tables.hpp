// The scores of an evaluation as two tables: a row names a score, says when it applies and computes it from a resample.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>
#include <vector>

#include "bootstrap.hpp"
#include "evaluation.hpp"
#include "precision_recall.hpp"
#include "roc.hpp"

namespace qrs::metrics::detail {

/// What the scores of a resample are computed from, sample by sample, so that each resample costs O(n k).
class EvaluationTables {
 public:
  EvaluationTables(Scores scores, const ClassList& classes, Labels y, Labels predicted, bool probabilities,
                   std::int64_t bins)
      : labels_(classes.labels()),
        codes_(classes.codes("evaluate", y)),
        predicted_(classes.codes("evaluate", predicted)),
        rankings_(rankings(scores)),
        bins_(static_cast<std::size_t>(bins)) {
    for (std::int64_t i = 0; i < scores.rows(); ++i) {
      const std::span<const double> row = scores.row(i);
      const std::int32_t code = codes_[static_cast<std::size_t>(i)];
      in_top_two_.push_back(in_top(row, code, 2) ? 1 : 0);
      if (!probabilities) continue;
      const auto best = std::max_element(row.begin(), row.end());
      log_losses_.push_back(log_loss_of(row[static_cast<std::size_t>(code)]));
      distances_.push_back(
          squared_distance([&](std::int64_t j) { return row[static_cast<std::size_t>(j)]; }, classes.size(), code));
      confidence_.push_back(*best);
      bin_.push_back(static_cast<std::size_t>(bin_of(*best, bins)));
      right_.push_back(best - row.begin() == code ? 1.0 : 0.0);
    }
    for (const Score& score : all_scores) {
      if (applies(score.needs)) scores_.push_back(&score);
    }
  }

  /// What scores and class scores are computed from in one resample.
  struct Resample {
    const EvaluationTables& tables;
    Multiplicity counts;
    ConfusionMatrix matrix;
    std::vector<ClassCounts> tallies;
    ClassAreas areas;
    std::vector<double> precisions;  // average precision of each class
    PrecisionRecall macro;
    PrecisionRecall weighted;
    double total;
  };
  /// When a score is among those of an evaluation.
  enum class Needs { nothing, two_classes, more_classes, probabilities };
  struct Score {
    std::string_view name;
    Needs needs;
    double (*value)(const Resample&);
  };
  /// A score of class k, and how many samples it is a share of.
  struct ClassScore {
    std::string_view name;
    Estimate ClassEvaluation::*field;
    double (*value)(const Resample&, std::size_t k);
    std::int64_t (*samples)(const ClassCounts& tally, std::int64_t n);
  };

  const std::vector<const Score*>& scores() const { return scores_; }
  std::size_t width() const { return scores_.size() + std::size(class_scores) * labels_.size(); }

  ConfusionMatrix confusion(Multiplicity counts = {}) const {
    const std::size_t k = labels_.size();
    ConfusionMatrix out{labels_, std::vector<std::int64_t>(k * k)};
    for (std::size_t i = 0; i < codes_.size(); ++i) {
      out.counts[static_cast<std::size_t>(codes_[i]) * k + static_cast<std::size_t>(predicted_[i])] +=
          counts[static_cast<std::int64_t>(i)];
    }
    return out;
  }

  /// Every score, in the order of scores(), then class_scores of each class.
  void operator()(std::span<const std::int64_t> drawn, std::span<double> out) const {
    const Resample r = resample(Multiplicity(drawn));
    std::size_t at = 0;
    for (const Score* score : scores_) out[at++] = score->value(r);
    for (std::size_t k = 0; k < labels_.size(); ++k) {
      for (const ClassScore& score : class_scores) out[at++] = score.value(r, k);
    }
  }

  static const Score all_scores[21];
  static const ClassScore class_scores[5];

 private:
  bool applies(Needs needs) const {
    switch (needs) {
      case Needs::two_classes:
        return labels_.size() == 2;
      case Needs::more_classes:
        return labels_.size() != 2;
      case Needs::probabilities:
        return !log_losses_.empty();
      case Needs::nothing:
        break;
    }
    return true;
  }

  Resample resample(Multiplicity counts) const {
    Resample r{.tables = *this,
               .counts = counts,
               .matrix = confusion(counts),
               .tallies = {},
               .areas = class_areas(rankings_, codes_, counts),
               .precisions = {},
               .macro = {},
               .weighted = {},
               .total = 0.0};
    r.tallies = class_counts(r.matrix);
    for (std::size_t k = 0; k < labels_.size(); ++k) {
      r.precisions.push_back(average_precision_of(rankings_[k], codes_, static_cast<std::int32_t>(k), counts));
    }
    r.macro = precision_recall(r.tallies, Average::macro);
    r.weighted = precision_recall(r.tallies, Average::weighted);
    r.total = static_cast<double>(r.matrix.total());
    return r;
  }

  template <class V>
  static double mean_over(const std::vector<V>& values, const Resample& r) {
    double sum = 0.0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      sum += static_cast<double>(r.counts[static_cast<std::int64_t>(i)]) * static_cast<double>(values[i]);
    }
    return sum / r.total;
  }

  double calibration_gap(const Resample& r) const {
    std::vector<double> gaps(bins_);  // sum of (confidence - right) a bin
    for (std::size_t i = 0; i < bin_.size(); ++i) {
      gaps[bin_[i]] += static_cast<double>(r.counts[static_cast<std::int64_t>(i)]) * (confidence_[i] - right_[i]);
    }
    double sum = 0.0;
    for (const double gap : gaps) sum += std::abs(gap);
    return sum / r.total;
  }

  static double mean_precision(const Resample& r) {
    double sum = 0.0;
    for (const double value : r.precisions) sum += value;
    return sum / static_cast<double>(r.precisions.size());
  }

  std::vector<std::int64_t> labels_;
  std::vector<std::int32_t> codes_;
  std::vector<std::int32_t> predicted_;
  std::vector<Ranking> rankings_;
  std::size_t bins_;
  std::vector<std::uint8_t> in_top_two_;
  std::vector<double> log_losses_;
  std::vector<double> distances_;
  std::vector<double> confidence_;
  std::vector<std::size_t> bin_;
  std::vector<double> right_;
  std::vector<const Score*> scores_;  // those of all_scores that apply
};

inline const EvaluationTables::Score EvaluationTables::all_scores[21] = {
    {"accuracy", Needs::nothing, [](const Resample& r) { return accuracy(r.matrix); }},
    {"balanced_accuracy", Needs::nothing, [](const Resample& r) { return balanced_accuracy(r.matrix); }},
    {"precision_macro", Needs::nothing, [](const Resample& r) { return r.macro.precision; }},
    {"recall_macro", Needs::nothing, [](const Resample& r) { return r.macro.recall; }},
    {"f1_macro", Needs::nothing, [](const Resample& r) { return r.macro.f_score; }},
    {"precision_weighted", Needs::nothing, [](const Resample& r) { return r.weighted.precision; }},
    {"recall_weighted", Needs::nothing, [](const Resample& r) { return r.weighted.recall; }},
    {"f1_weighted", Needs::nothing, [](const Resample& r) { return r.weighted.f_score; }},
    {"cohen_kappa", Needs::nothing, [](const Resample& r) { return cohen_kappa(r.matrix); }},
    {"matthews", Needs::nothing, [](const Resample& r) { return matthews(r.matrix); }},
    {"roc_auc", Needs::two_classes, [](const Resample& r) { return r.areas.one_vs_rest[1]; }},
    {"average_precision", Needs::two_classes, [](const Resample& r) { return r.precisions[1]; }},
    {"top_2_accuracy", Needs::more_classes, [](const Resample& r) { return mean_over(r.tables.in_top_two_, r); }},
    {"roc_auc_ovr_macro", Needs::more_classes, [](const Resample& r) { return r.areas.ovr(Average::macro); }},
    {"roc_auc_ovr_weighted", Needs::more_classes, [](const Resample& r) { return r.areas.ovr(Average::weighted); }},
    {"roc_auc_ovo_macro", Needs::more_classes, [](const Resample& r) { return r.areas.ovo(Average::macro); }},
    {"roc_auc_ovo_weighted", Needs::more_classes, [](const Resample& r) { return r.areas.ovo(Average::weighted); }},
    {"average_precision_macro", Needs::more_classes, [](const Resample& r) { return mean_precision(r); }},
    {"log_loss", Needs::probabilities, [](const Resample& r) { return mean_over(r.tables.log_losses_, r); }},
    {"brier_score", Needs::probabilities,
     [](const Resample& r) { return mean_over(r.tables.distances_, r) * (r.tables.labels_.size() == 2 ? 0.5 : 1.0); }},
    {"expected_calibration_error", Needs::probabilities, [](const Resample& r) { return r.tables.calibration_gap(r); }},
};

inline const EvaluationTables::ClassScore EvaluationTables::class_scores[5] = {
    {"precision", &ClassEvaluation::precision,
     [](const Resample& r, std::size_t k) { return precision_recall(r.tallies[k], 1.0, undefined).precision; },
     [](const ClassCounts& tally, std::int64_t) { return tally.predicted; }},
    {"recall", &ClassEvaluation::recall,
     [](const Resample& r, std::size_t k) { return precision_recall(r.tallies[k], 1.0, undefined).recall; },
     [](const ClassCounts& tally, std::int64_t) { return tally.support; }},
    {"f1", &ClassEvaluation::f1,
     [](const Resample& r, std::size_t k) { return precision_recall(r.tallies[k], 1.0, undefined).f_score; },
     [](const ClassCounts& tally, std::int64_t) { return tally.support + tally.predicted - tally.true_positives; }},
    {"roc_auc", &ClassEvaluation::auc, [](const Resample& r, std::size_t k) { return r.areas.one_vs_rest[k]; },
     [](const ClassCounts&, std::int64_t n) { return n; }},
    {"average_precision", &ClassEvaluation::average_precision,
     [](const Resample& r, std::size_t k) { return r.precisions[k]; },
     [](const ClassCounts&, std::int64_t n) { return n; }},
};

}  // namespace qrs::metrics::detail
