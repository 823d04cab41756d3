// The images: how many files and distinct contents a class has, one example of each before and after preprocessing.
#pragma once

#include <cstdint>
#include <string>

#include "../readings.hpp"
#include "qrs/report/html.hpp"

namespace qrs::ecg_images {

namespace detail {

inline Row class_row(const std::string& name, std::int64_t files, std::int64_t distinct, const std::string& label) {
  const auto number = [](std::int64_t n) { return Cell{std::to_string(n), true}; };
  const double share = files > 0 ? static_cast<double>(distinct) / static_cast<double>(files) : metrics::undefined;
  return {{name}, {{label, true}, number(files), number(distinct), number(files - distinct), {percent(share), true}}};
}

inline Markup example_figure(const Results& results, const ExampleRecord& example) {
  Markup pictures;
  if (!example.before_png.empty()) pictures += picture(example.before_png, example.file + " before preprocessing");
  if (!example.after_png.empty()) pictures += picture(example.after_png, example.file + " as the networks see it");
  return figure(element("span", {pictures}),
                element("b", {class_name(results, example.label)}) + line_break() + example.file);
}

}  // namespace detail

inline Markup data_section(const Results& results) {
  const DataRecord& data = results.data;
  Markup out = paragraph(
      {"Source: ", element("b", {data.source}), ". ", std::to_string(data.files), " files were read, ",
       std::to_string(data.distinct), " of them distinct byte for byte",
       data.skipped > 0 ? "; " + std::to_string(data.skipped) + " could not be read and were left out" : "", "."});
  Table classes{
      .caption = "Files by class. A copy is a file whose bytes stand in an earlier file already.",
      .columns =
          {{"class"}, {"label", true}, {"files", true}, {"distinct", true}, {"copies", true}, {"share distinct", true}},
      .rows = {}};
  for (const ClassCount& c : data.classes) {
    classes.rows.push_back(detail::class_row(c.name, c.files, c.distinct, std::to_string(c.label)));
  }
  classes.rows.push_back(detail::class_row("all", data.files, data.distinct, ""));
  classes.rows.back().style = "apart";
  out += table(classes);

  Markup figures;
  for (const ExampleRecord& example : results.examples) {
    if (!example.before_png.empty() || !example.after_png.empty()) figures += detail::example_figure(results, example);
  }
  if (!figures.empty()) {
    out += element("h3", {"One page of each class"});
    out += paragraph({"Left as read, right as the networks see it."});
    out += element("div", {{"class", "pictures two"}}, {figures});
  }
  return out;
}

}  // namespace qrs::ecg_images
