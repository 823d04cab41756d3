// Bytes as text in Base64: three bytes as four of 64 characters, padded with '='.
//
// Source: RFC 4648, section 4. No line breaks, as data URIs want it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace qrs::report {

/// Characters that so many bytes take.
constexpr std::size_t base64_size(std::size_t bytes) { return (bytes + 2) / 3 * 4; }

inline std::string base64(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve(base64_size(bytes.size()));
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t left = bytes.size() - i;
    const std::uint32_t word = static_cast<std::uint32_t>(bytes[i]) << 16 |
                               (left > 1 ? static_cast<std::uint32_t>(bytes[i + 1]) << 8 : 0U) |
                               (left > 2 ? static_cast<std::uint32_t>(bytes[i + 2]) : 0U);
    out += alphabet[word >> 18];
    out += alphabet[word >> 12 & 63U];
    out += left > 1 ? alphabet[word >> 6 & 63U] : '=';
    out += left > 2 ? alphabet[word & 63U] : '=';
  }
  return out;
}

}  // namespace qrs::report
