// Any weight file this library reads, by its content; any it writes, by its extension.
//
//   StateDict weights = read_checkpoint("densenet121-a639ec97.pth");     // checks that the SHA-256 starts with a639ec97
//   write_checkpoint("densenet121.safetensors", weights);
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/sha256.hpp"
#include "byte_reader.hpp"
#include "file.hpp"
#include "file_kind.hpp"
#include "npy.hpp"
#include "safetensors.hpp"
#include "state_dict.hpp"
#include "torch_checkpoint.hpp"
#include "torch_writer.hpp"

namespace qrs::io {

/// A file read whole: what `qrs inspect` shows.
struct FileContents {
  std::string_view format;           // "safetensors", "npy", "torch zip", "torch legacy", "torch tar"
  StateDict tensors;                 // of an .npy file: one entry without a name
  std::vector<std::string> others;   // what is no tensor, or a tensor of a type that is not read
  std::vector<std::string> notices;  // what a reader should be told: what was chosen, what was left out
};

namespace detail {

/// A few of the names, and how many more there are.
inline std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t most = 8;
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < most; ++i) out += (i > 0 ? ", " : "") + names[i];
  return names.size() > most ? out + text(" and ", names.size() - most, " more") : out;
}

inline std::vector<std::string> torch_notices(const TorchContents& torch) {
  std::vector<std::string> out;
  if (!torch.key.empty()) out.push_back(text("read the mapping '", shown(torch.key), "' of the checkpoint"));
  if (!torch.others.empty()) out.push_back("left out, being no weights: " + some_of(torch.others));
  if (!torch.foreign.empty()) {
    out.push_back("left out objects of these Python classes, of which nothing was imported or run: " +
                  some_of(torch.foreign));
  }
  return out;
}

inline FileContents parse_any(Bytes bytes, std::string_view file, TorchScope scope, std::string_view key) {
  ByteReader in(bytes, file, "checkpoint");
  const bool torch_follows = in.follows("PK") || in.follows(legacy_magic) || tar_header_follows(in);
  if (!torch_follows && !key.empty())
    in.error("expected a torch checkpoint, whose mappings have keys, for the key '", key, "', got ", file_kind(bytes));
  if (in.follows(npy_magic)) {
    FileContents out{.format = "npy", .tensors = {}, .others = {}, .notices = {}};
    out.tensors.add("", parse_npy(bytes, file));
    return out;
  }
  if (torch_follows && file_kind(bytes) != "a NumPy archive (.npz)") {
    TorchContents torch = parse_torch(bytes, file, scope, key);
    std::vector<std::string> notices = torch_notices(torch);
    return {torch.container, std::move(torch.tensors), std::move(torch.others), std::move(notices)};
  }
  if (bytes.size() > 8 && bytes[8] == std::byte{'{'}) {
    FileContents out{.format = "safetensors", .tensors = {}, .others = {}, .notices = {}};
    out.tensors = parse_safetensors(bytes, file, &out.others);
    if (!out.others.empty()) out.notices.push_back("left out: " + some_of(out.others));
    return out;
  }
  in.error("expected a weight file (.safetensors, a torch checkpoint of any age, .npy), got ", kind_and_advice(bytes));
}

}  // namespace detail

/// Reads the bytes of any format. TorchScope::everything shows all tensors of a torch checkpoint by their whole path; with
/// TorchScope::state_dict, `key` is the path of the mapping to read ("ema.state_dict"), for torch checkpoints alone.
inline FileContents parse_file(Bytes bytes, std::string_view file, TorchScope scope = TorchScope::state_dict,
                               std::string_view key = {}) {
  try {
    return detail::parse_any(bytes, file, scope, key);
  } catch (const std::bad_alloc&) {
    fail_at("checkpoint", file, 0, "expected memory for the tensors of its ", bytes.size(),
            " bytes, got none: free some, or raise the limit of the process (ulimit -v)");
  }
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

/// What to say where eight hex digits end a file's name as torchvision's hashes do, and are not the beginning of its
/// SHA-256; empty where nothing. A date in that place is no hash.
inline std::string hash_notice(Bytes bytes, std::string_view path) {
  const std::string_view digits = hash_in_name(path);
  if (digits.empty() || reads_as_date(digits)) return {};
  const std::string hash = sha256(bytes);
  if (hash.starts_with(digits)) return {};
  return text("expected a SHA-256 that begins with ", digits, ", as its name says, got ", hash);
}

/// Throws where the file's name holds a hash that is not the file's. A number in that place, of a step or an epoch, is no
/// hash.
inline void check_hash_in_name(Bytes bytes, std::string_view path) {
  if (hash_in_name(path).find_first_of("abcdef") == std::string_view::npos) return;
  const std::string notice = hash_notice(bytes, path);
  QRS_CHECK(notice.empty(), "[checkpoint] ", path, ", byte 0: ", notice,
            ": the file is damaged or another one (download it again; rename it if the name means no hash)");
}

/// A weight file with what to say of it: a hash in its name that is not the file's is a notice here.
inline FileContents parse_weights(Bytes bytes, std::string_view path, std::string_view key = {}) {
  FileContents out = parse_file(bytes, path, TorchScope::state_dict, key);
  const std::string notice = hash_notice(bytes, path);
  if (!notice.empty()) {
    out.notices.push_back(notice +
                          "; it was read: if the digits are meant as a hash, the file is damaged or another one");
  }
  return out;
}

/// The weights in a file of any format. Of a torch checkpoint, the state dict (torch_mappings.hpp says which mapping). Throws
/// where the file's name holds a hash that is not the file's.
inline StateDict read_checkpoint(const std::string& path, std::string_view key = {}) {
  const std::vector<std::byte> bytes = read_file(path);
  check_hash_in_name(bytes, path);
  return parse_file(bytes, path, TorchScope::state_dict, key).tensors;
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
