// The container of torch before 0.1.10, still found in the wild (torchvision's resnet18-5c106cde.pth): a tar archive of
//
//   storages   pickle: count | each: pickle (key, location, class), int64 elements, raw elements | pickle: views
//   tensors    pickle: count | each: pickle (key, storage key, class), int32 rank, 4 unused bytes, int64 shape[rank],
//              int64 stride[rank], int64 offset
//   pickle     the object; a persistent identity is a tensor's or storage's key
//
// Keys are whole numbers (addresses in the writer's process). Source: torch/serialization.py, the branch for tar files;
// POSIX.1-1988 (ustar) for the archive.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "byte_reader.hpp"
#include "pickle_reader.hpp"
#include "torch_legacy.hpp"
#include "torch_objects.hpp"

namespace qrs::io {

/// One file of a tar archive.
struct TarMember {
  std::string_view name;
  Bytes data;
  std::uint64_t offset = 0;  // of the data in the archive
};

/// Whether a 512-byte tar header stands at the reader's place: its checksum counts its bytes.
inline bool tar_header_follows(const ByteReader& reader) {
  ByteReader in = reader;
  if (in.left() < 512) return false;
  const Bytes header = in.take(512, "header");
  std::uint64_t sum = 8 * ' ';  // the checksum field itself counts as blanks
  for (std::size_t i = 0; i < 512; ++i) sum += i >= 148 && i < 156 ? 0 : std::to_integer<std::uint64_t>(header[i]);
  std::uint64_t stored = 0;
  const std::string_view digits = as_text(header.subspan(148, 6));
  const std::size_t first = digits.find_first_not_of(' ');
  if (first == std::string_view::npos) return false;
  std::from_chars(digits.data() + first, digits.data() + digits.size(), stored, 8);
  return stored == sum && header[0] != std::byte{0};
}

/// The regular files of an archive, in its order.
inline std::vector<TarMember> read_tar(Bytes bytes, std::string_view file) {
  std::vector<TarMember> members;
  ByteReader in(bytes, file, "tar");
  while (tar_header_follows(in)) {
    const std::uint64_t at = in.offset();
    const std::string_view header = as_text(in.take(512, "header"));
    const std::string_view digits = header.substr(124, 12);
    const std::size_t first = digits.find_first_not_of(' ');
    std::uint64_t size = 0;
    const char* begin = digits.data() + (first == std::string_view::npos ? 0 : first);
    if (std::from_chars(begin, digits.data() + digits.size(), size, 8).ptr == begin) {
      fail_at("tar", file, at + 124, "expected an octal size, got '", shown(digits), "'");
    }
    TarMember member;
    member.offset = in.offset();
    member.data = in.take(size, "member data");
    member.name = header.substr(0, 100);
    member.name = member.name.substr(0, member.name.find('\0'));
    if (member.name.starts_with("./")) member.name.remove_prefix(2);
    if (header[156] == '0' || header[156] == '\0') members.push_back(member);
    in.take(std::min<std::uint64_t>((512 - size % 512) % 512, in.left()), "padding");
  }
  if (members.empty()) in.error("expected a tar header, got something else");
  return members;
}

namespace detail {

class TarTensors : public TorchContainer {
 public:
  TarTensors(const std::vector<TarMember>& members, std::string_view file) : file_(file) {
    read_storages(member(members, "storages"));
    read_tensors(member(members, "tensors"));
  }

  static const TarMember& member_of(const std::vector<TarMember>& members, std::string_view name,
                                    std::string_view file) {
    for (const TarMember& m : members) {
      if (m.name == name) return m;
    }
    fail_at("torch", file, 0, "expected a member '", name, "' in the archive, got ", members.size(), " others");
  }

  TorchStorage storage(const Pickle&, const PickleNode& node) override {
    fail_at("torch", file_, node.offset, "expected a tensor by identity in a tar checkpoint, got a storage");
  }
  std::optional<StridedView> tensor(const Pickle& pickle, const PickleNode& node) override {
    const PickleNode& identity = pickle[node.items[0]];
    std::int64_t key = identity.integer;
    if (identity.kind == PickleNode::Kind::text && identity.text.size() < 32) {
      std::from_chars(identity.text.data(), identity.text.data() + identity.text.size(), key);
    } else if (identity.kind != PickleNode::Kind::integer) {
      fail_at("torch", file_, node.offset, "expected a whole number as identity, got ", describe(identity));
    }
    const auto found = tensors_.find(key);
    if (found != tensors_.end()) return found->second;
    if (storages_.contains(key)) return std::nullopt;
    fail_at("torch", file_, node.offset, "expected the key of a tensor or storage, got ", key);
  }

