// StateDict: named tensors as a file holds them, in the file's order, with the file's element types.
//
//   qrs::io::StateDict weights = qrs::io::read_checkpoint("densenet121-a639ec97.pth");
//   for (const auto& [name, entry] : weights) ...
//   qrs::Tensor<float> w = weights.at("features.conv0.weight").to<float>();         // (64, 3, 7, 7), torch's axis order
//
// Entries own contiguous, row-major, little-endian bytes: the digest of these bytes names a tensor in a record. Nothing
// here knows a model; key maps and axis permutations belong to models/.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "../core/error.hpp"
#include "../core/sha256.hpp"
#include "../tensor/tensor.hpp"
#include "dtype.hpp"

namespace qrs::io {

static_assert(std::endian::native == std::endian::little, "the readers copy little-endian files as they are");

/// More axes than any real tensor has; a file that claims more is broken.
inline constexpr std::size_t max_file_rank = 64;

/// Elements of a shape, or -1 where an extent is negative or the product passes 2^63 - 1.
inline std::int64_t element_count(std::span<const std::int64_t> shape) {
  std::int64_t product = 1;
  bool zero = false;
  bool overflow = false;
  for (const std::int64_t extent : shape) {
    if (extent < 0) return -1;
    zero = zero || extent == 0;
    overflow = overflow || __builtin_mul_overflow(product, std::max<std::int64_t>(extent, 1), &product);
  }
  if (overflow) return -1;
  return zero ? 0 : product;
}

/// Bytes of a tensor of this type and shape, or -1 where they pass 2^63 - 1.
inline std::int64_t byte_count(DType dtype, std::span<const std::int64_t> shape) {
  std::int64_t bytes = 0;
  const std::int64_t count = element_count(shape);
  if (count < 0 || __builtin_mul_overflow(count, static_cast<std::int64_t>(size_of(dtype)), &bytes)) return -1;
  return bytes;
}

/// One tensor of a file.
struct Entry {
  DType dtype = DType::f32;
  std::vector<std::int64_t> shape;  // outermost first; empty for a single value
  std::vector<std::byte> bytes;     // contiguous, row-major, little-endian

  std::int64_t size() const { return element_count(shape); }
  /// SHA-256 of the bytes, in hex.
  std::string sha256() const { return qrs::sha256(bytes); }

  /// The values as a tensor of T. Floats widen or round; integers and booleans convert where T holds every value.
  /// Throws where the rank passes Shape::max_rank, where a float type would become an integer, or a value does not fit.
  template <class T>
  Tensor<T> to() const {
    QRS_CHECK(shape.size() <= Shape::max_rank, "[entry] expected at most ", int{Shape::max_rank}, " axes, got ",
              std::span(shape));
    const Shape extents{std::span<const std::int64_t>(shape)};
    QRS_CHECK(byte_count(dtype, shape) == static_cast<std::int64_t>(bytes.size()), "[entry] expected ",
              byte_count(dtype, shape), " bytes for shape ", extents, " of ", name(dtype), ", got ", bytes.size());
    Tensor<T> out(extents);
    if (dtype == dtype_of<T>() && !std::is_same_v<T, bool>) {
      if (!bytes.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
      return out;
    }
    switch (dtype) {
      case DType::f16:
        convert<std::uint16_t>(out, [](std::uint16_t bits) { return half_to_float(bits); });
        break;
      case DType::bf16:
        convert<std::uint16_t>(out, [](std::uint16_t bits) { return bfloat16_to_float(bits); });
        break;
      case DType::f32:
        convert<float>(out, std::identity{});
        break;
      case DType::f64:
        convert<double>(out, std::identity{});
        break;
      case DType::u8:
        convert<std::uint8_t>(out, std::identity{});
        break;
      case DType::i8:
        convert<std::int8_t>(out, std::identity{});
        break;
      case DType::i16:
        convert<std::int16_t>(out, std::identity{});
        break;
      case DType::i32:
        convert<std::int32_t>(out, std::identity{});
        break;
      case DType::i64:
        convert<std::int64_t>(out, std::identity{});
        break;
      case DType::boolean:
        convert<std::uint8_t>(out, [](std::uint8_t value) { return value != 0; });
        break;
      case DType::u16:
        convert<std::uint16_t>(out, std::identity{});
        break;
      case DType::u32:
        convert<std::uint32_t>(out, std::identity{});
        break;
      case DType::u64:
        convert<std::uint64_t>(out, std::identity{});
        break;
      case DType::f8_e4m3:
      case DType::f8_e5m2:
      case DType::f8_e8m0:
      case DType::f8_e4m3fnuz:
      case DType::f8_e5m2fnuz:
        convert<std::uint8_t>(out, [format = dtype](std::uint8_t bits) { return float8_value(bits, format); });
        break;
    }
    return out;
  }

  /// A copy of the values, from any device and pitch.
  template <class T>
  static Entry from(const Tensor<T>& tensor) {
    QRS_CHECK(!tensor.empty(), "[entry] expected a tensor, got an empty handle");
    const Tensor<T> source = tensor.to(Device::cpu).as_contiguous();
    Entry out;
    out.dtype = dtype_of<T>();
    out.shape.assign(source.shape().extents().begin(), source.shape().extents().end());
    out.bytes.resize(static_cast<std::size_t>(source.size()) * sizeof(T));
    if (!out.bytes.empty()) std::memcpy(out.bytes.data(), source.data(), out.bytes.size());
    return out;
  }

  bool operator==(const Entry&) const = default;

 private:
  static float float8_value(std::uint8_t bits, DType format) {
    switch (format) {
      case DType::f8_e4m3:
        return float8_to_float(bits, Float8::e4m3);
      case DType::f8_e5m2:
        return float8_to_float(bits, Float8::e5m2);
      case DType::f8_e4m3fnuz:
        return float8_to_float(bits, Float8::e4m3fnuz);
      case DType::f8_e5m2fnuz:
        return float8_to_float(bits, Float8::e5m2fnuz);
      default:
        return e8m0_to_float(bits);
    }
  }

  template <class Stored, class T, class Decode>
  void convert(const Tensor<T>& out, const Decode& decode) const {
    using Value = std::decay_t<decltype(decode(Stored{}))>;
    if constexpr (std::is_floating_point_v<Value> && !std::is_floating_point_v<T>) {
      fail("[entry] expected an integer type to convert to ", name(dtype_of<T>()), ", got ", name(dtype));
    } else {
      for (std::int64_t i = 0; i < out.size(); ++i) {
        Stored stored;
        std::memcpy(&stored, bytes.data() + static_cast<std::size_t>(i) * sizeof(Stored), sizeof(Stored));
        const Value value = decode(stored);
        if constexpr (!std::is_floating_point_v<T> && !std::is_same_v<Value, bool>) {
          bool fits = false;
          if constexpr (std::is_same_v<T, bool>) {
            fits = value == 0 || value == 1;
          } else {
            fits = std::in_range<T>(value);
          }
          QRS_CHECK(fits, "[entry] expected values that fit ", name(dtype_of<T>()), ", got ", value, " at element ", i);
        }
        out.data()[i] = static_cast<T>(value);
      }
    }
  }
};

/// Named entries in insertion order; names are unique. Iterating gives `name` and `entry`.
class StateDict {
 public:
  struct Named {
    std::string name;
    Entry entry;
  };

