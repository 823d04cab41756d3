// The element types that weight files hold, their names in each format, and the small float formats as bits.
//
// The framework computes in float and double; the other types exist only in files and are converted on the way in
// (Entry::to in state_dict.hpp). Half precision is IEEE 754 binary16 (1 sign, 5 exponent, 10 fraction bits); bfloat16 is
// the upper half of a binary32. The 8-bit formats are those of "FP8 Formats for Deep Learning" (Micikevicius et al., 2022,
// arXiv:2209.05433), their variants without infinity and negative zero ("fnuz"), and the scale of powers of two, E8M0, of
// the OCP's MX specification. All widen to float exactly.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <type_traits>

#include "../core/error.hpp"

namespace qrs::io {

/// Element type of a tensor in a file.
enum class DType : std::uint8_t {
  f16,
  bf16,
  f32,
  f64,
  u8,
  i8,
  i16,
  i32,
  i64,
  boolean,
  u16,
  u32,
  u64,
  f8_e4m3,
  f8_e5m2,
  f8_e8m0,
  f8_e4m3fnuz,
  f8_e5m2fnuz
};

/// What the formats call a type. A name is empty where a format has no such type.
struct DTypeInfo {
  DType dtype;
  std::size_t bytes;             // of one element
  std::string_view safetensors;  // "F32"
  std::string_view torch;        // "float32", without "torch."
  std::string_view storage;      // "FloatStorage", the class in torch's pickles
  std::string_view numpy;        // "<f4"
};

/// One row per DType, in its order.
inline constexpr std::array<DTypeInfo, 18> dtype_table = {{
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
    {DType::u16, 2, "U16", "uint16", "", "<u2"},
    {DType::u32, 4, "U32", "uint32", "", "<u4"},
    {DType::u64, 8, "U64", "uint64", "", "<u8"},
    {DType::f8_e4m3, 1, "F8_E4M3", "float8_e4m3fn", "", ""},
    {DType::f8_e5m2, 1, "F8_E5M2", "float8_e5m2", "", ""},
    {DType::f8_e8m0, 1, "F8_E8M0", "float8_e8m0fnu", "", ""},
    {DType::f8_e4m3fnuz, 1, "F8_E4M3FNUZ", "float8_e4m3fnuz", "", ""},
    {DType::f8_e5m2fnuz, 1, "F8_E5M2FNUZ", "float8_e5m2fnuz", "", ""},
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
  else if constexpr (std::is_same_v<T, std::uint16_t>)
    return DType::u16;
  else if constexpr (std::is_same_v<T, std::uint32_t>)
    return DType::u32;
  else if constexpr (std::is_same_v<T, std::uint64_t>)
    return DType::u64;
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

/// What an 8-bit format of one sign bit does with the patterns that others spend on infinity and not-a-number.
enum class Float8 { e4m3, e5m2, e4m3fnuz, e5m2fnuz };

/// (-1)^sign * 1.fraction * 2^(exponent - bias); exponent 0: 0.fraction * 2^(1 - bias). Exact.
inline float float8_to_float(std::uint8_t bits, Float8 format) {
  const bool wide =
      format == Float8::e5m2 || format == Float8::e5m2fnuz;  // 5 exponent bits, 2 of fraction; else 4 and 3
  const bool unsigned_zero = format == Float8::e4m3fnuz || format == Float8::e5m2fnuz;
  const int fraction_bits = wide ? 2 : 3;
  const int bias = (wide ? 15 : 7) + (unsigned_zero ? 1 : 0);
  const int exponent = (bits & 0x7f) >> fraction_bits;
  const int fraction = bits & ((1 << fraction_bits) - 1);
  const float sign = (bits & 0x80) != 0 ? -1.0F : 1.0F;
  constexpr float nan = std::numeric_limits<float>::quiet_NaN();
  if (unsigned_zero && bits == 0x80) return nan;
  if (format == Float8::e4m3 && (bits & 0x7f) == 0x7f) return nan;
  if (format == Float8::e5m2 && exponent == 31)
    return fraction != 0 ? nan : sign * std::numeric_limits<float>::infinity();
  const int whole = exponent == 0 ? fraction : fraction + (1 << fraction_bits);
  return sign * std::ldexp(static_cast<float>(whole), std::max(exponent, 1) - bias - fraction_bits);
}

/// E8M0: 2^(bits - 127), a scale; 255 is not a number.
inline float e8m0_to_float(std::uint8_t bits) {
  return bits == 0xff ? std::numeric_limits<float>::quiet_NaN() : std::ldexp(1.0F, int{bits} - 127);
}

}  // namespace qrs::io
