// LIBSVM's text `.model`: a header of words and numbers, then the support vectors, one a line.
//
//   svm_type c_svc
//   kernel_type rbf
//   gamma 0.25
//   nr_class 3
//   total_sv 12
//   rho 0.1 -0.2 0.3
//   label 1 -1 7
//   nr_sv 5 4 3
//   SV
//   0.5 0 1:0.1 2:-3          nr_class - 1 coefficients, then the features that are not zero
//
// Only C-SVC is read. For a precomputed kernel a support vector is `0:i`, the number of the sample from 1. Everything is
// checked: counts against each other, numbers finite, indices ascending. Source: svm.cpp of LIBSVM 3 (svm_save_model).
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libsvm_format.hpp"

namespace qrs::io {

/// LIBSVM's words, in the order of its numbers.
inline constexpr std::array<std::string_view, 5> libsvm_kernels{"linear", "polynomial", "rbf", "sigmoid",
                                                                "precomputed"};

/// A model as the file has it: labels in its order, pairs (0, 1), (0, 2), ... of that order.
struct LibsvmModel {
  std::string kernel = "rbf";  // one of libsvm_kernels
  std::int64_t degree = 3;
  double gamma = 0.0;
  double coef0 = 0.0;
  std::vector<double> rho;          // of each pair
  std::vector<std::int64_t> label;  // of each class
  std::vector<double> prob_a;       // of each pair, or none
  std::vector<double> prob_b;
  std::vector<std::int64_t> nr_sv;   // of each class
  std::vector<double> coefficients;  // (total_sv, nr_class - 1), row-major
  LibsvmData vectors;                // total_sv rows; labels are not used

