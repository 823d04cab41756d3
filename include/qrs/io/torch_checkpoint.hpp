// torch checkpoints, read without Python and without executing anything in them.
//
//   StateDict weights = read_torch("resnet20-12fca82f.th");                   // the state dict, found inside
//   TorchContents all = parse_torch(bytes, "model.pth", TorchScope::everything);    // every tensor, by its whole path
//
// Which mapping is the state dict? The top one if it holds a tensor itself; else the one nested mapping that does; else,
// among several, the first of state_dict, model_state_dict, model, net, network, weights that is there. Anything else is an Error
// that lists the candidates, and `key` chooses. Only the tensors that stand directly in the mapping are read, under their
// own names ("module.conv1.weight" stays so: see strip_prefix); what else the file holds is listed in `others`.
// TorchScope::everything walks dicts, lists and tuples and joins their keys: "state_dict.module.conv1.weight".
//
// Three containers, told apart by content: zip (torch_zip.hpp), legacy stream (torch_legacy.hpp), tar (torch_tar.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
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
#include "torch_objects.hpp"
#include "torch_tar.hpp"
#include "torch_zip.hpp"

namespace qrs::io {

enum class TorchScope { state_dict, everything };

struct TorchContents {
  std::string_view container;  // "torch zip", "torch legacy" or "torch tar"
  StateDict tensors;
  std::vector<std::string> others;  // "best_prec1: float": what the scope left out
};

namespace detail {

class TorchContentsReader {
 public:
  using Kind = PickleNode::Kind;

  TorchContentsReader(const TorchFile& torch, std::size_t file_bytes, std::string_view file)
      : torch_(torch), objects_(torch.pickle, *torch.objects, file), budget_(file_bytes), file_(file) {
    out_.container = torch.container;
  }

  TorchContents everything() {
    walk(torch_.pickle.root, "", 0);
    return std::move(out_);
  }

  TorchContents state_dict(std::string_view key) {
    const PickleNode& top = torch_.pickle.top();
    if (top.kind != Kind::dict) {
      objects_.error(top, "expected a mapping of tensors, or of one, got ", objects_.kind_text(top));
    }
    const PickleNode& chosen = choose(top, key);
    for (std::size_t i = 0; i + 1 < chosen.items.size(); i += 2) {
      const std::string name = objects_.key_text(node(chosen.items[i]));
      take(node(chosen.items[i + 1]), name);
    }
    if (&chosen != &top) {
      for (std::size_t i = 0; i + 1 < top.items.size(); i += 2) {
        const PickleNode& value = node(top.items[i + 1]);
        if (&value != &chosen) leave(value, objects_.key_text(node(top.items[i])));
      }
    }
    return std::move(out_);
  }

 private:
  /// A nesting that no checkpoint has; where a hostile pickle's lists hold themselves, the walk ends.
  static constexpr int max_depth = 32;
  /// Visits of a walk: every object may be met a few times, but not as often as lists that share lists can repeat it.
  std::size_t max_visits() const { return 4 * torch_.pickle.nodes.size() + 1024; }

  const PickleNode& node(PickleNode::Ref ref) const { return torch_.pickle[ref]; }

  void take(const PickleNode& value, const std::string& name) {
    if (!objects_.is_tensor(value)) return leave(value, name);
    if (out_.tensors.contains(name)) objects_.error(value, "expected unique names, got '", shown(name), "' twice");
    out_.tensors.add(name, materialise(objects_.tensor(value), name, budget_, file_, "torch"));
  }
  void leave(const PickleNode& value, const std::string& name) {
    out_.others.push_back(shown(name) + ": " + objects_.kind_text(value));
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
    if (value.kind == Kind::dict || value.kind == Kind::list || value.kind == Kind::tuple) {
      for (const PickleNode::Ref item : value.items) found = leads_to_tensor(item, depth + 1) || found;
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
    const std::string prefix = path.empty() ? path : path + ".";
    if (value.kind == Kind::dict) {
      for (std::size_t i = 0; i + 1 < value.items.size(); i += 2) {
        const PickleNode& key = node(value.items[i]);
        const bool named = key.kind == Kind::text || key.kind == Kind::integer;
        walk(value.items[i + 1], prefix + (named ? objects_.key_text(key) : text("item", i / 2)), depth + 1);
      }
    } else {
      for (std::size_t i = 0; i < value.items.size(); ++i) walk(value.items[i], prefix + text(i), depth + 1);
    }
  }

  bool holds_tensor(const PickleNode& value) const {
    if (value.kind != Kind::dict) return false;
    for (std::size_t i = 1; i < value.items.size(); i += 2) {
      if (objects_.is_tensor(node(value.items[i]))) return true;
    }
    return false;
  }

  const PickleNode& choose(const PickleNode& top, std::string_view key) const {
    if (key.empty() && (holds_tensor(top) || top.items.empty())) return top;
    std::vector<std::pair<std::string, const PickleNode*>> candidates;
    for (std::size_t i = 0; i + 1 < top.items.size(); i += 2) {
      const PickleNode& value = node(top.items[i + 1]);
      const std::string name = objects_.key_text(node(top.items[i]));
      const bool fits = key.empty() ? holds_tensor(value) : name == key && value.kind == Kind::dict;
      if (fits) candidates.emplace_back(name, &value);
    }
    if (candidates.size() == 1) return *candidates[0].second;
    for (const std::string_view usual : {"state_dict", "model_state_dict", "model", "net", "network", "weights"}) {
      for (const auto& [name, value] : candidates) {
        if (name == usual) return *value;
      }
    }
    std::string names;
    for (const auto& [name, value] : candidates) names += (names.empty() ? "'" : ", '") + shown(name) + "'";
    if (!key.empty()) objects_.error(top, "expected a mapping '", key, "', got none");
    objects_.error(top, "expected one mapping of tensors, got ", candidates.empty() ? "none" : names);
  }

  const TorchFile& torch_;
  TorchObjects objects_;
  TensorBudget budget_;
  std::string_view file_;
  TorchContents out_;
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

/// Reads the bytes of a checkpoint; `file` is its name in messages. `key` chooses among several nested mappings.
inline TorchContents parse_torch(Bytes bytes, std::string_view file, TorchScope scope = TorchScope::state_dict,
                                 std::string_view key = {}) {
  return read_contents(open_torch(bytes, file), bytes.size(), file, scope, key);
}

/// The state dict of a checkpoint file.
inline StateDict read_torch(const std::string& path, std::string_view key = {}) {
  return parse_torch(read_file(path), path, TorchScope::state_dict, key).tensors;
}

}  // namespace qrs::io
