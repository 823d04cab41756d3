// What a JPEG file says: its size, kind and orientation, and whether it is whole, found by walking its markers before a
// decoder sees the file.
//
// A file is SOI, segments (0xFF, a code, a length and data), and scans: a SOS segment and then entropy-coded bytes, in which
// 0xFF is followed by 0x00 or a restart code; EOI ends it. Bytes between segments that belong to none, as some cameras and
// editors leave them, are passed over.
// Source: ITU-T T.81, annex B.
#pragma once

#include <algorithm>
#include <cstdint>

#include "exif.hpp"
#include "file_error.hpp"

namespace qrs::image {

namespace detail {

/// Which tables a JPEG has defined so far: a scan may use no other, since some decoders do not look, and read memory that
/// nobody wrote.
class JpegTables {
 public:
  explicit JpegTables(std::string_view path) : path_(path) {}

  /// A DHT segment: tables of a byte of class (0: DC, 1: AC) and place, 16 counts of codes by length, and a byte for each
  /// code. At most 256 codes a table: some decoders write past its end otherwise.
  void huffman(FileBytes data, std::uint64_t offset) {
    std::size_t at = 0;
    while (at < data.size()) {
      std::size_t codes = 0;
      for (std::size_t i = 1; i <= 16 && at + i < data.size(); ++i) codes += std::to_integer<std::size_t>(data[at + i]);
      if (codes > 256) fail_in_file(path_, offset + at, "expected a Huffman table of at most 256 codes, got ", codes);
      if (data.size() - at < 17 + codes) {
        fail_in_file(path_, offset + at, "expected ", 17 + codes, " bytes of a Huffman table, got ", data.size() - at);
      }
      const auto where = std::to_integer<unsigned>(data[at]);
      if ((where & 0xEFu) > 3) fail_in_file(path_, offset + at, "expected a Huffman table 0 to 3, got ", where);
      (where >> 4 == 0 ? dc_ : ac_) |= 1u << (where & 3u);
      at += 17 + codes;
    }
  }

  /// A DQT segment: tables of a byte of precision (0: bytes, 1: two bytes) and place, and 64 values.
  void quantization(FileBytes data, std::uint64_t offset) {
    std::size_t at = 0;
    while (at < data.size()) {
      const auto where = std::to_integer<unsigned>(data[at]);
      const std::size_t length = where >> 4 == 0 ? 65 : 129;
      if ((where & 0xEFu) > 3 || data.size() - at < length) {
        fail_in_file(path_, offset + at, "expected a quantization table 0 to 3 of ", length, " bytes, got table ",
                     where, " and ", data.size() - at, " bytes");
      }
      quantization_ |= 1u << (where & 3u);
      at += length;
    }
  }

  /// The frame: its components, three bytes each from byte 6 on, name their quantization tables.
  void frame(FileBytes data, std::uint64_t offset, bool progressive) {
    const auto count = std::to_integer<std::size_t>(data[5]);
    if (data.size() < 6 + 3 * count) {
      fail_in_file(path_, offset, "expected ", 6 + 3 * count, " bytes of a JPEG frame, got ", data.size());
    }
    components_ = data.subspan(6, 3 * count);
    progressive_ = progressive;
  }

  /// A SOS segment: the number of components, a name and the places of two tables for each, then which coefficients.
  void scan(FileBytes data, std::uint64_t offset) {
    const std::size_t count = data.empty() ? 0 : std::to_integer<std::size_t>(data[0]);
    if (count < 1 || count > 4 || data.size() < 1 + 2 * count + 3) {
      fail_in_file(path_, offset, "expected a JPEG scan of 1 to 4 channels, got ", count, " in ", data.size(),
                   " bytes");
    }
    in_parts_ = in_parts_ || 3 * count < components_.size();
    const auto first = std::to_integer<unsigned>(data[1 + 2 * count]);
    const bool refines = std::to_integer<unsigned>(data[3 + 2 * count]) >> 4 != 0;
    for (std::size_t i = 0; i < count; ++i) {
      const auto tables = std::to_integer<unsigned>(data[2 + 2 * i]);
      const bool with_dc = progressive_ ? first == 0 && !refines : true;
      const bool with_ac = progressive_ ? first != 0 : true;
      require(!with_dc || has(dc_, tables >> 4), offset, "DC");
      require(!with_ac || has(ac_, tables & 15u), offset, "AC");
      for (std::size_t c = 0; c < components_.size(); c += 3) {
        if (components_[c] != data[1 + 2 * i]) continue;
        require(has(quantization_, std::to_integer<unsigned>(components_[c + 2])), offset, "quantization");
      }
    }
  }

