// One reference file: its name, its metadata, and which of its cases are wanted.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "parity.hpp"
#include "qrs/io/state_dict.hpp"

namespace qrs::parity {

class ReferenceFile {
 public:
  /// `path` stands in messages, `name` is the file's, `stem` the name without its extension.
  ReferenceFile(std::string path, std::string name, std::string stem, io::StateDict tensors, const Options& options)
      : path_(std::move(path)),
        name_(std::move(name)),
        stem_(std::move(stem)),
        tensors_(std::move(tensors)),
        options_(options) {}

  const std::string& stem() const { return stem_; }
  /// The folder the file is in, with a slash at its end.
  std::string folder() const { return path_.substr(0, path_.size() - name_.size()); }
  const io::StateDict& tensors() const { return tensors_; }
  Device device() const { return options_.device; }

  /// Whether the prefix of --only is one of the file's name or of the case's.
  bool wants(std::string_view case_name) const {
    return name_.starts_with(options_.only) || case_name.starts_with(options_.only);
  }
  bool has(const std::string& key) const { return tensors_.metadata.contains(key); }
  /// A value of the metadata, which is JSON text.
  nlohmann::json metadata(const std::string& key) const {
    const auto found = tensors_.metadata.find(key);
    QRS_CHECK(found != tensors_.metadata.end(), "[parity] ", path_, ": expected '", key, "' in the metadata, got none");
    nlohmann::json value = nlohmann::json::parse(found->second, nullptr, false);
    QRS_CHECK(!value.is_discarded(), "[parity] ", path_, ": expected JSON in the metadata '", key, "', got '",
              found->second.substr(0, 60), "'");
    return value;
  }
  /// The same, of a certain type.
  template <class V>
  V metadata_as(const std::string& key) const {
    const nlohmann::json value = metadata(key);
    try {
      return value.get<V>();
    } catch (const nlohmann::json::exception&) {
      fail("[parity] ", path_, ": expected another type of metadata '", key, "', got ", value.dump().substr(0, 60));
    }
  }
  /// The name of an entry of `cases`.
  std::string case_name(const nlohmann::json& entry) const {
    const bool named = entry.is_object() && entry.contains("case") && entry["case"].is_string();
    QRS_CHECK(named, "[parity] ", path_, ": expected cases with a name, got ", entry.dump().substr(0, 60));
    return entry["case"];
  }

 private:
  std::string path_;
  std::string name_;
  std::string stem_;
  io::StateDict tensors_;
  const Options& options_;
};

// Defined in op_cases.cpp and model_cases.cpp for float and double.

/// Runs the wanted cases of a file of operations.
template <class T>
void run_op_file(Report& report, const ReferenceFile& file);
/// Runs the wanted cases of a model's file: <model>/eval, <model>/train, <model>/adam.
template <class T>
void run_model_file(Report& report, const ReferenceFile& file);

}  // namespace qrs::parity
