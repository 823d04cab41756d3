// torch checkpoints, read without Python and without executing anything in them.
//
//   StateDict weights = read_torch("resnet20-12fca82f.th");                   // the state dict, found inside
//   TorchContents all = parse_torch(bytes, "model.pth", TorchScope::everything);    // every tensor, by its whole path
//
// Which mapping is the state dict? torch_mappings.hpp says how it is found; `key` chooses ("ema.state_dict"). Only the tensors
// that stand directly in the mapping are read, under their own names ("module.conv1.weight" stays so: see strip_prefix); what
// else the file holds is listed in `others`. TorchScope::everything walks dicts, lists and tuples and joins their keys:
// "state_dict.module.conv1.weight".
//
// What is read of a file, names and all, is limited to four times its length and 64 MiB.
//
// Three containers, told apart by content: zip (torch_zip.hpp), legacy stream (torch_legacy.hpp), tar (torch_tar.hpp).
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "byte_reader.hpp"
#include "file.hpp"
#include "pickle_reader.hpp"
#include "state_dict.hpp"
#include "torch_legacy.hpp"
#include "torch_mappings.hpp"
#include "torch_objects.hpp"
#include "torch_tar.hpp"
#include "torch_zip.hpp"

namespace qrs::io {

enum class TorchScope { state_dict, everything };

struct TorchContents {
  std::string_view container;  // "torch zip", "torch legacy" or "torch tar"
  StateDict tensors = {};
  std::vector<std::string> others = {};   // "best_prec1: float": what the scope left out, at most a thousand
  std::string key = {};                   // the mapping that was read: "state_dict"; empty for the top
  std::vector<std::string> foreign = {};  // classes whose objects were left out: "argparse.Namespace"
};

namespace detail {

class TorchContentsReader {
 public:
  using Kind = PickleNode::Kind;

  TorchContentsReader(const TorchFile& torch, std::size_t file_bytes, std::string_view file)
      : torch_(torch), objects_(torch.pickle, *torch.objects, file), budget_(file_bytes), file_(file) {
    out_.container = torch.container;
    list_foreign();
  }

  TorchContents everything() {
    walk(torch_.pickle.root, "", 0);
    return finish();
  }

  TorchContents state_dict(std::string_view key) {
    const TorchMappings mappings(torch_.pickle, objects_);
    const std::uint32_t chosen = key.empty() ? mappings.choose() : mappings.at(key);
    out_.key = mappings.path(chosen);
    const auto pairs = pairs_of(node(mappings[chosen].node));
    for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
      const PickleNode& value = node(pairs[i + 1]);
      if (!objects_.is_tensor(value)) {
        leave(value, mappings.name_of(pairs[i], i / 2));
      } else {
        take(value, objects_.key_text(node(pairs[i]), max_name + 1).value_or(text("item", i / 2)));
      }
    }
    leave_beside(mappings, chosen);
    return finish();
  }

 private:
  /// A nesting that no checkpoint has; where a hostile pickle's lists hold themselves, the walk ends.
  static constexpr int max_depth = 32;
  static constexpr std::size_t max_name = std::size_t{1} << 16;
  static constexpr std::size_t max_others = 1000;
  /// What an entry costs beside its name and bytes, in memory and in what is printed of it.
  static constexpr std::uint64_t entry_bytes = 1024;
  /// Visits of a walk: every object may be met a few times, but not as often as lists that share lists can repeat it.
  std::size_t max_visits() const { return 4 * torch_.pickle.nodes.size() + 1024; }

  const PickleNode& node(PickleNode::Ref ref) const { return torch_.pickle[ref]; }

  void list_foreign() {
    constexpr std::size_t most = 20;
    for (const PickleNode& n : torch_.pickle.nodes) {
      if (n.kind != Kind::global || torch_global_known(n.module, n.text)) continue;
      std::string name = describe(n);
      if (std::find(out_.foreign.begin(), out_.foreign.end(), name) == out_.foreign.end()) {
        out_.foreign.push_back(std::move(name));
      }
      if (out_.foreign.size() == most) return;
    }
  }

  /// Texts cost what they are long, however often a file names the same one.
  void pay(std::uint64_t bytes, const PickleNode& value, std::string_view name) {
    if (name.size() > max_name) {
      objects_.error(value, "expected a name of at most ", max_name, " bytes, got '", shown(name), "'");
    }
    if (!budget_.take(bytes)) {
      objects_.error(value, "expected names of together at most four times the file, got more at '", shown(name), "'");
    }
  }
  void take(const PickleNode& value, const std::string& name) {
    if (!objects_.is_tensor(value)) return leave(value, shown(name));
    const FoundTensor found = objects_.tensor(value);
    if (!found.unread.empty()) return leave_as(shown(name), "tensor of " + found.unread + ", a type that is not read");
    pay(entry_bytes + 2 * name.size(), value, name);
    if (out_.tensors.contains(name)) objects_.error(value, "expected unique names, got '", shown(name), "' twice");
    out_.tensors.add(name, materialise(found.view, name, budget_, file_, "torch"));
  }
  void leave(const PickleNode& value, const std::string& name) {
    leave_as(name, objects_.is_tensor(value) ? "tensor" : objects_.kind_text(value));
  }
  void leave_as(const std::string& name, const std::string& kind) {
    if (left_++ < max_others) out_.others.push_back(shown(name) + ": " + kind);
  }
  /// What stands beside the chosen mapping and beside the ones around it, from the top down.
  void leave_beside(const TorchMappings& mappings, std::uint32_t chosen) {
    std::vector<std::uint32_t> line;
    for (std::uint32_t at = chosen; at != TorchPlace::none; at = mappings[at].parent) line.push_back(at);
    for (std::size_t up = line.size(); up-- > 1;) {
      const PickleNode& around = node(mappings[line[up]].node);
      const PickleNode* inside = &node(mappings[line[up - 1]].node);
      const bool named = around.kind == Kind::dict || around.kind == Kind::call;
      const auto items = named ? pairs_of(around) : std::span<const PickleNode::Ref>(around.items);
      const std::string path = mappings.path(line[up]);
      for (std::size_t i = named ? 1 : 0; i < items.size(); i += named ? 2 : 1) {
        if (&node(items[i]) == inside) continue;
        const std::string name = named ? mappings.name_of(items[i - 1], i / 2) : text(i);
        leave(node(items[i]), path.empty() ? name : path + "." + name);
      }
    }
  }
  TorchContents finish() {
    if (left_ > max_others) out_.others.push_back(text("and ", left_ - max_others, " more"));
    return std::move(out_);
  }

