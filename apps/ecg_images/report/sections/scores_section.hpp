// Table 2 beside the paper's: each of our values with its interval and n, the paper's value, and whether it lies inside; the
// accuracy on leaked and on clean images, and on each content once, beside the plain one; the table of known files below.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../readings.hpp"
#include "drawn_notice.hpp"
#include "qrs/report/charts/interval_chart.hpp"
#include "qrs/report/html.hpp"

namespace qrs::ecg_images {

namespace detail {

struct ScoreColumn {
  std::string title;
  metrics::Estimate (*get)(const ModelRecord&);
  double PaperRow::*published;                     // null: the paper has no such column
  metrics::Estimate LeakSplit::*lookup = nullptr;  // null: the table of known files has none
};

inline const std::vector<ScoreColumn>& score_columns() {
  using M = ModelRecord;
  static const std::vector<ScoreColumn> columns = {
      {"Validation accuracy", [](const M& m) { return m.validation_accuracy; }, &PaperRow::validation_accuracy},
      {"Test accuracy", [](const M& m) { return test_accuracy(m); }, &PaperRow::accuracy, &LeakSplit::all},
      {"on leaked", [](const M& m) { return m.accuracy.leaked; }, nullptr, &LeakSplit::leaked},
      {"on clean", [](const M& m) { return m.accuracy.clean; }, nullptr, &LeakSplit::clean},
      {"each content once", [](const M& m) { return m.accuracy.distinct; }, nullptr, &LeakSplit::distinct},
      {"Precision", [](const M& m) { return score_of(m.test, "precision_weighted"); }, &PaperRow::precision},
      {"Recall", [](const M& m) { return score_of(m.test, "recall_weighted"); }, &PaperRow::recall},
      {"F1", [](const M& m) { return score_of(m.test, "f1_weighted"); }, &PaperRow::f1},
      {"AUC", [](const M& m) { return test_auc(m); }, &PaperRow::auc},
  };
  return columns;
}

inline Markup small(const std::string& words, std::string_view style = "") {
  return style.empty() ? element("small", {words}) : element("small", {{"class", style}}, {words});
}

/// Our value, its interval and n; over repeats the mean, the least and the greatest, and how many.
inline Markup estimate_lines(const Estimates& estimates) {
  const Spread spread = spread_of(estimates);
  Markup out = score_text(spread.mean);
  if (spread.count == 0) return out;
  if (estimates.size() > 1) {
    return out + small(interval_text({spread.low, spread.high}, 3)) + small(std::to_string(spread.count) + " repeats");
  }
  return out + small(interval_text(estimates.front().interval, 3)) + small("n " + std::to_string(estimates.front().n));
}

inline Markup paper_lines(double published, const Estimates& ours, bool same_data) {
  if (published < 0.0) return small("paper: none");
  const Markup value = small("paper " + score_text(published));
  const Verdict verdict = verdict_on(published, ours);
  if (verdict.intervals == 0) return value;
  if (!same_data) return value + small("other data");
  const std::string words =
      verdict.intervals > 1 ? "inside " + std::to_string(verdict.inside) + " of " + std::to_string(verdict.intervals)
      : verdict.inside == 1 ? "inside"
                            : "outside";
  return value + small(words, verdict.mostly_inside() ? "in" : "out");
}

inline Markup paper_table_comparison(const Results& results) {
  const bool several = results.runs.size() > 1;
  std::string caption = several ? "Mean over the repeats, the least and the greatest value, and how many repeats; "
                                : "Our value, its 95 % interval and the number of images; ";
  caption += results.data.drawn
                 ? "then the value in the paper's Table 2, which is on other data: these pages are drawn."
             : !is_papers_data(results.data)
                 ? "then the value in the paper's Table 2, which is on other data: these are not the paper's images."
             : several ? "then the value in the paper's Table 2, and in how many of our 95 % intervals it lies."
                       : "then the value in the paper's Table 2, and whether it lies inside our interval.";
  Table out{.caption = caption, .columns = {{"Model"}}, .rows = {}, .pinned = true};
  for (const ScoreColumn& column : score_columns()) out.columns.push_back({column.title, true});
  const std::string best = best_name(results);
  for (const ModelRecord* model : models_of(results.runs.front())) {
    Row row{{model_title(model->name)}, {}};
    if (model->name == best) {
      row.head.content += small("best on validation");
      row.style = "best";
    }
    const PaperRow* published = paper_row(model->name);
    for (const ScoreColumn& column : score_columns()) {
      const Estimates ours = over_runs(results, model->name, column.get);
      Markup lines = estimate_lines(ours);
      if (published != nullptr && column.published != nullptr) {
        lines += paper_lines(published->*column.published, ours, is_papers_data(results.data));
      }
      row.cells.push_back({lines, true});
    }
    out.rows.push_back(std::move(row));
  }
  Row lookup{{Markup("Known files") + small("a table of hashes")}, {}, "apart"};
  for (const ScoreColumn& column : score_columns()) {
    Estimates estimates;
    for (const RunRecord& run : results.runs) {
      if (column.lookup != nullptr) estimates.push_back(run.split.lookup.*column.lookup);
    }
    lookup.cells.push_back({estimate_lines(estimates), true});
  }
  out.rows.push_back(std::move(lookup));
  return table(out);
}

/// How the intervals of the table's columns were made.
inline std::string methods_text(const RunRecord& run) {
  std::string out;
  const std::vector<const ModelRecord*> models = models_of(run);
  for (const ScoreColumn& column : score_columns()) {
    std::set<std::string> methods;
    for (const ModelRecord* model : models) {
      const metrics::Estimate e = column.get(*model);
      if (std::isfinite(e.interval.low) && !e.method.empty()) methods.insert(e.method);
    }
    if (methods.empty()) continue;
    out += (out.empty() ? "" : "; ") + column.title + ": ";
    bool first = true;
    for (const std::string& method : methods) {
      out += (first ? "" : " or ") + method;
      first = false;
    }
  }
  return out;
}

inline Markup paper_counts() {
  std::string counts;
  std::string others;
  for (const PaperRow& row : paper_table()) {
    const std::int64_t k = printed_count(row.accuracy, paper_test_images);
    if (k >= 0) counts += (counts.empty() ? "" : ", ") + row.name + " " + std::to_string(k);
    if (printed_count(row.validation_accuracy, paper_test_images) < 0) {
      others += (others.empty() ? "" : ", ") + row.name + " " + score_text(row.validation_accuracy);
    }
  }
  Markup out = element("li", {"The printed test accuracies are counts of " + std::to_string(paper_test_images) +
                              " images: " + counts + "."});
  if (!others.empty()) {
    out +=
        element("li", {"One printed validation accuracy is inconsistent with a plain accuracy over " +
                       std::to_string(paper_test_images) + " images: " + others +
                       ". A mean over batches or a cross-validation score could give it; which it is, is not stated."});
  }
  out += element(
      "li",
      {"How precision, recall and F1 are averaged is not stated. The printed recall equals the accuracy in every row, "
       "which fits the average weighted by class; so these columns are. How the AUC is averaged is not stated "
       "either; here it is the plain mean over the classes, each against the rest."});
  out += element(
      "li", {"The best model is chosen on the validation images. Models that do no better than others within their "
             "intervals are not told apart."});
  out += element("li", {"\u201CXGBoost\u201D names the method: here it is this program's own gradient boosting."});
  return element("ul", {out});
}

inline Markup accuracy_bars(const Results& results) {
  std::vector<IntervalGroup> groups;
  for (const ModelRecord* model : models_of(results.runs.front())) {
    const Estimates ours = over_runs(results, model->name, test_accuracy);
    const Spread spread = spread_of(ours);
    IntervalGroup group{model_title(model->name), {}};
    const metrics::Interval interval =
        ours.size() == 1 ? ours.front().interval : metrics::Interval{spread.low, spread.high};
    group.bars.push_back({spread.mean, interval, 0, false});
    if (const PaperRow* row = paper_row(model->name)) {
      const std::int64_t k = printed_count(row->accuracy, paper_test_images);
      IntervalBar bar{.value = row->accuracy, .series = 1, .as_mark = true};
      if (k >= 0) bar.interval = metrics::wilson_interval(k, paper_test_images);
      group.bars.push_back(bar);
    }
    groups.push_back(std::move(group));
  }
  const bool several = results.runs.size() > 1;
  return figure(interval_chart("Test accuracy of each model beside the paper's", "test accuracy", groups,
                               {{.series = 0}, {.series = 1, .as_mark = true}},
                               {"here", results.data.drawn ? "the paper, on other data" : "the paper"}),
                std::string("Test accuracy here (bars) and in the paper (diamonds). Whiskers: ") +
                    (several ? "here the least and the greatest of the repeats" : "95 % intervals") +
                    (several ? "; at" : ", at") + " the paper's values Wilson's for its count of 140 images.");
}

inline Markup leak_bars(const Results& results) {
  std::vector<IntervalGroup> groups;
  const bool one = results.runs.size() == 1;
  const auto bar = [&](const Estimates& estimates, std::size_t series) {
    const Spread spread = spread_of(estimates);
    return IntervalBar{spread.mean, one ? estimates.front().interval : metrics::Interval{spread.low, spread.high},
                       series};
  };
  const auto group = [&](const std::string& name, const std::vector<LeakSplit>& splits) {
    std::array<Estimates, 3> parts;
    for (const LeakSplit& split : splits) {
      parts[0].push_back(split.all);
      parts[1].push_back(split.leaked);
      parts[2].push_back(split.clean);
    }
    groups.push_back({name, {bar(parts[0], 0), bar(parts[1], 1), bar(parts[2], 2)}});
  };
  for (const ModelRecord* model : models_of(results.runs.front())) {
    std::vector<LeakSplit> splits;
    for (const RunRecord& run : results.runs) {
      if (const ModelRecord* found = find_model(run, model->name)) splits.push_back(found->accuracy);
    }
    group(model_title(model->name), splits);
  }
  std::vector<LeakSplit> lookups;
  for (const RunRecord& run : results.runs) lookups.push_back(run.split.lookup);
  group("Known files (a table of hashes)", lookups);
  return figure(
      interval_chart("Test accuracy on all, leaked and clean images", "test accuracy", groups,
                     {{.series = 0}, {.series = 1}, {.series = 2}}, {"all", "leaked", "clean"}),
      std::string(
          "Test accuracy on all test images, on those that also stand in training (leaked) and on those that do "
          "not (clean). Whiskers: ") +
          (one ? "95 % intervals." : "the least and the greatest of the repeats."));
}

}  // namespace detail

inline Markup scores_section(const Results& results) {
  if (results.runs.empty()) return paragraph({"Nothing was run."});
  Markup out;
  if (results.data.drawn) out += drawn_notice();
  out += detail::paper_table_comparison(results);
  const std::string methods = detail::methods_text(results.runs.front());
  if (!methods.empty()) out += paragraph({element("small", {"How the intervals were made: " + methods + "."})});
  out += element("div", {{"class", "charts wide"}}, {detail::accuracy_bars(results), detail::leak_bars(results)});
  out += element("h3", {"Notes to the table"}) + detail::paper_counts();
  out += paragraph({element("small", {std::string(paper_citation) + " "}),
                    element("small", {element("a", {{"href", "https://doi.org/" + std::string(paper_doi)}},
                                              {"doi " + std::string(paper_doi)})})});
  return out;
}

}  // namespace qrs::ecg_images
