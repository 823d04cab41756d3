// The element types that weight files hold, their names in each format, and the two 16-bit float formats as bits.
//
// The framework computes in float and double; the other types exist only in files and are converted on the way in
// (Entry::to in state_dict.hpp). Half precision is IEEE 754 binary16 (1 sign, 5 exponent, 10 fraction bits); bfloat16 is
// the upper half of a binary32. Both widen to float exactly.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

#include "../core/error.hpp"

namespace qrs::io {

/// Element type of a tensor in a file.
enum class DType : std::uint8_t { f16, bf16, f32, f64, u8, i8, i16, i32, i64, boolean };

/// What the formats call a type. `numpy` is empty where .npy has no such type.
struct DTypeInfo {
  DType dtype;
  std::size_t bytes;             // of one element
  std::string_view safetensors;  // "F32"
  std::string_view torch;        // "float32", without "torch."
  std::string_view storage;      // "FloatStorage", the class in torch's pickles
  std::string_view numpy;        // "<f4"
};

/// One row per DType, in its order.
inline constexpr std::array<DTypeInfo, 10> dtype_table = {{
    {DType::f16, 2, "F16", "float16", "HalfStorage", "<f2"},
    {DType::bf16, 2, "BF16", "bfloat16", "BFloat16Storage", ""},
    {DType::f32, 4, "F32", "float32", "FloatStorage", "<f4"},
    {DType::f64, 8, "F64", "float64", "DoubleStorage", "<f8"},
    {DType::u8, 1, "U8", "uint8", "ByteStorage", "|u1"},
    {DType::i8, 1, "I8", "int8", "CharStorage", "|i1"},
    {DType::i16, 2, "I16", "int16", "ShortStorage", "<i2"},
    {DType::i32, 4, "I32", "int32", "IntStorage", "<i4"},
    {DType::i64, 8, "I64", "int64", "LongStorage", "<i8"},
    {DType::boolean, 1, "BOOL", "bool", "BoolStorage", "|b1"},
}};

inline constexpr const DTypeInfo& info(DType dtype) { return dtype_table[static_cast<std::size_t>(dtype)]; }

/// Bytes of one element.
inline constexpr std::size_t size_of(DType dtype) { return info(dtype).bytes; }

/// The name that people know: torch's, "float32".
inline constexpr std::string_view name(DType dtype) { return info(dtype).torch; }

/// The type whose name in one column of the table is `text`: find_dtype(&DTypeInfo::safetensors, "F32").
inline std::optional<DType> find_dtype(std::string_view DTypeInfo::*column, std::string_view text) {
  for (const DTypeInfo& row : dtype_table) {
    if (!text.empty() && row.*column == text) return row.dtype;
  }
  return std::nullopt;
}

/// The DType of a C++ type: float, double, bool and the integers up to 64 bits that the table holds.
template <class T>
constexpr DType dtype_of() {
  if constexpr (std::is_same_v<T, float>)
    return DType::f32;
  else if constexpr (std::is_same_v<T, double>)
    return DType::f64;
  else if constexpr (std::is_same_v<T, bool>)
    return DType::boolean;
  else if constexpr (std::is_same_v<T, std::uint8_t>)
    return DType::u8;
  else if constexpr (std::is_same_v<T, std::int8_t>)
    return DType::i8;
  else if constexpr (std::is_same_v<T, std::int16_t>)
    return DType::i16;
  else if constexpr (std::is_same_v<T, std::int32_t>)
    return DType::i32;
  else {
    static_assert(std::is_integral_v<T> && std::is_signed_v<T> && sizeof(T) == 8, "no file type for this C++ type");
    return DType::i64;
  }
}

inline float bfloat16_to_float(std::uint16_t bits) { return std::bit_cast<float>(std::uint32_t{bits} << 16); }

/// Exact, NaN payloads and subnormals included.
inline float half_to_float(std::uint16_t bits) {
  const std::uint32_t sign = (bits & 0x8000U) << 16;
  const std::uint32_t exponent = (bits >> 10) & 0x1fU;
  const std::uint32_t fraction = bits & 0x3ffU;
  if (exponent == 0) {  // zero or subnormal: fraction * 2^-24
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(magnitude) | sign);
  }
  const std::uint32_t wide = exponent == 0x1fU ? 0xffU : exponent + 112;  // 127 - 15 = 112
  return std::bit_cast<float>(sign | (wide << 23) | (fraction << 13));
}

}  // namespace qrs::io
