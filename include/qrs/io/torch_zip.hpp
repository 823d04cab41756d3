// The container of torch.save since 1.6: a zip of `<name>/data.pkl`, one record `<name>/data/<key>` per storage,
// `<name>/byteorder` and `<name>/version`.
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
#include "zip_reader.hpp"

namespace qrs::io {

namespace detail {

class ZipStorages : public TorchContainer {
 public:
  ZipStorages(ZipReader zip, std::string root, std::string_view file)
      : zip_(std::move(zip)), root_(std::move(root)), file_(file) {}

  TorchStorage storage(const Pickle& pickle, const PickleNode& node) override {
    const StorageIdentity identity = storage_identity(pickle, node, file_);
    const auto bytes = static_cast<std::uint64_t>(identity.count * identity.element_bytes());
    const Bytes data = record(identity.key, node.offset);
    if (bytes > data.size()) {
      fail_at("torch", file_, zip_.offset_of(data), "expected ", bytes, " bytes in storage '", shown(identity.key),
              "', got ", data.size());
    }
    return {identity.dtype, data.first(static_cast<std::size_t>(bytes))};
  }

 private:
  /// A storage's bytes; checked against their CRC once, however many tensors share them.
  Bytes record(std::string_view key, std::uint64_t where) {
    const auto known = checked_.find(key);
    if (known != checked_.end()) return known->second;
    const std::string name = root_ + "data/" + std::string(key);
    const ZipRecord* found = zip_.find(name);
    if (found == nullptr) fail_at("torch", file_, where, "expected a record '", shown(name), "', got none");
    const Bytes data = zip_.data(*found);
    checked_.emplace(key, data);
    return data;
  }

  ZipReader zip_;
  std::string root_;  // "archive/"
  std::string_view file_;
  std::unordered_map<std::string_view, Bytes> checked_;
};

}  // namespace detail

inline TorchFile open_torch_zip(Bytes bytes, std::string_view file) {
  ZipReader zip(bytes, file);
  constexpr std::string_view pickle_name = "data.pkl";
  const ZipRecord* main = nullptr;
  for (const ZipRecord& record : zip.records()) {
    const bool in_folder = record.name.find('/') == record.name.size() - pickle_name.size() - 1;
    if (record.name == pickle_name || (record.name.ends_with("/data.pkl") && in_folder)) main = &record;
  }
  if (main == nullptr) {
    fail_at("torch", file, 0, "expected a record 'data.pkl' as torch.save writes it, got ", zip.records().size(),
            " others: ", kind_and_advice(bytes));
  }
  const std::string root(main->name.substr(0, main->name.size() - pickle_name.size()));
  if (zip.find(root + "constants.pkl") != nullptr) {
    fail_at("torch", file, main->header,
            "expected a checkpoint of torch.save, got a TorchScript program; save its "
            "state_dict() instead");
  }
  if (const ZipRecord* order = zip.find(root + "byteorder"); order != nullptr) {
    const std::string_view value = as_text(zip.data(*order));
    if (value != "little")
      fail_at("torch", file, order->header, "expected byte order 'little', got '", shown(value), "'");
  }
  const Bytes data = zip.data(*main);
  ByteReader in(data, file, "torch", zip.offset_of(data));
  Pickle pickle = read_pickle(in);
  return {"torch zip", std::move(pickle), std::make_unique<detail::ZipStorages>(std::move(zip), root, file)};
}

}  // namespace qrs::io
