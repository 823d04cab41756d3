// Writes a state dict as torch.save does: `torch.load(path, weights_only=True)` reads it as an OrderedDict of tensors.
//
//   archive/data.pkl   archive/byteorder   archive/data/0 ...   archive/version        stored, no compression
//
// The same dict gives the same bytes: no dates, no name of the file inside. Storages start on multiples of 64 in the file,
// as torch pads them for memory mapping. Files pass through memory once; they are limited to the 4 GiB of plain zip.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "byte_reader.hpp"
#include "dtype.hpp"
#include "file.hpp"
#include "state_dict.hpp"
#include "zip_reader.hpp"

namespace qrs::io {

namespace detail {

/// Appends a little-endian number.
template <class T>
void append_number(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

/// The opcodes that a checkpoint needs, protocol 2.
class PickleWriter {
 public:
  std::string bytes = "\x80\x02";

  void global(std::string_view module_and_name) { bytes += text('c', module_and_name, '\n'); }
  void unicode(std::string_view value) {
    bytes += 'X';
    append_number(bytes, static_cast<std::uint32_t>(value.size()));
    bytes += value;
  }
  void integer(std::int64_t value) {
    if (value >= 0 && value < 256) {
      bytes += 'K';
      append_number(bytes, static_cast<std::uint8_t>(value));
    } else if (value == static_cast<std::int32_t>(value)) {
      bytes += 'J';
      append_number(bytes, static_cast<std::int32_t>(value));
    } else {
      bytes += "\x8a\x08";
      append_number(bytes, value);
    }
  }
  void tuple(const std::vector<std::int64_t>& values) {
    bytes += '(';
    for (const std::int64_t value : values) integer(value);
    bytes += 't';
  }
  /// OrderedDict()
  void ordered_dict() {
    global("collections\nOrderedDict");
    bytes += ")R";
  }
};

/// Writes records one after the other and the directory last (APPNOTE.TXT 4.3).
class ZipWriter {
 public:
  explicit ZipWriter(AtomicFile& file) : file_(file) {}

  void add(const std::string& name, Bytes data) {
    const std::uint64_t header = file_.written();
    // The extra field "FB" of torch: padding, so that the data starts on a multiple of 64.
    const std::uint64_t plain = header + 30 + name.size() + 4;
    const std::uint64_t padding = (64 - plain % 64) % 64;
    QRS_CHECK(plain + padding + data.size() < std::numeric_limits<std::uint32_t>::max(),
              "[torch] expected a checkpoint under 4 GiB, got more; write .safetensors instead");
    const std::string fields = common_fields(name, data);
    std::string local = "PK\x03\x04" + fields;
    append_number(local, static_cast<std::uint16_t>(4 + padding));
    local += name + "FB";
    append_number(local, static_cast<std::uint16_t>(padding));
    local.append(static_cast<std::size_t>(padding), 'Z');
    file_.write(local);
    file_.write(data);
    directory_ += std::string("PK\x01\x02\0\0", 6) + fields + std::string(12, '\0');  // no extra, comment, attributes
    append_number(directory_, static_cast<std::uint32_t>(header));
    directory_ += name;
    ++count_;
  }

  void finish() {
    QRS_CHECK(count_ < 0xffff, "[torch] expected fewer than 65535 records, got ", count_);
    const std::uint64_t start = file_.written();
    std::string end("PK\x05\x06\0\0\0\0", 8);
    append_number(end, static_cast<std::uint16_t>(count_));
    append_number(end, static_cast<std::uint16_t>(count_));
    append_number(end, static_cast<std::uint32_t>(directory_.size()));
    append_number(end, static_cast<std::uint32_t>(start));
    append_number(end, std::uint16_t{0});
    QRS_CHECK(start + directory_.size() < std::numeric_limits<std::uint32_t>::max(),
              "[torch] expected a checkpoint under 4 GiB, got more; write .safetensors instead");
    file_.write(directory_);
    file_.write(end);
  }

 private:
  /// From "version needed" to the name's length: the part that local header and directory share.
  static std::string common_fields(const std::string& name, Bytes data) {
    std::string out;
    append_number(out, std::uint16_t{20});          // version needed
    append_number(out, std::uint16_t{0x0800});      // names in UTF-8
    append_number(out, std::uint16_t{0});           // stored
    append_number(out, std::uint32_t{0x00210000});  // 1980-01-01 00:00, the earliest date there is
    append_number(out, crc32(data));
    append_number(out, static_cast<std::uint32_t>(data.size()));
    append_number(out, static_cast<std::uint32_t>(data.size()));
    append_number(out, static_cast<std::uint16_t>(name.size()));
    return out;
  }

  AtomicFile& file_;
  std::string directory_;
  std::size_t count_ = 0;
};

/// The pickle of a state dict whose i-th entry is the whole of storage i.
inline std::string state_dict_pickle(const StateDict& dict) {
  PickleWriter out;
  out.ordered_dict();
  out.bytes += '(';
  for (std::size_t i = 0; i < dict.size(); ++i) {
    const auto& [name, entry] = dict[i];
    std::vector<std::int64_t> stride(entry.shape.size(), 1);
    for (std::size_t axis = stride.size(); axis-- > 1;) {
      stride[axis - 1] = stride[axis] * std::max<std::int64_t>(entry.shape[axis], 1);
    }
    const bool untyped = info(entry.dtype).storage.empty();  // newer types: bytes, and a tensor that says what they are
    out.unicode(name);
    out.global(untyped ? "torch._utils\n_rebuild_tensor_v3" : "torch._utils\n_rebuild_tensor_v2");
    out.bytes += "((";
    out.unicode("storage");
    out.global(untyped ? "torch.storage\nUntypedStorage" : text("torch\n", info(entry.dtype).storage));
    out.unicode(text(i));
    out.unicode("cpu");
    out.integer(untyped ? static_cast<std::int64_t>(entry.bytes.size()) : entry.size());
    out.bytes += "tQ";
    out.integer(0);
    out.tuple(entry.shape);
    out.tuple(stride);
    out.bytes += '\x89';  // requires_grad: False
    out.ordered_dict();   // backward hooks: none
    if (untyped) out.global(text("torch\n", info(entry.dtype).torch));
    out.bytes += "tR";
  }
  out.bytes += "u.";
  return std::move(out.bytes);
}

}  // namespace detail

/// Writes all entries as one OrderedDict. Metadata has no place in a state dict and is not written.
inline void write_torch(const std::string& path, const StateDict& dict) {
  AtomicFile file(path);
  detail::ZipWriter zip(file);
  zip.add("archive/data.pkl", as_bytes(detail::state_dict_pickle(dict)));
  zip.add("archive/byteorder", as_bytes("little"));
  for (std::size_t i = 0; i < dict.size(); ++i) zip.add(text("archive/data/", i), dict[i].entry.bytes);
  zip.add("archive/version", as_bytes("3\n"));
  zip.finish();
  file.commit();
}

}  // namespace qrs::io
