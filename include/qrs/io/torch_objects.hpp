// What the nodes of a checkpoint's pickle mean: tensors over storages, and the mappings that hold them.
//
// torch pickles a tensor as a call: _rebuild_tensor_v2(storage, offset, shape, stride, ...), where the storage is a
// persistent identity that the container resolves (a zip record, a run of bytes in the stream). A tensor may be a view:
// with an offset, with strides in any order, of a storage that others share. Here it becomes a contiguous copy
// (strided_view.hpp).
//
// A checkpoint may hold objects of any Python class (numpy scalars, argparse.Namespace, whole modules): they are nodes with a
// name, and no more is asked of them.
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

/// The globals that have a meaning here: containers, rebuild functions, storage and tensor types of DType, dtypes. All
/// others are foreign: objects made of them are left out by name.
inline bool torch_global_known(std::string_view module, std::string_view name) {
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

/// Element sizes of the storage classes whose values are not read: a legacy stream is counted with them.
inline std::int64_t unread_element_bytes(std::string_view storage) {
  if (storage == "ComplexFloatStorage") return 8;
  if (storage == "ComplexDoubleStorage") return 16;
  if (storage == "QInt32Storage") return 4;
  return storage.starts_with("Q") && storage.ends_with("Storage") ? 1 : 0;  // QInt8, QUInt8, QUInt4x2, QUInt2x4
}

/// Longest key of a storage: writers number them or name them by address.
inline constexpr std::size_t max_storage_key = 256;

/// The tuple ('storage', class, key, location, elements, ...) that names a storage in the zip and legacy containers. The
/// location, a device of the writer's machine, does not matter here.
struct StorageIdentity {
  std::optional<DType> dtype;
  std::string_view type;  // the class
  std::string_view key;
  std::int64_t count = 0;            // elements; bytes where there is no dtype
  const PickleNode* view = nullptr;  // legacy: (key, offset, elements) of a part of the storage, or None
  bool untyped() const { return type == "UntypedStorage"; }
  /// Whether its values can become a tensor here.
  bool readable() const { return dtype.has_value() || untyped(); }
  std::int64_t element_bytes() const {
    return dtype ? static_cast<std::int64_t>(size_of(*dtype)) : untyped() ? 1 : unread_element_bytes(type);
  }
};

/// Whether a persistent identity names a storage; others (the source text of a class) hold no numbers.
inline bool names_storage(const Pickle& pickle, const PickleNode& node) {
  const PickleNode& identity = pickle[node.items[0]];
  return identity.kind != PickleNode::Kind::tuple || identity.items.empty() ||
         pickle[identity.items[0]].text != "module";
}

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
  out.type = part(1).text;
  out.dtype = find_dtype(&DTypeInfo::storage, out.type);
  if (!part(1).module.starts_with("torch") || (!out.readable() && out.element_bytes() == 0)) {
    bad("expected a storage class, got ", describe(part(1)));
  }
  out.key = part(2).text;
  if (out.key.size() > max_storage_key) {
    bad("expected a storage's key of at most ", max_storage_key, " bytes, got ", out.key.size());
  }
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

/// A tensor found in a pickle, or the type for which it is not read.
struct FoundTensor {
  StridedView view;
  std::string unread;  // "ComplexFloatStorage": the view is empty then
};

/// Reads tensors and keys out of one pickle.
class TorchObjects {
 public:
  using Kind = PickleNode::Kind;
  using Items = std::span<const PickleNode::Ref>;

  TorchObjects(const Pickle& pickle, TorchContainer& container, std::string_view file)
      : pickle_(pickle), container_(container), file_(file) {}

  /// Whether a node is a tensor, without reading it.
  bool is_tensor(const PickleNode& node) const {
    if (node.kind == Kind::persistent) return container_.tensor(pickle_, node).has_value();
    if (node.kind != Kind::call) return false;
    const PickleNode& callee = pickle_[node.items[0]];
    return callee.kind == Kind::global && (rebuilds(callee) || subclass_of_tensor(node));
  }

  FoundTensor tensor(const PickleNode& node) const { return tensor(node, 0); }

  /// Whether a tensor may be a weight, by what its pickle says: floating numbers, more than one. A loss, an accuracy and
  /// the state of a random generator are none.
  bool may_be_weight(const PickleNode& node) const {
    if (node.kind == Kind::persistent) {
      const std::optional<StridedView> view = container_.tensor(pickle_, node);
      return view && is_floating(view->dtype) && element_count(view->shape) > 1;
    }
    Items given = arguments_of(node);
    for (int depth = 0; depth < 4 && !given.empty(); ++depth) {  // a parameter's first argument is its tensor
      const PickleNode& inner = pickle_[given.front()];
      if (inner.kind == Kind::persistent && is_tensor(inner)) return may_be_weight(inner);
      if (inner.kind != Kind::call) break;
      given = arguments_of(inner);
    }
    if (given.size() < 3 || pickle_[given.front()].kind != Kind::persistent) return true;  // unusual: not ruled out
    return holds_floats(given) && more_than_one(pickle_[given[2]]);
  }

  /// "key" of a mapping's item as part of a name; nothing where it is neither text nor a whole number.
  std::optional<std::string> key_text(const PickleNode& key, std::size_t longest = std::string::npos) const {
    if (key.kind == Kind::text) return std::string(key.text.substr(0, longest));
    return key.kind == Kind::integer ? std::optional(text(key.integer)) : std::nullopt;
  }

  /// A node that is no tensor, for the list of what was left out: "float", "dict", "torch.device".
  std::string kind_text(const PickleNode& given) const {
    const PickleNode* node = &given;
    for (int depth = 0; depth < 8 && node->kind == Kind::call; ++depth) node = &pickle_[node->items[0]];
    if (node->kind == Kind::persistent && !names_storage(pickle_, *node)) {  // ('module', class, file, source)
      const PickleNode& identity = pickle_[node->items[0]];
      if (identity.items.size() > 1) node = &pickle_[identity.items[1]];
    }
    return describe(*node);
  }

  template <class... Parts>
  [[noreturn]] void error(const PickleNode& node, const Parts&... parts) const {
    fail_at("torch", file_, node.offset, parts...);
  }

 private:
  /// The functions that make a tensor of a storage or of another tensor.
  static bool rebuilds(const PickleNode& callee) {
    return callee.module == "torch._utils" && torch_global_known(callee.module, callee.text);
  }
  /// torch._tensor._rebuild_from_type_v2(function, class, arguments, state): what a subclass of Tensor is pickled as.
  bool subclass_of_tensor(const PickleNode& call) const {
    const PickleNode& callee = pickle_[call.items[0]];
    if (callee.module != "torch._tensor" || callee.text != "_rebuild_from_type_v2") return false;
    const Items given = pickle_[call.items[1]].items;
    return given.size() > 2 && rebuilds(pickle_[given[0]]) && pickle_[given[2]].kind == Kind::tuple;
  }
  /// The arguments of a call; empty for other nodes.
  Items arguments_of(const PickleNode& call) const {
    if (call.kind != Kind::call) return {};
    return subclass_of_tensor(call) ? pickle_[pickle_[call.items[1]].items[2]].items : pickle_[call.items[1]].items;
  }
  static bool is_floating(DType dtype) { return name(dtype).find("float") != std::string_view::npos; }
  bool holds_floats(Items given) const {
    if (given.size() > 6 && pickle_[given[6]].kind == Kind::global) {  // _rebuild_tensor_v3 names a dtype
      return pickle_[given[6]].text.find("float") != std::string_view::npos;
    }
    const PickleNode& identity = pickle_[pickle_[given[0]].items[0]];
    if (identity.kind != Kind::tuple || identity.items.size() < 2) return true;
    const auto dtype = find_dtype(&DTypeInfo::storage, pickle_[identity.items[1]].text);
    return !dtype || is_floating(*dtype);
  }
  bool more_than_one(const PickleNode& shape) const {
    const bool sized = shape.kind == Kind::call && !arguments_of(shape).empty();
    bool more = false;
    for (const PickleNode::Ref extent : (sized ? pickle_[arguments_of(shape)[0]] : shape).items) {
      if (pickle_[extent].kind == Kind::integer && pickle_[extent].integer == 0) return false;
      more = more || pickle_[extent].integer > 1;
    }
    return more;
  }

  const PickleNode& argument(const PickleNode& call, std::size_t i) const {
    const Items given = arguments_of(call);
    if (i >= given.size()) {
      error(call, "expected argument ", i, " of ", kind_text(call), ", got ", given.size(), " arguments");
    }
    return pickle_[given[i]];
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

  /// The function that makes a tensor: of a subclass, the wrapped one.
  std::string_view function_of(const PickleNode& node) const {
    const PickleNode& callee = pickle_[node.items[0]];
    return rebuilds(callee) ? callee.text : pickle_[pickle_[node.items[1]].items[0]].text;
  }

  FoundTensor tensor(const PickleNode& node, int depth) const {
    if (node.kind == Kind::persistent) {
      std::optional<StridedView> known = container_.tensor(pickle_, node);
      if (!known) error(node, "expected a tensor, got a storage");
      return {*std::move(known), {}};
    }
    if (depth > 4 || !is_tensor(node)) error(node, "expected a tensor, got ", kind_text(node));
    const std::string_view function = function_of(node);
    if (function.starts_with("_rebuild_parameter")) return tensor(argument(node, 0), depth + 1);
    const PickleNode& identity = argument(node, 0);
    if (identity.kind != Kind::persistent) error(identity, "expected a storage, got ", describe(identity));
    const StorageIdentity stored = storage_identity(pickle_, identity, file_);
    if (!stored.readable()) return {{}, std::string(stored.type)};
    std::optional<DType> dtype = stored.dtype;
    if (function == "_rebuild_tensor_v3") {  // its seventh argument is a dtype
      const PickleNode& type = argument(node, 6);
      if (type.kind != Kind::global) error(type, "expected a dtype, got ", describe(type));
      dtype = find_dtype(&DTypeInfo::torch, type.text);
      if (!dtype) return {{}, describe(type)};
    }
    if (!dtype) error(node, "expected a storage or tensor with a dtype, got none");
    StridedView out;
    out.where = node.offset;
    out.storage = container_.storage(pickle_, identity).bytes;
    out.dtype = *dtype;
    out.offset = integer(argument(node, 1), "storage offset");
    out.shape = integers(argument(node, 2), "shape");
    out.stride = integers(argument(node, 3), "stride");
    return {std::move(out), {}};
  }

  const Pickle& pickle_;
  TorchContainer& container_;
  std::string_view file_;
};

}  // namespace qrs::io
