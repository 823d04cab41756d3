// Any weight file this library reads, by its content; any it writes, by its extension.
//
//   StateDict weights = read_checkpoint("densenet121-a639ec97.pth");     // checks that the SHA-256 starts with a639ec97
//   write_checkpoint("densenet121.safetensors", weights);
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/sha256.hpp"
#include "byte_reader.hpp"
#include "file.hpp"
#include "npy.hpp"
#include "safetensors.hpp"
#include "state_dict.hpp"
#include "torch_checkpoint.hpp"
#include "torch_writer.hpp"

namespace qrs::io {

/// A file read whole: what `qrs inspect` shows.
struct FileContents {
  std::string_view format;          // "safetensors", "npy", "torch zip", "torch legacy", "torch tar"
  StateDict tensors;                // of an .npy file: one entry without a name
  std::vector<std::string> others;  // objects of a torch checkpoint that are no tensors
};

/// Reads the bytes of any format. TorchScope::everything shows all tensors of a torch checkpoint by their whole path.
inline FileContents parse_file(Bytes bytes, std::string_view file, TorchScope scope = TorchScope::state_dict) {
  ByteReader in(bytes, file, "checkpoint");
  if (bytes.empty()) in.error("expected a weight file, got an empty one");
  if (in.follows(npy_magic)) {
    FileContents out{.format = "npy", .tensors = {}, .others = {}};
    out.tensors.add("", parse_npy(bytes, file));
    return out;
  }
  if (bytes.size() > 8 && bytes[8] == std::byte{'{'}) {
    return {.format = "safetensors", .tensors = parse_safetensors(bytes, file), .others = {}};
  }
  if (in.follows("PK") || in.follows("\x80") || tar_header_follows(in)) {
    TorchContents torch = parse_torch(bytes, file, scope);
    return {.format = torch.container, .tensors = std::move(torch.tensors), .others = std::move(torch.others)};
  }
  in.error("expected safetensors, a torch checkpoint (zip, legacy stream, tar) or .npy, got something else");
}

/// The eight hex digits in a name such as `resnet18-f37072fd.pth`, which begin the file's SHA-256, or nothing. The
/// extensions that carry them are .pth, .th, .pt and .safetensors.
inline std::string_view hash_in_name(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') == std::string_view::npos ? 0 : path.rfind('/') + 1);
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot < 9 || name[dot - 9] != '-') return {};
  const std::string_view extension = name.substr(dot);
  if (extension != ".pth" && extension != ".th" && extension != ".pt" && extension != ".safetensors") return {};
  const std::string_view digits = name.substr(dot - 8, 8);
  return digits.find_first_not_of("0123456789abcdef") == std::string_view::npos ? digits : std::string_view{};
}

/// Whether eight digits read as a date, 19000101 to 20991231: `run-20240131.pth` names a day, not a hash.
inline bool reads_as_date(std::string_view digits) {
  if (digits.find_first_not_of("0123456789") != std::string_view::npos) return false;
  const auto two = [&](std::size_t at) { return (digits[at] - '0') * 10 + (digits[at + 1] - '0'); };
  const bool year = two(0) == 19 || two(0) == 20;
  return year && two(4) >= 1 && two(4) <= 12 && two(6) >= 1 && two(6) <= 31;
}

/// Throws where the file's name holds a hash that is not the file's. A date in that place is no hash.
inline void check_hash_in_name(Bytes bytes, std::string_view path) {
  const std::string_view digits = hash_in_name(path);
  if (digits.empty() || reads_as_date(digits)) return;
  const std::string hash = sha256(bytes);
  QRS_CHECK(hash.starts_with(digits), "[checkpoint] ", path, ", byte 0: expected a SHA-256 that begins with ", digits,
            ", as its name says, got ", hash,
            ": the file is damaged or another one (download it again; rename it if the name means no hash)");
}

/// The weights in a file of any format. Of a torch checkpoint, the state dict (torch_checkpoint.hpp says which mapping).
inline StateDict read_checkpoint(const std::string& path) {
  const std::vector<std::byte> bytes = read_file(path);
  check_hash_in_name(bytes, path);
  return parse_file(bytes, path).tensors;
}

/// Writes by extension: .safetensors; .pth, .pt or .th (torch's zip container); .npy for one entry.
inline void write_checkpoint(const std::string& path, const StateDict& dict) {
  const std::string_view whole(path);
  if (whole.ends_with(".safetensors")) return write_safetensors(path, dict);
  if (whole.ends_with(".pth") || whole.ends_with(".pt") || whole.ends_with(".th")) return write_torch(path, dict);
  QRS_CHECK(whole.ends_with(".npy"), "[checkpoint] expected a name in .safetensors, .pth, .pt, .th or .npy, got ",
            path);
  QRS_CHECK(dict.size() == 1, "[checkpoint] expected one tensor for ", path, ", got ", dict.size());
  write_npy(path, dict[0].entry);
}

}  // namespace qrs::io