 private:
  const TarMember& member(const std::vector<TarMember>& members, std::string_view name) const {
    return member_of(members, name, file_);
  }
  /// The item of a tuple as a whole number.
  std::int64_t integer(const Pickle& pickle, const PickleNode& tuple, std::size_t i) const {
    if (i >= tuple.items.size() || pickle[tuple.items[i]].kind != PickleNode::Kind::integer) {
      fail_at("torch", file_, tuple.offset, "expected a whole number as item ", i, ", got ", describe(tuple), " of ",
              tuple.items.size());
    }
    return pickle[tuple.items[i]].integer;
  }
  std::int64_t count(ByteReader& in) const {
    const Pickle pickle = read_pickle(in);
    const PickleNode& top = pickle.top();
    if (top.kind != PickleNode::Kind::integer || top.integer < 0 ||
        static_cast<std::uint64_t>(top.integer) > in.left()) {
      fail_at("torch", file_, top.offset, "expected a count of at most ", in.left(), ", got ", top.integer);
    }
    return top.integer;
  }

  void read_storages(const TarMember& member) {
    ByteReader in(member.data, file_, "torch", member.offset);
    const std::int64_t storages = count(in);
    for (std::int64_t i = 0; i < storages; ++i) {
      const Pickle pickle = read_pickle(in);
      const PickleNode& top = pickle.top();
      const std::int64_t key = integer(pickle, top, 0);
      const auto dtype =
          top.items.size() != 3 ? std::nullopt : find_dtype(&DTypeInfo::storage, pickle[top.items[2]].text);
      if (!dtype) fail_at("torch", file_, top.offset, "expected (key, location, storage class), got ", describe(top));
      const auto elements = in.number<std::int64_t>("element count of a storage");
      const auto room = static_cast<std::int64_t>(in.left() / size_of(*dtype));
      if (elements < 0 || elements > room)
        in.error("expected at most ", room, " elements of a storage, got ", elements);
      storages_[key] = {*dtype, in.take(static_cast<std::uint64_t>(elements) * size_of(*dtype), "storage")};
    }
    const Pickle views = read_pickle(in);
    for (const PickleNode::Ref ref : views.top().items) {  // (key, key of the whole, offset, elements)
      const PickleNode& view = views[ref];
      const auto root = storages_.find(integer(views, view, 1));
      if (root == storages_.end()) fail_at("torch", file_, view.offset, "expected a view of a storage, got none");
      const TorchStorage whole = root->second;
      const auto size = size_of(*whole.dtype);
      const auto room = static_cast<std::int64_t>(whole.bytes.size() / size);
      const std::int64_t offset = integer(views, view, 2);
      const std::int64_t elements = integer(views, view, 3);
      if (offset < 0 || elements < 0 || offset > room || elements > room - offset) {
        fail_at("torch", file_, view.offset, "expected a view inside ", room, " elements, got offset ", offset, " and ",
                elements);
      }
      storages_[integer(views, view, 0)] = {
          whole.dtype,
          whole.bytes.subspan(static_cast<std::size_t>(offset) * size, static_cast<std::size_t>(elements) * size)};
    }
  }

  void read_tensors(const TarMember& member) {
    ByteReader in(member.data, file_, "torch", member.offset);
    const std::int64_t tensors = count(in);
    for (std::int64_t i = 0; i < tensors; ++i) {
      StridedView tensor;
      tensor.where = in.offset();
      const Pickle pickle = read_pickle(in);
      const std::int64_t key = integer(pickle, pickle.top(), 0);
      const auto storage = storages_.find(integer(pickle, pickle.top(), 1));
      if (storage == storages_.end()) fail_at("torch", file_, tensor.where, "expected a tensor of a storage, got none");
      tensor.dtype = *storage->second.dtype;
      tensor.storage = storage->second.bytes;
      const auto rank = in.number<std::int32_t>("rank");
      if (rank < 0 || rank > static_cast<std::int32_t>(max_file_rank)) {
        in.error("expected at most ", max_file_rank, " axes, got ", rank);
      }
      in.take(4, "rank");
      for (std::int32_t a = 0; a < rank; ++a) tensor.shape.push_back(in.number<std::int64_t>("shape"));
      for (std::int32_t a = 0; a < rank; ++a) tensor.stride.push_back(in.number<std::int64_t>("stride"));
      tensor.offset = in.number<std::int64_t>("storage offset");
      tensors_[key] = std::move(tensor);
    }
  }

  std::string_view file_;
  std::unordered_map<std::int64_t, TorchStorage> storages_;
  std::unordered_map<std::int64_t, StridedView> tensors_;
};

}  // namespace detail

inline TorchFile open_torch_tar(Bytes bytes, std::string_view file) {
  const std::vector<TarMember> members = read_tar(bytes, file);
  const TarMember& system = detail::TarTensors::member_of(members, "sys_info", file);
  ByteReader about(system.data, file, "torch", system.offset);
  detail::check_system(read_pickle(about), file);
  auto tensors = std::make_unique<detail::TarTensors>(members, file);
  const TarMember& main = detail::TarTensors::member_of(members, "pickle", file);
  ByteReader in(main.data, file, "torch", main.offset);
  Pickle pickle = read_pickle(in);
  return {"torch tar", std::move(pickle), std::move(tensors)};
}

}  // namespace qrs::io
