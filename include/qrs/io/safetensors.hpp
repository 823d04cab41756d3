// safetensors: a JSON header of names, types, shapes and byte ranges, then the bytes.
//
//   u64 N | N bytes of JSON | data      "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end]}
//
// Source: the format section of the safetensors project's README. Tighter than it: duplicate names, overlapping ranges
// and unknown fields are errors. Looser: gaps between ranges and bytes after the last one are tolerated, since files carry
// them. Types outside DType (F4) are listed or errors. The header never becomes a JSON tree: a
// handler takes each event, so that a hostile header costs no more memory than its length.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "byte_reader.hpp"
#include "dtype.hpp"
#include "file.hpp"
#include "file_kind.hpp"
#include "state_dict.hpp"

namespace qrs::io {

/// Longest header that is read: the format's own limit.
inline constexpr std::uint64_t max_safetensors_header = 100'000'000;

namespace detail {

/// What the header says of one tensor.
struct SafetensorsRecord {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::vector<std::uint64_t> range;  // begin, end: bytes after the header
  bool has_shape = false;
};

/// Takes the events of the JSON parser and accepts exactly the header's grammar: an object of tensors, at depth two their
/// fields, at depth three the numbers of a list; `__metadata__` is an object of strings. A refusal sets `cause`.
class SafetensorsHeader {
 public:
  std::vector<SafetensorsRecord> records;
  std::map<std::string, std::string> metadata;
  std::string cause;

  bool null() { return refuse("null"); }
  bool boolean(bool) { return refuse("a boolean"); }
  bool number_integer(std::int64_t value) { return refuse(text("the negative number ", value)); }
  bool number_float(double, const std::string& digits) { return refuse(text("the number ", shown(digits))); }
  bool binary(std::vector<std::uint8_t>&) { return refuse("binary"); }
  bool number_unsigned(std::uint64_t value) {
    if (!in_list_) return refuse(text("the number ", value));
    SafetensorsRecord& record = records.back();
    if (field_ == "data_offsets") {
      if (record.range.size() == 2) return because("expected two data_offsets", "more");
      record.range.push_back(value);
      return true;
    }
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
      return because("expected extents under 2^63", text(value));
    }
    if (record.shape.size() == max_file_rank) return because(text("expected at most ", max_file_rank, " axes"), "more");
    record.shape.push_back(static_cast<std::int64_t>(value));
    return true;
  }
  bool string(std::string& value) {
    if (depth_ == 2 && in_metadata_) {
      metadata[field_] = value;
      return true;
    }
    if (depth_ != 2 || field_ != "dtype" || in_list_) return refuse("a text");
    records.back().dtype = value;
    return true;
  }
  bool start_object(std::size_t) {
    if (depth_ == 2 || in_list_) return refuse("an object");
    if (++depth_ == 2 && !in_metadata_) {
      fields_.clear();
      records.push_back({.name = name_, .dtype = {}, .shape = {}, .range = {}, .has_shape = false});
    }
    return true;
  }
  bool key(std::string& value) {
    if (depth_ == 1) {
      name_ = value;
      in_metadata_ = value == "__metadata__";
      fields_.clear();
      return names_.insert(value).second || because("expected unique names", text("'", shown(value), "' twice"));
    }
    field_ = value;
    if (!in_metadata_ && value != "dtype" && value != "shape" && value != "data_offsets") {
      return because("expected dtype, shape or data_offsets", text("'", shown(value), "'"));
    }
    return fields_.insert(value).second || because("expected unique fields", text("'", shown(value), "' twice"));
  }
  bool end_object() {
    if (depth_-- == 2 && !in_metadata_) {
      const SafetensorsRecord& record = records.back();
      if (record.dtype.empty()) return because("expected a dtype", "none");
      if (!record.has_shape) return because("expected a shape", "none");
      if (record.range.size() != 2) return because("expected two data_offsets", text(record.range.size()));
    }
    return true;
  }
  bool start_array(std::size_t) {
    if (depth_ != 2 || in_metadata_ || in_list_ || field_ == "dtype") return refuse("a list");
    in_list_ = true;
    if (field_ == "shape") records.back().has_shape = true;
    return true;
  }
  bool end_array() {
    in_list_ = false;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) {
    where = position;
    cause = text("expected JSON, got: ", shown(error.what()));
    return false;
  }

  std::size_t where = 0;  // offset in the header of a syntax error

 private:
  bool because(std::string_view expected, std::string_view got) {
    cause = text(expected, ", got ", got);
    if (depth_ > 0 && !name_.empty()) cause += text(", at '", shown(name_), "'");
    return false;
  }
  bool refuse(std::string_view got) {
    const char* expected = depth_ == 0         ? "expected an object of tensors"
                           : depth_ == 1       ? "expected an object for a tensor"
                           : in_metadata_      ? "expected a text in __metadata__"
                           : in_list_          ? "expected whole numbers >= 0"
                           : field_ == "dtype" ? "expected a text as dtype"
                                               : "expected a list of numbers";
    return because(expected, got);
  }

  std::set<std::string> names_;
  std::set<std::string> fields_;
  std::string name_;
  std::string field_;
  int depth_ = 0;
  bool in_metadata_ = false;
  bool in_list_ = false;
};

}  // namespace detail

