// What the tests of io share: files of the repository and temporary ones, what PyTorch reads from them, error texts.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "../../include/qrs/core/error.hpp"
#include "../../include/qrs/io/file.hpp"
#include "../../include/qrs/io/state_dict.hpp"
#include "../error_message.hpp"

namespace io_test {

inline const std::string seeds = "tests/golden/io/";
inline const std::string fixtures = "../shared/weights/fixtures/";

/// A folder that goes when the test ends.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    static int count = 0;
    path_ = std::filesystem::temp_directory_path() / qrs::text("qrs_io_test_", ::getpid(), "_", count++);
    std::filesystem::create_directories(path_);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string operator/(std::string_view name) const { return (path_ / name).string(); }
  std::size_t files() const {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(path_)) ++count;
    return count;
  }

 private:
  std::filesystem::path path_;
};

inline nlohmann::json read_json(const std::string& path) {
  const std::vector<std::byte> bytes = qrs::io::read_file(path);
  return nlohmann::json::parse(qrs::io::as_text(bytes));
}

using qrs::tests::error_message;

/// What differs between a dict and a list of {name, dtype, shape, sha256}; empty where nothing does.
inline std::string difference(const qrs::io::StateDict& dict, const nlohmann::json& expected, bool in_order) {
  if (dict.size() != expected.size()) return qrs::text("expected ", expected.size(), " tensors, got ", dict.size());
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const std::string name = expected[i]["name"];
    if (in_order && dict[i].name != name) return "expected " + name + ", got " + dict[i].name;
    const qrs::io::Entry& entry = dict.at(name);
    std::string dtype = expected[i]["dtype"];
    if (dtype.starts_with("torch.")) dtype = dtype.substr(6);
    if (qrs::io::name(entry.dtype) != dtype) return name + " has another type";
    if (entry.shape != expected[i]["shape"].get<std::vector<std::int64_t>>()) return name + " has another shape";
    if (entry.sha256() != expected[i]["sha256"].get<std::string>()) return name + " has other values";
  }
  return "";
}

/// A dict of every type and of shapes from no axis to four, with values that differ.
inline qrs::io::StateDict every_kind() {
  qrs::io::StateDict out;
  const std::vector<std::vector<std::int64_t>> shapes = {{}, {3}, {2, 3}, {0, 4}, {1, 2, 3, 2}};
  std::size_t seed = 1;
  for (const qrs::io::DTypeInfo& row : qrs::io::dtype_table) {
    for (std::size_t s = 0; s < shapes.size(); ++s) {
      qrs::io::Entry entry{.dtype = row.dtype, .shape = shapes[s], .bytes = {}};
      entry.bytes.resize(static_cast<std::size_t>(qrs::io::byte_count(row.dtype, shapes[s])));
      for (std::byte& b : entry.bytes) {
        seed = seed * 1103515245 + 12345;
        b = static_cast<std::byte>((seed >> 16) & (row.dtype == qrs::io::DType::boolean ? 1U : 0x3fU));
      }
      out.add(qrs::text(row.torch, ".", s), std::move(entry));
    }
  }
  return out;
}

}  // namespace io_test