  /// What the file says about itself: safetensors' __metadata__.
  std::map<std::string, std::string> metadata;

  /// Appends an entry. Throws where the name is taken or the bytes do not fill the shape.
  Entry& add(std::string name, Entry entry) {
    QRS_CHECK(byte_count(entry.dtype, entry.shape) == static_cast<std::int64_t>(entry.bytes.size()),
              "[state_dict] expected ", byte_count(entry.dtype, entry.shape), " bytes for '", name, "' of shape ",
              std::span(entry.shape), ", got ", entry.bytes.size());
    const auto [position, fresh] = index_.emplace(name, entries_.size());
    QRS_CHECK(fresh, "[state_dict] expected unique names, got '", name, "' twice");
    entries_.push_back({std::move(name), std::move(entry)});
    return entries_.back().entry;
  }
  template <class T>
  Entry& add(std::string name, const Tensor<T>& tensor) {
    return add(std::move(name), Entry::from(tensor));
  }

  bool contains(std::string_view name) const { return find(name) != nullptr; }
  /// The entry of that name, or null.
  const Entry* find(std::string_view name) const {
    const auto found = index_.find(std::string(name));
    return found == index_.end() ? nullptr : &entries_[found->second].entry;
  }
  Entry* find(std::string_view name) { return const_cast<Entry*>(std::as_const(*this).find(name)); }
  /// The entry of that name; throws where there is none, and says which names start alike.
  const Entry& at(std::string_view name) const {
    const Entry* entry = find(name);
    if (entry == nullptr) fail("[state_dict] expected an entry '", name, "', got ", size(), " others", nearest(name));
    return *entry;
  }
  Entry& at(std::string_view name) { return const_cast<Entry&>(std::as_const(*this).at(name)); }

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  /// Bytes of all entries together.
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const Named& named : entries_) sum += named.entry.bytes.size();
    return sum;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const Named& named : entries_) out.push_back(named.name);
    return out;
  }

  std::vector<Named>::const_iterator begin() const { return entries_.begin(); }
  std::vector<Named>::const_iterator end() const { return entries_.end(); }
  const Named& operator[](std::size_t i) const { return entries_.at(i); }

 private:
  /// The part of the message of at() that helps against typing errors: the name with the longest equal beginning.
  std::string nearest(std::string_view name) const {
    std::string_view best;
    std::size_t longest = 0;
    for (const Named& named : entries_) {
      std::size_t same = 0;
      while (same < name.size() && same < named.name.size() && name[same] == named.name[same]) ++same;
      if (same > longest) longest = same, best = named.name;
    }
    return best.empty() ? std::string() : text(", the nearest being '", best, "'");
  }

  std::vector<Named> entries_;
  std::unordered_map<std::string, std::size_t> index_;
};

/// A copy whose names lack `prefix`: strip_prefix(weights, "module.") undoes torch's DataParallel. Names without the
/// prefix stay as they are; throws where two names become one.
inline StateDict strip_prefix(StateDict dict, std::string_view prefix) {
  StateDict out;
  out.metadata = dict.metadata;
  for (const auto& [name, entry] : dict) {
    out.add(name.starts_with(prefix) ? name.substr(prefix.size()) : name, entry);
  }
  return out;
}

}  // namespace qrs::io
