// LIBSVM's text files of samples: a label, and the features that are not zero.
//
//   +1 1:0.5 3:-1.25
//   -1 2:1e-3 4:7          # what follows a hash is not read
//
// Indices count from 1 and ascend along a line (0 is allowed first: precomputed kernels put the number of the sample there).
// Values are finite. A line without anything on it is skipped. Source: the README of LIBSVM 3.
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

/// Rows of `features` values (0: as many as the largest index), zero where the file has none. Throws where an index is
/// larger, or the matrix would have more than `max_values` values: a short file may name a huge index. Index 0, the number
/// of a sample, is left out.
template <class T>
std::vector<T> libsvm_dense(const LibsvmData& data, std::int64_t features = 0,
                            std::int64_t max_values = std::int64_t{1} << 31) {
  const std::int64_t columns = features > 0 ? features : data.features();
  std::int64_t count = 0;
  QRS_CHECK(!__builtin_mul_overflow(columns, data.rows(), &count) && count <= max_values, "[libsvm] expected at most ",
            max_values, " values in a dense matrix, got ", data.rows(), " x ", columns);
  std::vector<T> out(static_cast<std::size_t>(count), T(0));
  for (std::size_t r = 0; r < data.labels.size(); ++r) {
    for (std::size_t e = data.begin[r]; e < data.begin[r + 1]; ++e) {
      QRS_CHECK(data.index[e] >= 0 && data.index[e] <= columns, "[libsvm] expected indices from 0 to ", columns,
                ", got ", data.index[e], " in row ", r);
      if (data.index[e] == 0) continue;
      out[r * static_cast<std::size_t>(columns) + static_cast<std::size_t>(data.index[e]) - 1] =
          static_cast<T>(data.value[e]);
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
    QRS_CHECK(label == std::floor(label) && std::abs(label) <= 9007199254740992.0,
              "[libsvm] expected integer labels, got ", label, " in row ", r);
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
