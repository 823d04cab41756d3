#include "split.hpp"

#include <CLI/CLI.hpp>
#include <map>
#include <vector>

#include "qrs/core/error.hpp"

namespace qrs::training {

namespace {

/// A number for each content: equal hashes, equal numbers.
std::vector<std::int64_t> content_groups(const std::vector<std::string>& hashes) {
  std::map<std::string, std::int64_t> known;
  std::vector<std::int64_t> out;
  for (const std::string& hash : hashes) {
    out.push_back(known.emplace(hash, static_cast<std::int64_t>(known.size())).first->second);
  }
  return out;
}

/// A field of CSV: in quotes where it must be.
std::string quoted(const std::string& field) {
  if (field.find_first_of(",\"\r\n") == std::string::npos) return field;
  std::string out = "\"";
  for (const char c : field) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

}  // namespace

void add_split_arguments(CLI::App& verb, SplitArguments& arguments) {
  verb.add_option("--split", arguments.kind, "random, or grouped: equal images on one side")
      ->capture_default_str()
      ->check(CLI::IsMember({"random", "grouped"}));
  verb.add_option("--test-size", arguments.options.test_size, "Share of all images that is kept for the test")
      ->capture_default_str();
  verb.add_option("--validation-size", arguments.options.validation_size, "Share of all images that validates")
      ->capture_default_str();
  verb.add_option("--split-seed", arguments.options.seed, "Of the split")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
}

data::PartSplit split(const data::ImageDataset& data, const SplitArguments& arguments) {
  std::vector<std::int64_t> groups;
  if (arguments.kind == "grouped") groups = content_groups(data.hashes);
  return data::split_parts(data.labels, arguments.options, groups);
}

std::string split_csv(const data::ImageDataset& data, const data::PartSplit& parts) {
  std::vector<const char*> part(static_cast<std::size_t>(data.size()));
  for (const std::int64_t row : parts.train) part[static_cast<std::size_t>(row)] = "train";
  for (const std::int64_t row : parts.validation) part[static_cast<std::size_t>(row)] = "validation";
  for (const std::int64_t row : parts.test) part[static_cast<std::size_t>(row)] = "test";
  std::string out = "file,label,part\n";
  for (std::size_t i = 0; i < part.size(); ++i) {
    out += text(quoted(data.files[i]), ",", data.labels[i], ",", part[i], "\n");
  }
  return out;
}

}  // namespace qrs::training
