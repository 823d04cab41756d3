// Reading and writing of tables.
#include "tables.hpp"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string_view>
#include <utility>

#include "qrs/io/file_kind.hpp"
#include "qrs/io/libsvm_format.hpp"
#include "qrs/io/npy.hpp"
#include "qrs/io/safetensors.hpp"

namespace qrs::tables {

namespace {

constexpr std::string_view tensor_mark = ".safetensors:";

bool is_text(std::string_view path) {
  return path.ends_with(".csv") || path.ends_with(".tsv") || path.ends_with(".txt");
}
bool is_array(std::string_view path) {
  return path.ends_with(".npy") || path.ends_with(".safetensors") || path.find(tensor_mark) != std::string_view::npos;
}

/// The first bytes of a file; nothing of a pipe, whose bytes are there once.
std::string first_bytes(const std::string& path) {
  std::error_code unknown;
  if (!std::filesystem::is_regular_file(path, unknown)) return {};
  std::ifstream file(path, std::ios::binary);
  std::string out(65536, '\0');
  file.read(out.data(), static_cast<std::streamsize>(out.size()));
  out.resize(static_cast<std::size_t>(file.gcount()));
  return out;
}

/// Whether a source holds features and labels together.
bool holds_labels(const std::string& source) {
  if (source.ends_with(".libsvm") || source.ends_with(".svm")) return true;
  return !is_array(source) && io::reads_as_libsvm(first_bytes(source));
}

/// The array of a .npy file or of a tensor of a .safetensors file.
io::Entry read_entry(const std::string& source) {
  if (const std::size_t mark = source.find(tensor_mark); mark != std::string::npos) {
    const std::string path = source.substr(0, mark + tensor_mark.size() - 1);
    return io::read_safetensors(path).at(source.substr(mark + tensor_mark.size()));
  }
  QRS_CHECK(!source.ends_with(".safetensors"), "[table] expected the name of a tensor after ", source,
            ", as in file.safetensors:name, got none (qrs inspect lists the names)");
  if (!source.ends_with(".npy")) {
    const std::string bytes = first_bytes(source);
    fail("[table] expected a file that ends in .npy, .csv, .tsv, .txt, .libsvm or .svm, or file.safetensors:name, got ",
         source, bytes.empty() ? "" : ", ", bytes.empty() ? "" : io::kind_and_advice(io::as_bytes(bytes)));
  }
  return io::read_npy(source);
}

template <class V>
std::vector<V> values_of(const io::Entry& entry) {
  io::Entry flat = entry;
  flat.shape = {entry.size()};
  const Tensor<V> tensor = flat.to<V>();
  return std::vector<V>(tensor.data(), tensor.data() + tensor.size());
}

/// Values as T. Throws where one is finite as double and not as T.
template <class T>
ml::Matrix<T> narrowed(std::int64_t rows, std::int64_t cols, const std::vector<double>& values,
                       const std::string& source) {
  std::vector<T> out(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    out[i] = static_cast<T>(values[i]);
    QRS_CHECK(std::isfinite(out[i]) || !std::isfinite(values[i]), "[table] ", source,
              ": expected values within float32, got ", values[i], " in row ", i / static_cast<std::size_t>(cols),
              ", column ", i % static_cast<std::size_t>(cols), " (a model fitted with --dtype f64 takes it)");
  }
  return ml::Matrix<T>(rows, cols, std::move(out));
}

template <class T>
ml::Matrix<T> matrix_of(const io::Entry& entry, const std::string& source) {
  QRS_CHECK(entry.shape.size() == 2, "[table] expected two axes, (rows, columns), of ", source, ", got ",
            std::span(entry.shape));
  if (entry.dtype == io::DType::f64) {
    return narrowed<T>(entry.shape[0], entry.shape[1], values_of<double>(entry), source);
  }
  return ml::Matrix<T>(entry.shape[0], entry.shape[1], values_of<T>(entry));
}

template <class T>
Features<T> dense(const io::LibsvmData& data, const Reading& reading, const std::string& source) {
  Features<T> out;
  out.first_index = reading.first_index.value_or(data.counts_from_zero() ? 0 : 1);
  std::int64_t width = reading.columns;
  if (width == 0 && reading.least_columns > 0) {
    width = std::max(reading.least_columns, data.features() + 1 - out.first_index);
  }
  for (std::size_t e = 0; e < data.value.size(); ++e) {
    QRS_CHECK(std::isfinite(static_cast<T>(data.value[e])), "[table] ", source,
              ": expected values within float32, got ", data.value[e], " at index ", data.index[e],
              " (a model fitted with --dtype f64 takes it)");
  }
  std::vector<T> values = io::libsvm_dense<T>(data, width, out.first_index, source);
  const std::int64_t columns = static_cast<std::int64_t>(values.size()) / data.rows();
  out.x = ml::Matrix<T>(data.rows(), columns, std::move(values));
  return out;
}

io::CsvTable read_table(const std::string& source, io::CsvNames names) {
  io::CsvTable table = io::read_csv(source, names);
  if (table.without_index) {
    std::fprintf(stderr, "note: %s: the first column has no name and numbers the rows: left out\n", source.c_str());
  }
  return table;
}

/// The one column of a table, without the 0 that names it where there is a row too many.
io::CsvTable table_column(const std::string& source, const Column& column) {
  io::CsvTable table = read_table(source, column.names);
  QRS_CHECK(table.cols == 1, "[table] expected one column of ", column.what, " in ", source, ", got ", table.cols);
  if (table.first_may_be_name && table.rows == column.rows + 1) {
    table.values.erase(table.values.begin());
    for (auto& [place, value] : table.large) --place;
    --table.rows;
  }
  return table;
}

io::Entry entry_column(const std::string& source, const Column& column) {
  io::Entry entry = read_entry(source);
  const bool one = entry.shape.size() == 1 || (entry.shape.size() == 2 && entry.shape[1] == 1);
  QRS_CHECK(one, "[table] expected one axis, or one column, of ", column.what, " in ", source, ", got ",
            std::span(entry.shape));
  return entry;
}

/// Values that are whole and below 2^53, where doubles still tell neighbours apart; those listed apart are exact.
std::vector<std::int64_t> whole_numbers(const std::vector<double>& values, const std::string& source,
                                        const std::string& what,
                                        const std::vector<std::pair<std::size_t, std::int64_t>>& exact = {}) {
  std::vector<std::int64_t> out;
  out.reserve(values.size());
  auto next = exact.begin();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (next != exact.end() && next->first == i) {
      out.push_back(next++->second);
      continue;
    }
    const double value = values[i];
    QRS_CHECK(std::floor(value) == value, "[table] expected integers as ", what, " in ", source, ", got ", value,
              " in row ", i, std::isnan(value) ? " (a missing value): leave such rows out" : "");
    QRS_CHECK(std::abs(value) < 0x1p53, "[table] expected ", what, " in ", source,
              " that are not too large, at most 2^53 - 1 as floats and 2^63 - 1 as integers, got ", value, " in row ",
              i);
    out.push_back(static_cast<std::int64_t>(value));
  }
  return out;
}

std::string number_text(double value) {
  if (std::isnan(value)) return "nan";
  char digits[40];
  return std::string(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

}  // namespace

template <class T>
Features<T> read_features(const std::string& source, const Reading& reading) {
  if (holds_labels(source)) return dense<T>(io::read_libsvm_data(source), reading, source);
  if (is_text(source)) {
    io::CsvTable table = read_table(source, reading.names);
    return {narrowed<T>(table.rows, table.cols, table.values, source), std::move(table.names)};
  }
  return {matrix_of<T>(read_entry(source), source)};
}

template Features<float> read_features<float>(const std::string&, const Reading&);
template Features<double> read_features<double>(const std::string&, const Reading&);

ml::Matrix<double> read_scores(const std::string& source, io::CsvNames names) {
  if (is_text(source)) return read_features<double>(source, {.names = names}).x;
  const io::Entry entry = read_entry(source);
  if (entry.shape.size() != 1) return matrix_of<double>(entry, source);
  return ml::Matrix<double>(entry.shape[0], 1, values_of<double>(entry));
}

std::vector<double> read_numbers(const std::string& source, const Column& column) {
  if (holds_labels(source)) return io::read_libsvm_data(source).labels;
  if (is_text(source)) return table_column(source, column).values;
  return values_of<double>(entry_column(source, column));
}

std::vector<std::int64_t> read_labels(const std::string& source, const Column& column) {
  if (holds_labels(source)) return io::libsvm_labels(io::read_libsvm_data(source));
  if (is_text(source)) {
    const io::CsvTable table = table_column(source, column);
    return whole_numbers(table.values, source, column.what, table.large);
  }
  const io::Entry entry = entry_column(source, column);
  const bool floats = entry.dtype == io::DType::f64 || entry.dtype == io::DType::f32 || entry.dtype == io::DType::f16 ||
                      entry.dtype == io::DType::bf16;
  return floats ? whole_numbers(values_of<double>(entry), source, column.what) : values_of<std::int64_t>(entry);
}

template <class T>
Samples<T> read_samples(const std::string& x, const std::string& y, const Reading& reading, const std::string& what) {
  if (!y.empty()) {
    Features<T> features = read_features<T>(x, reading);
    const std::int64_t rows = features.x.rows();
    return {std::move(features), read_labels(y, {.rows = rows, .names = reading.names})};
  }
  QRS_CHECK(holds_labels(x), "[table] expected ", what, " with features from ", x,
            ", got none (LIBSVM's text holds labels as well: a line is a label and index:value pairs, the name ends in "
            ".libsvm or .svm)");
  const io::LibsvmData data = io::read_libsvm_data(x);
  return {dense<T>(data, reading, x), io::libsvm_labels(data)};
}

template Samples<float> read_samples<float>(const std::string&, const std::string&, const Reading&, const std::string&);
template Samples<double> read_samples<double>(const std::string&, const std::string&, const Reading&,
                                              const std::string&);

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

void write_numbers(const std::string& path, const std::vector<double>& values) {
  if (path.ends_with(".npy")) {
    Tensor<double> tensor({static_cast<std::int64_t>(values.size())});
    std::copy(values.begin(), values.end(), tensor.data());
    io::write_npy(path, io::Entry::from(tensor));
    return;
  }
  std::string lines;
  for (const double value : values) lines += number_text(value) + "\n";
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
