#include "split.hpp"

#include <CLI/CLI.hpp>
#include <vector>

#include "qrs/audit/duplicates.hpp"
#include "qrs/core/error.hpp"
#include "qrs/io/csv.hpp"

namespace qrs::training {

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
  if (arguments.kind == "grouped") groups = audit::content_groups(data.hashes);
  return data::split_parts(data.labels, arguments.options, groups);
}

std::string split_csv(const data::ImageDataset& data, const data::PartSplit& parts) {
  std::vector<const char*> part(static_cast<std::size_t>(data.size()));
  for (const std::int64_t row : parts.train) part[static_cast<std::size_t>(row)] = "train";
  for (const std::int64_t row : parts.validation) part[static_cast<std::size_t>(row)] = "validation";
  for (const std::int64_t row : parts.test) part[static_cast<std::size_t>(row)] = "test";
  std::string out = "file,label,part\n";
  for (std::size_t i = 0; i < part.size(); ++i) {
    io::append_csv_field(out, data.files[i]);
    out += text(",", data.labels[i], ",", part[i], "\n");
  }
  return out;
}

}  // namespace qrs::training
