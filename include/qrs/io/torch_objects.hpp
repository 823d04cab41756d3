// What the nodes of a checkpoint's pickle mean: tensors over storages, and the mappings that hold them.
//
// torch pickles a tensor as a call: _rebuild_tensor_v2(storage, offset, shape, stride, ...), where the storage is a
// persistent identity that the container resolves (a zip record, a run of bytes in the stream). A tensor may be a view:
// with an offset, with strides in any order, of a storage that others share. Here it becomes a contiguous copy
// (strided_view.hpp).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "byte_reader.hpp"
#include "pickle_reader.hpp"
#include "state_dict.hpp"
#include "strided_view.hpp"

namespace qrs::io {

/// The globals a checkpoint may name: containers, rebuild functions, storage and tensor types of DType, dtypes.
inline bool torch_global_allowed(std::string_view module, std::string_view name) {
  if (module == "collections") return name == "OrderedDict" || name == "Counter" || name == "defaultdict";
  if (module == "builtins" || module == "__builtin__") return name == "set" || name == "dict" || name == "list";
  if (module == "torch.storage") return name == "UntypedStorage";
  if (module == "torch._utils") {
    return name == "_rebuild_tensor" || name == "_rebuild_tensor_v2" || name == "_rebuild_tensor_v3" ||
           name == "_rebuild_parameter" || name == "_rebuild_parameter_with_state";
  }
  if (module != "torch") return false;
  if (name == "Size" || name == "device" || find_dtype(&DTypeInfo::torch, name)) return true;
  if (find_dtype(&DTypeInfo::storage, name)) return true;
  constexpr std::string_view tensor = "Tensor";  // torch.FloatTensor, in the tar container
  return name.ends_with(tensor) &&
         find_dtype(&DTypeInfo::storage, std::string(name.substr(0, name.size() - tensor.size())) + "Storage");
}

/// A run of elements in the file. Without a dtype (UntypedStorage) the tensor over it says which.
struct TorchStorage {
  std::optional<DType> dtype;
  Bytes bytes;
};

/// The tuple ('storage', class, key, location, elements, ...) that names a storage in the zip and legacy containers. The
/// location, a device of the writer's machine, does not matter here.
struct StorageIdentity {
  std::optional<DType> dtype;
  std::string_view key;
  std::int64_t count = 0;            // elements; bytes where there is no dtype
  const PickleNode* view = nullptr;  // legacy: (key, offset, elements) of a part of the storage, or None
  std::int64_t element_bytes() const { return dtype ? static_cast<std::int64_t>(size_of(*dtype)) : 1; }
};

inline StorageIdentity storage_identity(const Pickle& pickle, const PickleNode& node, std::string_view file) {
  using Kind = PickleNode::Kind;
  const PickleNode& identity = pickle[node.items[0]];
  const auto bad = [&](const auto&... parts) { fail_at("torch", file, node.offset, parts...); };
  if (identity.kind != Kind::tuple || identity.items.size() < 5) {
    bad("expected a tuple of at least 5 as storage identity, got ", describe(identity), " of ", identity.items.size());
  }
  const auto part = [&](std::size_t i) -> const PickleNode& { return pickle[identity.items[i]]; };
  if (part(0).kind != Kind::text || part(0).text != "storage" || part(1).kind != Kind::global ||
      part(2).kind != Kind::text || part(4).kind != Kind::integer) {
    bad("expected ('storage', class, key, location, elements), got (", describe(part(0)), ", ", describe(part(1)), ", ",
        describe(part(2)), ", ", describe(part(3)), ", ", describe(part(4)), ")");
  }
  StorageIdentity out;
  out.dtype = find_dtype(&DTypeInfo::storage, part(1).text);
  if (!out.dtype && part(1).text != "UntypedStorage") bad("expected a storage class, got ", describe(part(1)));
  out.key = part(2).text;
  out.count = part(4).integer;
  if (identity.items.size() > 5 && part(5).kind == Kind::tuple) out.view = &part(5);
  std::int64_t bytes = 0;
  if (out.count < 0 || __builtin_mul_overflow(out.count, out.element_bytes(), &bytes)) {
    bad("expected a storage of 0 to 2^63 bytes, got ", out.count, " elements");
  }
  return out;
}

/// How a container answers a persistent identity.
struct TorchContainer {
  virtual ~TorchContainer() = default;
  virtual TorchStorage storage(const Pickle& pickle, const PickleNode& identity) = 0;
  /// Only the tar container pickles whole tensors by identity.
  virtual std::optional<StridedView> tensor(const Pickle&, const PickleNode&) { return std::nullopt; }
};

/// A checkpoint whose container was read: the pickle, and what answers its identities.
struct TorchFile {
  std::string_view container;  // "torch zip", "torch legacy", "torch tar"
  Pickle pickle;
  std::unique_ptr<TorchContainer> objects;
};

/// Reads tensors and keys out of one pickle.
class TorchObjects {
 public:
  using Kind = PickleNode::Kind;

