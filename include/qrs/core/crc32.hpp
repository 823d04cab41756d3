// CRC-32, the checksum of zip, gzip and PNG: polynomial 0xedb88320, reflected, eight bytes a step.
// Source: ISO 3309; W3C, Portable Network Graphics, annex D; Kounavis and Berry, slicing by eight, 2005.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace qrs {

namespace detail {

/// Tables for eight bytes a step (Kounavis and Berry, 2005): entry [k][b] is the CRC of byte b followed by k zero bytes.
constexpr std::array<std::array<std::uint32_t, 256>, 8> make_crc_tables() {
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t b = 0; b < 256; ++b) {
    std::uint32_t crc = b;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
    tables[0][b] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t b = 0; b < 256; ++b) {
      tables[k][b] = (tables[k - 1][b] >> 8) ^ tables[0][tables[k - 1][b] & 0xffU];
    }
  }
  return tables;
}
inline constexpr auto crc_tables = make_crc_tables();

}  // namespace detail

/// The checksum of the bytes.
inline std::uint32_t crc32(std::span<const std::byte> bytes) {
  const auto& t = detail::crc_tables;
  std::uint32_t crc = 0xffffffffU;
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint32_t low;
    std::uint32_t high;
    std::memcpy(&low, bytes.data() + i, 4);
    std::memcpy(&high, bytes.data() + i + 4, 4);
    low ^= crc;
    crc = t[7][low & 0xffU] ^ t[6][(low >> 8) & 0xffU] ^ t[5][(low >> 16) & 0xffU] ^ t[4][low >> 24] ^
          t[3][high & 0xffU] ^ t[2][(high >> 8) & 0xffU] ^ t[1][(high >> 16) & 0xffU] ^ t[0][high >> 24];
  }
  for (; i < bytes.size(); ++i) crc = (crc >> 8) ^ t[0][(crc ^ std::to_integer<std::uint32_t>(bytes[i])) & 0xffU];
  return ~crc;
}

}  // namespace qrs