/// Reads the bytes of a file; `file` is its name in messages. Tensors of a type that is not read go into `others`, "name:
/// tensor of F4, ...", or are an Error where there is none.
inline StateDict parse_safetensors(Bytes bytes, std::string_view file, std::vector<std::string>* others = nullptr) {
  ByteReader in(bytes, file, "safetensors");
  const bool begins_so = bytes.size() > 8 && (bytes[8] == std::byte{'{'} || file_kind(bytes) == unknown_kind);
  if (!begins_so) in.error("expected a safetensors file, got ", kind_and_advice(bytes));
  const auto length = in.number<std::uint64_t>("header length");
  if (length > max_safetensors_header || length > in.left()) {
    fail_at("safetensors", file, 0, "expected a header of at most ",
            std::min<std::uint64_t>(max_safetensors_header, in.left()), " bytes, got ", length);
  }
  const std::string_view json = as_text(in.take(length, "the header"));
  detail::SafetensorsHeader header;
  if (!nlohmann::json::sax_parse(json.begin(), json.end(), &header)) {
    fail_at("safetensors", file, 8 + header.where, header.cause);
  }
  const std::uint64_t base = in.offset();
  const std::uint64_t room = in.left();
  StateDict out;
  out.metadata = std::move(header.metadata);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  for (detail::SafetensorsRecord& record : header.records) {
    const std::uint64_t begin = record.range[0];
    const std::uint64_t end = record.range[1];
    if (begin > end || end > room) {
      fail_at("safetensors", file, base, "expected data_offsets of '", shown(record.name), "' inside ", room,
              " bytes of data, got ", begin, " to ", end);
    }
    if (end > begin) ranges.emplace_back(begin, end);
    const auto dtype = find_dtype(&DTypeInfo::safetensors, record.dtype);
    if (!dtype && others != nullptr) {
      others->push_back(text(shown(record.name), ": tensor of ", shown(record.dtype), ", a type that is not read"));
      continue;
    }
    if (!dtype) {
      fail_at("safetensors", file, base + begin, "expected a dtype that is read here for '", shown(record.name),
              "', got '", shown(record.dtype), "'");
    }
    const std::int64_t count = byte_count(*dtype, record.shape);
    if (count < 0 || static_cast<std::uint64_t>(count) != end - begin) {
      fail_at("safetensors", file, base + begin, "expected ", count < 0 ? text("fewer than 2^63") : text(count),
              " bytes for '", shown(record.name), "' of shape ", std::span(record.shape), " ", record.dtype, ", got ",
              end - begin);
    }
  }
  std::sort(ranges.begin(), ranges.end());
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].first < ranges[i - 1].second) {
      fail_at("safetensors", file, base + ranges[i].first, "expected tensors that do not overlap, got one from ",
              ranges[i].first, " and one up to ", ranges[i - 1].second);
    }
  }
  for (detail::SafetensorsRecord& record : header.records) {  // nothing is allocated before all ranges are known good
    const auto dtype = find_dtype(&DTypeInfo::safetensors, record.dtype);
    if (!dtype) continue;
    const Bytes data = bytes.subspan(static_cast<std::size_t>(base + record.range[0]),
                                     static_cast<std::size_t>(record.range[1] - record.range[0]));
    out.add(std::move(record.name),
            Entry{.dtype = *dtype, .shape = std::move(record.shape), .bytes = {data.begin(), data.end()}});
  }
  return out;
}

inline StateDict read_safetensors(const std::string& path) { return parse_safetensors(read_file(path), path); }

/// The header of a file that holds `dict`, its length field included; `order` receives the order of the data.
/// Names stand in the dict's order. The data stands by falling element size, so that every tensor is aligned to its type
/// and the data begins on a multiple of 8, as safetensors' own writer has it.
inline std::string safetensors_header(const StateDict& dict, std::vector<std::size_t>& order) {
  order.resize(dict.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return size_of(dict[a].entry.dtype) > size_of(dict[b].entry.dtype);
  });
  std::vector<std::uint64_t> begin(dict.size());
  std::uint64_t end = 0;
  for (const std::size_t i : order) {
    begin[i] = end;
    end += dict[i].entry.bytes.size();
  }
  const auto quoted = [](const std::string& value) {
    try {
      return nlohmann::json(value).dump();
    } catch (const nlohmann::json::exception&) {
      fail("[safetensors] expected names and metadata in UTF-8, got '", shown(value), "'");
    }
  };
  std::string json = "{";
  if (!dict.metadata.empty()) {
    json += "\"__metadata__\":{";
    for (const auto& [key, value] : dict.metadata) json += quoted(key) + ":" + quoted(value) + ",";
    json.back() = '}';
    json += ',';
  }
  for (std::size_t i = 0; i < dict.size(); ++i) {
    const auto& [name, entry] = dict[i];
    QRS_CHECK(name != "__metadata__", "[safetensors] expected tensor names other than '__metadata__', got it");
    std::string shape;
    for (const std::int64_t extent : entry.shape) shape += text(shape.empty() ? "" : ",", extent);
    json += text(quoted(name), ":{\"dtype\":\"", info(entry.dtype).safetensors, "\",\"shape\":[", shape,
                 "],\"data_offsets\":[", begin[i], ",", begin[i] + entry.bytes.size(), "]},");
  }
  if (json.back() == ',') json.pop_back();
  json += '}';
  while (json.size() % 8 != 0) json += ' ';
  QRS_CHECK(json.size() <= max_safetensors_header, "[safetensors] expected a header of at most ",
            max_safetensors_header, " bytes, got ", json.size());
  std::string out(8, '\0');
  const std::uint64_t length = json.size();
  std::memcpy(out.data(), &length, 8);
  return out + json;
}

/// Writes all entries and the metadata; the same dict gives the same bytes.
inline void write_safetensors(const std::string& path, const StateDict& dict) {
  std::vector<std::size_t> order;
  const std::string header = safetensors_header(dict, order);
  AtomicFile file(path);
  file.write(header);
  for (const std::size_t i : order) file.write(dict[i].entry.bytes);
  file.commit();
}

}  // namespace qrs::io
