// qrs inspect FILE: what a weight file holds, tensor by tensor, with the digest that names each one's values.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../outputs/outputs.hpp"
#include "commands.hpp"
#include "qrs/core/sha256.hpp"
#include "qrs/io/checkpoint.hpp"

namespace qrs::commands::inspect_verb {

namespace {

struct Options {
  std::string file;
  bool json = false;
};

/// A text from a file, fit for a terminal: control characters become '?'.
std::string printable(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = '?';
  }
  return text;
}

void print_json(const Options& options, const std::string& hash, const io::FileContents& contents) {
  nlohmann::ordered_json out;
  out["file"] = options.file;
  out["format"] = std::string(contents.format);
  out["sha256"] = hash;
  out["tensors"] = nlohmann::ordered_json::array();
  for (const auto& [name, entry] : contents.tensors) {
    nlohmann::ordered_json row;
    row["name"] = name;
    row["dtype"] = std::string(io::name(entry.dtype));
    row["shape"] = entry.shape;
    row["sha256"] = entry.sha256();
    out["tensors"].push_back(std::move(row));
  }
  out["metadata"] = nlohmann::ordered_json::object();
  for (const auto& [key, value] : contents.tensors.metadata) out["metadata"][key] = value;
  out["others"] = contents.others;
  outputs::print_json(out);
}

void print_table(const Options& options, const std::string& hash, const io::FileContents& contents) {
  constexpr std::size_t widest = 80;  // a longer name moves its own row alone
  std::size_t width = 4;
  std::size_t shape_width = 5;
  for (const auto& [name, entry] : contents.tensors) {
    width = std::max(width, std::min(name.size(), widest));
    shape_width = std::max(shape_width, text(std::span(entry.shape)).size());
  }
  std::printf("%s: %.*s, SHA-256 %s\n\n", options.file.c_str(), static_cast<int>(contents.format.size()),
              contents.format.data(), hash.c_str());
  const auto row = [&](const std::string& name, std::string_view dtype, const std::string& shape,
                       const std::string& digest) {
    std::printf("%-*s  %-8.*s  %-*s  %s\n", static_cast<int>(width), name.c_str(), static_cast<int>(dtype.size()),
                dtype.data(), static_cast<int>(shape_width), shape.c_str(), digest.c_str());
  };
  row("name", "dtype", "shape", "SHA-256 of the values");
  std::int64_t elements = 0;
  for (const auto& [name, entry] : contents.tensors) {
    row(printable(name), io::name(entry.dtype), text(std::span(entry.shape)), entry.sha256());
    elements += entry.size();
  }
  std::printf("\n%zu tensors, %lld elements, %zu bytes\n", contents.tensors.size(), static_cast<long long>(elements),
              contents.tensors.bytes());
  for (const auto& [key, value] : contents.tensors.metadata)
    std::printf("metadata: %s = %s\n", printable(key).c_str(), printable(value).c_str());
  for (const std::string& other : contents.others) std::printf("no tensor: %s\n", other.c_str());
}

}  // namespace

void add(CLI::App& program) {
  auto* command = program.add_subcommand("inspect", "Name, type, shape and SHA-256 of every tensor in a weight file.");
  auto options = std::make_shared<Options>();
  command->add_option("FILE", options->file, ".safetensors, .npy, or a torch checkpoint (zip, legacy stream, tar)")
      ->required();
  command->add_flag("--json", options->json, "Print one JSON object");
  command->footer(
      "The digest is of the contiguous little-endian bytes. Of a torch checkpoint every tensor is shown by its whole\n"
      "path (state_dict.conv1.weight). A hash in the file's name is checked. Nothing in the file is executed.\n\n"
      "  qrs inspect resnet18-f37072fd.pth\n"
      "  qrs inspect weights.safetensors --json");
  command->callback([options] {
    const std::vector<std::byte> bytes = io::read_file(options->file);
    const io::FileContents contents = io::parse_file(bytes, options->file, io::TorchScope::everything);
    const std::string notice = io::hash_notice(bytes, options->file);
    if (!notice.empty()) std::fprintf(stderr, "qrs: note: %s: %s\n", options->file.c_str(), notice.c_str());
    (options->json ? print_json : print_table)(*options, sha256(bytes), contents);
  });
}

}  // namespace qrs::commands::inspect_verb