  /// The bytes of all coefficients, two for each, where a decoder must hold them: of scans that are a part of the picture each.
  std::uint64_t coefficients(const PictureHeader& header) const {
    if (!progressive_ && !in_parts_) return 0;
    const auto factor = [&](std::size_t c, int shift) {
      return std::clamp<std::uint64_t>(std::to_integer<unsigned>(components_[c + 1]) >> shift & 15u, 1, 4);
    };
    const auto blocks = [](std::int64_t pixels, std::uint64_t of, std::uint64_t most) {
      const std::uint64_t group = 8 * most;  // pixels that hold `of` blocks
      return (static_cast<std::uint64_t>(pixels) + group - 1) / group * of;
    };
    std::uint64_t widest = 1;
    std::uint64_t highest = 1;
    for (std::size_t c = 0; c < components_.size(); c += 3) {
      widest = std::max(widest, factor(c, 4));
      highest = std::max(highest, factor(c, 0));
    }
    std::uint64_t bytes = 0;
    for (std::size_t c = 0; c < components_.size(); c += 3) {
      bytes += 128 * blocks(header.width, factor(c, 4), widest) * blocks(header.height, factor(c, 0), highest);
    }
    return bytes;
  }

 private:
  static bool has(unsigned tables, unsigned place) { return place < 4 && (tables >> place & 1u) != 0; }
  void require(bool there, std::uint64_t offset, std::string_view kind) const {
    if (!there)
      fail_in_file(path_, offset, "expected every ", kind, " table of a JPEG scan before it, got one without");
  }

