// predictions.csv: what each model said of each test image of each repeat.
//
//   repeat,model,file,label,predicted,leaked,content,p_0,...,p_{K-1}
//
// Repeats count from 1. `leaked` is 1 where the image's content stands in training too; `content` is a number that equal
// contents share; both are empty where that is not known. Names with commas, quotes or line breaks stand in double quotes
// (RFC 4180); numbers read back as the same doubles.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "qrs/core/error.hpp"
#include "qrs/io/csv.hpp"
#include "qrs/io/text_cursor.hpp"
#include "readings.hpp"

namespace qrs::ecg_images {

namespace detail {

inline std::size_t scores_a_row(const RunRecord& run, const ModelRecord& model) {
  const std::size_t n = run.test_labels.size();
  QRS_CHECK(run.test_files.size() == n && model.test_predicted.size() == n,
            "[predictions] expected a file and a label of ", model.name, " for each of ", n, " test images, got ",
            run.test_files.size(), " and ", model.test_predicted.size());
  QRS_CHECK(run.test_leaked.empty() || run.test_leaked.size() == n, "[predictions] expected ", n,
            " marks of leaked images, or none, got ", run.test_leaked.size());
  QRS_CHECK(run.test_contents.empty() || run.test_contents.size() == n, "[predictions] expected ", n,
            " numbers of contents, or none, got ", run.test_contents.size());
  if (n == 0) return 0;
  QRS_CHECK(model.test_scores.size() % n == 0, "[predictions] expected rows of equal length of scores of ", model.name,
            " for ", n, " test images, got ", model.test_scores.size(), " scores");
  return model.test_scores.size() / n;
}

}  // namespace detail

inline std::string predictions_csv(const Results& results) {
  std::size_t columns = 0;
  for (const RunRecord& run : results.runs) {
    for (const ModelRecord* model : models_of(run)) columns = std::max(columns, detail::scores_a_row(run, *model));
  }
  std::string out = "repeat,model,file,label,predicted,leaked,content";
  for (std::size_t k = 0; k < columns; ++k) out += ",p_" + std::to_string(k);
  out += '\n';
  for (std::size_t r = 0; r < results.runs.size(); ++r) {
    const RunRecord& run = results.runs[r];
    for (const ModelRecord* model : models_of(run)) {
      const std::size_t width = detail::scores_a_row(run, *model);
      for (std::size_t i = 0; i < run.test_labels.size(); ++i) {
        out += std::to_string(r + 1) + ',';
        io::append_csv_field(out, model->name);
        out += ',';
        io::append_csv_field(out, run.test_files[i]);
        out += ',' + std::to_string(run.test_labels[i]) + ',' + std::to_string(model->test_predicted[i]) + ',';
        if (!run.test_leaked.empty()) out += run.test_leaked[i] != 0 ? '1' : '0';
        out += ',';
        if (!run.test_contents.empty()) out += std::to_string(run.test_contents[i]);
        for (std::size_t k = 0; k < columns; ++k) {
          out += ',';
          if (k < width) io::append_number(out, model->test_scores[i * width + k]);
        }
        out += '\n';
      }
    }
  }
  return out;
}

}  // namespace qrs::ecg_images