  TorchObjects(const Pickle& pickle, TorchContainer& container, std::string_view file)
      : pickle_(pickle), container_(container), file_(file) {}

  /// Whether a node is a tensor, without reading it.
  bool is_tensor(const PickleNode& node) const {
    if (node.kind == Kind::persistent) return container_.tensor(pickle_, node).has_value();
    if (node.kind != Kind::call) return false;
    const PickleNode& callee = pickle_[node.items[0]];
    return callee.module == "torch._utils" && callee.text.starts_with("_rebuild_");
  }

  StridedView tensor(const PickleNode& node) const { return tensor(node, 0); }

  /// "key" of a mapping's item, as part of a name.
  std::string key_text(const PickleNode& key) const {
    if (key.kind == Kind::text) return std::string(key.text);
    if (key.kind == Kind::integer) return text(key.integer);
    error(key, "expected a text or whole number as key, got ", describe(key));
  }

  /// A node that is no tensor, for the list of what was left out: "float", "dict", "torch.device".
  std::string kind_text(const PickleNode& node) const {
    return describe(node.kind == Kind::call ? pickle_[node.items[0]] : node);
  }

  template <class... Parts>
  [[noreturn]] void error(const PickleNode& node, const Parts&... parts) const {
    fail_at("torch", file_, node.offset, parts...);
  }

 private:
  const PickleNode& argument(const PickleNode& call, std::size_t i) const {
    const std::vector<PickleNode::Ref>& arguments = pickle_[call.items[1]].items;
    if (i >= arguments.size()) {
      error(call, "expected argument ", i, " of ", kind_text(call), ", got ", arguments.size(), " arguments");
    }
    return pickle_[arguments[i]];
  }
  std::int64_t integer(const PickleNode& node, std::string_view what) const {
    if (node.kind != Kind::integer) error(node, "expected a whole number as ", what, ", got ", describe(node));
    return node.integer;
  }
  /// A tuple or list of whole numbers, or torch.Size over one.
  std::vector<std::int64_t> integers(const PickleNode& given, std::string_view what) const {
    const bool sized = given.kind == Kind::call && kind_text(given) == "torch.Size";
    const PickleNode& node = sized ? argument(given, 0) : given;
    if (node.kind != Kind::tuple && node.kind != Kind::list) {
      error(node, "expected a tuple as ", what, ", got ", describe(node));
    }
    if (node.items.size() > max_file_rank) {
      error(node, "expected at most ", max_file_rank, " axes, got ", node.items.size());
    }
    std::vector<std::int64_t> out;
    for (const PickleNode::Ref item : node.items) out.push_back(integer(pickle_[item], what));
    return out;
  }

  StridedView tensor(const PickleNode& node, int depth) const {
    if (node.kind == Kind::persistent) {
      std::optional<StridedView> known = container_.tensor(pickle_, node);
      if (!known) error(node, "expected a tensor, got a storage");
      return *std::move(known);
    }
    if (depth > 4 || !is_tensor(node)) error(node, "expected a tensor, got ", kind_text(node));
    const std::string_view function = pickle_[node.items[0]].text;
    if (function.starts_with("_rebuild_parameter")) return tensor(argument(node, 0), depth + 1);
    const PickleNode& identity = argument(node, 0);
    if (identity.kind != Kind::persistent) error(identity, "expected a storage, got ", describe(identity));
    const TorchStorage storage = container_.storage(pickle_, identity);
    StridedView out;
    out.where = node.offset;
    out.storage = storage.bytes;
    std::optional<DType> dtype = storage.dtype;
    if (function == "_rebuild_tensor_v3") {  // its seventh argument is a dtype
      const PickleNode& type = argument(node, 6);
      if (type.kind != Kind::global) error(type, "expected a dtype, got ", describe(type));
      dtype = find_dtype(&DTypeInfo::torch, type.text);
    }
    if (!dtype) error(node, "expected a storage or tensor with a dtype, got none");
    out.dtype = *dtype;
    out.offset = integer(argument(node, 1), "storage offset");
    out.shape = integers(argument(node, 2), "shape");
    out.stride = integers(argument(node, 3), "stride");
    return out;
  }

  const Pickle& pickle_;
  TorchContainer& container_;
  std::string_view file_;
};

}  // namespace qrs::io
