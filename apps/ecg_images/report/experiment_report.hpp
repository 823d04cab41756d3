// report.html: the whole experiment on one page, from a record of its runs.
//
//   io::write_file("report.html", experiment_report(results))
//
// The same record gives the same bytes. The page needs no network and no script, and stays under 2 MB.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "qrs/report/html.hpp"
#include "readings.hpp"
#include "sections/data_section.hpp"
#include "sections/decisions_section.hpp"
#include "sections/errors_section.hpp"
#include "sections/features_section.hpp"
#include "sections/scores_section.hpp"
#include "sections/settings_section.hpp"
#include "sections/split_section.hpp"
#include "sections/summary_section.hpp"
#include "sections/training_section.hpp"

namespace qrs::ecg_images {

/// What the page keeps under, pictures of errors and all; a record of very many repeats can exceed it by its tables.
inline constexpr std::size_t most_page_bytes = 1'950'000;

inline std::string experiment_report(const Results& results) {
  const std::string what = results.data.drawn ? "on drawn pages" : "on " + results.data.source;
  const std::string count = std::to_string(results.runs.size()) + (results.runs.size() == 1 ? " run" : " repeats");
  const auto page_with = [&](std::vector<PageSection> sections) {
    return Page{
        .title = "ECG images, transfer learning and classifiers: the experiment of Li et al. (2026), run again",
        .description = "A re-run of the experiment of Li et al. 2026, " + what + ".",
        .lead = element("p", {{"class", "lead"}},
                        {"Preset \u201C" + results.preset + "\u201D, " + what + ", " + count + ". Made by qrs " +
                         results.provenance.version + "."}),
        .sections = std::move(sections),
        .footer = paragraph({"Every number here stands in results.json too, and what each model said of each image in "
                             "predictions.csv."})};
  };
  std::vector<PageSection> sections = {{"summary", "Summary", summary_section(results)},
                                       {"data", "Data", data_section(results)},
                                       {"split", "Split", split_section(results)},
                                       {"table-2", "Table 2 beside the paper\u2019s", scores_section(results)},
                                       {"learning-curves", "Learning curves", training_section(results)},
                                       {"features", "Principal components and classifiers", features_section(results)},
                                       {"confusion", "Confusion matrices", confusion_section(results)},
                                       {"roc", "ROC curves", roc_section(results)},
                                       {"reliability", "Reliability", reliability_section(results)},
                                       {"scores", "All scores, and those of each class", class_section(results)},
                                       {"errors", "Errors", errors_section(results, 0)},
                                       {"settings", "Settings", settings_section(results)},
                                       {"provenance", "Provenance", provenance_section(results)}};
  // What the rest leaves is for the pictures of errors.
  const std::size_t size = html_page(page_with(sections)).size();
  const std::size_t left = size < most_page_bytes ? most_page_bytes - size : 0;
  for (PageSection& section : sections) {
    if (section.id == "errors") section.body = errors_section(results, left);
  }
  return html_page(page_with(std::move(sections)));
}

}  // namespace qrs::ecg_images
