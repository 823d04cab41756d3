// The test images that the best model got wrong, each with its picture, its true class, and what the models said.
//
// Pictures stop after a number a run, and where the page would grow too heavy.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "../readings.hpp"
#include "by_run.hpp"
#include "qrs/report/html.hpp"

namespace qrs::ecg_images {

inline constexpr std::size_t most_error_pictures = 24;  // a run
inline constexpr std::size_t most_error_rows = 200;     // of the list of the others, a run

namespace detail {

/// What each model said, a line each.
inline Markup predictions_told(const Results& results, const ExampleRecord& error) {
  Markup out;
  for (const auto& [model, label] : error.predicted) {
    if (!out.empty()) out += line_break();
    out += model_title(model) + ": " + class_name(results, label);
  }
  return out;
}

inline Markup error_figure(const Results& results, const ExampleRecord& error, const std::vector<std::uint8_t>& png) {
  const std::string name = class_name(results, error.label);
  Markup words = element("b", {name}) + " ";
  words += error.leaked ? element("span", {{"class", "badge leak"}}, {"leaked"})
                        : element("span", {{"class", "badge"}}, {"clean"});
  words += line_break() + predictions_told(results, error) + line_break() + error.file;
  return figure(picture(png, error.file + ", class " + name), words);
}

}  // namespace detail

/// `most_bytes`: of the pictures as text, in all runs.
inline Markup errors_section(const Results& results, std::size_t most_bytes) {
  std::size_t bytes = 0;
  return paragraph({"Test images that the best model on the validation images got wrong. In bold the true class, then "
                    "what the models "
                    "said. \u201CLeaked\u201D images also stand in training."}) +
         by_run(results, [&](const RunRecord& run) {
           Markup pictures;
           std::size_t shown = 0;
           std::vector<const ExampleRecord*> others;
           for (const ExampleRecord& missed : run.errors) {
             const std::vector<std::uint8_t>& png = missed.before_png.empty() ? missed.after_png : missed.before_png;
             if (png.empty() || shown == most_error_pictures || bytes + base64_size(png.size()) > most_bytes) {
               others.push_back(&missed);
               continue;
             }
             pictures += detail::error_figure(results, missed, png);
             bytes += base64_size(png.size());
             ++shown;
           }
           Markup out =
               paragraph({run.errors.empty() ? std::string("No test image was told wrong.")
                                             : part_text(static_cast<std::int64_t>(run.errors.size()), run.split.test) +
                                                   " test images were told wrong."});
           if (shown > 0) out += element("div", {{"class", "pictures"}}, {pictures});
           if (others.empty()) return out;
           Table rest{.caption = std::to_string(others.size()) + (shown > 0 ? " more" : "") + " without a picture.",
                      .columns = {{"file"}, {"class"}, {"told as"}, {"content"}},
                      .rows = {}};
           for (std::size_t i = 0; i < std::min(others.size(), most_error_rows); ++i) {
             const ExampleRecord& error = *others[i];
             rest.rows.push_back({{error.file, false, "file"},
                                  {{class_name(results, error.label)},
                                   {detail::predictions_told(results, error), false, "wide"},
                                   {error.leaked ? "leaked" : "clean"}}});
           }
           if (others.size() > most_error_rows) {
             rest.caption +=
                 " The first " + std::to_string(most_error_rows) + " are listed; predictions.csv has them all.";
           }
           return out + element("details", {element("summary", {rest.caption}), table(rest)});
         });
}

}  // namespace qrs::ecg_images
