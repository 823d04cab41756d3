// The stream of torch.save before 1.6 (and of `_use_new_zipfile_serialization=False` since), in this order:
//
//   pickle: magic number | pickle: protocol 1001 | pickle: system | pickle: the object | pickle: storage keys |
//   for each key: int64 elements, raw elements
//
// The object's pickle names storages by key and class; the class gives the element size that the raw data lacks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "../core/error.hpp"
#include "byte_reader.hpp"
#include "file_kind.hpp"
#include "pickle_reader.hpp"
#include "torch_objects.hpp"

namespace qrs::io {

/// How such a file begins: protocol 2, LONG1 of 10 bytes, the number 0x1950a86a20f9469cfc6c.
inline constexpr std::string_view legacy_magic = "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

namespace detail {

class LegacyStorages : public TorchContainer {
 public:
  LegacyStorages(std::unordered_map<std::string, Bytes> storages, std::string_view file)
      : storages_(std::move(storages)), file_(file) {}

  TorchStorage storage(const Pickle& pickle, const PickleNode& node) override {
    const StorageIdentity identity = storage_identity(pickle, node, file_);
    const auto found = storages_.find(std::string(identity.key));
    const auto bad = [&](const auto&... parts) {
      fail_at("torch", file_, node.offset, parts..., ", at storage '", shown(identity.key), "'");
    };
    if (found == storages_.end()) bad("expected its data in the stream, got none");
    Bytes bytes = found->second;
    if (static_cast<std::uint64_t>(identity.count * identity.element_bytes()) > bytes.size()) {
      bad("expected ", identity.count, " elements, got ", bytes.size(), " bytes");
    }
    if (identity.view != nullptr) {  // a part of the storage is a storage of its own
      if (identity.view->items.size() != 3)
        bad("expected (key, offset, elements) as view, got ", describe(*identity.view));
      const PickleNode& offset = pickle[identity.view->items[1]];
      const PickleNode& count = pickle[identity.view->items[2]];
      const auto room = static_cast<std::int64_t>(bytes.size()) / identity.element_bytes();
      if (offset.kind != PickleNode::Kind::integer || count.kind != PickleNode::Kind::integer || offset.integer < 0 ||
          count.integer < 0 || offset.integer > room || count.integer > room - offset.integer) {
        bad("expected a view inside ", room, " elements, got offset ", offset.integer, " and ", count.integer);
      }
      bytes = bytes.subspan(static_cast<std::size_t>(offset.integer * identity.element_bytes()),
                            static_cast<std::size_t>(count.integer * identity.element_bytes()));
    }
    return {identity.dtype, bytes};
  }

 private:
  std::unordered_map<std::string, Bytes> storages_;
  std::string_view file_;
};

/// The writer's system: a dict that says, among sizes of C types, whether numbers are little-endian.
inline void check_system(const Pickle& system, std::string_view file) {
  const PickleNode& top = system.top();
  if (top.kind != PickleNode::Kind::dict) fail_at("torch", file, top.offset, "expected a dict, got ", describe(top));
  for (std::size_t i = 0; i + 1 < top.items.size(); i += 2) {
    const PickleNode& value = system[top.items[i + 1]];
    if (system[top.items[i]].text == "little_endian" && value.integer != 1) {
      fail_at("torch", file, value.offset, "expected a little-endian writer, got a big-endian one");
    }
  }
}

}  // namespace detail

inline TorchFile open_torch_legacy(Bytes bytes, std::string_view file) {
  ByteReader in(bytes, file, "torch");
  if (!in.follows(legacy_magic)) in.error("expected the magic number of torch.save, got ", kind_and_advice(bytes));
  in.take(legacy_magic.size(), "magic number");
  const std::uint64_t at = in.offset();
  const Pickle protocol = read_pickle(in);
  if (protocol.top().kind != PickleNode::Kind::integer || protocol.top().integer != 1001) {
    fail_at("torch", file, at, "expected protocol 1001, got ", protocol.top().integer);
  }
  detail::check_system(read_pickle(in), file);
  Pickle pickle = read_pickle(in);

  std::unordered_map<std::string, std::int64_t> element_bytes;
  for (const PickleNode& node : pickle.nodes) {
    if (node.kind != PickleNode::Kind::persistent || !names_storage(pickle, node)) continue;
    const StorageIdentity identity = storage_identity(pickle, node, file);
    const auto [position, fresh] = element_bytes.emplace(identity.key, identity.element_bytes());
    if (!fresh && position->second != identity.element_bytes()) {
      fail_at("torch", file, node.offset, "expected one element size of storage '", shown(identity.key), "', got ",
              position->second, " and ", identity.element_bytes());
    }
  }
  const Pickle keys = read_pickle(in);
  if (keys.top().kind != PickleNode::Kind::list) {
    fail_at("torch", file, keys.top().offset, "expected a list of storage keys, got ", describe(keys.top()));
  }
  std::unordered_map<std::string, Bytes> storages;
  for (const PickleNode::Ref ref : keys.top().items) {
    const std::string key(keys[ref].text.substr(0, max_storage_key));
    const auto size = element_bytes.find(key);
    if (size == element_bytes.end()) {
      fail_at("torch", file, keys[ref].offset, "expected a storage that the object names, got '", shown(key), "'");
    }
    const auto count = in.number<std::int64_t>("element count of a storage");
    if (count < 0 || count > static_cast<std::int64_t>(in.left()) / size->second) {
      in.error("expected at most ", static_cast<std::int64_t>(in.left()) / size->second, " elements in storage '",
               shown(key), "', got ", count);
    }
    storages[key] = in.take(static_cast<std::uint64_t>(count * size->second), "storage");
  }
  return {"torch legacy", std::move(pickle), std::make_unique<detail::LegacyStorages>(std::move(storages), file)};
}

}  // namespace qrs::io
