// Who trains and who tests, class by class, how many test images also stand in training, and how many contents they are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../readings.hpp"
#include "by_run.hpp"
#include "qrs/audit/duplicates.hpp"
#include "qrs/report/html.hpp"

namespace qrs::ecg_images {

namespace detail {

inline std::string count_at(const std::vector<std::int64_t>& counts, std::size_t k) {
  return k < counts.size() ? std::to_string(counts[k]) : no_number;
}

/// Leaked test images of one class of its test images; "-" where the run does not say which are leaked.
inline std::string leaked_of_class(const RunRecord& run, std::int64_t label) {
  if (run.test_leaked.size() != run.test_labels.size() || run.test_labels.empty()) return no_number;
  std::int64_t leaked = 0;
  std::int64_t all = 0;
  for (std::size_t i = 0; i < run.test_labels.size(); ++i) {
    if (run.test_labels[i] != label) continue;
    ++all;
    leaked += run.test_leaked[i] != 0 ? 1 : 0;
  }
  return part_text(leaked, all);
}

/// Different contents among the test images of one class; "-" where the run does not say which are the same.
inline std::string contents_of_class(const RunRecord& run, std::int64_t label) {
  if (run.test_contents.size() != run.test_labels.size() || run.test_labels.empty()) return no_number;
  std::vector<std::int64_t> contents;
  for (std::size_t i = 0; i < run.test_labels.size(); ++i) {
    if (run.test_labels[i] == label) contents.push_back(run.test_contents[i]);
  }
  return std::to_string(audit::distinct_groups(contents));
}

inline Markup split_table(const Results& results, const RunRecord& run) {
  const SplitRecord& split = run.split;
  Table out{.caption =
                "Images by part. \u201CContents\u201D counts the test images without their copies, "
                "\u201Cleaked\u201D those whose bytes stand in the training part too.",
            .columns = {{"class"},
                        {"training", true},
                        {"validation", true},
                        {"test", true},
                        {"contents of test", true},
                        {"leaked of test", true}},
            .rows = {}};
  for (std::size_t k = 0; k < results.data.classes.size(); ++k) {
    const ClassCount& c = results.data.classes[k];
    out.rows.push_back({{c.name},
                        {{count_at(split.train_per_class, k), true},
                         {count_at(split.validation_per_class, k), true},
                         {count_at(split.test_per_class, k), true},
                         {contents_of_class(run, c.label), true},
                         {leaked_of_class(run, c.label), true}}});
  }
  out.rows.push_back({{"all"},
                      {{std::to_string(split.train), true},
                       {std::to_string(split.validation), true},
                       {std::to_string(split.test), true},
                       {run.test_contents.empty() ? std::string(no_number) : std::to_string(split.distinct_test), true},
                       {part_text(split.leaked_test, split.test), true}},
                      "apart"});
  return table(out);
}

}  // namespace detail

inline Markup split_section(const Results& results) {
  Markup out = paragraph(
      {"The paper states a stratified split of 7 : 1.5 : 1.5. The seed, the order of the cuts and whether copies "
       "of a file are kept on one side are not stated; its printed accuracies fit 648, 140 and 140 images."});
  return out + by_run(results, [&](const RunRecord& run) {
           return paragraph(
                      {"Kind: ", element("b", {run.split.kind}), ", seed ", std::to_string(run.split.seed), "."}) +
                  detail::split_table(results, run);
         });
}

}  // namespace qrs::ecg_images
