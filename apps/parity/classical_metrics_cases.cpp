// metrics/...: every score of the stored labels and probabilities. The predicted label is that of the greatest score.
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "classical_cases.hpp"
#include "qrs/metrics/confusion.hpp"
#include "qrs/metrics/precision_recall.hpp"
#include "qrs/metrics/probability.hpp"
#include "qrs/metrics/roc.hpp"
#include "qrs/metrics/scores.hpp"

namespace qrs::parity {

namespace {

/// Sums of at most some hundred numbers near 1: the peer's own roundings.
constexpr double metrics_tolerance = 1e-10;

using metrics::Average;
using metrics::MultiClass;

const std::map<std::string, Average> averages = {
    {"macro", Average::macro}, {"weighted", Average::weighted}, {"micro", Average::micro}};

/// The labels, the probabilities and the predicted labels, and what each stored name stands for.
class MetricsCase {
 public:
  explicit MetricsCase(const ReferenceFile& file)
      : file_(file),
        y_(values_of<std::int64_t>(file, "metrics/y")),
        values_(matrix_of<double>(file, "metrics/score")),
        scores_{values_.values(), values_.cols()},
        predicted_(metrics::predicted_labels(scores_,
                                             metrics::classes_of_columns("parity", y_, scores_, metrics::Labels()))) {}

  /// The values that scikit-learn stored under metrics/<name>.
  std::vector<double> score(const std::string& name) const {
    const auto after = [&](const std::string& prefix) { return name.substr(prefix.size()); };
    if (name == "confusion") {
      const metrics::ConfusionMatrix matrix = metrics::confusion_matrix(y_, predicted_);
      return std::vector<double>(matrix.counts.begin(), matrix.counts.end());
    }
    if (name == "prf_each") {
      std::vector<double> precision, recall, f;
      for (const metrics::ClassScores& c : metrics::precision_recall(y_, predicted_)) {
        precision.push_back(c.precision), recall.push_back(c.recall), f.push_back(c.f_score);
      }
      precision.insert(precision.end(), recall.begin(), recall.end());
      precision.insert(precision.end(), f.begin(), f.end());
      return precision;
    }
    if (name.starts_with("prf_") && averages.contains(after("prf_"))) {
      const auto average = metrics::precision_recall(y_, predicted_, averages.at(after("prf_")));
      return {average.precision, average.recall, average.f_score};
    }
    if (name == "auc_ovr_each") return metrics::roc_auc_each(y_, scores_);
    for (const auto& [prefix, multi_class] : {std::pair<std::string, MultiClass>{"auc_ovr_", MultiClass::ovr},
                                              std::pair<std::string, MultiClass>{"auc_ovo_", MultiClass::ovo}}) {
      if (!name.starts_with(prefix) || !averages.contains(after(prefix))) continue;
      return {metrics::roc_auc(y_, scores_, {.multi_class = multi_class, .average = averages.at(after(prefix))})};
    }
    if (name == "average_precision_each") return metrics::average_precision_each(y_, scores_);
    if (name.starts_with("roc") && (name.ends_with("_fpr") || name.ends_with("_tpr"))) {
      const std::string number = name.substr(3, name.size() - 7);
      if (number.empty() || number.find_first_not_of("0123456789") != std::string::npos || number.size() > 9) {
        throw NotKnown(text("score '", name, "' is not known"));
      }
      const std::int64_t label = std::stoll(number);
      const metrics::RocCurve curve =
          metrics::roc_curve(y_, column_of(label), {.pos_label = label, .drop_intermediate = false});
      return name.ends_with("_fpr") ? curve.fpr : curve.tpr;
    }
    if (name == "others") {
      std::vector<double> out;
      for (const std::string& other : file_.metadata_as<std::vector<std::string>>("metrics/others")) {
        out.push_back(single(other));
      }
      return out;
    }
    throw NotKnown(text("score '", name, "' is not known"));
  }

 private:
  /// The scores of the class with this label.
  std::vector<double> column_of(std::int64_t label) const {
    const metrics::ClassList classes = metrics::ClassList::of("parity", {}, y_);
    const std::int64_t column = classes.code(label);
    QRS_CHECK(column >= 0, "[parity] expected a curve of one of the classes ", std::span(classes.labels()), ", got ",
              label);
    std::vector<double> out;
    for (std::int64_t i = 0; i < scores_.rows(); ++i) out.push_back(scores_.at(i, column));
    return out;
  }

  double single(const std::string& name) const {
    if (name == "accuracy") return metrics::accuracy(y_, predicted_);
    if (name == "balanced_accuracy") return metrics::balanced_accuracy(y_, predicted_);
    if (name == "cohen_kappa") return metrics::cohen_kappa(y_, predicted_);
    if (name == "matthews") return metrics::matthews(y_, predicted_);
    if (name == "log_loss") return metrics::log_loss(y_, scores_);
    if (name == "brier") return metrics::brier_score(y_, scores_);
    if (name.starts_with("top") && name.ends_with("_accuracy") && name.size() == 13 && name[3] >= '1' &&
        name[3] <= '9') {
      return metrics::top_k_accuracy(y_, scores_, name[3] - '0');
    }
    throw NotKnown(text("score '", name, "' is not known"));
  }

  const ReferenceFile& file_;
  std::vector<std::int64_t> y_;
  ml::Matrix<double> values_;
  metrics::Scores scores_;
  std::vector<std::int64_t> predicted_;
};

}  // namespace

void run_metrics_cases(Report& report, const ReferenceFile& file) {
  const std::string prefix = "metrics/";
  if (!file.wants("metrics") || file.tensors().find("metrics/y") == nullptr) return;
  run_case(report, "metrics", [&](CaseRows& rows) {
    const MetricsCase metrics(file);
    for (const auto& [name, entry] : file.tensors()) {
      const std::string score = name.starts_with(prefix) ? name.substr(prefix.size()) : "";
      if (score.empty() || score == "y" || score == "score") continue;
      try {
        rows.add(score, difference(metrics.score(score), values_of<double>(file, name)), metrics_tolerance);
      } catch (const NotKnown& unknown) {  // of this score; the others are still compared
        report.skips.push_back({"metrics/" + score, unknown.what()});
      }
    }
  });
}

}  // namespace qrs::parity
