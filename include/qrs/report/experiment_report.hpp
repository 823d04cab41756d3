// report.html: the whole experiment on one page, from a record of its runs.
//
//   io::write_file("report.html", experiment_report(results))
//
// The same record gives the same bytes. The page needs no network and no script, and stays under 2 MB: pictures of errors stop
// where it would grow past that.
#pragma once

#include <string>

#include "html.hpp"
#include "readings.hpp"
#include "sections/data_section.hpp"
#include "sections/decisions_section.hpp"
#include "sections/errors_section.hpp"
#include "sections/features_section.hpp"
#include "sections/settings_section.hpp"
#include "sections/split_section.hpp"
#include "sections/summary_section.hpp"
#include "sections/scores_section.hpp"
#include "sections/training_section.hpp"

namespace qrs::report {

inline std::string experiment_report(const Results& results) {
  const std::string what = results.data.drawn ? "on drawn pages" : "on " + results.data.source;
  Page page{.title = "ECG images, transfer learning and classifiers: the experiment of Li et al. (2026), run again",
            .description = "A re-run of the experiment of Li et al. 2026, " + what + ".",
            .lead = element("p", {{"class", "lead"}},
                            {"Preset \u201C" + results.preset + "\u201D, " + what + ", " + std::to_string(results.runs.size()) +
                             (results.runs.size() == 1 ? " run" : " repeats") + ". Made by qrs " + results.provenance.version + "."}),
            .sections = {{"summary", "Summary", summary_section(results)},
                         {"data", "Data", data_section(results)},
                         {"split", "Split", split_section(results)},
                         {"table-2", "Table 2 beside the paper\u2019s", scores_section(results)},
                         {"learning-curves", "Learning curves", training_section(results)},
                         {"features", "Principal components and classifiers", features_section(results)},
                         {"confusion", "Confusion matrices", confusion_section(results)},
                         {"roc", "ROC curves", roc_section(results)},
                         {"reliability", "Reliability", reliability_section(results)},
                         {"scores", "All scores, and those of each class", class_section(results)},
                         {"errors", "Errors", errors_section(results)},
                         {"settings", "Settings", settings_section(results)},
                         {"provenance", "Provenance", provenance_section(results)}},
            .footer = paragraph({"Every number here stands in results.json too, and what each model said of each image in "
                                 "predictions.csv."})};
  return html_page(page);
}

}  // namespace qrs::report
