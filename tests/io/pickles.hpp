// Bytes of pickles and of the checkpoints around them, for tests: what torch.save would write, and what it never would.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "../../include/qrs/io/torch_legacy.hpp"
#include "../../include/qrs/io/torch_writer.hpp"

namespace io_test::pickles {

using namespace std::string_literals;

template <class T>
std::string number(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

/// A legacy stream: any object can be planted in it.
inline std::string legacy(const std::string& object, const std::string& keys = "]", const std::string& data = "",
                          const std::string& system = "}") {
  return std::string(qrs::io::legacy_magic) + "\x80\x02M\xe9\x03." + "\x80\x02" + system + "." + "\x80\x02" + object +
         "." + "\x80\x02" + keys + "." + data;
}
inline std::string unicode(const std::string& text) {
  return "X" + number(static_cast<std::uint32_t>(text.size())) + text;
}
inline std::string integer(std::int64_t value) { return "\x8a\x08" + number(value); }
inline std::string tuple(const std::vector<std::int64_t>& values) {
  std::string out = "(";
  for (const std::int64_t value : values) out += integer(value);
  return out + "t";
}
/// A tensor over storage "0" of `count` elements of a storage class.
inline std::string tensor(std::int64_t count, std::int64_t offset, const std::string& shape, const std::string& stride,
                          const std::string& storage = "FloatStorage") {
  return "ctorch._utils\n_rebuild_tensor_v2\n((" + unicode("storage") + "ctorch\n" + storage + "\n" + unicode("0") +
         unicode("cpu") + integer(count) + "NtQ" + integer(offset) + shape + stride + "\x89Nt" + "R";
}
/// A legacy file of one tensor "w" over four floats.
inline std::string one_tensor(std::int64_t offset, const std::string& shape, const std::string& stride) {
  return legacy("}" + unicode("w") + tensor(4, offset, shape, stride) + "s", "]" + unicode("0") + "a",
                number(std::int64_t{4}) + std::string(16, '\1'));
}

/// A dict of texts and pickled values.
inline std::string dict(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string out = "}(";
  for (const auto& [key, value] : items) out += unicode(key) + value;
  return out + "u";
}
/// A weight: 2 x 2 floats of storage "0"; a loss: one float of it.
inline std::string weight() { return tensor(4, 0, tuple({2, 2}), tuple({2, 1})); }
inline std::string loss() { return tensor(4, 0, "(t", "(t"); }
/// The weights w and b as a state dict.
inline std::string weights() { return dict({{"w", weight()}, {"b", weight()}}); }

/// The legacy stream of an object over storage "0" of four floats.
inline std::string legacy_file(const std::string& object) {
  return legacy(object, "]" + unicode("0") + "a", number(std::int64_t{4}) + std::string(16, '\1'));
}
/// The same in the zip container, written to a file.
inline void write_zip(const std::string& path, const std::string& object) {
  qrs::io::AtomicFile file(path);
  qrs::io::detail::ZipWriter zip(file);
  const std::string pickle = "\x80\x02" + object + ".";
  const std::string floats(16, '\1');
  zip.add("archive/data.pkl", qrs::io::as_bytes(pickle));
  zip.add("archive/data/0", qrs::io::as_bytes(floats));
  zip.add("archive/version", qrs::io::as_bytes("3\n"));
  zip.finish();
  file.commit();
}

}  // namespace io_test::pickles
