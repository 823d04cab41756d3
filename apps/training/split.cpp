#include "split.hpp"

#include <CLI/CLI.hpp>
#include <cstddef>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "qrs/audit/duplicates.hpp"
#include "qrs/core/error.hpp"
#include "qrs/io/csv.hpp"
#include "qrs/io/file.hpp"

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

std::vector<std::string> read_split_csv(const std::string& path, const data::ImageDataset& data) {
  struct Line {
    std::string label;
    std::string part;
  };
  std::map<std::string, Line> lines;
  bool heading = true;
  const std::vector<std::byte> bytes = io::read_file(path);
  io::for_each_csv_row(bytes, path, [&](std::int64_t number, const std::vector<std::string_view>& fields) {
    QRS_CHECK(fields.size() == 3, "[split] ", path, ", line ", number, ": expected file, label and part, got ",
              fields.size(), " fields");
    if (!std::exchange(heading, false)) {
      lines.insert_or_assign(std::string(fields[0]), Line{std::string(fields[1]), std::string(fields[2])});
    }
  });
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < data.files.size(); ++i) {
    const auto found = lines.find(data.files[i]);
    QRS_CHECK(found != lines.end(), "[split] ", path, ": expected a line for each image, got none for ", data.files[i],
              ": the images are not those of the run");
    QRS_CHECK(found->second.label == std::to_string(data.labels[i]), "[split] ", path, ": expected label ",
              data.labels[i], " for ", data.files[i], ", got ", found->second.label);
    parts.push_back(found->second.part);
  }
  QRS_CHECK(lines.size() == parts.size(), "[split] ", path, ": expected the ", lines.size(), " images of the run, got ",
            parts.size());
  return parts;
}

std::vector<std::int64_t> rows_of_part(const std::vector<std::string>& parts, const std::string& part) {
  std::vector<std::int64_t> out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (part == "all" || parts[i] == part) out.push_back(static_cast<std::int64_t>(i));
  }
  return out;
}

}  // namespace qrs::training