  std::string_view path_;
  FileBytes components_;
  unsigned dc_ = 0;  // a bit for each place
  unsigned ac_ = 0;
  unsigned quantization_ = 0;
  bool progressive_ = false;
  bool in_parts_ = false;  // some scan has not all components
};

inline unsigned byte_at(FileBytes file, std::size_t i) { return std::to_integer<unsigned>(file[i]); }

/// Where the next marker from `at` on stands: behind fill bytes and stray ones, and within a scan behind its entropy-coded
/// bytes.
inline std::size_t next_marker(FileBytes file, std::string_view path, std::size_t at, bool in_scan) {
  while (at + 1 < file.size()) {
    const bool marker = byte_at(file, at) == 0xFF && byte_at(file, at + 1) != 0xFF && byte_at(file, at + 1) != 0;
    if (marker && !(in_scan && byte_at(file, at + 1) >= 0xD0 && byte_at(file, at + 1) <= 0xD7)) break;
    ++at;
  }
  if (at + 1 >= file.size()) {
    fail_in_file(path, file.size(), "expected the end mark of a JPEG, got the end of the file: it is cut short");
  }
  return at;
}

/// The data of the segment whose length stands at `at`.
inline FileBytes segment_at(FileBytes file, std::string_view path, std::size_t at) {
  if (file.size() - at < 2 || number_at(file, at, 2, ByteOrder::big) > file.size() - at) {
    fail_in_file(path, at, "expected a JPEG segment inside the file, got one that passes its end: it is cut short");
  }
  const std::size_t length = number_at(file, at, 2, ByteOrder::big);
  if (length < 2) fail_in_file(path, at, "expected a JPEG segment of 2 bytes at least, got ", length);
  return file.subspan(at + 2, length - 2);
}

inline bool is_frame(unsigned code) {
  return code >= 0xC0 && code <= 0xCF && code != 0xC4 && code != 0xC8 && code != 0xCC;
}

/// The size and channels that a frame of this code tells; its segment stands at `at`.
inline void read_frame(PictureHeader& header, FileBytes data, unsigned code, std::string_view path, std::size_t at,
                       std::int64_t limit) {
  if (header.channels != 0) fail_in_file(path, at, "expected one JPEG frame, got a second one");
  if (code > 0xC2) fail_in_file(path, at, "expected a baseline or progressive JPEG, got frame type ", code - 0xC0);
  if (data.size() < 6) fail_in_file(path, at, "expected a JPEG frame of 6 bytes at least, got ", data.size());
  const unsigned precision = byte_at(data, 0);
  const unsigned channels = byte_at(data, 5);
  if (precision != 8) fail_in_file(path, at + 2, "expected 8 bits a channel, got ", precision);
  if (channels != 1 && channels != 3 && channels != 4) {
    fail_in_file(path, at + 7, "expected 1, 3 or 4 channels, got ", channels);
  }
  header.height = number_at(data, 1, 2, ByteOrder::big);
  header.width = number_at(data, 3, 2, ByteOrder::big);
  header.channels = channels == 1 ? 1 : 3;
  header.plain_cmyk = channels == 4;
  check_picture_size(header, path, at + 3, limit);
}

/// Throws where the scans cannot hold the picture: each block of 8 x 8 pixels takes a bit of the first one at least.
inline void check_scanned(const PictureHeader& header, std::uint64_t scanned, std::string_view path, std::size_t at) {
  const std::uint64_t least =
      static_cast<std::uint64_t>(header.height) * static_cast<std::uint64_t>(header.width) / (64 * 8);
  if (scanned < least) {
    fail_in_file(path, at, "expected at least ", least, " bytes of scans for ", header.height, " x ", header.width,
                 ", got ", scanned);
  }
}

}  // namespace detail

/// The header of a JPEG file. Throws where the file ends before its EOI, where it is not 8-bit baseline or progressive, and
/// where the scans are too short for the size claimed. Four channels (CMYK, YCCK) become RGB.
inline PictureHeader jpeg_header(FileBytes file, std::string_view path, std::int64_t limit) {
  constexpr int most_scans = 100;  // about ten are usual; each is a pass over the whole picture
  PictureHeader header;
  detail::JpegTables tables(path);
  std::uint64_t scanned = 0;
  int scans = 0;
  bool adobe = false;
  std::size_t at = 2;
  while (true) {
    const std::size_t marker = detail::next_marker(file, path, at, scans > 0);
    scanned += marker - at;
    at = marker + 2;
    const unsigned code = detail::byte_at(file, marker + 1);
    if (code == 0xD9) break;  // EOI
    if (code == 0xD8 || code == 0x01 || (code >= 0xD0 && code <= 0xD7)) continue;
    const FileBytes data = detail::segment_at(file, path, at);
    if (detail::is_frame(code)) {
      detail::read_frame(header, data, code, path, at, limit);
      tables.frame(data, at + 2, code == 0xC2);
    }
    if (code == 0xE1 && begins_with(data, std::string_view("Exif\0\0", 6))) {
      header.orientation = exif_orientation(data.subspan(6));
    }
    if (code == 0xEE && data.size() >= 12 && begins_with(data, "Adobe")) adobe = true;
    if (code == 0xC4) tables.huffman(data, at + 2);
    if (code == 0xDB) tables.quantization(data, at + 2);
    if (code == 0xDA) {
      if (header.channels == 0) fail_in_file(path, at, "expected the frame of a JPEG before its scans, got none");
      tables.scan(data, at + 2);
      if (++scans > most_scans) fail_in_file(path, at, "expected at most ", most_scans, " scans, got more");
    }
    at += 2 + data.size();
  }
  if (scans == 0) fail_in_file(path, at, "expected a scan in a JPEG, got its end");
  detail::check_scanned(header, scanned, path, at);
  header.coefficients = tables.coefficients(header);
  header.plain_cmyk = header.plain_cmyk && !adobe;
  return header;
}

}  // namespace qrs::image
