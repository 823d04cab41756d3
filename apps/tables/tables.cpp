#include "tables.hpp"

#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>
#include <utility>

#include "qrs/io/csv.hpp"
#include "qrs/io/libsvm_format.hpp"
#include "qrs/io/npy.hpp"
#include "qrs/io/safetensors.hpp"

namespace qrs::tables {

namespace {

constexpr std::string_view tensor_mark = ".safetensors:";

bool is_text(std::string_view path) {
  return path.ends_with(".csv") || path.ends_with(".tsv") || path.ends_with(".txt");
}

/// The array of a .npy file or of a tensor of a .safetensors file.
io::Entry read_entry(const std::string& source) {
  if (const std::size_t mark = source.find(tensor_mark); mark != std::string::npos) {
    const std::string path = source.substr(0, mark + tensor_mark.size() - 1);
    return io::read_safetensors(path).at(source.substr(mark + tensor_mark.size()));
  }
  QRS_CHECK(!source.ends_with(".safetensors"), "[table] expected the name of a tensor after ", source,
            ", as in file.safetensors:name, got none (qrs inspect lists the names)");
  QRS_CHECK(source.ends_with(".npy"),
            "[table] expected a file that ends in .npy, .csv, .tsv, .txt, "
            ".libsvm or .svm, or file.safetensors:name, got ",
            source);
  return io::read_npy(source);
}

template <class V>
std::vector<V> values_of(const io::Entry& entry) {
  io::Entry flat = entry;
  flat.shape = {entry.size()};
  const Tensor<V> tensor = flat.to<V>();
  return std::vector<V>(tensor.data(), tensor.data() + tensor.size());
}

template <class V>
ml::Matrix<V> matrix_of(const io::Entry& entry, const std::string& source) {
  QRS_CHECK(entry.shape.size() == 2, "[table] expected two axes, (rows, columns), of ", source, ", got ",
            std::span(entry.shape));
  return ml::Matrix<V>(entry.shape[0], entry.shape[1], values_of<V>(entry));
}

/// Whether a source holds features and labels together.
bool holds_labels(const std::string& source) { return source.ends_with(".libsvm") || source.ends_with(".svm"); }

template <class T>
ml::Matrix<T> dense(const io::LibsvmData& data, std::int64_t columns) {
  const std::int64_t width = columns > 0 ? columns : data.features();
  return ml::Matrix<T>(data.rows(), width, io::libsvm_dense<T>(data, width));
}

/// One number a row.
std::vector<double> column_of(const std::string& source) {
  if (holds_labels(source)) return io::read_libsvm_data(source).labels;
  if (is_text(source)) {
    io::CsvTable table = io::read_csv(source);
    QRS_CHECK(table.cols == 1, "[table] expected one column in ", source, ", got ", table.cols);
    return std::move(table.values);
  }
  const io::Entry entry = read_entry(source);
  const bool column = entry.shape.size() == 1 || (entry.shape.size() == 2 && entry.shape[1] == 1);
  QRS_CHECK(column, "[table] expected one axis, or one column, of ", source, ", got ", std::span(entry.shape));
  return values_of<double>(entry);
}

std::string number_text(double value) {
  if (std::isnan(value)) return "nan";
  char digits[40];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace

template <class T>
ml::Matrix<T> read_features(const std::string& source, std::int64_t columns) {
  if (holds_labels(source)) return dense<T>(io::read_libsvm_data(source), columns);
  if (is_text(source)) {
    const io::CsvTable table = io::read_csv(source);
    return ml::Matrix<T>(table.rows, table.cols, std::vector<T>(table.values.begin(), table.values.end()));
  }
  return matrix_of<T>(read_entry(source), source);
}

template ml::Matrix<float> read_features<float>(const std::string& source, std::int64_t columns);
template ml::Matrix<double> read_features<double>(const std::string& source, std::int64_t columns);

ml::Matrix<double> read_scores(const std::string& source) {
  if (is_text(source)) return read_features<double>(source);
  const io::Entry entry = read_entry(source);
  if (entry.shape.size() != 1) return matrix_of<double>(entry, source);
  return ml::Matrix<double>(entry.shape[0], 1, values_of<double>(entry));
}

std::vector<double> read_numbers(const std::string& source) { return column_of(source); }

std::vector<std::int64_t> read_labels(const std::string& source) {
  const std::vector<double> values = column_of(source);
  std::vector<std::int64_t> out;
  out.reserve(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double value = values[i];
    QRS_CHECK(std::abs(value) <= 0x1p53 && std::floor(value) == value, "[table] expected integers as labels in ",
              source, ", got ", value, " in row ", i);
    out.push_back(static_cast<std::int64_t>(value));
  }
  return out;
}

template <class T>
Samples<T> read_samples(const std::string& x, const std::string& y, std::int64_t columns, const std::string& what) {
  if (!y.empty()) return {read_features<T>(x, columns), read_labels(y)};
  QRS_CHECK(holds_labels(x), "[table] expected ", what, " with features from ", x, ", got none");
  const io::LibsvmData data = io::read_libsvm_data(x);
  return {dense<T>(data, columns), io::libsvm_labels(data)};
}

template Samples<float> read_samples<float>(const std::string&, const std::string&, std::int64_t, const std::string&);
template Samples<double> read_samples<double>(const std::string&, const std::string&, std::int64_t, const std::string&);

void write_labels(const std::string& path, const std::vector<std::int64_t>& labels) {
  if (path.ends_with(".npy")) {
    Tensor<std::int64_t> tensor({static_cast<std::int64_t>(labels.size())});
    std::copy(labels.begin(), labels.end(), tensor.data());
    io::write_npy(path, io::Entry::from(tensor));
    return;
  }
  std::string lines;
  for (const std::int64_t label : labels) lines += text(label, "\n");
  io::write_file(path, io::as_bytes(lines));
}

template <class T>
void write_matrix(const std::string& path, const ml::Matrix<T>& values, const std::vector<std::string>& names) {
  if (path.ends_with(".npy")) {
    Tensor<T> tensor({values.rows(), values.cols()});
    std::copy(values.values().begin(), values.values().end(), tensor.data());
    io::write_npy(path, io::Entry::from(tensor));
    return;
  }
  const char separator = path.ends_with(".tsv") ? '\t' : ',';
  std::string lines;
  for (std::size_t j = 0; j < names.size(); ++j) {
    if (j > 0) lines += separator;
    lines += names[j];
  }
  if (!names.empty()) lines += '\n';
  for (std::int64_t i = 0; i < values.rows(); ++i) {
    for (std::int64_t j = 0; j < values.cols(); ++j) {
      if (j > 0) lines += separator;
      lines += number_text(static_cast<double>(values(i, j)));
    }
    lines += '\n';
  }
  io::write_file(path, io::as_bytes(lines));
}

template void write_matrix<float>(const std::string&, const ml::Matrix<float>&, const std::vector<std::string>&);
template void write_matrix<double>(const std::string&, const ml::Matrix<double>&, const std::vector<std::string>&);

}  // namespace qrs::tables
