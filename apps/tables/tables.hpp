// Features and labels from files, and results into them. A source is one of
//
//   x.npy                       an array of two axes (labels: one axis, or two with one column)
//   x.csv, x.tsv, x.txt         numbers, a row a line, with or without names (io/csv.hpp)
//   x.libsvm, x.svm             LIBSVM's sparse text: features and labels in one file; also under any other name, where its
//                               first line reads like one (heart_scale, a9a.t)
//   f.safetensors:name          one tensor of a file
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "qrs/io/csv.hpp"
#include "qrs/ml/matrix.hpp"

namespace qrs::tables {

/// How text is read where the file does not say.
struct Reading {
  std::int64_t columns = 0;                   // of LIBSVM's text; 0: as many as its largest index
  std::int64_t least_columns = 0;             // the same, where more are taken as well
  io::CsvNames names = io::CsvNames::detect;  // of tables: whether the first line is names
  std::optional<std::int64_t> first_index{};  // of LIBSVM's text: 0 or 1; none: what the file shows
};

template <class T>
struct Features {
  ml::Matrix<T> x;
  std::vector<std::string> names{};  // of the columns, where the source has them
  std::int64_t first_index = 1;      // LIBSVM's text that counts features from 0 has 0
};

/// Features, (rows, columns). Throws where the file is broken, has another shape or a number beyond T; NaN passes.
template <class T>
Features<T> read_features(const std::string& source, const Reading& reading = {});

/// Features and their labels, one a row.
template <class T>
struct Samples {
  Features<T> features;
  std::vector<std::int64_t> y;
};

/// Features and labels from two sources, or from one file that holds both, which is read once: `y` is then empty. `what`
/// names the option in messages: "--y".
template <class T>
Samples<T> read_samples(const std::string& x, const std::string& y, const Reading& reading, const std::string& what);

/// Scores of classes, (rows, classes); one axis is one column.
ml::Matrix<double> read_scores(const std::string& source, io::CsvNames names = io::CsvNames::detect);

/// How a column is read: what it holds in messages, and how many rows there are (-1: not known). pandas names a column
/// without a name 0; where a text begins with 0 and has one row too many, that line is the name.
struct Column {
  std::string what = "labels";
  std::int64_t rows = -1;
  io::CsvNames names = io::CsvNames::detect;
};

/// Whole numbers, one a row, exact up to 64 bits: labels, groups. Throws where one is not whole, and says which.
std::vector<std::int64_t> read_labels(const std::string& source, const Column& column = {});

/// Numbers, one a row: sample weights, targets of a regression.
std::vector<double> read_numbers(const std::string& source, const Column& column = {});

/// Puts the columns into the order of `wanted`, the names that a model was fitted on. Throws where one is missing, there is
/// another, or one stands there twice. Nothing is done where one of the two has no names.
template <class T>
void match_columns(Features<T>& features, const std::vector<std::string>& wanted, const std::string& source);

/// Writes labels, one a row, as .npy (int64) or text by the extension.
void write_labels(const std::string& path, const std::vector<std::int64_t>& labels);

/// Writes numbers, one a row, as .npy (float64) or text by the extension.
void write_numbers(const std::string& path, const std::vector<double>& values);

/// Writes a matrix as .npy or text by the extension; text has a line of names where there are any.
template <class T>
void write_matrix(const std::string& path, const ml::Matrix<T>& values, const std::vector<std::string>& names = {});

}  // namespace qrs::tables
