// The zip container of torch >= 1.6, read from its central directory: stored (uncompressed) records, zip64, data
// descriptors. Writing is in torch_writer.hpp.
//
// Source: PKWARE's APPNOTE.TXT 6.3, sections 4.3 and 4.5.3. Every record's offset, size and CRC-32 is checked before its
// bytes are handed out; they are views into the file, so no size field allocates anything.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../core/crc32.hpp"
#include "../core/error.hpp"
#include "byte_reader.hpp"

namespace qrs::io {

using qrs::crc32;

/// One record of the directory.
struct ZipRecord {
  std::string_view name;
  std::uint64_t header = 0;  // offset of its local header in the file
  std::uint64_t size = 0;
  std::uint32_t crc = 0;
  std::uint16_t method = 0;  // 0: stored
  std::uint16_t flags = 0;   // bit 0: encrypted
};

class ZipReader {
 public:
  /// Reads the directory. The bytes and the name must outlive the reader.
  ZipReader(Bytes bytes, std::string_view file) : bytes_(bytes), file_(file) { read_directory(); }

  const std::vector<ZipRecord>& records() const { return records_; }
  const ZipRecord* find(std::string_view name) const {
    const auto found = index_.find(name);
    return found == index_.end() ? nullptr : &records_[found->second];
  }
  /// The bytes of a record, checked; throws where the record is compressed, encrypted, out of range or damaged.
  Bytes data(const ZipRecord& record) const {
    ByteReader in(bytes_, file_, "zip");
    in.seek(record.header, "the offset of a record");
    const auto bad = [&](const auto&... parts) {
      fail_at("zip", file_, record.header, parts..., ", in '", shown(record.name), "'");
    };
    if (in.left() < 30 || !in.follows("PK\x03\x04")) bad("expected a local header, got something else");
    if (record.method != 0) bad("expected a stored record (torch compresses nothing), got method ", record.method);
    if ((record.flags & 1U) != 0) bad("expected an unencrypted record, got an encrypted one");
    in.take(26, "local header");
    const auto name_length = in.number<std::uint16_t>("name length");
    const auto extra_length = in.number<std::uint16_t>("extra length");
    if (as_text(in.take(name_length, "record name")) != record.name)
      bad("expected its name in the local header, got another");
    in.take(extra_length, "extra field");
    const Bytes data = in.take(record.size, "record data");
    if (record.crc == 0) return data;  // torch writes 0 where it was told not to compute checksums
    const std::uint32_t crc = crc32(data);
    if (crc != record.crc) bad("expected CRC-32 ", record.crc, " of the data, got ", crc, ": the file is damaged");
    return data;
  }
  /// Offset in the file of bytes that data() returned.
  std::uint64_t offset_of(Bytes data) const { return static_cast<std::uint64_t>(data.data() - bytes_.data()); }

 private:
  /// Where the directory is and how many records it has.
  struct End {
    std::uint64_t count = 0;
    std::uint64_t size = 0;
    std::uint64_t offset = 0;
  };

  /// The end record stands last, before a comment of at most 65535 bytes. Its zip64 twin, where there is one, is found
  /// through a locator just before it and holds the full 64-bit fields; torch always writes one.
  End find_end() const {
    ByteReader in(bytes_, file_, "zip");
    const std::string_view all = as_text(bytes_);
    const std::size_t first = all.size() > 65557 ? all.size() - 65557 : 0;
    const std::size_t at = all.substr(first).rfind("PK\x05\x06");
    if (at == std::string_view::npos || all.size() - first - at < 22) {
      in.seek(all.size(), "end");
      in.error("expected an end-of-directory record, got none: the file is cut short or no zip file");
    }
    in.seek(first + at + 8, "end record");
    End end;
    in.number<std::uint16_t>("records on this disk");
    end.count = in.number<std::uint16_t>("record count");
    end.size = in.number<std::uint32_t>("directory size");
    end.offset = in.number<std::uint32_t>("directory offset");
    if (first + at < 20) return end;
    in.seek(first + at - 20, "zip64 locator");
    if (!in.follows("PK\x06\x07")) return end;
    in.take(8, "zip64 locator");
    in.seek(in.number<std::uint64_t>("zip64 end offset"), "the zip64 end record");
    if (!in.follows("PK\x06\x06")) in.error("expected a zip64 end record, got something else");
    in.take(24, "zip64 end record");
    in.number<std::uint64_t>("records on this disk");
    end.count = in.number<std::uint64_t>("record count");
    end.size = in.number<std::uint64_t>("directory size");
    end.offset = in.number<std::uint64_t>("directory offset");
    return end;
  }

  void read_directory() {
    const End end = find_end();
    ByteReader whole(bytes_, file_, "zip");
    whole.seek(end.offset, "the directory's offset");
    ByteReader in(whole.take(end.size, "directory"), file_, "zip", end.offset);
    if (end.count > in.size() / 46) {  // 46 bytes: a directory entry without its name
      in.error("expected at most ", in.size() / 46, " records in a directory of ", in.size(), " bytes, got ",
               end.count);
    }
    records_.reserve(static_cast<std::size_t>(end.count));
    for (std::uint64_t i = 0; i < end.count; ++i) {
      records_.push_back(read_entry(in));
      if (!index_.emplace(records_.back().name, records_.size() - 1).second) {
        in.error("expected unique record names, got '", shown(records_.back().name), "' twice");
      }
    }
  }

  static ZipRecord read_entry(ByteReader& in) {
    if (!in.follows("PK\x01\x02")) in.error("expected a directory entry, got something else");
    in.take(8, "directory entry");
    ZipRecord record;
    record.flags = in.number<std::uint16_t>("flags");
    record.method = in.number<std::uint16_t>("method");
    in.take(4, "time and date");
    record.crc = in.number<std::uint32_t>("CRC-32");
    std::uint64_t packed = in.number<std::uint32_t>("packed size");
    record.size = in.number<std::uint32_t>("size");
    const auto name_length = in.number<std::uint16_t>("name length");
    const auto extra_length = in.number<std::uint16_t>("extra length");
    const auto comment_length = in.number<std::uint16_t>("comment length");
    in.take(8, "directory entry");
    record.header = in.number<std::uint32_t>("local header offset");
    record.name = as_text(in.take(name_length, "record name"));
    const std::uint64_t extra_offset = in.offset();
    ByteReader extra(in.take(extra_length, "extra field"), in.file(), in.format(), extra_offset);
    in.take(comment_length, "comment");
    while (extra.left() >= 4) {
      const auto id = extra.number<std::uint16_t>("extra id");
      const auto length = extra.number<std::uint16_t>("extra length");
      const std::uint64_t offset = extra.offset();
      ByteReader field(extra.take(length, "extra field"), in.file(), in.format(), offset);
      if (id != 1) continue;  // zip64: the fields that are all ones above, in this order
      if (record.size == 0xffffffffU) record.size = field.number<std::uint64_t>("zip64 size");
      if (packed == 0xffffffffU) packed = field.number<std::uint64_t>("zip64 packed size");
      if (record.header == 0xffffffffU) record.header = field.number<std::uint64_t>("zip64 offset");
    }
    if (record.method == 0 && packed != record.size) {
      in.error("expected equal sizes of a stored record, got ", packed, " and ", record.size, ", for '",
               shown(record.name), "'");
    }
    return record;
  }

  Bytes bytes_;
  std::string_view file_;
  std::vector<ZipRecord> records_;
  std::unordered_map<std::string_view, std::size_t> index_;
};

}  // namespace qrs::io
