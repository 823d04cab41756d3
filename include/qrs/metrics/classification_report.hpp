// The classification report: precision, recall, F1 and support of each class and their averages, as numbers and as the
// text that scikit-learn prints.
//
//   const auto report = qrs::metrics::classification_report(y_true, y_pred);
//   std::puts(report.text().c_str());
#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "precision_recall.hpp"

namespace qrs::metrics {

struct ClassificationReport {
  std::vector<ClassScores> classes;
  std::vector<std::string> names;  // of the classes, in their order
  PrecisionRecall micro;
  PrecisionRecall macro;
  PrecisionRecall weighted;
  std::int64_t support = 0;        // of all classes together
  bool micro_is_accuracy = false;  // true where every class that occurs is listed

  /// The table, with this many digits behind the point.
  std::string text(int digits = 2) const {
    std::size_t width = std::string_view("weighted avg").size();
    for (const std::string& name : names) width = std::max(width, name.size());
    std::string out;
    const auto cell = [&](const std::string& value, std::size_t size) {
      out.append(size > value.size() ? size - value.size() : 0, ' ');
      out += value;
    };
    const auto number = [&](double value) {
      char digits_text[400];  // a double in %f has up to 309 digits before the point
      const auto end = std::to_chars(digits_text, digits_text + sizeof digits_text, value, std::chars_format::fixed,
                                     std::clamp(digits, 0, 60));
      return std::string(digits_text, end.ptr);
    };
    const auto line = [&](const std::string& name, const std::string& p, const std::string& r, const std::string& f,
                          const std::string& n) {
      cell(name, width);
      out += ' ';
      for (const std::string* value : {&p, &r, &f, &n}) {
        out += ' ';
        cell(*value, 9);
      }
      out += '\n';
    };
    const auto row = [&](const std::string& name, const PrecisionRecall& s, std::int64_t n) {
      line(name, number(s.precision), number(s.recall), number(s.f_score), std::to_string(n));
    };
    line("", "precision", "recall", "f1-score", "support");
    out += '\n';
    for (std::size_t k = 0; k < classes.size(); ++k) row(names[k], classes[k], classes[k].support);
    out += '\n';
    if (micro_is_accuracy) {
      line("accuracy", "", "", number(micro.f_score), std::to_string(support));
    } else {
      row("micro avg", micro, support);
    }
    row("macro avg", macro, support);
    row("weighted avg", weighted, support);
    return out;
  }
};

/// The report of the listed classes, or of all that occur. `names` are what the rows are called: as many as classes, or
/// none for the labels themselves.
inline ClassificationReport classification_report(Labels y_true, Labels y_pred,
                                                  const PrecisionRecallOptions& options = {},
                                                  std::span<const std::string> names = {}) {
  ClassificationReport out;
  const std::vector<ClassCounts> counts = class_counts(y_true, y_pred, options.labels);
  QRS_CHECK(names.empty() || names.size() == counts.size(), "[classification_report] expected ", counts.size(),
            " names of classes, got ", names.size());
  out.names.assign(names.begin(), names.end());
  std::int64_t predicted = 0;
  for (const ClassCounts& c : counts) {
    if (names.empty()) out.names.push_back(std::to_string(c.label));
    out.support += c.support;
    predicted += c.predicted;
  }
  const auto samples = static_cast<std::int64_t>(y_true.size());
  out.micro_is_accuracy = out.support == samples && predicted == samples;
  out.classes = precision_recall(counts, options);
  out.micro = precision_recall(counts, Average::micro, options.beta, options.zero_division);
  out.macro = precision_recall(counts, Average::macro, options.beta, options.zero_division);
  out.weighted = precision_recall(counts, Average::weighted, options.beta, options.zero_division);
  return out;
}

}  // namespace qrs::metrics
