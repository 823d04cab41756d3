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

/// Reads a model line by line: the header up to SV, then the support vectors.
class ModelReader {
 public:
  ModelReader(std::string_view text, const std::string& path)
      : at_("libsvm", path, text), path_(path), size_(text.size()) {}

  LibsvmModel read() {
    header();
    check_header();
    vectors();
    return std::move(out_);
  }

 private:
  static constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();

  void header() {
    for (; !at_.at_end() && !begun_; at_.next_line()) {
      at_.skip_blanks();
      if (at_.at_line_end()) continue;
      TextCursor here = at_;
      const std::string_view word = at_.word();
      at_.skip_blanks();
      begun_ = word == "SV";
      if (begun_ || one_value(word) || values_of_classes(word)) continue;
      here.refuse("a word of a LIBSVM model (svm_type, kernel_type, ..., SV)");
    }
  }

  /// Reads what stands behind a word of one value; false where the word is none.
  bool one_value(std::string_view word) {
    TextCursor value = at_;
    if (word == "svm_type") {
      c_svc_ = at_.word() == "c_svc";
      if (!c_svc_) value.refuse("svm_type c_svc");
    } else if (word == "kernel_type") {
      out_.kernel = std::string(at_.word());
      if (std::find(libsvm_kernels.begin(), libsvm_kernels.end(), out_.kernel) == libsvm_kernels.end()) {
        value.refuse("kernel_type linear, polynomial, rbf, sigmoid or precomputed");
      }
    } else if (word == "degree") {
      out_.degree = model_integers(at_, 1, "a degree from 0", 0, most)[0];
    } else if (word == "gamma") {
      out_.gamma = model_numbers(at_, 1, "gamma, a finite number")[0];
    } else if (word == "coef0") {
      out_.coef0 = model_numbers(at_, 1, "coef0, a finite number")[0];
    } else if (word == "nr_class") {
      classes_ = static_cast<std::size_t>(model_integers(at_, 1, "2 to 32767 classes", 2, 32767)[0]);
    } else if (word == "total_sv") {
      total_ = model_integers(at_, 1, "the number of support vectors", 1, most)[0];
    } else {
      return word == "prob_density_marks";  // of one-class models
    }
    return true;
  }

  /// Reads what stands behind a word of one value a class or a pair of classes; false where the word is none.
  bool values_of_classes(std::string_view word) {
    std::vector<double>* of_pairs = word == "rho"     ? &out_.rho
                                    : word == "probA" ? &out_.prob_a
                                    : word == "probB" ? &out_.prob_b
                                                      : nullptr;
    if (of_pairs == nullptr && word != "label" && word != "nr_sv") return false;
    if (classes_ == 0) at_.refuse(text("nr_class before ", word));
    if (of_pairs != nullptr) {
      *of_pairs =
          model_numbers(at_, classes_ * (classes_ - 1) / 2, text("a finite ", word, " of each pair of classes"));
    } else if (word == "label") {
      out_.label = model_integers(at_, classes_, "an integer label of each class", -most - 1, most);
    } else {
      out_.nr_sv = model_integers(at_, classes_, "the number of support vectors of each class", 0, most);
    }
    return true;
  }

  void check_header() const {
    const auto need = [&](bool there, std::string_view what) {
      QRS_CHECK(there, "[libsvm] ", path_, ": expected ", what, " before line ", at_.line(), ", got none");
    };
    need(begun_, "a line SV");
    need(c_svc_, "svm_type c_svc");
    need(total_ > 0, "total_sv");
    need(!out_.rho.empty(), "rho");
    need(!out_.label.empty(), "label");
    need(!out_.nr_sv.empty(), "nr_sv");
    QRS_CHECK(out_.prob_a.size() == out_.prob_b.size(), "[libsvm] ", path_,
              ": expected probA and probB or neither, got ", out_.prob_a.size(), " and ", out_.prob_b.size(),
              " values");
    std::int64_t sum = 0;
    for (const std::int64_t count : out_.nr_sv) sum += count;
    QRS_CHECK(sum == total_, "[libsvm] ", path_, ": expected nr_sv to add up to total_sv, ", total_, ", got ", sum);
  }

  void vectors() {
    for (; !at_.at_end(); at_.next_line()) {
      at_.skip_blanks();
      if (at_.at_line_end()) continue;
      if (out_.vectors.rows() == total_) at_.refuse(text("the end of the file after ", total_, " support vectors"));
      for (std::size_t c = 0; c + 1 < classes_; ++c, at_.skip_blanks()) {
        out_.coefficients.push_back(at_.number("a finite coefficient"));
      }
      out_.vectors.labels.push_back(0.0);
      read_features(at_, out_.vectors.index, out_.vectors.value);
      if (!at_.at_line_end()) at_.refuse("an index");
      out_.vectors.begin.push_back(out_.vectors.index.size());
    }
    QRS_CHECK(out_.vectors.rows() == total_, "[libsvm] ", path_, ": expected ", total_, " support vectors, got ",
              out_.vectors.rows(), " at byte ", size_, ", the end of the file");
  }

  TextCursor at_;
  std::string_view path_;
  std::size_t size_;  // of the text
  LibsvmModel out_;
  std::int64_t total_ = -1;
  std::size_t classes_ = 0;
  bool c_svc_ = false;
  bool begun_ = false;
};

}  // namespace detail

/// A model of a text. `path` stands in messages.
inline LibsvmModel parse_libsvm_model(std::string_view text, const std::string& path = "text") {
  return detail::ModelReader(text, path).read();
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
