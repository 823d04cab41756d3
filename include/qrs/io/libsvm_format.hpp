// LIBSVM's text files of samples: a label, and the features that are not zero.
//
//   +1 1:0.5 3:-1.25
//   -1 2:1e-3 4:7          # what follows a hash is not read
//
// Indices count from 1 and ascend along a line. Precomputed kernels put the number of the sample at index 0, on every line;
// an index 0 otherwise means that the file counts from 0, as scikit-learn and XGBoost write it. Values are finite. A line
// without anything on it is skipped. Source: the README of LIBSVM 3.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "byte_reader.hpp"
#include "file.hpp"
#include "text_cursor.hpp"

namespace qrs::io {

/// Samples as the file has them: row r is entries [begin[r], begin[r + 1]).
struct LibsvmData {
  std::vector<double> labels;
  std::vector<std::size_t> begin{0};
  std::vector<std::int32_t> index;  // as in the file, from 1
  std::vector<double> value;

  std::int64_t rows() const { return static_cast<std::int64_t>(labels.size()); }
  /// The largest index.
  std::int64_t features() const {
    return index.empty() ? 0 : std::max<std::int64_t>(*std::max_element(index.begin(), index.end()), 0);
  }
  /// Whether index 0 is a feature: it occurs, and is not the number of the sample (row r begins with 0:r+1) on every line.
  bool counts_from_zero() const {
    if (std::find(index.begin(), index.end(), 0) == index.end()) return false;
    for (std::size_t r = 0; r < labels.size(); ++r) {
      const bool numbered =
          begin[r] < begin[r + 1] && index[begin[r]] == 0 && value[begin[r]] == static_cast<double>(r + 1);
      if (!numbered) return true;
    }
    return false;
  }
  bool operator==(const LibsvmData&) const = default;
};

namespace detail {

/// The features of one line, up to its end.
inline void read_features(TextCursor& at, std::vector<std::int32_t>& index, std::vector<double>& value) {
  std::int64_t last = -1;
  for (at.skip_blanks(); !at.at_line_end() && at.peek() != '#'; at.skip_blanks()) {
    TextCursor before = at;
    const std::int64_t i =
        at.integer("an index from 1 (0 for the number of a sample)", 0, std::numeric_limits<std::int32_t>::max());
    if (i <= last) before.refuse(text("an index above ", last, ", ascending along the line"));
    at.expect(':', "a colon after the index");
    index.push_back(static_cast<std::int32_t>(i));
    value.push_back(at.number("a finite number after the colon"));
    if (!at.at_line_end() && at.peek() != ' ' && at.peek() != '\t') at.refuse("a blank after the value");
    last = i;
  }
}

}  // namespace detail

/// Samples of a text. `path` stands in messages.
inline LibsvmData parse_libsvm_data(std::string_view text, const std::string& path = "text") {
  LibsvmData out;
  TextCursor at("libsvm", path, text);
  for (; !at.at_end(); at.next_line()) {
    at.skip_blanks();
    if (at.at_line_end() || at.peek() == '#') continue;
    out.labels.push_back(at.number("a label that is a finite number"));
    if (!at.at_line_end() && at.peek() != ' ' && at.peek() != '\t') at.refuse("a blank after the label");
    detail::read_features(at, out.index, out.value);
    out.begin.push_back(out.index.size());
  }
  QRS_CHECK(out.rows() > 0, "[libsvm] ", path, ", byte ", text.size(), ": expected at least one sample, got none");
  return out;
}

inline LibsvmData read_libsvm_data(const std::string& path) {
  const std::vector<std::byte> bytes = read_file(path);
  return parse_libsvm_data({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path);
}

/// The text of samples; numbers keep every digit they need.
inline std::string libsvm_text(const LibsvmData& data) {
  std::string out;
  for (std::size_t r = 0; r < data.labels.size(); ++r) {
    append_number(out, data.labels[r]);
    for (std::size_t e = data.begin[r]; e < data.begin[r + 1]; ++e) {
      out += ' ';
      append_number(out, data.index[e]);
      out += ':';
      append_number(out, data.value[e]);
    }
    out += '\n';
  }
  return out;
}

inline void write_libsvm_data(const std::string& path, const LibsvmData& data) {
  write_file(path, as_bytes(libsvm_text(data)));
}

/// Whether a text reads as samples: its first lines are a number and index:value pairs, with one such pair at least.
inline bool reads_as_libsvm(std::string_view text) {
  bool pairs = false;
  for (int line = 0; line < 8 && !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos && text.size() >= 65536) break;  // a line cut off
    std::string_view rest = text.substr(0, std::min(end, text.find('#')));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    for (std::size_t word = 0; true; ++word) {
      rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r"), rest.size()));
      if (rest.empty()) break;
      const std::string_view item = rest.substr(0, rest.find_first_of(" \t\r"));
      rest.remove_prefix(item.size());
      const std::size_t colon = word == 0 ? 0 : item.find(':');
      std::int64_t index = 0;
      double value = 0.0;
      if (word > 0 && (colon == item.npos || parse_number(item.substr(0, colon), index) != item.data() + colon)) {
        return false;
      }
      const std::string_view number = word == 0 ? item : item.substr(colon + 1);
      if (number.empty() || parse_number(number, value) != number.data() + number.size()) return false;
      pairs = pairs || word > 0;
    }
  }
  return pairs;
}

/// Throws where a matrix of rows x columns is more than `values` in a file account for: 1024 for each, and 2^24 in any case. A
/// short file may name a huge index. `file` stands in the message.
inline void check_dense_size(std::int64_t rows, std::int64_t columns, std::size_t values, std::string_view file) {
  const std::int64_t most = std::max(std::int64_t{1} << 24, static_cast<std::int64_t>(values) * 1024);
  std::int64_t count = 0;
  QRS_CHECK(!__builtin_mul_overflow(columns, rows, &count) && count <= most, "[libsvm] ", file, ": expected at most ",
            most, " values in a dense matrix (2^24, or 1024 for each value in the file), got ", rows, " rows x ",
            columns, " columns: is the largest index right?");
}

/// Rows of `features` values (0: as many as the largest index), zero where the file has none. `first_index` is that of the
/// first feature: with 1 an index 0, the number of a sample, is left out. Throws where an index is larger, or the matrix
/// would be beyond check_dense_size, or beyond 2^31 values where `features` says how wide it is. `file` stands in messages.
template <class T>
std::vector<T> libsvm_dense(const LibsvmData& data, std::int64_t features = 0, std::int64_t first_index = 1,
                            std::string_view file = "text") {
  const std::int64_t columns = features > 0 ? features : data.features() + 1 - first_index;
  if (features <= 0) check_dense_size(data.rows(), columns, data.value.size(), file);
  constexpr std::int64_t most = std::int64_t{1} << 31;
  std::int64_t count = 0;
  QRS_CHECK(!__builtin_mul_overflow(columns, data.rows(), &count) && count <= most, "[libsvm] ", file,
            ": expected at most ", most, " values in a dense matrix, got ", data.rows(), " x ", columns);
  std::vector<T> out(static_cast<std::size_t>(count), T(0));
  for (std::size_t r = 0; r < data.labels.size(); ++r) {
    for (std::size_t e = data.begin[r]; e < data.begin[r + 1]; ++e) {
      const std::int64_t column = data.index[e] - first_index;
      QRS_CHECK(data.index[e] >= 0 && column < columns, "[libsvm] ", file, ": expected indices from ", first_index,
                " to ", columns + first_index - 1, ", ", columns, " features, got ", data.index[e], " in row ", r);
      if (column < 0) continue;
      out[r * static_cast<std::size_t>(columns) + static_cast<std::size_t>(column)] = static_cast<T>(data.value[e]);
    }
  }
  return out;
}

/// Labels as integers; throws where one is not.
inline std::vector<std::int64_t> libsvm_labels(const LibsvmData& data) {
  std::vector<std::int64_t> out;
  out.reserve(data.labels.size());
  for (std::size_t r = 0; r < data.labels.size(); ++r) {
    const double label = data.labels[r];
    QRS_CHECK(label == std::floor(label), "[libsvm] expected integer labels, got ", label, " in row ", r);
    QRS_CHECK(std::abs(label) < 0x1p53, "[libsvm] expected labels that are not too large, at most 2^53 - 1, got ",
              label, " in row ", r);
    out.push_back(static_cast<std::int64_t>(label));
  }
  return out;
}

/// Samples of a dense matrix (rows x features, row-major): zeros are left out.
template <class T>
LibsvmData libsvm_samples(std::span<const std::int64_t> labels, std::span<const T> values) {
  QRS_CHECK(!labels.empty() && values.size() % labels.size() == 0, "[libsvm] expected as many values in each of ",
            labels.size(), " rows, got ", values.size());
  LibsvmData out;
  const std::size_t columns = values.size() / labels.size();
  for (std::size_t r = 0; r < labels.size(); ++r) {
    out.labels.push_back(static_cast<double>(labels[r]));
    for (std::size_t j = 0; j < columns; ++j) {
      const T value = values[r * columns + j];
      if (value == T(0)) continue;
      out.index.push_back(static_cast<std::int32_t>(j + 1));
      out.value.push_back(static_cast<double>(value));
    }
    out.begin.push_back(out.index.size());
  }
  return out;
}

}  // namespace qrs::io
