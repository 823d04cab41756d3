// What is told run by run: as it is where there is one run, each behind a line to open where there are several.
#pragma once

#include <cstdint>
#include <string>

#include "../readings.hpp"
#include "qrs/report/html.hpp"

namespace qrs::ecg_images {

inline std::string run_title(const Results& results, std::size_t index) {
  return "Repeat " + std::to_string(index + 1) + " of " + std::to_string(results.runs.size()) + ", split seed " +
         std::to_string(results.runs[index].split.seed);
}

/// body(run) -> Markup, of each run; the first one stands open.
template <class Body>
Markup by_run(const Results& results, const Body& body) {
  Markup out;
  for (std::size_t i = 0; i < results.runs.size(); ++i) {
    const Markup told = body(results.runs[i]);
    if (results.runs.size() == 1) return told;
    const Markup title = element("summary", {run_title(results, i)});
    out += i == 0 ? element("details", {{"open", ""}}, {title, told}) : element("details", {title, told});
  }
  return out;
}

}  // namespace qrs::ecg_images