  bool operator==(const LibsvmModel&) const = default;
};

namespace detail {

/// The numbers on the rest of a line, exactly `count`.
inline std::vector<double> model_numbers(TextCursor& at, std::size_t count, std::string_view what) {
  std::vector<double> out;
  for (at.skip_blanks(); out.size() < count; at.skip_blanks()) out.push_back(at.number(what));
  if (!at.at_line_end()) at.refuse(text("the end of the line after ", count, " values"));
  return out;
}
inline std::vector<std::int64_t> model_integers(TextCursor& at, std::size_t count, std::string_view what,
                                                std::int64_t low, std::int64_t high) {
  std::vector<std::int64_t> out;
  for (at.skip_blanks(); out.size() < count; at.skip_blanks()) out.push_back(at.integer(what, low, high));
  if (!at.at_line_end()) at.refuse(text("the end of the line after ", count, " values"));
  return out;
}

}  // namespace detail

/// A model of a text. `path` stands in messages.
inline LibsvmModel parse_libsvm_model(std::string_view text, const std::string& path = "text") {
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  LibsvmModel out;
  TextCursor at("libsvm", path, text);
  std::int64_t total = -1;
  std::size_t classes = 0;
  bool c_svc = false;
  bool begun = false;
  const auto pairs = [&] { return classes * (classes - 1) / 2; };
  const auto need_classes = [&](std::string_view word) {
    if (classes == 0) at.refuse(qrs::text("nr_class before ", word));
  };
  for (; !at.at_end() && !begun; at.next_line()) {
    at.skip_blanks();
    if (at.at_line_end()) continue;
    TextCursor here = at;
    const std::string_view word = at.word();
    at.skip_blanks();
    if (word == "svm_type") {
      TextCursor value = at;
      c_svc = at.word() == "c_svc";
      if (!c_svc) value.refuse("svm_type c_svc");
    } else if (word == "kernel_type") {
      TextCursor value = at;
      out.kernel = std::string(at.word());
      if (std::find(libsvm_kernels.begin(), libsvm_kernels.end(), out.kernel) == libsvm_kernels.end()) {
        value.refuse("kernel_type linear, polynomial, rbf, sigmoid or precomputed");
      }
    } else if (word == "degree") {
      out.degree = detail::model_integers(at, 1, "a degree from 0", 0, most)[0];
    } else if (word == "gamma") {
      out.gamma = detail::model_numbers(at, 1, "gamma, a finite number")[0];
    } else if (word == "coef0") {
      out.coef0 = detail::model_numbers(at, 1, "coef0, a finite number")[0];
    } else if (word == "nr_class") {
      classes = static_cast<std::size_t>(detail::model_integers(at, 1, "2 to 32767 classes", 2, 32767)[0]);
    } else if (word == "total_sv") {
      total = detail::model_integers(at, 1, "the number of support vectors", 1, most)[0];
    } else if (word == "rho") {
      need_classes(word);
      out.rho = detail::model_numbers(at, pairs(), "a finite rho of each pair of classes");
    } else if (word == "label") {
      need_classes(word);
      out.label = detail::model_integers(at, classes, "an integer label of each class", -most - 1, most);
    } else if (word == "probA") {
      need_classes(word);
      out.prob_a = detail::model_numbers(at, pairs(), "a finite probA of each pair of classes");
    } else if (word == "probB") {
      need_classes(word);
      out.prob_b = detail::model_numbers(at, pairs(), "a finite probB of each pair of classes");
    } else if (word == "nr_sv") {
      need_classes(word);
      out.nr_sv = detail::model_integers(at, classes, "the number of support vectors of each class", 0, most);
    } else if (word == "prob_density_marks") {
      continue;  // of one-class models
    } else if (word == "SV") {
      begun = true;
    } else {
      here.refuse("a word of a LIBSVM model (svm_type, kernel_type, ..., SV)");
    }
  }
  const auto need = [&](bool there, std::string_view what) {
    QRS_CHECK(there, "[libsvm] ", path, ": expected ", what, " before line ", at.line(), ", got none");
  };
  need(begun, "a line SV");
  need(c_svc, "svm_type c_svc");
  need(total > 0, "total_sv");
  need(!out.rho.empty(), "rho");
  need(!out.label.empty(), "label");
  need(!out.nr_sv.empty(), "nr_sv");
  QRS_CHECK(out.prob_a.size() == out.prob_b.size(), "[libsvm] ", path, ": expected probA and probB or neither, got ",
            out.prob_a.size(), " and ", out.prob_b.size(), " values");
  std::int64_t sum = 0;
  for (const std::int64_t count : out.nr_sv) sum += count;
  QRS_CHECK(sum == total, "[libsvm] ", path, ": expected nr_sv to add up to total_sv, ", total, ", got ", sum);
  for (; !at.at_end(); at.next_line()) {
    at.skip_blanks();
    if (at.at_line_end()) continue;
    if (out.vectors.rows() == total) at.refuse(qrs::text("the end of the file after ", total, " support vectors"));
    for (std::size_t c = 0; c + 1 < classes; ++c, at.skip_blanks()) {
      out.coefficients.push_back(at.number("a finite coefficient"));
    }
    out.vectors.labels.push_back(0.0);
    detail::read_features(at, out.vectors.index, out.vectors.value);
    if (!at.at_line_end()) at.refuse("an index");
    out.vectors.begin.push_back(out.vectors.index.size());
  }
  QRS_CHECK(out.vectors.rows() == total, "[libsvm] ", path, ": expected ", total, " support vectors, got ",
            out.vectors.rows(), " at byte ", text.size(), ", the end of the file");
  return out;
}

inline LibsvmModel read_libsvm_model(const std::string& path) {
  const std::vector<std::byte> bytes = read_file(path);
  return parse_libsvm_model({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path);
}

/// The text of a model, in the order of LIBSVM's own.
inline std::string libsvm_text(const LibsvmModel& model) {
  std::string out = "svm_type c_svc\nkernel_type " + model.kernel + "\n";
  const auto line = [&](std::string_view word, const auto& values) {
    out += word;
    for (const auto value : values) {
      out += ' ';
      append_number(out, value);
    }
    out += '\n';
  };
  const bool poly = model.kernel == "polynomial";
  const bool sigmoid = model.kernel == "sigmoid";
  if (poly) line("degree", std::vector{model.degree});
  if (poly || sigmoid || model.kernel == "rbf") line("gamma", std::vector{model.gamma});
  if (poly || sigmoid) line("coef0", std::vector{model.coef0});
  line("nr_class", std::vector{model.label.size()});
  line("total_sv", std::vector{model.vectors.labels.size()});
  line("rho", model.rho);
  line("label", model.label);
  if (!model.prob_a.empty()) {
    line("probA", model.prob_a);
    line("probB", model.prob_b);
  }
  line("nr_sv", model.nr_sv);
  out += "SV\n";
  const bool precomputed = model.kernel == "precomputed";
  const std::size_t width = model.label.size() - 1;
  for (std::size_t v = 0; v < model.vectors.labels.size(); ++v) {
    for (std::size_t c = 0; c < width; ++c) {
      append_number(out, model.coefficients[v * width + c]);
      out += ' ';
    }
    for (std::size_t e = model.vectors.begin[v]; e < model.vectors.begin[v + 1]; ++e) {
      append_number(out, model.vectors.index[e]);
      out += ':';
      append_number(out, model.vectors.value[e]);
      if (!precomputed) out += ' ';  // LIBSVM ends each line but these with a blank
    }
    out += '\n';
  }
  return out;
}

inline void write_libsvm_model(const std::string& path, const LibsvmModel& model) {
  write_file(path, as_bytes(libsvm_text(model)));
}

}  // namespace qrs::io