  /// The containers that a walk enters: what they hold, and whether keys stand between.
  static std::span<const PickleNode::Ref> items_of(const PickleNode& value) {
    if (value.kind == Kind::list || value.kind == Kind::tuple) return value.items;
    return pairs_of(value);
  }
  /// Whether a tensor lies anywhere inside; every node is looked at once.
  bool leads_to_tensor(PickleNode::Ref ref, int depth) {
    enum : std::uint8_t { unknown, no, yes };
    if (leads_.empty()) leads_.resize(torch_.pickle.nodes.size(), unknown);
    if (leads_[ref] != unknown) return leads_[ref] == yes;
    const PickleNode& value = node(ref);
    if (depth > max_depth) too_deep(value);
    leads_[ref] = no;  // also the answer to a list that holds itself
    bool found = objects_.is_tensor(value);
    if (!found) {
      for (const PickleNode::Ref item : items_of(value)) found = leads_to_tensor(item, depth + 1) || found;
    }
    if (found) leads_[ref] = yes;
    return found;
  }
  [[noreturn]] void too_deep(const PickleNode& value) const {
    objects_.error(value, "expected nesting of at most ", max_depth, " levels, got more");
  }

  void walk(PickleNode::Ref ref, const std::string& path, int depth) {
    const PickleNode& value = node(ref);
    if (++visits_ > max_visits()) objects_.error(value, "expected at most ", max_visits(), " objects, got more");
    if (depth > max_depth) too_deep(value);
    if (!leads_to_tensor(ref, depth) || objects_.is_tensor(value)) return take(value, path);
    const bool named = value.kind != Kind::list && value.kind != Kind::tuple;
    const auto items = items_of(value);
    for (std::size_t i = named ? 1 : 0; i < items.size(); i += named ? 2 : 1) {
      std::string name =
          named ? objects_.key_text(node(items[i - 1]), max_name + 1).value_or(text("item", i / 2)) : text(i);
      if (!path.empty()) name = path + "." + name;
      if (name.size() > 256) pay(name.size(), value, name);  // a path that costs more than a visit
      walk(items[i], name, depth + 1);
    }
  }

  const TorchFile& torch_;
  TorchObjects objects_;
  TensorBudget budget_;
  std::string_view file_;
  TorchContents out_;
  std::size_t left_ = 0;
  std::vector<std::uint8_t> leads_;  // node -> does a tensor lie inside
  std::size_t visits_ = 0;
};

}  // namespace detail

/// Opens any of the three containers.
inline TorchFile open_torch(Bytes bytes, std::string_view file) {
  ByteReader in(bytes, file, "torch");
  if (in.follows("PK")) return open_torch_zip(bytes, file);
  if (in.follows("\x80")) return open_torch_legacy(bytes, file);
  if (tar_header_follows(in)) return open_torch_tar(bytes, file);
  in.error("expected a checkpoint of torch.save (zip, legacy stream or tar), got something else");
}

/// The tensors of an opened checkpoint of `file_bytes` bytes.
inline TorchContents read_contents(const TorchFile& torch, std::size_t file_bytes, std::string_view file,
                                   TorchScope scope, std::string_view key = {}) {
  detail::TorchContentsReader reader(torch, file_bytes, file);
  return scope == TorchScope::everything ? reader.everything() : reader.state_dict(key);
}

/// Reads the bytes of a checkpoint; `file` is its name in messages. `key` chooses among several nested mappings, by a path of
/// their keys joined with dots.
inline TorchContents parse_torch(Bytes bytes, std::string_view file, TorchScope scope = TorchScope::state_dict,
                                 std::string_view key = {}) {
  return read_contents(open_torch(bytes, file), bytes.size(), file, scope, key);
}

/// The paths of the mappings of a torch checkpoint among which there is a choice (torch_mappings.hpp), a few at most; empty
/// for other files.
inline std::vector<std::string> torch_weight_keys(Bytes bytes, std::string_view file) {
  constexpr std::size_t most = 8;
  ByteReader in(bytes, file, "torch");
  std::vector<std::string> out;
  if (!in.follows("PK") && !in.follows(legacy_magic) && !tar_header_follows(in)) return out;
  if (file_kind(bytes) == "a NumPy archive (.npz)") return out;
  const TorchFile torch = open_torch(bytes, file);
  const TorchObjects objects(torch.pickle, *torch.objects, file);
  const TorchMappings mappings(torch.pickle, objects);
  for (const std::uint32_t place : mappings.likely()) {
    if (out.size() < most) out.push_back(mappings.path(place));
  }
  return out;
}

/// The state dict of a checkpoint file.
inline StateDict read_torch(const std::string& path, std::string_view key = {}) {
  return parse_torch(read_file(path), path, TorchScope::state_dict, key).tensors;
}

}  // namespace qrs::io
