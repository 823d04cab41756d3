// The summary on top: what was run, what came out, how much of it is leaked, what the paper printed, what this says and
// what not. Plain words, every number with its interval and n.
#pragma once

#include <string>
#include <vector>

#include "../readings.hpp"
#include "drawn_notice.hpp"
#include "qrs/report/html.hpp"

namespace qrs::ecg_images {

namespace detail {

inline Markup fact(const std::string& name, const Estimates& estimates, const std::string& note) {
  const Spread spread = spread_of(estimates);
  Markup below;
  if (spread.count > 0 && estimates.size() > 1) {
    below = interval_text({spread.low, spread.high}, 3) + " in " + std::to_string(spread.count) + " repeats";
  } else if (spread.count > 0) {
    const metrics::Estimate& only = estimates.front();
    below = interval_text(only.interval, 3) + ", n\u00A0=\u00A0" + std::to_string(only.n);
  }
  if (!note.empty()) below += line_break() + note;
  return element("div", {element("dt", {name}), element("dd", {element("b", {fixed(spread.mean, 3)}), below})});
}

/// Whether some test images are copies of others.
inline bool has_copies(const SplitRecord& split) { return split.distinct_test > 0 && split.distinct_test < split.test; }

inline Markup facts(const Results& results, const std::string& best) {
  const auto of_best = [&](const auto& get) { return over_runs(results, best, get); };
  Estimates lookup;
  for (const RunRecord& run : results.runs) lookup.push_back(run.split.lookup.all);
  const Estimates test = of_best(test_accuracy);
  Markup out = fact("Test accuracy of " + model_title(best), test, "all test images");
  const Estimates leaked = of_best([](const ModelRecord& m) { return m.accuracy.leaked; });
  if (spread_of(leaked).count > 0) {
    out += fact("Its leaked images", leaked, "also stand in training");
    out += fact("Its clean images", of_best([](const ModelRecord& m) { return m.accuracy.clean; }), "not in training");
  }
  if (has_copies(results.runs.front().split)) {
    out += fact("Each content once", of_best([](const ModelRecord& m) { return m.accuracy.distinct; }),
                "copies counted once");
  }
  out += fact("A table of known files", lookup, "looks at no pixel");
  if (const PaperRow* row = paper_row(best)) {
    const std::string verdict = is_papers_data(results.data) ? verdict_on(row->accuracy, test).text() : "on other data";
    out +=
        element("div", {element("dt", {"The paper's " + row->name}),
                        element("dd", {element("b", {fixed(row->accuracy, 3)}), "as printed", line_break(), verdict})});
  }
  return element("dl", {{"class", "facts"}}, {out});
}

inline std::string list_text(const std::vector<std::string>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    out += i == 0 ? "" : i + 1 == words.size() ? " and " : ", ";
    out += words[i];
  }
  return out;
}

/// What was run, in one paragraph.
inline Markup what_was_run(const Results& results) {
  const RunRecord& run = results.runs.front();
  std::vector<std::string> networks;
  std::vector<std::string> classifiers;
  for (const ModelRecord& model : run.backbones) networks.push_back(model_title(model.name));
  for (const ModelRecord& model : run.classifiers) classifiers.push_back(model_title(model.name));
  const DataRecord& data = results.data;
  std::string words = "On " + std::to_string(data.files) + " ECG pages of " + std::to_string(data.classes.size()) +
                      " classes, " + std::to_string(data.distinct) +
                      " of them distinct byte for byte, the recipe of the paper was "
                      "run again with the preset \u201C" +
                      results.preset + "\u201D: ";
  if (!networks.empty()) words += list_text(networks) + (networks.size() == 1 ? " was trained" : " were trained");
  if (!classifiers.empty()) {
    words += (networks.empty() ? "" : "; the features of the best of them on the validation images") +
             (run.features.backbone.empty() ? std::string() : ", " + model_title(run.features.backbone) + ",") +
             " went through principal components into " + list_text(classifiers);
  }
  words += ". The split is " + run.split.kind + ": " + std::to_string(run.split.train) + " images to train on, " +
           std::to_string(run.split.validation) + " to validate, " + std::to_string(run.split.test) + " to test";
  if (results.runs.size() > 1) words += ", drawn anew in each of " + std::to_string(results.runs.size()) + " repeats";
  return paragraph({words + "."});
}

/// What came out, in one paragraph.
inline Markup what_came_out(const Results& results, const std::string& best) {
  const auto of_best = [&](const auto& get) { return told(over_runs(results, best, get)); };
  const Estimates test = over_runs(results, best, test_accuracy);
  Estimates lookup;
  for (const RunRecord& run : results.runs) lookup.push_back(run.split.lookup.all);
  const SplitRecord& split = results.runs.front().split;
  Markup out = paragraph({"The best model on the validation images is ", element("b", {model_title(best)}),
                          ". On the test images its accuracy is ", element("b", {told(test)}), "."});
  if (split.leaked_test > 0) {
    const std::string where = results.runs.size() > 1 ? "In the first repeat " : "";
    out += paragraph(
        {where + part_text(split.leaked_test, split.test) +
         " of the test images also stand in the training set, byte for byte (\u201Cleaked\u201D). On leaked images "
         "the accuracy is " +
         of_best([](const ModelRecord& m) { return m.accuracy.leaked; }) + ", on the others (\u201Cclean\u201D) " +
         of_best([](const ModelRecord& m) { return m.accuracy.clean; }) +
         ". A table of the training files' hashes, which answers for a file it does not know the commonest class of "
         "training files without a copy, reaches " +
         told(lookup) + "."});
  } else {
    out += paragraph({"No test image also stands in the training set: nothing is leaked byte for byte."});
  }
  if (has_copies(split)) {
    out += paragraph({"The " + std::to_string(split.test) + " test images" +
                      (results.runs.size() > 1 ? " of the first repeat" : "") + " are " +
                      std::to_string(split.distinct_test) +
                      " different contents and copies of them. With each content counted once the accuracy is " +
                      of_best([](const ModelRecord& m) { return m.accuracy.distinct; }) + "."});
  }
  if (const PaperRow* row = paper_row(best)) {
    out += paragraph(
        {"The paper prints " + score_text(row->accuracy) + " for " + row->name + ": " +
         (results.data.drawn ? std::string("a value on other data, which these drawn pages say nothing about")
          : is_papers_data(results.data) ? verdict_on(row->accuracy, test).text()
                                         : std::string("a value on other data: these are not the paper's images")) +
         "."});
  } else {
    out += paragraph({"The paper prints no row for this model."});
  }
  return out;
}

inline Markup what_it_says(const Results& results) {
  const SplitRecord& split = results.runs.front().split;
  Markup says;
  if (split.leaked_test > 0) {
    says += element(
        "li", {"The plain test accuracy mixes two things: knowing files again, and telling new pages apart. The clean "
               "accuracy is the part about new pages."});
    says += element(
        "li", {"A plain accuracy near that of the table of known files can be had without looking at a single pixel."});
  } else {
    says += element("li", {"The accuracy is about files that the models have not seen in training."});
  }
  says += element(
      "li", {"An interval says how far the score could lie off because these test images were drawn and not others. "
             "Two models whose intervals overlap widely are not told apart by this run."});
  if (has_copies(split)) {
    says += element(
        "li", {"Copies of a page are answered alike, so one page can count for many, and an interval that takes images "
               "for independent is too narrow. Each content once is the count without that."});
  }
  if (split.kind != "random") {
    says += element("li", {"The split here is " + split.kind +
                           "; whether the paper's is, is not stated. Its values stand beside ours "
                           "with that reserve."});
  }
  Markup not_said;
  not_said +=
      element("li", {"Whether pages of one patient stand on both sides of the split: the data name no patients."});
  not_said +=
      element("li", {"How the score would move with other seeds, splits or initial weights" +
                     std::string(results.runs.size() > 1 ? ", beyond the repeats shown." : ": that takes repeats.")});
  not_said += element(
      "li", {"Which side a difference to the paper comes from: the split, seed, batch size and more are not stated "
             "there, and stand here as settings of ours."});
  not_said += element("li", {"Anything about use on patients."});
  return element("h3", {"What this says"}) + element("ul", {says}) + element("h3", {"What it does not say"}) +
         element("ul", {not_said});
}

}  // namespace detail

inline Markup summary_section(const Results& results) {
  Markup out;
  if (results.data.drawn) out += drawn_notice();
  const std::string best = best_name(results);
  if (best.empty()) return out + paragraph({"Nothing was run: there are no scores to tell."});
  return out + detail::what_was_run(results) + detail::facts(results, best) + detail::what_came_out(results, best) +
         detail::what_it_says(results);
}

}  // namespace qrs::ecg_images
