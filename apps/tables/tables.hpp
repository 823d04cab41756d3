// Features and labels from files, and results into them. A source is one of
//
//   x.npy                       an array of two axes (labels: one axis, or two with one column)
//   x.csv, x.tsv, x.txt         numbers, a row a line, with or without names (io/csv.hpp)
//   x.libsvm, x.svm             LIBSVM's sparse text: features and labels in one file
//   f.safetensors:name          one tensor of a file
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "qrs/ml/matrix.hpp"

namespace qrs::tables {

/// Features, (rows, columns). Throws where the file is broken or has another shape; NaN passes. Of LIBSVM's text `columns`
/// says how many there are; 0: the largest index in it.
template <class T>
ml::Matrix<T> read_features(const std::string& source, std::int64_t columns = 0);

/// Features and their labels, one a row.
template <class T>
struct Samples {
  ml::Matrix<T> x;
  std::vector<std::int64_t> y;
};

/// Features and labels from two sources, or from one file that holds both, which is read once: `y` is then empty. `what`
/// names the option in messages: "--y".
template <class T>
Samples<T> read_samples(const std::string& x, const std::string& y, std::int64_t columns, const std::string& what);

/// Scores of classes, (rows, classes); one axis is one column.
ml::Matrix<double> read_scores(const std::string& source);

/// Labels: integers, one a row. Throws where one is not an integer, and says which.
std::vector<std::int64_t> read_labels(const std::string& source);

/// Numbers, one a row: sample weights, targets of a regression.
std::vector<double> read_numbers(const std::string& source);

/// Writes labels, one a row, as .npy (int64) or text by the extension.
void write_labels(const std::string& path, const std::vector<std::int64_t>& labels);

/// Writes a matrix as .npy or text by the extension; text has a line of names where there are any.
template <class T>
void write_matrix(const std::string& path, const ml::Matrix<T>& values, const std::vector<std::string>& names = {});

}  // namespace qrs::tables
